"""A week of fixes of the sample's 659 patrollers, about 4.2 million at 10 s, with what a verifier must find for each day."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from gisgrid.datum import wgs84_to_gcj02
from gisgrid.sample.days import DayPath, around_the_border, at_home, drive_through, one_visit, phone_off, two_visits
from gisgrid.sample.district import LOCAL, SampleDistrict
from gisgrid.sample.duties import patroller_ids
from gisgrid.sample.lanes import Lanes, Points, lay_lanes, spots_outside
from gisgrid.sample.outline import PLANE
from gisgrid.sample.roster import NOTE_OF, VERDICT_OF, WEEK
from gisgrid.sample.seeds import stream

EVERY_S: Final = 10.0

_SILENT_KINDS: Final = ("absent", "on_leave", "day_off")
_START_S: Final = (7.0 * 3600, 10.5 * 3600)
_HOME_START_S: Final = (7.0 * 3600, 8.5 * 3600)
_NOISE_M: Final = 2.4
_MOST_NOISE_M: Final = 8.0
_BORDER_NOISE_M: Final = 4.0
_SMOOTHED_OVER: Final = 6
_JITTER_MS: Final = 280
_UPLOAD_EVERY_MS: Final = 60_000
_LATE_H: Final = (75.0, 90.0)
_DEGREE_DIGITS: Final = 7
_DAY_MS: Final = 86_400_000
_GCJ02_CLEAR_M: Final = 60.0


@dataclass(frozen=True, eq=False)
class SampleTracks:
    """`fixes` sorted by patroller and time: patroller (dictionary), time and received_at (ms, UTC), lon, lat, accuracy_m.

    `labels`: patroller, day (local ISO), kind, patrol_verdict (pass, fail, undetermined, not_due), note; one row for each
    patroller and day.
    """

    fixes: pa.Table
    labels: pd.DataFrame


def build_tracks(
    district: SampleDistrict, *, seed: int = 2018, patrollers: Collection[str] | None = None
) -> SampleTracks:
    """The tracks of the week 2018-05-07 to 05-13, of some patrollers only when they are named.

    Everyone has a random stream of their own: the tracks of a person are the same whoever else is built. Raises
    `ValueError` for a name that is not in the district.
    """
    ids = patroller_ids(len(district.network))
    unknown = set(patrollers or ()) - set(ids)
    if unknown:
        raise ValueError(f"no patroller {min(unknown)!r}; the sample has {ids[0]} to {ids[-1]}")
    chosen = [grid for grid, name in enumerate(ids) if patrollers is None or name in patrollers]
    routes = _Routes(district, chosen, seed)
    weeks = [_observe(_spend_week(grid, district, routes, seed), stream(seed, f"fixes {ids[grid]}")) for grid in chosen]
    rows = [
        (ids[grid], WEEK[day].isoformat(), kind, VERDICT_OF[kind], NOTE_OF[kind])
        for grid in chosen
        for day, kind in enumerate(district.roster.kinds[grid].tolist())
    ]
    labels = pd.DataFrame(rows, columns=["patroller", "day", "kind", "patrol_verdict", "note"])
    return SampleTracks(_table(weeks, chosen, ids), labels)


@dataclass(frozen=True)
class _Day:
    day: int
    kind: str
    start_ms: int
    path: DayPath


@dataclass(frozen=True)
class _Week:
    """Fixes of one patroller: true places with the phone's error in metres (n, 2), instants, and which GCJ-02 shifts."""

    xy_m: Points
    time_ms: NDArray[np.int64]
    received_ms: NDArray[np.int64]
    accuracy_m: NDArray[np.float64]
    shifted: NDArray[np.bool_]


def _spend_week(grid: int, district: SampleDistrict, routes: "_Routes", seed: int) -> list[_Day]:
    random = stream(seed, f"week {grid}")
    days: list[_Day] = []
    for day, kind in enumerate(district.roster.kinds[grid].tolist()):
        if kind in _SILENT_KINDS:
            continue
        if kind == "copied_track":
            days.append(_Day(day, kind, days[-1].start_ms, days[-1].path))
            continue
        start = random.uniform(*(_HOME_START_S if kind == "phone_at_home" else _START_S))
        days.append(_Day(day, kind, round(start * 1000.0), routes.path(grid, kind, random)))
    return days


def _observe(days: list[_Day], random: np.random.Generator) -> _Week:
    """A position every 10 s with the slow error of a phone, uploaded in batches every minute."""
    found: list[_Week] = []
    for day in days:
        if day.kind == "copied_track":
            last = found[-1]
            found.append(replace(last, time_ms=last.time_ms + _DAY_MS, received_ms=last.received_ms + _DAY_MS))
            continue
        ticks = np.arange(0.0, day.path.time_s[-1], EVERY_S)
        silent_from, silent_to = day.path.silent_s
        if silent_to > silent_from:
            ticks = ticks[(ticks <= silent_from) | (ticks >= silent_to)]
        xy = np.column_stack([np.interp(ticks, day.path.time_s, day.path.xy_m[:, axis]) for axis in (0, 1)])
        xy += _noise(len(ticks), _BORDER_NOISE_M if day.kind == "border_walker" else _MOST_NOISE_M, random)
        jitter = random.integers(-_JITTER_MS, _JITTER_MS + 1, len(ticks))
        time = _midnight_ms(day.day) + day.start_ms + (ticks * 1000.0).astype(np.int64) + jitter
        late = random.uniform(*_LATE_H) * 3_600_000.0 if day.kind == "late_upload" else 0.0
        received = (time // _UPLOAD_EVERY_MS + 1) * _UPLOAD_EVERY_MS + int(random.integers(800, 9_000)) + int(late)
        accuracy = np.round(3.5 + random.gamma(2.2, 1.6, len(ticks)), 1)
        found.append(_Week(xy, time, received, accuracy, np.full(len(ticks), day.kind == "gcj02_phone")))
    return _Week(
        np.concatenate([part.xy_m for part in found] or [np.empty((0, 2))]),
        np.concatenate([part.time_ms for part in found] or [np.empty(0, np.int64)]),
        np.concatenate([part.received_ms for part in found] or [np.empty(0, np.int64)]),
        np.concatenate([part.accuracy_m for part in found] or [np.empty(0)]),
        np.concatenate([part.shifted for part in found] or [np.empty(0, np.bool_)]),
    )


class _Routes:
    """Lanes and outside spots of the grids of some patrollers, and the path of a day of any kind."""

    def __init__(self, district: SampleDistrict, grids: list[int], seed: int) -> None:
        self._seed = seed
        self._shapes = PLANE.project(district.network.geometry)
        people = district.dwellings
        self._homes = np.column_stack(PLANE.to_xy(people["lon"].to_numpy(), people["lat"].to_numpy()))
        own = people["grid"].map({code: k for k, code in enumerate(district.network.codes)}).to_numpy()
        self._first_home = np.searchsorted(own, np.arange(len(self._shapes) + 1))
        self._spots = dict(zip(grids, spots_outside(self._shapes[grids], self._homes), strict=True))
        self._stands_for = dict(zip(district.roster.substitutes, district.roster.leavers, strict=True))
        self._laid: dict[int, Lanes] = {}

    def path(self, grid: int, kind: str, random: np.random.Generator) -> DayPath:
        """The path of one day of a kind that has fixes of its own."""
        shape, lanes = self._shapes[grid], self._lanes(grid)
        if kind == "one_visit":
            return one_visit(lanes, random)
        if kind == "phone_off_hour":
            return phone_off(lanes, random)
        if kind == "phone_at_home":
            return at_home(lanes, random)
        if kind == "driving_through":
            return drive_through(shape, random)
        if kind == "border_walker":
            return around_the_border(shape, self._spot(grid, random), random)
        second, spot = lanes, self._spot(grid, random)
        if kind == "substitute":
            second, spot = self._second_grid(grid)
        if kind == "gcj02_phone":
            spot = self._spot_clear_when_shifted(grid)
        return two_visits(lanes, second, spot, random, short=kind == "too_short")

    def _lanes(self, grid: int) -> Lanes:
        if grid not in self._laid:
            homes = self._homes[self._first_home[grid] : self._first_home[grid + 1]]
            self._laid[grid] = lay_lanes(self._shapes[grid], homes, stream(self._seed, f"lanes {grid}"))
        return self._laid[grid]

    def _spot(self, grid: int, random: np.random.Generator) -> Points:
        spots = self._spots[grid][:12]
        return np.asarray(spots[int(random.integers(len(spots)))], np.float64)

    def _second_grid(self, grid: int) -> tuple[Lanes, Points]:
        """The lanes of the grid stood in for, and a spot outside of both."""
        other = self._stands_for[grid]
        both = shapely.union(self._shapes[grid], self._shapes[other])
        (spots,) = spots_outside(np.array([both], dtype=object), self._homes)
        return self._lanes(other), np.asarray(spots[0], np.float64)

    def _spot_clear_when_shifted(self, grid: int) -> Points:
        """A spot outside that is outside also after the GCJ-02 shift."""
        spots = self._spots[grid]
        shifted = np.column_stack(PLANE.to_xy(*wgs84_to_gcj02(*PLANE.to_lonlat(spots[:, 0], spots[:, 1]))))
        clear = shapely.distance(self._shapes[grid], shapely.points(shifted)) > _GCJ02_CLEAR_M
        return np.asarray(spots[int(np.argmax(clear))], np.float64)


def _table(weeks: list[_Week], grids: list[int], ids: tuple[str, ...]) -> pa.Table:
    xy = np.concatenate([week.xy_m for week in weeks])
    lon, lat = PLANE.to_lonlat(xy[:, 0], xy[:, 1])
    shifted = np.concatenate([week.shifted for week in weeks])
    lon[shifted], lat[shifted] = wgs84_to_gcj02(lon[shifted], lat[shifted])
    stamp = pa.timestamp("ms", tz="UTC")
    who = np.repeat(np.array(grids, np.int32), [len(week.time_ms) for week in weeks])
    return pa.table(
        {
            "patroller": pa.DictionaryArray.from_arrays(pa.array(who), pa.array(ids)),
            "time": pa.array(np.concatenate([week.time_ms for week in weeks])).cast(stamp),
            "lon": np.round(lon, _DEGREE_DIGITS),
            "lat": np.round(lat, _DEGREE_DIGITS),
            "accuracy_m": np.concatenate([week.accuracy_m for week in weeks]).astype(np.float32),
            "received_at": pa.array(np.concatenate([week.received_ms for week in weeks])).cast(stamp),
        }
    )


def _noise(count: int, most_m: float, random: np.random.Generator) -> Points:
    """The error (n, 2) of a phone's positions: it drifts over a minute and never exceeds `most_m`."""
    summed = np.cumsum(random.standard_normal((count + _SMOOTHED_OVER, 2)), axis=0)
    drift = (summed[_SMOOTHED_OVER:] - summed[:-_SMOOTHED_OVER]) / np.sqrt(_SMOOTHED_OVER) * _NOISE_M
    reach = np.hypot(drift[:, 0], drift[:, 1])
    return np.asarray(drift * np.minimum(1.0, most_m / np.maximum(reach, 1e-9))[:, None], np.float64)


def _midnight_ms(day: int) -> int:
    return int(dt.datetime.combine(WEEK[day], dt.time(), LOCAL).timestamp() * 1000.0)
