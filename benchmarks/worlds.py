"""Networks and points to measure with: the sample district, real networks beside the project, copies side by side."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.grid import read_network
from gisgrid.sample import SampleDistrict, build_tracks
from gisgrid.table_files import read_table

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
"""Data that lies beside the project where it is developed; what needs it is left out elsewhere."""


@dataclass(frozen=True)
class World:
    """Polygons (n,) in code order and points (m,) in degrees, with a name for the report."""

    name: str
    geometry: NDArray[np.object_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]


def random_on_land(geometry: NDArray[np.object_], count: int, seed: int = 1) -> tuple[NDArray[np.float64], ...]:
    """Random points in the polygons: uniform over the land, in no order."""
    rng = np.random.default_rng(seed)
    area = shapely.area(geometry)
    share = rng.multinomial(count, area / area.sum())
    points = np.empty((count, 2))
    begin = 0
    for shape, wanted in zip(geometry, share.tolist(), strict=True):
        west, south, east, north = shapely.bounds(shape)
        end = begin + wanted
        shapely.prepare(shape)
        while begin < end:
            tried = rng.uniform((west, south), (east, north), (2 * (end - begin) + 8, 2))
            inside = tried[shapely.contains_xy(shape, tried)][: end - begin]
            points[begin : begin + len(inside)] = inside
            begin += len(inside)
    rng.shuffle(points)
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])


def in_bounds(geometry: NDArray[np.object_], count: int, seed: int = 2) -> tuple[NDArray[np.float64], ...]:
    """Random points over the bounds, in no order."""
    west, south, east, north = shapely.total_bounds(geometry)
    rng = np.random.default_rng(seed)
    return rng.uniform(west, east, count), rng.uniform(south, north, count)


def in_track_order(district: SampleDistrict, count: int) -> tuple[NDArray[np.float64], ...]:
    """Fixes of the sample's patrollers, one patroller after the other in the order of time."""
    fixes = build_tracks(district).fixes.slice(0, count)
    return fixes["lon"].to_numpy().copy(), fixes["lat"].to_numpy().copy()


def real_worlds() -> list[World]:
    """Keelung with random points, Merseyside with its incidents; empty where the data is not there."""
    if not SHARED.is_dir():
        return []
    keelung = read_network(SHARED / "grids_taiwan" / "keelung.gpkg", code="CODEBASE")
    merseyside = read_network(SHARED / "incidents_uk" / "lsoa_merseyside.gpkg", code="LSOA11CD")
    table = read_table(SHARED / "incidents_uk" / "police_uk_merseyside_2018-2021.csv.gz")
    lon, lat = table.numbers("Longitude")[0], table.numbers("Latitude")[0]
    return [
        World(f"Keelung, {len(keelung):,} grids", keelung.geometry.copy(), *in_bounds(keelung.geometry, 500_000)),
        World(f"Merseyside, {len(merseyside):,} grids, its real incidents", merseyside.geometry.copy(), lon, lat),
    ]


def side_by_side(geometry: NDArray[np.object_], copies: int) -> NDArray[np.object_]:
    """Copies of a network in rows and columns, none touching another."""
    west, south, east, north = shapely.total_bounds(geometry)
    wide, high = 1.02 * (east - west), 1.02 * (north - south)
    across = math.ceil(math.sqrt(copies))
    copied = []
    for copy in range(copies):
        step = np.array((copy % across * wide, copy // across * high - 2.0))
        copied.append(shapely.transform(geometry, lambda points, step=step: points + step))
    return np.concatenate(copied)
