"""One request for every route.

A new route needs an `Example` in `EXAMPLES`: its method and template, an address that works in the `World`, and the subject
that it asks about (None: it only has a door). Whoever the rule of access lets in must get an answer, nobody else.
"""

from collections.abc import Callable
from typing import Any

from gisgrid.access import Subject, acts_for
from tests.gisgrid.store.small_district import FIRE, VILLAGES
from tests.web.matrix import INSIDE, PASSWORD, REGISTERS, C, Caller, Example, jpeg
from tests.worlds import at
from web.pages.shell import WORKBENCHES

_INCIDENT = Subject(C, (FIRE, INSIDE))
_GRID = Subject(C)
_LON, _LAT = at(150, 50)
_MAY = "from=2018-05-01&to=2018-05-31"
_VIEW = "west=121.3&south=28.5&east=121.6&north=28.7&zoom=12"


def _by_session(caller: Caller) -> bool:
    return caller.kind == "session"


def _by_cookie(caller: Caller) -> bool:
    return caller.kind in {"session", "unrepeated"}


def _is_owner(caller: Caller) -> bool:
    return caller.holder.name == "commander.everywhere"


def _sees_job(caller: Caller) -> bool:
    is_keeper = caller.holder.role == "administrator" and caller.scopes is None
    return _is_owner(caller) or is_keeper


def _has_a_bench(caller: Caller) -> bool:
    return caller.scopes is None or any(bench.action in caller.scopes for bench in WORKBENCHES)


def _acts_for(office: str) -> Callable[[Caller], bool]:
    return lambda caller: acts_for(caller.holder, office)


def _never(_caller: Caller) -> bool:
    return False


def _json(**content: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"json": content}


def _get(path: str, url: str = "", **more: Any) -> Example:
    return Example("GET", path, url or path, **more)


_PHOTOS = "/api/v1/incidents/{number}/photos"
_IMPORT = "/api/v1/incident-imports/{import_id}"
_ACCOUNTS, _OWN_TOKENS, _REGISTERS = "/api/v1/accounts", "/api/v1/sessions/current/tokens", "/api/v1/registers"
_OGC = "/ogc/collections/{name}"
_FIXES = {"fixes": [{"time": "2018-05-07T09:00:00+08:00", "lon": _LON, "lat": _LAT, "accuracy_m": 8.0}]}
_OWNTRACKS = {"_type": "location", "tst": 1_525_654_800, "lon": _LON, "lat": _LAT, "acc": 8}
_OVERLAND = {
    "locations": [
        {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [_LON, _LAT]},
            "properties": {"timestamp": "2018-05-07T01:00:00Z", "horizontal_accuracy": 8},
        }
    ]
}  # fmt: skip
_TRACCAR = f"id={{token}}&timestamp=1525654800&lat={_LAT:.6f}&lon={_LON:.6f}&accuracy=8"

EXAMPLES: tuple[Example, ...] = (
    _get("/"),
    _get("/sign-in"),
    _get("/start", rule=_has_a_bench, but=(303,)),
    _get("/command"),
    _get("/admin"),
    _get("/audit", subject=Subject()),
    _get("/help"),
    _get("/wall"),
    _get("/health"),
    _get("/ready"),
    _get("/metrics", rule=_never),
    Example(
        "POST", "/api/v1/sessions", "/api/v1/sessions", is_slow=True,
        options=_json(name="wall.inside", password=PASSWORD),
    ),
    # How it lets in is tried in test_wall_routes.py.
    Example(
        "POST", "/api/v1/sessions/wall", "/api/v1/sessions/wall", rule=_never, options=_json(token="gg_of-nobody")
    ),
    _get("/api/v1/sessions/current"),
    Example("DELETE", "/api/v1/sessions/current", "/api/v1/sessions/current", rule=_by_session),
    Example(
        "POST", "/api/v1/sessions/current/password", "/api/v1/sessions/current/password", rule=_by_session,
        options=_json(password=PASSWORD, new_password="Sixteen crabs 8"),
    ),
    _get(_OWN_TOKENS, rule=_by_cookie),
    Example(
        "POST", _OWN_TOKENS, _OWN_TOKENS, rule=_by_session, options=_json(label="qgis", scopes=["own_account"])
    ),
    Example("DELETE", f"{_OWN_TOKENS}/{{label}}", f"{_OWN_TOKENS}/all", rule=_by_session),
    _get(_ACCOUNTS, shows='"worker.inside"', of=Subject(C)),
    Example(
        "POST", _ACCOUNTS, _ACCOUNTS, Subject(C), options=_json(name="new", password=PASSWORD, role="wall", unit=C)
    ),
    Example(
        "PATCH", f"{_ACCOUNTS}/{{name}}", f"{_ACCOUNTS}/worker.inside", Subject(C), options=_json(is_active=True)
    ),
    _get(f"{_ACCOUNTS}/{{name}}/tokens", f"{_ACCOUNTS}/worker.inside/tokens", subject=Subject(C)),
    Example(
        "POST", f"{_ACCOUNTS}/{{name}}/tokens", f"{_ACCOUNTS}/worker.inside/tokens", Subject(C),
        options=_json(label="qgis", scopes=["read_grids"]),
    ),
    Example(
        "DELETE", f"{_ACCOUNTS}/{{name}}/tokens/{{label}}", f"{_ACCOUNTS}/worker.inside/tokens/narrow", Subject(C)
    ),
    Example(
        "POST", f"{_ACCOUNTS}/{{name}}/wall-link", f"{_ACCOUNTS}/wall.inside/wall-link", Subject(INSIDE),
        options=_json(hours=1),
    ),
    _get("/api/v1/audit", subject=Subject()),
    _get(_REGISTERS, subject=Subject()),
    _get(f"{_REGISTERS}/{{name}}.{{ending}}", f"{_REGISTERS}/places.csv", subject=Subject(), is_noted=True),
    Example(
        "PUT", f"{_REGISTERS}/{{name}}", f"{_REGISTERS}/people", Subject(),
        options=lambda: {"files": {"file": ("people.csv", REGISTERS["people"].encode())}},
    ),
    _get("/api/v1/exports/audit.{ending}", "/api/v1/exports/audit.csv", subject=Subject(), is_noted=True),
    Example(
        "POST", f"{_REGISTERS}/{{name}}/rejects", f"{_REGISTERS}/people/rejects", Subject(),
        options=lambda: {"files": {"file": ("people.csv", b"code,name\n,x\n")}},
    ),
    _get(f"{_REGISTERS}/{{name}}/rows", f"{_REGISTERS}/people/rows", subject=Subject()),
    Example(
        "PUT", f"{_REGISTERS}/{{name}}/rows", f"{_REGISTERS}/people/rows", Subject(),
        options=_json(entry={"code": "P9", "name": "new"}),
    ),
    Example(
        "POST", f"{_REGISTERS}/{{name}}/removals", f"{_REGISTERS}/areas/removals", Subject(),
        options=_json(before={"area": "A1", "grid": C}),
    ),
    Example(
        "POST", "/api/v1/duties", "/api/v1/duties", Subject(),
        options=_json(unit=INSIDE, person="P2", role="substitute", from_day="2018-05-07", to_day="2018-05-14"),
    ),
    Example(
        "POST", "/api/v1/incidents", "/api/v1/incidents", options=_json(category="disputes", lon=_LON, lat=_LAT)
    ),
    _get("/api/v1/incidents", shows=C, of=_INCIDENT),
    _get("/api/v1/incidents/{number}", "/api/v1/incidents/1", subject=_INCIDENT),
    *(
        Example(
            "POST", "/api/v1/incidents/{number}/steps", "/api/v1/incidents/1/steps", _INCIDENT, rule=_acts_for(office),
            needs=("read_incidents",), but=(409,), options=_json(move="comment", office=office, reason="so it is"),
        )
        for office in (VILLAGES["C"], INSIDE, FIRE, VILLAGES["A"])
    ),
    Example(
        "POST", "/api/v1/incidents/{number}/duplicates/{of_number}", "/api/v1/incidents/2/duplicates/1", Subject(C, ()),
        rule=_acts_for(VILLAGES["C"]), needs=("read_incidents",), but=(409,),
        options=_json(is_same=False, office=VILLAGES["C"]),
    ),
    _get("/api/v1/live", is_endless=True),
    *(
        Example(method, "/phones/traccar/{token}", f"/phones/traccar/{{token}}?{_TRACCAR}", is_noted=True)
        for method in ("GET", "POST")
    ),
    *(Example(method, "/phones/traccar", f"/phones/traccar?{_TRACCAR}", is_noted=True) for method in ("GET", "POST")),
    Example("POST", "/phones/owntracks", "/phones/owntracks", options=_json(**_OWNTRACKS)),
    Example("POST", "/phones/overland", "/phones/overland", options=_json(**_OVERLAND)),
    Example("POST", "/phones/plain", "/phones/plain", options=_json(**_FIXES)),
    _get("/api/v1/tracks/{person}", "/api/v1/tracks/P1?day=2018-05-07", subject=_GRID, is_noted=True),
    _get("/api/v1/my/tracks", "/api/v1/my/tracks?day=2018-05-07", is_noted=True),
    _get("/api/v1/positions", is_noted=True),
    _get("/api/v1/people", "/api/v1/people?q=P1", shows='"P1"', of=_GRID),
    _get("/api/v1/map/places"),
    _get("/api/v1/basemap/{layer}/{z}/{x}/{y}", "/api/v1/basemap/base/12/3430/1708"),
    _get("/api/v1/devices", subject=Subject()),
    Example(
        "POST", "/api/v1/devices", "/api/v1/devices", Subject(), options=_json(person="P2", app="plain")
    ),
    _get("/api/v1/devices/{number}", "/api/v1/devices/1", subject=Subject()),
    Example("DELETE", "/api/v1/devices/{number}", "/api/v1/devices/1", Subject()),
    Example("PUT", "/api/v1/devices/{number}/datum", "/api/v1/devices/1/datum", Subject(), options=_json(datum="gcj02")),
    _get("/api/v1/editions"),
    _get("/api/v1/editions/{number}", "/api/v1/editions/1"),
    _get("/api/v1/editions/{number}/ground", "/api/v1/editions/1/ground", shows=f'"{C}"', of=_GRID),
    _get("/api/v1/grids", shows=f'"{C}"', of=_GRID),
    _get("/api/v1/grids/{code}", f"/api/v1/grids/{C}", subject=_GRID),
    _get("/api/v1/locate", f"/api/v1/locate?lon={_LON}&lat={_LAT}", subject=_GRID),
    _get("/api/v1/units"),
    _get("/api/v1/places", "/api/v1/places?q=syxx"),
    _get("/api/v1/departments"),
    _get("/api/v1/categories"),
    _get("/api/v1/rules"),
    _get("/api/v1/calendar", "/api/v1/calendar?from=2018-05-01&to=2018-05-31"),
    _get("/api/v1/policy"),
    _get("/api/v1/duties", shows=f'"{C}"', of=_GRID),
    _get("/api/v1/grids/{code}/answers", f"/api/v1/grids/{C}/answers", subject=_GRID),
    _get("/api/v1/on-call"),
    _get("/api/v1/loads"),
    _get("/api/v1/vacancies", shows=f'"{C}"', of=_GRID),
    _get("/api/v1/figures", f"/api/v1/figures?unit={INSIDE}", subject=Subject(INSIDE)),
    _get("/api/v1/figures/definitions"),
    _get("/api/v1/figures/report", f"/api/v1/figures/report?unit={INSIDE}&{_MAY}", subject=Subject(INSIDE)),
    _get("/api/v1/exports/figures.{ending}", f"/api/v1/exports/figures.csv?unit={INSIDE}&{_MAY}", subject=Subject(INSIDE)),
    _get("/figures"),
    _get("/api/v1/incidents-waiting", shows=C, of=_INCIDENT),
    _get("/api/v1/incidents-counts", shows='"total":2', of=Subject(C)),
    _get("/api/v1/exports/incidents.{ending}", "/api/v1/exports/incidents.csv", shows=C, of=_INCIDENT, is_noted=True),
    _get("/api/v1/map/incidents", f"/api/v1/map/incidents?{_VIEW}"),
    _get("/api/v1/map/units", shows=f'"{C[:12]}"', of=_INCIDENT),
    _get("/api/v1/board", "/api/v1/board?by=village", shows=f'"unit":"{C[:12]}","name":"南门村"', of=_INCIDENT),
    _get("/api/v1/board/incidents", shows='"number":1', of=_INCIDENT),
    _get("/api/v1/board/queue"),
    *(
        Example(
            "POST", _PHOTOS, "/api/v1/incidents/1/photos", _INCIDENT, rule=rule,
            options=lambda: {"files": {"photo": ("a.jpg", jpeg(77), "image/jpeg")}},
        )
        for rule in (
            # Who may report there or move it: not those who only look on.
            lambda caller: caller.holder.role != "wall",
        )
    ),
    _get(_PHOTOS, "/api/v1/incidents/1/photos", subject=_INCIDENT),
    _get(f"{_PHOTOS}/{{photo}}", "/api/v1/incidents/1/photos/1", subject=_INCIDENT, needs=("read_names",)),
    _get(f"{_PHOTOS}/{{photo}}/thumbnail", "/api/v1/incidents/1/photos/1/thumbnail", subject=_INCIDENT, needs=("read_names",)),
    Example(
        "POST", "/api/v1/incident-imports", "/api/v1/incident-imports", Subject(), needs=("move_incident",),
        options=lambda: {
            "files": {"file": ("b.csv", b"incident,category,time\nB1,disputes,2018-05-07 09:30\n")},
            "data": {"source_system": "hotline"},
        },
    ),
    *(
        Example(method, path, path, Subject(), needs=("move_incident",), rule=_is_owner)
        for method, path in (
            ("GET", _IMPORT), ("GET", f"{_IMPORT}/rejects"), ("POST", f"{_IMPORT}/confirm"), ("DELETE", _IMPORT)
        )
    ),
    Example(
        "POST", "/api/v1/jobs", "/api/v1/jobs", Subject(C), needs=("draw_grids",),
        options=_json(kind="reassign", first_day="2018-05-01", last_day="2018-05-02", edition=1, unit=C),
    ),
    Example(
        "POST", "/api/v1/jobs", "/api/v1/jobs", Subject(C), needs=("judge_tracks",),
        options=_json(kind="verify", first_day="2018-05-01", last_day="2018-05-02", unit=C),
    ),
    _get("/api/v1/jobs", shows='"job":1', of=None),
    _get("/api/v1/jobs/{number}", "/api/v1/jobs/{job}", rule=_sees_job),
    Example("DELETE", "/api/v1/jobs/{number}", "/api/v1/jobs/{job}", rule=_sees_job),
    # It has no file: its owner is told so, as everybody else.
    _get("/api/v1/jobs/{number}/files/{name}", "/api/v1/jobs/{job}/files/days.csv", rule=_never),
    _get("/ogc/"),
    _get("/ogc"),
    _get("/ogc/api"),
    _get("/ogc/conformance"),
    _get("/ogc/collections"),
    _get("/ogc/collections/incidents"),
    _get("/ogc/collections/incidents/schema"),
    _get("/ogc/collections/incidents/items", shows=C, of=_INCIDENT),
    _get("/ogc/collections/incidents/items/{number}", "/ogc/collections/incidents/items/1", subject=_INCIDENT),
    _get(_OGC, "/ogc/collections/grids"),
    _get(f"{_OGC}/schema", "/ogc/collections/grids/schema"),
    _get(f"{_OGC}/items", "/ogc/collections/grids/items", shows=f'"{C}"', of=_GRID),
    _get(f"{_OGC}/items/{{code}}", f"/ogc/collections/grids/items/{C}", subject=_GRID),
)  # fmt: skip
