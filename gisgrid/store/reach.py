"""How far from the district a report may lie: just outside it waits for someone, on another continent it is a mistake."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.incident_rows import IncidentRows
from gisgrid.local_days import start_of
from gisgrid.plane import Bounds
from gisgrid.store.editions import EditionLabel, Editions
from gisgrid.told import Told

REACH_M: Final = 50_000.0
"""So far around the rectangle of the network a report waits for a grid; beyond, it is none of this district."""

_M_PER_DEGREE: Final = 111_000.0


def out_of_reach(editions: Editions, rows: IncidentRows, labels: Sequence[EditionLabel]) -> dict[int, Told]:
    """Which reports (by place) lie farther than `REACH_M` from the network of their time, each with a sentence why.

    Those without a place, and those older than the first of the editions `labels`, are not judged.
    """
    starts = np.array([start_of(label.valid_from) for label in labels], np.int64)
    which = np.searchsorted(starts, rows.reported_ms, side="right") - 1
    has_place = np.isfinite(rows.lon) & np.isfinite(rows.lat)
    found: dict[int, Told] = {}
    for number in np.unique(which[(which >= 0) & has_place]).tolist():
        window = _widened(editions.network(labels[number].id).bounds)
        is_far = (which == number) & has_place & ~_within(window, rows.lon, rows.lat)
        at = np.flatnonzero(is_far)
        is_swapped = _within(window, rows.lat[at], rows.lon[at])
        found |= {
            place: _told(float(rows.lon[place]), float(rows.lat[place]), window, is_swapped=swapped)
            for place, swapped in zip(at.tolist(), is_swapped.tolist(), strict=True)
        }
    return found


def _widened(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    by_lat = REACH_M / _M_PER_DEGREE
    by_lon = by_lat / max(math.cos(math.radians(max(abs(south), abs(north)))), 0.01)
    return west - by_lon, south - by_lat, east + by_lon, north + by_lat


def _within(window: Bounds, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    west, south, east, north = window
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north), bool)


def _told(lon: float, lat: float, window: Bounds, *, is_swapped: bool) -> Told:
    west, south, east, north = (round(degrees, 2) for degrees in window)
    text = (
        f"the place {lon}, {lat} lies farther than {REACH_M / 1000:.0f} km from the district; expected longitude {west} to {east}, "
        f"latitude {south} to {north}"
    )
    zh = f"位置 {lon}, {lat} 距本区超过 {REACH_M / 1000:.0f} 公里；经度应在 {west} 至 {east} 之间，纬度应在 {south} 至 {north} 之间"
    if is_swapped:
        return Told(
            f"{text}. Longitude and latitude seem to be swapped: {lat}, {lon} would fit",
            f"{zh}。经纬度可能填反了：{lat}, {lon} 则符合",
        )
    return Told(
        f"{text}; correct it, or leave the place out and name the grid or village",
        f"{zh}；请更正，或不填位置而填写网格或村社编号",
    )
