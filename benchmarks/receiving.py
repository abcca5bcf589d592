"""Phones: 659 of them at a fix every 10 seconds beside a backlog of a million fixes, also while the database restarts."""

import asyncio
import contextlib
import datetime as dt
import json
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.peers import Peer, PeersAnswerDiffersError
from benchmarks.report import Report
from benchmarks.serving import Served, ready_store, service
from benchmarks.stores import databases
from benchmarks.worlds import random_on_land
from gisgrid.grid import GridNetwork
from gisgrid.local_days import start_of
from gisgrid.sample import build_district
from gisgrid.store import open_store
from gisgrid.store.devices import Devices
from gisgrid.store.staffing import Staffing
from gisgrid.store.tables import FIX
from tests.servers import restart

_DAY = dt.date(2018, 5, 7)
_EVERY_S = 10
_LIVE_S = 60
_BACKLOG = 1_000_000
_BATCH = 1_000
_SENDERS = 4
_TRIES = 200


@dataclass
class Seen:
    """What the phones saw: milliseconds of each answer to a live fix, requests refused for a while, memory in MB."""

    live_ms: list[float] = field(default_factory=list)
    tried_again: int = 0
    memory_mb: list[float] = field(default_factory=list)


def receiving(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """Live fixes and a backlog at once; every fix that was acknowledged must be in the inbox."""
    district = build_district()
    with tempfile.TemporaryDirectory() as folder:
        for name, url in databases(report):
            served = ready_store(Path(folder) / name, url, district, with_incidents=False)
            tokens = _pair_phones(served)
            _run(report, name, served, tokens, district.network)


def _pair_phones(served: Served) -> list[str]:
    """A phone for every patroller on the day; their tokens."""
    store = open_store(served.folder, served.url)
    try:
        people = sorted({duty.person for duty in Staffing(store).duties(_DAY) if duty.role == "patroller"})
        devices = Devices(store)
        return [
            devices.add(person, "plain", from_day=dt.date(2018, 1, 1), author="benchmark").token for person in people
        ]
    finally:
        store.close()


def _run(report: Report, name: str, served: Served, tokens: list[str], network: GridNetwork) -> None:
    title = f"{len(tokens)} phones, a fix every {_EVERY_S} s, and a backlog of {_BACKLOG:,}, {name}"
    lon, lat = random_on_land(network.geometry, 20_000)
    with service(served) as (port, process):
        seen = Seen()
        started = time.perf_counter()
        took_s, sent = asyncio.run(_send_all(port, tokens, np.asarray(lon), np.asarray(lat), served, seen, process))
        whole_s = time.perf_counter() - started
    kept = _count(served)
    if kept != sent:
        raise PeersAnswerDiffersError(f"{name}: {sent:,} fixes were acknowledged, {kept:,} are in the inbox")
    p95 = statistics.quantiles(seen.live_ms, n=20)[-1]
    report.add(title, "backlog taken in", f"{took_s:.0f} s, {_BACKLOG / took_s:,.0f} fixes/s")
    report.add(title, "a live fix meanwhile", f"median {statistics.median(seen.live_ms):.1f} ms, 95 % {p95:.1f} ms")
    quarter = max(len(seen.memory_mb) // 4, 1)
    early, late = (statistics.median(part) for part in (seen.memory_mb[:quarter], seen.memory_mb[-quarter:]))
    report.add(title, "memory of the service, first and last quarter", f"{early:.0f} MB, {late:.0f} MB")
    again = f"; the database restarted: {seen.tried_again} requests sent again" if served.url else ""
    report.add(title, f"all {sent:,} acknowledged fixes kept, once each", f"{whole_s:.0f} s{again}")


async def _send_all(
    port: int, tokens: list[str], lon: "np.ndarray", lat: "np.ndarray", served: Served, seen: Seen, process: int
) -> tuple[float, int]:
    """Send everything; seconds that the backlog took, and how many fixes were acknowledged."""
    per_phone = -(-_BACKLOG // len(tokens))
    start_ms = start_of(_DAY) + 7 * 3_600_000
    places = [f'"lon":{x:.7f},"lat":{y:.7f}' for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    for phone, token in enumerate(tokens):
        for first in range(0, min(per_phone, _BACKLOG - phone * per_phone), _BATCH):
            last = min(first + _BATCH, per_phone, _BACKLOG - phone * per_phone)
            body = ",".join(
                f'{{"time":{start_ms + at * 10_000},{places[(phone * 31 + at) % len(places)]},"accuracy_m":8}}'
                for at in range(first, last)
            )
            queue.put_nowait((token, f"[{body}]"))
    counts = {"backlog": 0, "live": 0}
    until_s = time.perf_counter() + _LIVE_S
    live_ms = start_ms + 11 * 3_600_000

    async def backlog() -> None:
        while not queue.empty():
            token, body = queue.get_nowait()
            acknowledged = await _post(port, token, body, seen)
            counts["backlog"] += acknowledged

    async def live(phone: int) -> None:
        await asyncio.sleep(phone / len(tokens) * _EVERY_S)
        at = 0
        while time.perf_counter() < until_s:
            body = f'[{{"time":{live_ms + at * 10_000},{places[(phone + at) % len(places)]},"accuracy_m":8}}]'
            began = time.perf_counter()
            acknowledged = await _post(port, tokens[phone], body, seen)
            counts["live"] += acknowledged
            seen.live_ms.append((time.perf_counter() - began) * 1e3)
            at += 1
            await asyncio.sleep(max(0.0, _EVERY_S - (time.perf_counter() - began)))

    async def watch() -> None:
        if served.url is not None:
            await asyncio.sleep(_LIVE_S / 4)
            await asyncio.to_thread(restart, served.url)
        while time.perf_counter() < until_s:
            await asyncio.sleep(1.0)

    async def weigh() -> None:
        while time.perf_counter() < until_s:
            seen.memory_mb.append(_memory_mb(process))
            await asyncio.sleep(0.5)

    began = time.perf_counter()
    others = [asyncio.create_task(task) for task in (watch(), weigh(), *(live(phone) for phone in range(len(tokens))))]
    await asyncio.gather(*(backlog() for _ in range(_SENDERS)))
    took_s = time.perf_counter() - began
    await asyncio.gather(*others)
    return took_s, counts["backlog"] + counts["live"]


async def _post(port: int, token: str, body: str, seen: Seen) -> int:
    """Send until it is acknowledged, as an app does; how many fixes that were."""
    content = body.encode()
    head = (
        f"POST /phones/plain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    for _ in range(_TRIES):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(head.encode() + content)
                answer = await reader.read()
            finally:
                writer.close()
            if answer.startswith(b"HTTP/1.1 200"):
                return int(json.loads(answer.partition(b"\r\n\r\n")[2])["fixes"])
            if answer and not answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 429")):
                raise ValueError(answer[:500])
        seen.tried_again += 1
        await asyncio.sleep(0.5)
    raise ValueError("a phone gave up")


def _memory_mb(process: int) -> float:
    """The memory of a process, in MB; 0 where the system does not tell."""
    path = Path(f"/proc/{process}/status")
    if not path.exists():
        return 0.0
    return int(path.read_text().split("VmRSS:")[1].split()[0]) / 1024


def _count(served: Served) -> int:
    store = open_store(served.folder, served.url)
    try:
        with store.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(FIX)).scalar_one()
    finally:
        store.close()
