"""The incident loop on the whole sample, on both databases: figures, deadlines under a changed calendar, the tick, reports."""

import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from benchmarks.peers import Peer, PeersAnswerDiffersError
from benchmarks.report import Report
from benchmarks.stores import databases
from benchmarks.timing import take_turns
from gisgrid.figures import GROUPINGS, FiguresQuery, FigureTable, count_figures, roles_of_reporters
from gisgrid.flow import Request
from gisgrid.grid import GridNetwork
from gisgrid.incident_rows import read_incident_rows
from gisgrid.sample import build_district, build_incidents, write_sample
from gisgrid.store import Store, open_store
from gisgrid.store.editions import Editions
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Report as IncidentReport
from gisgrid.store.reports import report_incident
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import take_step
from gisgrid.store.ticking import tick

_AS_OF_MS = 1_541_001_600_000
"""The end of October 2018 in China, when the sample ends."""

_COUNTED = """
select category, count(*), sum(case when state <> 'invalid' then 1 else 0 end),
  sum(case when state in ('closed', 'evaluated') then 1 else 0 end),
  sum(case when state = 'evaluated' and is_satisfied then 1 else 0 end)
from incident group by category
"""


def looping(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """Figures, deadlines, tick and single reports over 564,342 incidents."""
    district = build_district()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_sample(Path(folder), district, incidents=build_incidents(district))
        rows = read_incident_rows(paths["incidents"]).rows
        for name, url in databases(report):
            store = open_store(Path(folder) / name, url, upgrading=True, now_ms=_Clock())
            editions = Editions(store)
            editions.publish(district.network, dt.date(2018, 1, 1), author="benchmark")
            for register in ("people", "duties"):
                import_register(store, register, paths["duties"], author="benchmark")
            started = time.perf_counter()
            Incidents(store, editions).take_in(rows, "sample", author="benchmark")
            title = f"{len(rows):,} incidents in {name}"
            report.add(title, "taken in: assigned, clocked, committed", f"{time.perf_counter() - started:.1f} s")
            _figures(report, title, name, store)
            _deadlines(report, title, name, store)
            started = time.perf_counter()
            done = tick(store, editions, author="benchmark")
            cards = len(done.yellow) + len(done.red)
            report.add(title, f"the first tick: {cards:,} cards raised", f"{time.perf_counter() - started:.1f} s")
            _single(report, title, store, editions, rows)
            store.close()


class _Clock:
    """The sample's last instant, a little later at every look."""

    def __init__(self) -> None:
        self._now_ms = _AS_OF_MS

    def __call__(self) -> int:
        self._now_ms += 1
        return self._now_ms


def _figures(report: Report, title: str, name: str, store: Store) -> None:
    started = time.perf_counter()
    mirror = IncidentMirror(store)
    columns = mirror.refresh()
    cold_s = time.perf_counter() - started
    started = time.perf_counter()
    repeats = mirror.repeats()
    repeats_s = time.perf_counter() - started
    duties = Staffing(store).duties()
    roles = roles_of_reporters(columns, duties)
    times: dict[str, float] = {}
    for by in (None, *GROUPINGS):
        query = FiguresQuery(_AS_OF_MS, by=by)
        timed = take_turns({"figures": lambda query=query: _counted(mirror, query, roles)})
        times[by or "all"] = timed["figures"].best_s
    with store.reading() as connection:
        started = time.perf_counter()
        counted = {row[0]: tuple(int(value) for value in row[1:]) for row in connection.execute(sa.text(_COUNTED))}
        sql_s = time.perf_counter() - started
    # As of much later, so that what SQL sees has happened.
    groups = count_figures(columns, FiguresQuery(2**61, by="category"), repeats, roles).groups
    ours = {key: (one.reported, one.valid, one.closed, one.satisfied) for key, one in groups.items()}
    if ours != counted:
        raise PeersAnswerDiffersError(f"{name}: figures in memory and in SQL differ: {ours} {counted}")
    slowest = max(times, key=lambda by: times[by])
    report.add(title, "all figures of all incidents", f"{times['all'] * 1e3:.0f} ms")
    report.add(title, f"the slowest grouping ({slowest})", f"{times[slowest] * 1e3:.0f} ms")
    report.add(
        title,
        "SQL, four of the counts by category",
        f"{sql_s * 1e3:.0f} ms",
        f"gisgrid all figures: {sql_s / times['category']:.1f} times as fast",
    )
    report.add(title, "columns read into memory; repeats found", f"{cold_s:.1f} s; {repeats_s * 1e3:.0f} ms")
    report.want(f"figures over 564,342 incidents, {name}, in ms", max(times.values()) * 1e3, 300.0, at_least=False)


def _counted(mirror: IncidentMirror, query: FiguresQuery, roles: NDArray[np.int8]) -> FigureTable:
    columns, repeats = mirror.with_repeats()
    return count_figures(columns, query, repeats, roles)


def _deadlines(report: Report, title: str, name: str, store: Store) -> None:
    mirror = IncidentMirror(store)
    before = mirror.refresh().due
    # A day off in the middle of the year, and the last clock longer: every deadline is computed anew.
    Staffing(store).set_workdays({dt.date(2018, 6, 6): False}, author="benchmark")
    started = time.perf_counter()
    after = mirror.refresh().due
    took_s = time.perf_counter() - started
    moved = int((after.done_ms != before.done_ms).sum())
    if not 0 < moved < len(after.done_ms):
        raise PeersAnswerDiffersError(f"{name}: a day off moved {moved} deadlines")
    report.add(title, f"a day off: all deadlines anew, {moved:,} moved", f"{took_s:.2f} s")
    report.want(f"a year's deadlines recomputed, {name}, in s", took_s, 5.0, at_least=False)


def _single(report: Report, title: str, store: Store, editions: Editions, rows: object) -> None:
    """Reports and steps one at a time, each committed."""
    lon, lat = (getattr(rows, axis) for axis in ("lon", "lat"))
    places = [(float(lon[at]), float(lat[at])) for at in range(1_000, 1_200) if np.isfinite(lon[at])]
    reported: list[int] = []
    with _timed() as took:
        for x, y in places:
            one = IncidentReport("disputes", "neighbours", lon=x, lat=y, source="phone")
            reported.append(report_incident(store, editions, one, author="benchmark").incident.id)
    report.add(title, "one report: grid, office, clocks, duplicates, commit", f"{took[0] / len(places) * 1e3:.1f} ms")
    with _timed() as took:
        for number in reported:
            request = Request("accept", Incidents(store).get(number).holder)  # type: ignore[union-attr]
            take_step(store, editions, number, request, author="benchmark")
    report.add(title, "one step, with commit", f"{took[0] / len(reported) * 1e3:.1f} ms")


@contextmanager
def _timed() -> Iterator[list[float]]:
    took = [0.0]
    started = time.perf_counter()
    yield took
    took[0] = time.perf_counter() - started
