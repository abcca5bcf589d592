"""A week of fixes of the sample's 659 patrollers, about 4.2 million at 10 s, with what a verifier must find for each day."""

import datetime as dt
from dataclasses import dataclass
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


def build_tracks(district: SampleDistrict, *, seed: int = 2018, patrollers: int | None = None) -> SampleTracks:
    """The tracks of the week 2018-05-07 to 05-13, of the first `patrollers` only when a number is given."""
    random = stream(seed, "tracks")
    routes = _Routes(district, random)
    kinds = district.roster.kinds[: patrollers or len(district.network)]
    ids = patroller_ids(len(district.network))
    days: list[_Day] = []
    for grid, week in enumerate(kinds.tolist()):
        before: _Day | None = None
        for day, kind in enumerate(week):
            if kind in _SILENT_KINDS:
                before = None
                continue
            if kind == "copied_track" and before is not None:
                before = _Day(grid, day, kind, before.start_ms, before.path)
            else:
                start = random.uniform(*(_HOME_START_S if kind == "phone_at_home" else _START_S))
                before = _Day(grid, day, kind, round(start * 1000.0), routes.path(grid, kind))
            days.append(before)
    fixes = _observe(days, ids, random)
    rows = [
        (ids[grid], WEEK[day].isoformat(), kind, VERDICT_OF[kind], NOTE_OF[kind])
        for grid, week in enumerate(kinds.tolist())
        for day, kind in enumerate(week)
    ]
    return SampleTracks(fixes, pd.DataFrame(rows, columns=["patroller", "day", "kind", "patrol_verdict", "note"]))


@dataclass(frozen=True)
class _Day:
    grid: int
    day: int
    kind: str
    start_ms: int
    path: DayPath


class _Routes:
    """Lanes and outside spots of all grids, and the path of a day of any kind."""

    def __init__(self, district: SampleDistrict, random: np.random.Generator) -> None:
        self._random = random
        self._shapes = PLANE.project(district.network.geometry)
        people = district.dwellings
        xy = np.column_stack(PLANE.to_xy(people["lon"].to_numpy(), people["lat"].to_numpy()))
        self._xy = xy
        own = people["grid"].map({code: k for k, code in enumerate(district.network.codes)}).to_numpy()
        self._lanes = [lay_lanes(shape, xy[own == grid], random) for grid, shape in enumerate(self._shapes)]
        self._spots = spots_outside(self._shapes, xy)
        self._stands_for = dict(zip(district.roster.substitutes, district.roster.leavers, strict=True))

    def path(self, grid: int, kind: str) -> DayPath:
        random, shape, lanes = self._random, self._shapes[grid], self._lanes[grid]
        if kind == "one_visit":
            return one_visit(lanes, random)
        if kind == "phone_off_hour":
            return phone_off(lanes, random)
        if kind == "phone_at_home":
            return at_home(lanes, random)
        if kind == "driving_through":
            return drive_through(shape, random)
        if kind == "border_walker":
            return around_the_border(shape, self._spot(grid), random)
        second, spot = lanes, self._spot(grid)
        if kind == "substitute":
            second, spot = self._second_grid(grid)
        if kind == "gcj02_phone":
            spot = self._spot_clear_when_shifted(grid)
        return two_visits(lanes, second, spot, random, short=kind == "too_short")

    def _spot(self, grid: int) -> Points:
        spots = self._spots[grid][:12]
        return np.asarray(spots[int(self._random.integers(len(spots)))], np.float64)

    def _second_grid(self, grid: int) -> tuple[Lanes, Points]:
        """The lanes of the grid stood in for, and a spot outside of both."""
        other = self._stands_for[grid]
        both = shapely.union(self._shapes[grid], self._shapes[other])
        (spots,) = spots_outside(np.array([both], dtype=object), self._xy)
        return self._lanes[other], np.asarray(spots[0], np.float64)

    def _spot_clear_when_shifted(self, grid: int) -> Points:
        """A spot outside that is outside also after the GCJ-02 shift."""
        spots = self._spots[grid]
        shifted = np.column_stack(PLANE.to_xy(*wgs84_to_gcj02(*PLANE.to_lonlat(spots[:, 0], spots[:, 1]))))
        clear = shapely.distance(self._shapes[grid], shapely.points(shifted)) > _GCJ02_CLEAR_M
        return np.asarray(spots[int(np.argmax(clear))], np.float64)


def _observe(days: list[_Day], ids: tuple[str, ...], random: np.random.Generator) -> pa.Table:
    """Fixes of all days: a position every 10 s with the slow error of a phone, uploaded in batches."""
    times, places, counts = [], [], []
    for day in days:
        ticks = np.arange(0.0, day.path.time_s[-1], EVERY_S)
        silent_from, silent_to = day.path.silent_s
        ticks = ticks[(ticks <= silent_from) | (ticks >= silent_to)] if silent_to > silent_from else ticks
        times.append(ticks)
        places.append(np.column_stack([np.interp(ticks, day.path.time_s, day.path.xy_m[:, axis]) for axis in (0, 1)]))
        counts.append(len(ticks))
    count = np.array(counts)
    which = np.repeat(np.arange(len(days)), count)
    kind = np.array([day.kind for day in days])
    most = np.where(kind == "border_walker", _BORDER_NOISE_M, _MOST_NOISE_M)
    xy = np.concatenate(places) + _noise(most[which], random)
    lon, lat = PLANE.to_lonlat(xy[:, 0], xy[:, 1])
    shifted = (kind == "gcj02_phone")[which]
    lon[shifted], lat[shifted] = wgs84_to_gcj02(lon[shifted], lat[shifted])
    midnight = np.array([_midnight_ms(day.day) + day.start_ms for day in days])
    jitter = random.integers(-_JITTER_MS, _JITTER_MS + 1, len(which))
    time = midnight[which] + (np.concatenate(times) * 1000.0).astype(np.int64) + jitter
    accuracy = np.round(3.5 + random.gamma(2.2, 1.6, len(which)), 1)
    delay = np.where(kind == "late_upload", random.uniform(*_LATE_H, len(days)) * 3_600_000.0, 0.0).astype(np.int64)
    received = (time // _UPLOAD_EVERY_MS + 1) * _UPLOAD_EVERY_MS + random.integers(800, 9_000, len(days))[which] + delay[which]
    lon, lat = np.round(lon, _DEGREE_DIGITS), np.round(lat, _DEGREE_DIGITS)
    _copy_days(days, count, (lon, lat, accuracy), time, received)
    stamp = pa.timestamp("ms", tz="UTC")
    names = pa.DictionaryArray.from_arrays(pa.array(np.array([day.grid for day in days], np.int32)[which]), pa.array(ids))
    return pa.table(
        {
            "patroller": names,
            "time": pa.array(time).cast(stamp),
            "lon": lon,
            "lat": lat,
            "accuracy_m": accuracy.astype(np.float32),
            "received_at": pa.array(received).cast(stamp),
        }
    )


def _copy_days(
    days: list[_Day],
    count: NDArray[np.int64],
    columns: tuple[NDArray[np.float64], ...],
    time: NDArray[np.int64],
    received: NDArray[np.int64],
) -> None:
    """Make the fixes of every copied day those of the day before, 24 hours later."""
    end = np.cumsum(count)
    for position, day in enumerate(days):
        if day.kind != "copied_track" or day.path is not days[position - 1].path:
            continue
        here = slice(int(end[position] - count[position]), int(end[position]))
        there = slice(int(end[position - 1] - count[position - 1]), int(end[position - 1]))
        for column in columns:
            column[here] = column[there]
        time[here], received[here] = time[there] + _DAY_MS, received[there] + _DAY_MS


def _noise(most_m: NDArray[np.float64], random: np.random.Generator) -> Points:
    """The error (n, 2) of a phone's positions: it drifts over a minute and never exceeds `most_m` (n,)."""
    white = random.standard_normal((len(most_m) + _SMOOTHED_OVER, 2))
    summed = np.cumsum(white, axis=0)
    drift = (summed[_SMOOTHED_OVER:] - summed[:-_SMOOTHED_OVER]) / np.sqrt(_SMOOTHED_OVER) * _NOISE_M
    reach = np.hypot(drift[:, 0], drift[:, 1])
    return np.asarray(drift * np.minimum(1.0, most_m / np.maximum(reach, 1e-9))[:, None], np.float64)


def _midnight_ms(day: int) -> int:
    return int(dt.datetime.combine(WEEK[day], dt.time(), LOCAL).timestamp() * 1000.0)
