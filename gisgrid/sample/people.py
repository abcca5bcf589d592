"""Who lives where in the sample: dwelling points with households, residents and migrants that add up to the real totals."""

from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gisgrid.sample.outline import PLANE

RESIDENTS: Final = 542_800
MIGRANTS: Final = 225_600

_HOUSEHOLDS: Final = (300, 500)
_DEGREE_DIGITS: Final = 7
_ROUNDS: Final = 3_000


def settle(
    codes: tuple[str, ...], community: NDArray[np.bool_], geometry: NDArray[np.object_], random: np.random.Generator
) -> pd.DataFrame:
    """Dwellings of all grids: `dwelling`, `grid`, `lon`, `lat`, `households`, `residents`, `migrants`.

    Blocks of flats in community grids, houses in hamlets in village grids; every dwelling lies inside its grid; 300 to
    500 households a grid; residents and migrants add up to 542,800 and 225,600.
    """
    count = np.where(community, random.integers(14, 31, len(codes)), random.integers(55, 116, len(codes)))
    which = np.repeat(np.arange(len(codes)), count)
    lon, lat = _sites(geometry, which, community, random)
    households = _households(which, len(codes), random)
    migrant_share = np.where(community, random.gamma(3.0, 0.45, len(codes)), random.gamma(1.6, 0.45, len(codes)))[which]
    size = households * random.uniform(0.8, 1.2, len(which))
    return pd.DataFrame(
        {
            "dwelling": [f"D{number:06d}" for number in range(1, len(which) + 1)],
            "grid": np.array(codes, dtype=object)[which],
            "lon": lon,
            "lat": lat,
            "households": households,
            "residents": share_out(RESIDENTS, size),
            "migrants": share_out(MIGRANTS, size * (0.15 + migrant_share)),
        }
    )


def share_out(total: int, weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers (n,) in proportion to `weight` that add up to `total` (largest remainders, ties by position)."""
    exact = weight / weight.sum() * total
    found = np.floor(exact).astype(np.int64)
    found[np.argsort(found - exact, kind="stable")[: total - int(found.sum())]] += 1
    return np.asarray(found, np.int64)


def points_inside(
    geometry: NDArray[np.object_],
    which: NDArray[np.int64],
    middle_m: NDArray[np.float64] | None,
    spread_m: NDArray[np.float64],
    random: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One place in polygon `which[k]` for every k, as degrees (n,) rounded to 1e-7.

    Places scatter around `middle_m` (n, 2) by `spread_m` (n,), or evenly without a middle; whatever falls outside its
    polygon is drawn again, at last evenly.
    """
    shapely.prepare(geometry)
    bounds = shapely.bounds(geometry)[which]
    lon, lat = np.full(len(which), np.nan), np.full(len(which), np.nan)
    open_ = np.arange(len(which))
    for attempt in range(_ROUNDS):
        if middle_m is None or attempt > 8:
            share = random.random((len(open_), 2))
            x = bounds[open_, 0] + (bounds[open_, 2] - bounds[open_, 0]) * share[:, 0]
            y = bounds[open_, 1] + (bounds[open_, 3] - bounds[open_, 1]) * share[:, 1]
        else:
            xy = middle_m[open_] + random.standard_normal((len(open_), 2)) * spread_m[open_, None]
            x, y = PLANE.to_lonlat(xy[:, 0], xy[:, 1])
        x, y = np.round(x, _DEGREE_DIGITS), np.round(y, _DEGREE_DIGITS)
        good = np.asarray(shapely.contains_xy(geometry[which[open_]], x, y))
        lon[open_[good]], lat[open_[good]] = x[good], y[good]
        open_ = open_[~good]
        if not len(open_):
            return lon, lat
    raise ValueError(f"{len(open_)} places found no room in their polygons; choose another seed")


def _sites(
    geometry: NDArray[np.object_], which: NDArray[np.int64], community: NDArray[np.bool_], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Houses around three hamlets in every village grid, flats evenly in community grids."""
    hamlets = np.repeat(np.arange(len(geometry)), 3)
    middles = np.column_stack(PLANE.to_xy(*points_inside(geometry, hamlets, None, np.zeros(len(hamlets)), random)))
    hamlet = which * 3 + random.choice(3, len(which), p=(0.55, 0.3, 0.15))
    spread = np.where(community[which], 400.0, random.choice([45.0, 80.0, 220.0], len(which), p=(0.4, 0.45, 0.15)))
    return points_inside(geometry, which, middles[hamlet], spread, random)


def _households(which: NDArray[np.int64], grids: int, random: np.random.Generator) -> NDArray[np.int64]:
    wanted = np.clip(random.normal(390.0, 45.0, grids), *_HOUSEHOLDS).astype(np.int64)
    weight = random.gamma(2.5, 1.0, len(which)) + 0.2
    found = np.empty(len(which), np.int64)
    begin = np.searchsorted(which, np.arange(grids + 1))
    for grid in range(grids):
        own = slice(int(begin[grid]), int(begin[grid + 1]))
        found[own] = 1 + share_out(int(wanted[grid]) - len(weight[own]), weight[own])
    return found
