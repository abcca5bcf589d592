"""Who asks, and one request for every route: from these the matrix of who may do what is made.

A new route needs an `Example` in `EXAMPLES`: its method and template, an address that works in the `World`, and the subject
that it asks about (None: it only has a door). Whoever the rule of access lets in must get an answer, nobody else.
"""

import dataclasses
import datetime as dt
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from PIL import Image

from gisgrid.access import ACTIONS, Holder, Subject, acts_for
from gisgrid.passwords import hash_password
from gisgrid.photos import make_photo
from gisgrid.store.access_tables import ACCOUNT
from gisgrid.store.accounts import Accounts
from gisgrid.store.devices import Devices
from gisgrid.store.jobs import Jobs
from gisgrid.store.photos import Photos
from gisgrid.store.register_files import import_register
from gisgrid.store.tables import METADATA
from tests.databases import Database
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import FIRE, TOWNSHIPS, VILLAGES, WATER, SmallDistrict
from tests.worlds import at
from web.app import ROUTERS, create_app
from web.doors import COOKIE, CSRF_HEADER, DoorCheck
from web.jobs import Worker
from web.pace import Pace
from web.services import open_services
from web.settings import make_settings

A, C = CODES["A"], CODES["C"]
INSIDE, OUTSIDE = TOWNSHIPS["C"], TOWNSHIPS["A"]
PASSWORD = "Grid-by-grid 7!"
METRICS_TOKEN = "metrics-token-of-the-tests"
MARK = "manhole-7QX"
PRIVATE = ("王一", "13800000001", "zhao.kept-secret", MARK)
"""What only those who may read names may ever be told: what was written down too, for it may name people."""

NOBODY = Holder("", "")
NOON_MS = 1_525_665_600_000
"""2018-05-07T12:00:00+08:00."""

UNITS = {
    # role: its unit inside, outside, everywhere (None: it cannot have that)
    "worker": (C, A, None),
    "department": (FIRE, WATER, None),
}
REGISTERS = {
    "people": "code,name,telephone\nP1,王一,13800000001\nP2,李二,13800000002\n",
    "duties": f"patroller,grid,role,from,to\nP1,{C},patroller,2018-05-01,\nP2,{A},patroller,2018-05-01,\n",
    "units": f"code,level,name\n{C[:12]},,南门村\nA1,area,海门一片\n",
    "areas": f"area,grid\nA1,{C}\n",
    "places": f"code,kind,name,village,lon,lat\nX1,school,实验小学,{C[:12]},121.4005,28.6005\n",
    "departments": "code,name,telephone\nfire,消防大队,119\n",
    "roster": f"day,shift,unit,patroller,note\n2018-05-07,day,{INSIDE},P1,\n",
}


@dataclass(frozen=True)
class Caller:
    """Someone who asks: `kind` is token, session, unrepeated (a session whose requests lack the secret that writes repeat),
    device, revoked (a device), wrong (a token of nobody) or nobody; `scopes` of a token that is not for everything.
    """

    name: str
    kind: str
    holder: Holder = NOBODY
    scopes: frozenset[str] | None = None
    secret: str = field(default="", repr=False)
    csrf: str = field(default="", repr=False)

    def headers(self, method: str) -> dict[str, str]:
        """What they send with a request."""
        if self.kind in {"session", "unrepeated"}:
            sent = {"cookie": f"{COOKIE}={self.secret}"}
            return sent if self.kind == "unrepeated" or method == "GET" else sent | {CSRF_HEADER: self.csrf}
        return {"authorization": f"Bearer {self.secret}"} if self.secret else {}


@dataclass(frozen=True)
class Example:
    """A request that whoever is let in gets an answer to: 2xx, or one of `but` where only what it says was wrong.

    `needs` are actions on the subject besides that of the door, `rule` what else decides; `shows` is a text that the answer
    holds exactly for those who may take the door's action on `of`, for lists that show everyone their own. A slow one is asked
    by one caller of each kind only; a noted one changes something though it is a GET.
    """

    method: str
    path: str
    url: str
    subject: Subject | None = None
    needs: tuple[str, ...] = ()
    rule: Callable[[Caller], bool] = lambda _caller: True
    but: tuple[int, ...] = ()
    shows: str = ""
    of: Subject | None = None
    is_endless: bool = False
    is_slow: bool = False
    is_noted: bool = False
    options: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True)
class Door:
    """A route, the checks at its door (exactly one, unless something is wrong), and whether OpenAPI describes it."""

    method: str
    path: str
    checks: tuple[DoorCheck, ...]
    is_described: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def find_doors() -> list[Door]:
    """Every route of the application, once for each method."""
    return [
        Door(method, route.path, tuple(_checks(route.dependant)), route.include_in_schema)
        for router in ROUTERS
        for route in router.routes
        for method in sorted(route.methods)
    ]


def _checks(dependant: Any) -> list[DoorCheck]:
    found = [dependant.call] if isinstance(dependant.call, DoorCheck) else []
    return found + [check for needed in dependant.dependencies for check in _checks(needed)]


def jpeg(grey: int = 120) -> bytes:
    """A small photo."""
    stream = io.BytesIO()
    Image.new("L", (64, 48), grey).save(stream, "JPEG")
    return stream.getvalue()


class World:
    """A small district, served, with callers of every kind; on the embedded database what they change can be taken back.

    Incident 1 lies in grid C and is with the fire brigade; 2 is a probable duplicate of it. Photo 1, a file of one line that
    waits to be taken in and a job that has ended belong to `owner`, a commander of everything.
    """

    def __init__(self, folder: Any, database: Database | None = None, **settings: Any) -> None:
        database = database or Database("sqlite", folder / "data", None)
        self.data, self.clock = database.folder, database.clock
        self.clock.now_ms = NOON_MS
        self.district = SmallDistrict(database)
        values = {
            "data": self.data,
            "database_url": database.url,
            "requests_per_minute": 1_000_000,
            "metrics_token": METRICS_TOKEN,
        } | settings
        # Everyone here signs in from one address.
        self.services = dataclasses.replace(
            open_services(make_settings(values), now_ms=self.clock), sign_in_pace=Pace(1_000_000)
        )
        self.store = self.services.store
        self.accounts = Accounts(self.store)
        self._hashed = hash_password(PASSWORD)
        self._fill(folder)
        self.owner = self._account("commander.everywhere", Holder("commander.everywhere", "commander", ""))
        self.callers = (self.owner, *self._people())
        self.app = create_app(self.services, runs_jobs=False)
        self.client = TestClient(self.app)
        self.client.__enter__()
        self.import_id = self._send_file()
        self.job = self._run_job()
        self.device = self._pair("device")
        self.callers += (self.device, self._pair("revoked"))
        Devices(self.store).revoke(2, author="test")
        self.services.phones.forget()
        for caller in self.callers:
            # From now on it is known when they were last used.
            self.ask(caller, _get("/api/v1/sessions/current"))
        self._kept = folder / "kept"
        if database.url is None:
            self._keep()
        database.close()

    def close(self) -> None:
        """Stop serving."""
        self.client.__exit__(None, None, None)

    def ask(self, caller: Caller, example: Example) -> Any:
        """The answer to a request of someone; of an endless one only its beginning."""
        url = example.url.format(
            import_id=self.import_id, job=self.job, token=caller.secret or "nobody", device_token=self.device.secret
        )
        headers = caller.headers(example.method)
        self.client.cookies.clear()
        if example.is_endless:
            return self.begin(example.method, url, headers)
        options = example.options()
        headers |= options.pop("headers", {})
        return self.client.request(example.method, url, headers=headers, **options)

    def begin(self, method: str, url: str, headers: dict[str, str]) -> Any:
        """The beginning of the answer to someone who goes away at once."""
        sent: list[dict[str, Any]] = []
        came = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            return came.pop() if came else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": url, "raw_path": url.encode(), "query_string": b"", "root_path": "", "server": ("testserver", 80),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("testclient", 1), "state": {},
        }  # fmt: skip
        self.client.portal.call(self.app, scope, receive, send)
        return Beginning(sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]})

    def rows(self) -> dict[str, list[Any]]:
        """Everything that the database holds."""
        with self.store.reading() as connection:
            return {
                table.name: connection.execute(sa.select(table).order_by(*table.primary_key)).all()
                for table in METADATA.sorted_tables
            }

    def restore(self) -> None:
        """Put the database and the files back as they were."""
        with sqlite3.connect(self._kept / "gisgrid.db") as kept, sqlite3.connect(self.data / "gisgrid.db") as live:
            kept.backup(live)
        for name in ("uploads", "photos", "jobs"):
            if (self._kept / name).is_dir():
                shutil.rmtree(self.data / name, ignore_errors=True)
                shutil.copytree(self._kept / name, self.data / name)
        self.services.callers.forget()
        self.services.phones.forget()

    def _keep(self) -> None:
        self._kept.mkdir()
        for name in ("uploads", "photos", "jobs"):
            if (self.data / name).is_dir():
                shutil.copytree(self.data / name, self._kept / name)
        with sqlite3.connect(self.data / "gisgrid.db") as live, sqlite3.connect(self._kept / "gisgrid.db") as kept:
            live.backup(kept)

    def _fill(self, folder: Any) -> None:
        for name, text in REGISTERS.items():
            path = folder / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            import_register(self.store, name, path, author="clerk")
        for _ in range(2):
            self.district.report((150, 50), description=MARK, reporter="P1")
        for move, office in (("accept", VILLAGES["C"]), ("hand_up", VILLAGES["C"]), ("accept", INSIDE)):
            self.district.step(1, move, office, author="zhao.kept-secret")
        self.district.step(1, "hand_across", INSIDE, to=FIRE, author="zhao.kept-secret")
        Photos(self.store, self.data).add(1, make_photo(jpeg()), author="zhao.kept-secret", origin="local")

    def _people(self) -> list[Caller]:
        found = []
        for role in ("administrator", "planner", "assessor", "commander", "worker", "department", "auditor", "wall"):
            inside, outside, everywhere = UNITS.get(role, (INSIDE, OUTSIDE, ""))
            for where, unit in (("inside", inside), ("outside", outside), ("everywhere", everywhere)):
                name = f"{role}.{where}"
                if unit is None or name == self.owner.name:
                    continue
                person = {"inside": "P1", "outside": "P2"}[where] if role == "worker" else ""
                found.append(self._account(name, Holder(name, role, unit, person)))
            # The one of each role that reaches the most is tried in other ways too.
            most = (
                self.owner
                if role == "commander"
                else next(one for one in reversed(found) if one.holder.unit != outside)
            )
            found += self._other_ways(most)
        wrong = [Caller(f"wrong token {text[:8]}", "wrong", secret=text) for text in ("gg_nobody", "x" * 4_000)]
        return [*found, *wrong, Caller("nobody", "nobody")]

    def _account(self, name: str, holder: Holder) -> Caller:
        # One password for all, so that it is hashed once: hashing is slow on purpose.
        row = {
            "name": name,
            "role": holder.role,
            "unit": holder.unit,
            "person": holder.person,
            "password": self._hashed,
        }
        with self.store.changing("test") as change:
            change.connection.execute(
                ACCOUNT.insert().values(**row, is_active=True, made_ms=NOON_MS, failures=0, locked_until_ms=0)
            )
        return Caller(name, "token", holder, secret=self.accounts.make_token(name, "all", ACTIONS, author="test"))

    def _other_ways(self, one: Caller) -> list[Caller]:
        narrow = self.accounts.make_token(one.name, "narrow", ["own_account"], author="test")
        session = self.accounts.sign_in(one.name, PASSWORD, origin="testclient")
        more = {"secret": session.secret, "csrf": session.csrf}
        return [
            Caller(f"{one.name}, narrow token", "token", one.holder, frozenset(("own_account",)), secret=narrow),
            Caller(f"{one.name}, signed in", "session", one.holder, **more),
            Caller(f"{one.name}, unrepeated", "unrepeated", one.holder, **more),
        ]

    def _send_file(self) -> str:
        lon, lat = at(150, 50)
        text = f"incident,category,time,lon,lat\nA1,disputes,2018-05-07 09:30,{lon:.7f},{lat:.7f}\nA2,nothing,2018,,\n"
        answer = self.client.post(
            "/api/v1/incident-imports", files={"file": ("a.csv", text.encode())}, data={"source_system": "hotline"},
            headers=self.owner.headers("POST"),
        )  # fmt: skip
        return str(answer.json()["id"])

    def _run_job(self) -> int:
        job = Jobs(self.store).ask(
            "import_incidents", {"import_id": "0" * 24, "name": "a.csv", "source_system": "x"}, self.owner.name
        )
        Worker(self.services).work_once()
        return job.id

    def _pair(self, kind: str) -> Caller:
        day = dt.date(2018, 5, 1)
        token = Devices(self.store).add("P1", "plain", from_day=day, label=kind, author="test").token
        return Caller(kind, kind, secret=token)


@dataclass(frozen=True)
class Beginning:
    """How an answer begins."""

    status_code: int
    headers: dict[str, str]
    text: str = ""


def expected(caller: Caller, action: str, example: Example, may: Callable[..., bool]) -> str:
    """What the rule says of a request: in, stranger (401), or not (403, or 404 where it is hidden that there is anything)."""
    if action == "send_fixes":
        return {"device": "in", "revoked": "not"}.get(caller.kind, "stranger")
    if not action:
        return "in" if example.rule(caller) else "not"
    if caller.kind in {"nobody", "wrong", "device", "revoked"}:
        return "stranger"
    if caller.kind == "unrepeated" and example.method != "GET":
        return "not"
    holder = caller.holder
    for needed in (action, *example.needs):
        in_scope = caller.scopes is None or needed == "own_account" or needed in caller.scopes
        if not in_scope or not may(holder, needed):
            return "not"
        if example.subject is not None and not may(holder, needed, example.subject):
            return "not"
    return "in" if example.rule(caller) else "not"


_INCIDENT = Subject(C, (FIRE, INSIDE))
_GRID = Subject(C)
_LON, _LAT = at(150, 50)
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
    _get("/health"),
    _get("/ready"),
    _get("/metrics", rule=_never),
    Example(
        "POST", "/api/v1/sessions", "/api/v1/sessions", is_slow=True,
        options=_json(name="wall.inside", password=PASSWORD),
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
    _get("/api/v1/devices", subject=Subject()),
    Example(
        "POST", "/api/v1/devices", "/api/v1/devices", Subject(), options=_json(person="P2", app="plain")
    ),
    _get("/api/v1/devices/{number}", "/api/v1/devices/1", subject=Subject()),
    Example("DELETE", "/api/v1/devices/{number}", "/api/v1/devices/1", Subject()),
    Example("PUT", "/api/v1/devices/{number}/datum", "/api/v1/devices/1/datum", Subject(), options=_json(datum="gcj02")),
    _get("/api/v1/editions"),
    _get("/api/v1/editions/{number}", "/api/v1/editions/1"),
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
    _get("/api/v1/incidents-waiting", shows=C, of=_INCIDENT),
    _get("/api/v1/incidents-counts", shows='"total":2', of=Subject(C)),
    _get("/api/v1/exports/incidents.{ending}", "/api/v1/exports/incidents.csv", shows=C, of=_INCIDENT, is_noted=True),
    _get("/api/v1/map/incidents", f"/api/v1/map/incidents?{_VIEW}"),
    _get("/api/v1/map/units", shows=f'"{C[:12]}"', of=_INCIDENT),
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


def body_of(answer: Any) -> Any:
    """The JSON of an answer, None where it is none."""
    try:
        return json.loads(answer.text)
    except ValueError:
        return None
