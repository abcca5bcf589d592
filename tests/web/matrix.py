"""A small district and all kinds of callers, from which the matrix of who may do what is made; requests are in `examples`."""

import dataclasses
import datetime as dt
import io
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from PIL import Image

from gisgrid.access import ACTIONS, Holder, Subject
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
    """A route, the checks at its door (exactly one, unless something is wrong), whether OpenAPI describes it, its class."""

    method: str
    path: str
    checks: tuple[DoorCheck, ...]
    is_described: bool
    route_class: type = APIRoute

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def find_doors() -> list[Door]:
    """Every route of the application, once for each method."""
    return [
        Door(method, route.path, tuple(_checks(route.dependant)), route.include_in_schema, type(route))
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
            "misses_per_minute": 1_000_000,
            "metrics_token": METRICS_TOKEN,
            # Nobody answers there: its tiles are transparent.
            "basemap": "xyz",
            "basemap_url": "http://127.0.0.1:9/{z}/{x}/{y}.png",
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
            self.ask(caller, Example("GET", "", "/api/v1/sessions/current"))
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
        return self.client.request(example.method, url, headers=headers, follow_redirects=False, **options)

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
