"""Maps of 564,342 incidents on both databases: an answer for every zoom beside pandas, with and without filters, and after one event."""

import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers import Peer, PeersAnswerDiffersError
from benchmarks.report import Report
from benchmarks.serving import ready_store
from benchmarks.stores import databases
from benchmarks.timing import take_turns
from benchmarks.worlds import random_on_land
from gisgrid.access import Holder
from gisgrid.clocks import CLOCK_STATES
from gisgrid.grid import GridNetwork
from gisgrid.incident_columns import FIXED_WORDS, IncidentColumns
from gisgrid.incident_filters import IncidentFilter
from gisgrid.map_answers import MapCells, MapDots, Viewport, count_by_unit, show
from gisgrid.sample import SAMPLE_NOW, build_district
from gisgrid.store import Store, open_store
from gisgrid.store.editions import Editions
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.map_mirror import MapMirror
from gisgrid.store.reports import Report as IncidentReport
from gisgrid.store.reports import report_incident
from gisgrid.units import unit_meant

ZOOMS = range(5, 19)
_SCREEN = (1920, 1080)
_ROUNDS = 7
_EVENTS = 40
_NOW_MS = round(SAMPLE_NOW.timestamp() * 1000)
_HALF_YEAR_MS = 182 * 86_400_000

FILTERS = {
    "all of them": (IncidentFilter(), Holder("", "commander")),
    "those open": (IncidentFilter(is_open=True), Holder("", "commander")),
    "half a year by seven filters, as a district sees it": (
        IncidentFilter(
            from_ms=_NOW_MS - _HALF_YEAR_MS, categories=("public_security_hazards", "disputes"), unit=unit_meant("331002000000"),
            states=("closed", "evaluated", "reported"), levels=("village", "township", "department"),
            clock_states=tuple(CLOCK_STATES), is_urgent=False,
        ),
        Holder("", "commander", "331002000000"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Plain:
    """The same by numpy and pandas: the degrees of what is asked for."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def cells(self, view: Viewport) -> dict[tuple[int, int], int]:
        """How many in each cell of a viewport, by column and row."""
        x = np.floor((self.lon + 180.0) / 360.0 * 2.0**view.level).astype(np.int64)
        sine = np.sin(np.radians(self.lat))
        y = np.floor((0.5 - np.log((1.0 + sine) / (1.0 - sine)) / (4.0 * np.pi)) * 2.0**view.level).astype(np.int64)
        first_x, first_y, last_x, last_y = view.cells()
        there = (x >= first_x) & (x <= last_x) & (y >= first_y) & (y <= last_y)
        counted = pd.DataFrame({"x": x[there], "y": y[there]}).groupby(["x", "y"]).size()
        return {(int(key[0]), int(key[1])): int(count) for key, count in counted.items()}  # type: ignore[index]


def mapping(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """Viewports at every zoom, counts by grid, and a map that follows events."""
    district = build_district()
    with tempfile.TemporaryDirectory() as folder:
        for name, url in databases(report):
            served = ready_store(Path(folder) / name, url, district)
            store = open_store(served.folder, served.url, now_ms=lambda: _NOW_MS)
            mirror = IncidentMirror(store)
            maps = MapMirror(store, mirror)
            columns, read_s = _timed(mirror.refresh)
            _, warm_s = _timed(maps.warm)
            title = f"a map of {len(columns):,} incidents, {name}"
            report.add(title, "read into memory; put in order, compiled", f"{read_s:.1f} s; {warm_s:.1f} s")
            for what, (wanted, holder) in FILTERS.items():
                _zooms(report, f"{title}, {what}", maps, columns, wanted, holder)
            _follow(report, title, store, mirror, maps, district.network)
            store.close()


def _zooms(
    report: Report, title: str, maps: MapMirror, columns: IncidentColumns, wanted: IncidentFilter, holder: Holder
) -> None:
    state, sight = maps.state(), maps.sight(holder)
    state.choice(wanted, sight)
    anew = []
    for count in range(_ROUNDS):
        # Another instant each time: nobody has asked for this before.
        other = dataclasses.replace(wanted, from_ms=(wanted.from_ms or 0) + count + 1)
        anew.append(_timed(partial(state.choice, other, sight))[1])
    chosen = state.choice(wanted, sight)
    plain = _plain(columns, wanted)
    best: dict[int, float] = {}
    slowest, plainly, shown = 0.0, 0.0, {}
    for zoom in ZOOMS:
        views = [_viewport(lon, lat, zoom) for lon, lat in _spots(plain)]
        work: dict[str, Callable[[], Any]] = {
            f"{at}": partial(show, chosen.parts, view) for at, view in enumerate(views)
        }
        work["pandas"] = partial(plain.cells, views[0])
        timed = take_turns(work, rounds=2, inner=dict.fromkeys(work, _ROUNDS) | {"pandas": 1})
        plainly = max(plainly, timed.pop("pandas").best_s)
        best[zoom] = max(one.best_s for one in timed.values())
        slowest = max(slowest, *(second for one in timed.values() for second in one.seconds))
        shown[zoom] = max(len(one.result.lon) for one in timed.values())
        for view, one in zip(views, timed.values(), strict=True):
            _check(title, view, one.result, plain)
    most = max(best.values())
    _, units_s = _timed(lambda: count_by_unit(chosen.parts, chosen.words, "grid"))
    listed = ", ".join(f"{zoom}: {seconds * 1e3:.2f} ({shown[zoom]})" for zoom, seconds in best.items())
    report.add(
        title, "asked for the first time: chosen, totals", f"{min(anew) * 1e3:.1f} ms, at most {max(anew) * 1e3:.1f}"
    )
    report.add(title, "zoom: ms (cells or points), dearest of four places", listed)
    report.add(title, "the slowest zoom; the slowest of all runs", f"{most * 1e3:.1f} ms; {slowest * 1e3:.1f} ms")
    report.add(title, "pandas, the slowest zoom", f"{plainly * 1e3:.0f} ms", f"{plainly / most:.0f} times as fast")
    report.add(title, "counted by grid", f"{units_s * 1e3:.1f} ms")
    report.want(
        f"{title}: asked for the first time at the slowest zoom, ms", (min(anew) + most) * 1e3, 10.0, at_least=False
    )


def _follow(
    report: Report, title: str, store: Store, mirror: IncidentMirror, maps: MapMirror, network: GridNetwork
) -> None:
    """A report after the other; after each the map is brought up to date and shown."""
    editions, holder = Editions(store), Holder("", "commander")
    lon, lat = random_on_land(network.geometry, _EVENTS + 2)
    view = _viewport(float(np.median(lon)), float(np.median(lat)), 12)
    changed, shown = [], []
    before = maps.state().choice(IncidentFilter(), maps.sight(holder)).with_place.count
    for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
        one = IncidentReport("disputes", "neighbours", lon=x, lat=y, source="phone")
        report_incident(store, editions, one, author="benchmark")
        choice, changed_s = _timed(lambda: maps.state().choice(IncidentFilter(), maps.sight(holder)))
        changed.append(changed_s * 1e3)
        shown.append(_timed(partial(show, choice.parts, view))[1] * 1e3)
    if choice.with_place.count != before + len(changed):
        raise PeersAnswerDiffersError(
            f"{title}: {len(changed)} reports, {choice.with_place.count - before} more on the map"
        )
    # Two to warm up: the first change of all has functions to load.
    both = [a + b for a, b in zip(changed[2:], shown[2:], strict=True)]
    told = "median {:.1f} ms, at most {:.1f}"
    report.add(
        title,
        "after one event: read, chosen anew, totals",
        told.format(statistics.median(changed[2:]), max(changed[2:])),
    )
    report.add(title, "and shown", told.format(statistics.median(both), max(both)))
    report.add(title, "the whole in one, as figures need it", f"{_timed(mirror.refresh)[1] * 1e3:.0f} ms")
    report.want(
        f"{title}: after one event, up to date and shown, median ms", statistics.median(both), 10.0, at_least=False
    )


def _plain(columns: IncidentColumns, wanted: IncidentFilter) -> _Plain:
    """What a filter of this benchmark asks for, by numpy alone."""
    chosen = np.isfinite(columns.lon)
    if wanted.is_open:
        chosen &= columns.is_open()
    if wanted.from_ms is not None:
        chosen &= columns.reported_ms >= wanted.from_ms
    for name, words in (("category", wanted.categories), ("state", wanted.states), ("level", wanted.levels)):
        if words:
            chosen &= np.isin(getattr(columns, name), [FIXED_WORDS[name].index(word) for word in words])
    if wanted.unit.prefix:
        townships = [word[:6] == wanted.unit.prefix for word in columns.words["township"]]
        chosen &= np.array(townships)[columns.township]
    return _Plain(columns.lon[chosen], columns.lat[chosen])


def _check(title: str, view: Viewport, found: MapCells | MapDots, plain: _Plain) -> None:
    expected = plain.cells(view)
    ours = found.count.tolist() if isinstance(found, MapCells) else [1] * len(found.number)
    same = (
        sorted(ours) == sorted(expected.values())
        if isinstance(found, MapCells)
        else len(ours) == sum(expected.values())
    )
    if not same:
        raise PeersAnswerDiffersError(f"{title}, {view}: cells of gisgrid and of pandas differ")


def _spots(plain: _Plain) -> list[tuple[float, float]]:
    """Where the most are, the middle, the eastern end and a place between."""
    lon, lat = plain.lon, plain.lat
    cells, counts = np.unique(np.round(np.column_stack((lon, lat)), 2), axis=0, return_counts=True)
    far = int(np.argmax(lon))
    middle = (float(np.median(lon)), float(np.median(lat)))
    busy = (float(cells[np.argmax(counts)][0]), float(cells[np.argmax(counts)][1]))
    return [busy, middle, (float(lon[far]), float(lat[far])), ((busy[0] + middle[0]) / 2, (busy[1] + middle[1]) / 2)]


def _viewport(lon: float, lat: float, zoom: int) -> Viewport:
    """A large screen around a place."""
    half_lon = _SCREEN[0] / 256.0 / 2.0**zoom * 180.0
    half_lat = _SCREEN[1] / 256.0 / 2.0**zoom * 180.0 * float(np.cos(np.radians(lat)))
    west, east = max(lon - half_lon, -180.0), min(lon + half_lon, 180.0)
    return Viewport(west, max(lat - half_lat, -85.0), east, min(lat + half_lat, 85.0), zoom)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    found = work()
    return found, time.perf_counter() - started
