"""The live stream: from the moment a report is sent over HTTP until those who watch have it, and how fast a server with streams stops."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.peers import Peer, PeersAnswerDiffersError
from benchmarks.report import Report
from benchmarks.serving import Served, bodies_on_land, ready_store, service
from benchmarks.stores import databases
from gisgrid.grid import GridNetwork
from gisgrid.sample import build_district
from gisgrid.store import open_store
from gisgrid.store.accounts import Accounts

SUBSCRIBERS = (1, 50)
_EACH = 5
_REPORTS = 200
_WARM = 20
_PAUSE_S = 0.01


def live(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """From a report to its subscribers, over a store with all incidents of the sample."""
    district = build_district()
    with tempfile.TemporaryDirectory() as folder:
        for name, url in databases(report):
            served = ready_store(Path(folder) / name, url, district)
            tokens = _tokens(served, max(SUBSCRIBERS) // _EACH)
            bodies = bodies_on_land(district.network, _WARM + _REPORTS)
            for count in SUBSCRIBERS:
                answered, received, stopped_s = asyncio.run(_serve(served, tokens, count, bodies))
                _tell(report, name, count, answered, received)
                report.add(f"a server on {name} is told to stop", f"{count} streams open", f"{stopped_s:.2f} s")


def _tell(report: Report, name: str, count: int, answered: list[float], received: list[float]) -> None:
    if len(received) != count * _REPORTS:
        raise PeersAnswerDiffersError(f"{name}: {len(received)} receipts of {_REPORTS} reports by {count} subscribers")
    title = f"a report over HTTP, {name} with 564,342 incidents, {count} subscribers"
    for who, found in (("answered to whoever reports", answered), ("received by those who watch", received)):
        p95 = statistics.quantiles(found, n=20)[-1]
        report.add(title, who, f"median {statistics.median(found):.1f} ms, 95 % {p95:.1f} ms")
    report.want(
        f"report to subscriber, {name}, {count} subscribers, median in ms", statistics.median(received), 100.0,
        at_least=False,
    )  # fmt: skip


def _tokens(served: Served, count: int) -> list[str]:
    store = open_store(served.folder, served.url)
    try:
        accounts = Accounts(store)
        return [
            accounts.make_token("caller", f"watcher {number}", ("read_incidents",), author="benchmark")
            for number in range(count)
        ]
    finally:
        store.close()


async def _serve(
    served: Served, tokens: list[str], count: int, bodies: list[str]
) -> tuple[list[float], list[float], float]:
    """Milliseconds until each answer and until each receipt, and the seconds in which the server stops after it."""
    serving = service(served)
    port, _ = await asyncio.to_thread(serving.__enter__)
    streams = [await _watch(port, tokens[number // _EACH]) for number in range(count)]
    try:
        answered, received = await _measure(port, served.token, [reader for reader, _ in streams], bodies)
    finally:
        began_s = time.perf_counter()
        await asyncio.to_thread(serving.__exit__, None, None, None)
        stopped_s = time.perf_counter() - began_s
    for _, writer in streams:
        writer.close()
    return answered, received, stopped_s


async def _measure(
    port: int, token: str, streams: list[asyncio.StreamReader], bodies: list[str]
) -> tuple[list[float], list[float]]:
    """Milliseconds until each answer and until each receipt; one report at a time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered: list[float] = []
    received: list[float] = []

    async def receive(stream: asyncio.StreamReader, began_s: float) -> float:
        while not (await stream.readline()).startswith(b"event: incident"):
            pass
        return (time.perf_counter() - began_s) * 1e3

    async def ask(body: bytes, began_s: float) -> float:
        head = f"POST /api/v1/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not answer.startswith(b"http/1.1 201"):
            raise RuntimeError(answer[:200].decode(errors="replace"))
        length = next(int(line[15:]) for line in answer.split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        return (time.perf_counter() - began_s) * 1e3

    for number, body in enumerate(bodies):
        began_s = time.perf_counter()
        took, *got = await asyncio.gather(ask(body.encode(), began_s), *(receive(one, began_s) for one in streams))
        if number >= _WARM:
            answered.append(took)
            received += got
        await asyncio.sleep(_PAUSE_S)
    writer.close()
    return answered, received


async def _watch(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream past its hello."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    while not (await reader.readline()).startswith(b"data: "):
        pass
    return reader, writer
