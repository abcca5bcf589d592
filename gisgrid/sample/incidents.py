"""Incidents of the sample: exactly the five category totals reported for 2018, around where people live."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from gisgrid.sample.district import LOCAL, SampleDistrict
from gisgrid.sample.handling import build_handling
from gisgrid.sample.outline import PLANE
from gisgrid.sample.people import points_inside, share_out
from gisgrid.sample.seeds import stream

CATEGORIES: Final = {
    # key: label, number reported, sub-categories with their weights
    "public_security_hazards": (
        "公共安全隐患",
        305_295,
        {
            "fire_hazard": 34,
            "rental_housing": 26,
            "traffic_hazard": 16,
            "workplace_safety": 14,
            "food_safety": 6,
            "flood_and_typhoon": 4,
        },
    ),
    "livelihood_services": (
        "民生服务",
        130_716,
        {
            "public_facilities": 34,
            "environment": 30,
            "help_for_residents": 18,
            "water_and_power": 12,
            "stray_animals": 6,
        },
    ),
    "disputes": (
        "矛盾纠纷",
        61_000,
        {"neighbours": 38, "labour": 22, "family": 18, "land_and_housing": 14, "consumers": 8},
    ),
    "central_tasks": (
        "中心工作",
        64_831,
        {"five_water_treatment": 40, "illegal_construction": 34, "waste_sorting": 26},
    ),
    "other": ("其他", 2_500, {"other": 1}),
}
"""Chinese labels and totals of the seed article; the sub-categories and their shares are made up."""

TOTAL: Final = sum(number for _, number, _ in CATEGORIES.values())
FIRST_DAY: Final = dt.date(2018, 1, 1)
END_DAY: Final = dt.date(2018, 11, 1)
"""The first day without incidents."""

QUICK_TOTAL: Final = 20_000

_SOURCES: Final = {"phone": 0.78, "map_click": 0.12, "address": 0.10}
_WATER_SHARE: Final = 0.0006
_PLACELESS_SHARE: Final = 0.002
_UNSTATED_SHARE: Final = 0.25
_SPREAD_M: Final = (6.0, 18.0, 60.0)
_SPREAD_SHARES: Final = (0.35, 0.45, 0.20)
_HOUR_WEIGHTS: Final = (1, 1, 1, 1, 1, 2, 6, 20, 60, 80, 75, 50, 25, 35, 65, 75, 70, 50, 25, 18, 14, 9, 4, 2)
_WEEKDAY_WEIGHTS: Final = (1.15, 1.1, 1.1, 1.05, 1.05, 0.6, 0.45)
_DEGREE_DIGITS: Final = 7


def build_incidents(
    district: SampleDistrict, total: int | None = None, until: dt.datetime | None = None, *, seed: int = 2018
) -> pa.Table:
    """Incidents in order of time, and what has become of them.

    Columns: incident, category, sub_category, time, lon, lat, accuracy_m, source, stated_grid, grid; then those of
    `build_handling`: grade, urgent, state, responded, done, closed, satisfied, level, reporter.
    All 564,342 by default, else `total` in the same proportions; from 2018-01-01 up to `until` (exclusive; default the
    end of October), and handled up to the same instant. `grid` is the true one, empty for the few on the water. A few
    have no place and only name their grid in `stated_grid`. A quarter of the accuracies is not stated. Times are ms in
    Asia/Shanghai, null where it has not happened.
    """
    count = TOTAL if total is None else total
    random = stream(seed, f"incidents {count}")
    place_lon, place_lat, grid = _places(district, count, random)
    end = dt.datetime.combine(END_DAY, dt.time(), LOCAL)
    end = end if until is None else min(end, until)
    time = _times(count, end, random)
    keys = list(CATEGORIES)
    numbers = share_out(count, np.array([number for _, number, _ in CATEGORIES.values()], np.float64))
    category = random.permutation(np.repeat(np.arange(len(keys)), numbers))
    sub_names, sub = _sub_categories(category, random)
    source = random.choice(len(_SOURCES), count, p=list(_SOURCES.values()))
    accuracy = np.round(np.where(source == 0, 4.0 + random.gamma(2.0, 7.0, count), random.uniform(8.0, 60.0, count)), 1)
    unstated = (random.random(count) < _UNSTATED_SHARE) | np.isnan(place_lon) | (source == 2)
    codes = district.network.codes
    rows = pa.table(
        {
            "incident": [f"I{number:06d}" for number in range(1, count + 1)],
            "category": _words(category, keys),
            "sub_category": _words(sub, sub_names),
            "time": pa.array(time).cast(pa.timestamp("ms", tz="Asia/Shanghai")),
            "lon": pa.array(place_lon, from_pandas=True),
            "lat": pa.array(place_lat, from_pandas=True),
            "accuracy_m": pa.array(accuracy, mask=unstated),
            "source": _words(source, list(_SOURCES)),
            "stated_grid": _words(grid, codes, missing=~np.isnan(place_lon)),
            "grid": _words(grid, codes, missing=grid < 0),
        }
    )
    end_ms = round(end.timestamp() * 1000.0)
    for name, column in build_handling(rows, district, end_ms, stream(seed, f"handling {count}")).items():
        rows = rows.append_column(name, column)
    return rows


def _words(which: NDArray[np.int64], words: Sequence[str], *, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """The words at the positions `which` (n,) as text, null where `missing`."""
    return pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int32), mask=missing), pa.array(words)).cast(
        pa.string()
    )


def _places(
    district: SampleDistrict, count: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Longitude, latitude (NaN without a place) and true grid (-1 on the water) of every incident."""
    people = district.dwellings
    weight = (people["residents"] + people["migrants"]).to_numpy(np.float64) ** 0.9
    busy = random.gamma(1.2, 1.0, len(people)) + 0.1
    dwelling = np.sort(random.choice(len(people), count, p=weight * busy / (weight * busy).sum()))
    homes = people["grid"].map({code: k for k, code in enumerate(district.network.codes)}).to_numpy(np.int64)
    own = np.asarray(homes[dwelling], np.int64)
    home = people["lon"].to_numpy()[dwelling], people["lat"].to_numpy()[dwelling]
    xy = np.column_stack(PLANE.to_xy(*home))
    spread = random.choice(_SPREAD_M, count, p=_SPREAD_SHARES)
    lon, lat = points_inside(district.network.geometry, own, xy, spread, random)
    water = random.permutation(count)[: round(_WATER_SHARE * count)]
    lon[water], lat[water] = _on_the_water(district, len(water), random)
    own[water] = -1
    shuffled = random.permutation(count)
    lon, lat, own = lon[shuffled], lat[shuffled], own[shuffled]
    placeless = (random.random(count) < _PLACELESS_SHARE) & (own >= 0)
    lon[placeless] = lat[placeless] = np.nan
    return lon, lat, own


def _on_the_water(
    district: SampleDistrict, count: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places on the river and before the coast, 40 m and more from all land."""
    (land,) = PLANE.project(np.array([district.land], dtype=object))
    west, south, _, _ = shapely.bounds(land).tolist()
    parts = shapely.get_parts(land)
    mainland = parts[np.argmax(shapely.area(parts))]
    _, _, east, north = shapely.bounds(mainland).tolist()
    near = shapely.intersection(shapely.box(west, south, east, north), shapely.buffer(land, 600.0))
    area = PLANE.unproject(np.array([shapely.difference(near, shapely.buffer(land, 40.0))], dtype=object))
    return points_inside(area, np.zeros(count, np.int64), None, np.zeros(count), random)


def _times(count: int, end: dt.datetime, random: np.random.Generator) -> NDArray[np.int64]:
    """Sorted instants in ms before the end: more on workdays and in office hours, the second at random."""
    begin = dt.datetime.combine(FIRST_DAY, dt.time(), LOCAL)
    hours = int((end - begin) / dt.timedelta(hours=1))
    hour = np.arange(hours)
    weekday = np.array([(FIRST_DAY + dt.timedelta(days=day)).weekday() for day in range(hours // 24 + 1)])
    weight = np.array(_HOUR_WEIGHTS, np.float64)[hour % 24] * np.array(_WEEKDAY_WEIGHTS)[weekday[hour // 24]]
    picked = random.choice(hours, count, p=weight / weight.sum())
    begin_ms = int(begin.timestamp() * 1000.0)
    return np.asarray(np.sort(begin_ms + picked * 3_600_000 + random.integers(0, 3_600, count) * 1_000), np.int64)


def _sub_categories(category: NDArray[np.int64], random: np.random.Generator) -> tuple[list[str], NDArray[np.int64]]:
    """All sub-category names and, for every incident, the position of its own."""
    names: list[str] = []
    found = np.empty(len(category), np.int64)
    for position, (_, _, shares) in enumerate(CATEGORIES.values()):
        own = np.flatnonzero(category == position)
        weight = np.array(list(shares.values()), np.float64)
        found[own] = len(names) + random.choice(len(shares), len(own), p=weight / weight.sum())
        names.extend(shares)
    return names, found
