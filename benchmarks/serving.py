"""The service: reports over HTTP beside a bare endpoint that only inserts the row, at 1, 8 and 32 callers, on both databases."""

import contextlib
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.peers import Peer, PeersAnswerDiffersError
from benchmarks.report import Report
from benchmarks.stores import databases
from benchmarks.worlds import random_on_land
from gisgrid.grid import GridNetwork
from gisgrid.incident_rows import read_incident_rows
from gisgrid.sample import SampleDistrict, build_district, build_incidents, write_sample
from gisgrid.store import open_store
from gisgrid.store.accounts import Accounts
from gisgrid.store.editions import Editions
from gisgrid.store.engine import DATABASE_FILE
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.tables import INCIDENT
from tests.servers import free_port

CALLERS = (1, 8, 32)
_SECONDS = 4.0
_ROUNDS = 2
_WARM = 20


@dataclass(frozen=True)
class Served:
    """A store that is ready to be served: its folder, its address where it is PostgreSQL, and a token for reports."""

    folder: Path
    url: str | None
    token: str


@dataclass(frozen=True)
class Called:
    """What callers saw: answers a second, and milliseconds of each."""

    per_s: float
    ms: tuple[float, ...]

    def told(self) -> str:
        """In words."""
        p95 = statistics.quantiles(self.ms, n=20)[-1]
        return f"{self.per_s:,.0f}/s, median {statistics.median(self.ms):.1f} ms, 95 % {p95:.1f} ms"


def serving(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """Reports by HTTP over a store with all incidents of the sample."""
    district = build_district()
    with tempfile.TemporaryDirectory() as folder:
        for name, url in databases(report):
            served = ready_store(Path(folder) / name, url, district)
            _report_beside_bare(report, name, served, bodies_on_land(district.network, 30_000))


def ready_store(folder: Path, url: str | None, district: SampleDistrict, *, with_incidents: bool = True) -> Served:
    """A store with the sample district, its people and (unless told otherwise) its 564,342 incidents."""
    paths = write_sample(folder / "sample", district, incidents=build_incidents(district) if with_incidents else None)
    store = open_store(folder, url, upgrading=True)
    editions = Editions(store)
    editions.publish(district.network, dt.date(2018, 1, 1), author="benchmark")
    for register in ("people", "duties"):
        import_register(store, register, paths["duties"], author="benchmark")
    if with_incidents:
        Incidents(store, editions).take_in(read_incident_rows(paths["incidents"]).rows, "sample", author="benchmark")
    accounts = Accounts(store)
    accounts.add("caller", "Grid-by-grid 7", "commander", author="benchmark")
    scopes = ("report_incident", "read_incidents", "read_names", "read_grids")
    token = accounts.make_token("caller", "benchmark", scopes, author="benchmark")
    store.close()
    return Served(folder, url, token)


def bodies_on_land(network: GridNetwork, count: int) -> list[str]:
    """Reports at random places on land."""
    lon, lat = random_on_land(network.geometry, count)
    kinds = ("disputes", "livelihood_services", "public_security_hazards")
    return [
        json.dumps({
            "category": kinds[at % len(kinds)], "sub_category": "", "description": f"number {at}", "lon": round(x, 7),
            "lat": round(y, 7), "accuracy_m": 12.0, "source": "phone",
        })
        for at, (x, y) in enumerate(zip(np.asarray(lon).tolist(), np.asarray(lat).tolist(), strict=True))
    ]  # fmt: skip


@contextlib.contextmanager
def service(served: Served, **settings: object) -> Iterator[tuple[int, int]]:
    """`gisgrid serve` over a store, until the block ends; gives its port and the number of its process."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GISGRID_")}
    environment |= {"GISGRID_DATA": str(served.folder), "GISGRID_PORT": str(port), "GISGRID_LOG_LEVEL": "warning"}
    environment |= {"GISGRID_REQUESTS_PER_MINUTE": "1000000"}
    environment |= {f"GISGRID_{name.upper()}": str(value) for name, value in settings.items()}
    if served.url is not None:
        environment["GISGRID_DATABASE_URL"] = served.url
    command = [sys.executable, "-m", "gisgrid", "serve"]
    with _process(command, environment, f"http://127.0.0.1:{port}/ready") as running:
        yield port, running.pid


@contextlib.contextmanager
def bare_service(address: str) -> Iterator[int]:
    """The bare endpoint, until the block ends; gives its port."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare", address, str(port)]
    with _process(command, dict(os.environ), f"http://127.0.0.1:{port}/none"):
        yield port


@contextlib.contextmanager
def _process(command: list[str], environment: dict[str, str], ready: str) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            if running.poll() is not None:
                raise RuntimeError(f"{command[2]} ended at once")
            with contextlib.suppress(OSError):
                try:
                    with urllib.request.urlopen(ready, timeout=5):  # noqa: S310  # our own server
                        break
                except urllib.error.HTTPError:
                    break
            time.sleep(0.1)
        yield running
    finally:
        running.terminate()
        running.wait(15)


def call(port: int, path: str, clients: int, seconds: float, token: str, bodies: list[str]) -> Called:
    """Callers in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.callers", str(port), path, str(clients), str(seconds), token or "-"]
    done = subprocess.run(command, input="\n".join(bodies).encode(), stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    return Called(len(found["ms"]) / found["seconds"], tuple(found["ms"]))


def _report_beside_bare(report: Report, name: str, served: Served, bodies: list[str]) -> None:
    address = served.url or f"sqlite:///{served.folder / DATABASE_FILE}"
    title = f"report over HTTP, {name} with 564,342 incidents"
    before = _count(served)
    sent = 0
    with service(served) as (ours, _), bare_service(address) as bare:
        place = {"ours": (ours, "/api/v1/incidents"), "bare": (bare, "/rows")}
        for who, (port, path) in place.items():
            warm = call(port, path, 1, 5.0, served.token, bodies[:_WARM])
            sent += len(warm.ms) if who == "ours" else 0
        rest = bodies[_WARM:]
        for clients in CALLERS:
            found: dict[str, list[Called]] = {"ours": [], "bare": []}
            for _ in range(_ROUNDS):
                for who, (port, path) in place.items():
                    found[who].append(call(port, path, clients, _SECONDS, served.token, rest))
            sent += sum(len(one.ms) for one in found["ours"])
            rest = rest[max(len(one.ms) for one in found["ours"]) :]
            best = {who: max(ones, key=lambda one: one.per_s) for who, ones in found.items()}
            ratio = best["bare"].per_s / best["ours"].per_s
            report.add(title, f"gisgrid, {clients} callers", best["ours"].told(), f"{ratio:.2f} times the bare time")
            report.add(title, f"bare insert, {clients} callers", best["bare"].told())
            report.want(
                f"report over HTTP against a bare insert, {name}, {clients} callers", ratio, 3.0, at_least=False
            )
    kept = _count(served) - before
    if kept != sent:
        raise PeersAnswerDiffersError(f"{name}: {sent} reports were answered with 201, {kept} are kept")


def _count(served: Served) -> int:
    store = open_store(served.folder, served.url)
    try:
        with store.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(INCIDENT)).scalar_one()
    finally:
        store.close()
