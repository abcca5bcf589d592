"""Named places of the sample: village centres, schools, markets, compounds and roads; every name shows it is made up."""

from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gisgrid.sample.names import VillageName, chinese_number
from gisgrid.sample.outline import PLANE
from gisgrid.sample.people import points_inside

SCHOOLS: Final = 68
MARKETS: Final = 46
COMPOUNDS: Final = 240

_FARTHEST_ROAD_M: Final = 3_000.0
_DEGREE_DIGITS: Final = 7
_BEND: Final = 0.12

_COLUMNS: Final = ("kind", "name", "village", "grid", "lon", "lat", "geometry")


def name_places(
    units: tuple[VillageName, ...],
    codes: tuple[str, ...],
    village_of_grid: NDArray[np.int64],
    geometry: NDArray[np.object_],
    dwellings: pd.DataFrame,
    random: np.random.Generator,
) -> pd.DataFrame:
    """Places: `place`, `kind` (centre, school, market, compound, road), `name`, `village`, `grid`, `lon`, `lat`, `geometry`.

    Geometry is a Point, for compounds a Polygon inside the grid, for roads a LineString from centre to centre (their
    `grid` is empty); all in degrees rounded to 1e-7.
    """
    place_codes = np.array(codes, dtype=object)
    by_grid = dwellings.groupby("grid", sort=False).head(1).set_index("grid").loc[list(codes)]
    first = np.searchsorted(village_of_grid, np.arange(len(units)))
    rows: list[tuple[object, ...]] = []
    for k, unit in enumerate(units):
        lon, lat = float(by_grid["lon"].iloc[first[k]]), float(by_grid["lat"].iloc[first[k]])
        rows.append(
            ("centre", f"{unit.name}样例服务中心", unit.code, codes[first[k]], lon, lat, shapely.Point(lon, lat))
        )
    for kind, count, ending in (("school", SCHOOLS, "小学"), ("market", MARKETS, "菜市场")):
        which = np.sort(random.choice(len(codes), count, replace=False))
        lons, lats = points_inside(geometry, which, None, np.zeros(count), random)
        for number, (grid, lon, lat) in enumerate(
            zip(which.tolist(), lons.tolist(), lats.tolist(), strict=True), start=1
        ):
            name = f"样例第{chinese_number(number)}{ending}"
            rows.append((kind, name, units[village_of_grid[grid]].code, codes[grid], lon, lat, shapely.Point(lon, lat)))
    rows.extend(_compounds(units, place_codes, village_of_grid, geometry, random))
    rows.extend(_roads([(row[4], row[5], row[2]) for row in rows[: len(units)]], random))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame.insert(0, "place", [f"PL{number:05d}" for number in range(1, len(frame) + 1)])
    return frame


def _compounds(
    units: tuple[VillageName, ...],
    codes: NDArray[np.object_],
    village_of_grid: NDArray[np.int64],
    geometry: NDArray[np.object_],
    random: np.random.Generator,
) -> list[tuple[object, ...]]:
    """Walled compounds: turned rectangles of 50 to 120 m that lie wholly in one community grid."""
    pool = np.flatnonzero(np.array([units[village].kind == "community" for village in village_of_grid]))
    rows: list[tuple[object, ...]] = []
    while len(rows) < COMPOUNDS:
        which = random.choice(pool, COMPOUNDS)
        lons, lats = points_inside(geometry, which, None, np.zeros(len(which)), random)
        x, y = PLANE.to_xy(lons, lats)
        half = random.uniform(25.0, 60.0, (len(which), 2))
        turn = random.uniform(0.0, np.pi, len(which))
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * half[:, None, :]
        cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
        xs = x[:, None] + corners[..., 0] * cos - corners[..., 1] * sin
        ys = y[:, None] + corners[..., 0] * sin + corners[..., 1] * cos
        degrees = np.round(np.stack(PLANE.to_lonlat(xs.ravel(), ys.ravel()), axis=-1), _DEGREE_DIGITS)
        shapes = np.asarray(shapely.polygons(degrees.reshape(-1, 5, 2)), dtype=object)
        for k in np.flatnonzero(shapely.contains(geometry[which], shapes)).tolist():
            if len(rows) == COMPOUNDS:
                break
            name = f"样例{chinese_number(len(rows) + 1)}号小区"
            unit = units[village_of_grid[which[k]]].code
            rows.append(("compound", name, unit, str(codes[which[k]]), float(lons[k]), float(lats[k]), shapes[k]))
    return rows


def _roads(centres: list[tuple[object, ...]], random: np.random.Generator) -> list[tuple[object, ...]]:
    """The shortest tree of roads between village centres; none is longer than 3 km, so islands keep to themselves."""
    lonlat = np.array([(row[0], row[1]) for row in centres], np.float64)
    xy = np.column_stack(PLANE.to_xy(lonlat[:, 0], lonlat[:, 1]))
    distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    near, parent = distance[0].copy(), np.zeros(len(xy), np.int64)
    waiting = np.ones(len(xy), np.bool_)
    waiting[0] = False
    rows: list[tuple[object, ...]] = []
    while waiting.any():
        node = int(np.argmin(np.where(waiting, near, np.inf)))
        waiting[node] = False
        if near[node] <= _FARTHEST_ROAD_M:
            line = _bent(xy[parent[node]], xy[node], random)
            lon, lat = PLANE.to_lonlat(line[:, 0], line[:, 1])
            degrees = np.round(np.column_stack([lon, lat]), _DEGREE_DIGITS)
            degrees[0], degrees[-1] = lonlat[parent[node]], lonlat[node]
            middle = degrees[len(degrees) // 2]
            name = f"样例{chinese_number(len(rows) + 1)}路"
            rows.append(
                ("road", name, centres[node][2], "", float(middle[0]), float(middle[1]), shapely.LineString(degrees))
            )
        closer = distance[node] < near
        parent[closer], near[closer] = node, distance[node][closer]
    return rows


def _bent(start: NDArray[np.float64], end: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    points = np.array([start, end])
    for halving in range(4):
        way = np.diff(points, axis=0)
        across = np.column_stack([-way[:, 1], way[:, 0]])
        shift = random.uniform(-_BEND, _BEND, len(way)) / (1 + halving)
        middle = (points[1:] + points[:-1]) / 2.0 + across * shift[:, None]
        finer = np.empty((len(points) + len(middle), 2))
        finer[::2], finer[1::2] = points, middle
        points = finer
    return points
