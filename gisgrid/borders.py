"""Points against borders, compiled: metres to the border of a grid, and the share of a disc that lies in a grid."""

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.compiling import compiled
from gisgrid.leg_parts import Zones, make_zones


def make_edges(geometry: NDArray[np.object_]) -> Zones:
    """The edges of polygons (n,) in metres, outer rings counter-clockwise and holes clockwise; invalid ones read even-odd."""
    return make_zones(np.asarray(shapely.orient_polygons(read_even_odd(geometry)), dtype=object), [])


def read_even_odd(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons (n,) with invalid ones read by the even-odd rule, so that areas can be measured; None stays None."""
    readable = geometry.copy()
    for position in np.flatnonzero(~shapely.is_valid(geometry) & ~shapely.is_missing(geometry)):
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(geometry[position], method="linework")))
        readable[position] = shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    return readable


def border_distances(
    edges: Zones, x_m: NDArray[np.float64], y_m: NDArray[np.float64], positions: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Metres (n,) from every point to the border of the grid at its position; NaN for -1 and for NaN coordinates."""
    return np.asarray(_distances(edges.grid_start, edges.edges, x_m, y_m, positions), np.float64)


def disc_shares(
    edges: Zones,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    radius_m: NDArray[np.float64],
    positions: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The share (n,) of the disc around every point that lies in the grid at its position, exactly.

    The area of a circle and a polygon in common is a sum over the polygon's edges: a triangle where the edge runs within
    the circle, a sector where it runs outside; holes run the other way round and subtract themselves.
    """
    return np.asarray(_shares(edges.grid_start, edges.edges, x_m, y_m, radius_m, positions), np.float64)


@compiled()
def _distances(grid_start, edges, x, y, positions):  # type: ignore[no-untyped-def]  # compiled
    found = np.full(len(x), np.nan)
    for point in range(len(x)):
        grid = positions[point]
        if grid < 0 or not np.isfinite(x[point]):
            continue
        least = np.inf
        for edge in range(grid_start[grid], grid_start[grid + 1]):
            ax, ay = edges[edge, 0], edges[edge, 1]
            ex, ey = edges[edge, 2] - ax, edges[edge, 3] - ay
            fx, fy = x[point] - ax, y[point] - ay
            length2 = ex * ex + ey * ey
            along = 0.0
            if length2 > 0.0:
                along = min(1.0, max(0.0, (fx * ex + fy * ey) / length2))
            gx, gy = fx - along * ex, fy - along * ey
            least = min(least, gx * gx + gy * gy)
        found[point] = np.sqrt(least)
    return found


@compiled()
def _shares(grid_start, edges, x, y, radius, positions):  # type: ignore[no-untyped-def]  # compiled
    found = np.zeros(len(x))
    for pair in range(len(x)):
        grid, r = positions[pair], radius[pair]
        area = 0.0
        for edge in range(grid_start[grid], grid_start[grid + 1]):
            area += _edge_area(
                edges[edge, 0] - x[pair],
                edges[edge, 1] - y[pair],
                edges[edge, 2] - x[pair],
                edges[edge, 3] - y[pair],
                r,
            )
        found[pair] = min(1.0, max(0.0, area / (np.pi * r * r)))
    return found


@compiled()
def _sector(ax, ay, bx, by, r):  # type: ignore[no-untyped-def]  # compiled
    return 0.5 * r * r * np.arctan2(ax * by - ay * bx, ax * bx + ay * by)


@compiled()
def _edge_area(ax, ay, bx, by, r):  # type: ignore[no-untyped-def]  # compiled
    """Signed area between the centre and an edge, within the circle of radius r about the centre."""
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    if length2 == 0.0:
        return 0.0
    half = ax * dx + ay * dy
    cross = ax * by - ay * bx
    inside = r * r * length2 - cross * cross
    if inside <= 0.0:
        return _sector(ax, ay, bx, by, r)
    root = np.sqrt(inside)
    first, last = (-half - root) / length2, (-half + root) / length2
    if last <= 0.0 or first >= 1.0:
        return _sector(ax, ay, bx, by, r)
    first, last = max(first, 0.0), min(last, 1.0)
    px, py = ax + first * dx, ay + first * dy
    qx, qy = ax + last * dx, ay + last * dy
    area = 0.5 * (px * qy - py * qx)
    if first > 0.0:
        area += _sector(ax, ay, px, py, r)
    if last < 1.0:
        area += _sector(qx, qy, bx, by, r)
    return area
