"""Which parts of a straight leg lie within a distance of a set of grids: compiled, exact, in metres of one plane.

A leg runs from (x0, y0) to (x1, y1); its parts are intervals of s in [0, 1]. The points within `reach_m` of an edge form
a convex capsule, so each edge yields one interval; between the intervals of all edges the leg crosses no border, and its
middle decides by the even-odd rule whether it runs inside. Nothing is buffered or approximated by polygons.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.compiling import compiled

LEAST_REACH_M: Final = 1e-6
"""A reach of nothing at all would lose crossings to rounding; a micrometre does not."""


@dataclass(frozen=True)
class Zones:
    """Sets of grids as flat arrays for the compiled functions.

    Zone z consists of grids `zone_grids[zone_start[z]:zone_start[z + 1]]`; grid g has the edges
    `edges[grid_start[g]:grid_start[g + 1]]`, rows of (ax, ay, bx, by) in metres, and the box `boxes[g]` of
    (west, south, east, north).
    """

    zone_start: NDArray[np.int64]
    zone_grids: NDArray[np.int64]
    grid_start: NDArray[np.int64]
    edges: NDArray[np.float64]
    boxes: NDArray[np.float64]

    @property
    def most_edges(self) -> int:
        """The number of edges of the largest zone: room that the compiled functions need."""
        lengths = np.diff(self.grid_start)
        sums = [
            int(lengths[self.zone_grids[a:b]].sum())
            for a, b in zip(self.zone_start[:-1], self.zone_start[1:], strict=True)
        ]
        return max(sums, default=0)


def make_zones(geometry: NDArray[np.object_], sets: list[tuple[int, ...]]) -> Zones:
    """Zones from polygons (n,) in metres and sets of positions into them."""
    parts, owner_of_part = shapely.get_parts(geometry, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    coordinates, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    same = ring_of_point[1:] == ring_of_point[:-1]
    edges = (
        np.ascontiguousarray(np.hstack((coordinates[:-1], coordinates[1:]))[same]) if len(same) else np.empty((0, 4))
    )
    owner = owner_of_part[part_of_ring[ring_of_point[:-1][same]]] if len(same) else np.empty(0, np.int64)
    return Zones(
        np.cumsum([0, *(len(members) for members in sets)], dtype=np.int64),
        np.array([member for members in sets for member in members], np.int64),
        np.searchsorted(owner, np.arange(len(geometry) + 1)).astype(np.int64),
        edges,
        np.ascontiguousarray(shapely.bounds(geometry)).reshape(-1, 4),
    )


def parts_of_leg(
    zones: Zones, zone: int, leg: tuple[float, float, float, float], reach_m: float
) -> NDArray[np.float64]:
    """The parts (k, 2) of a leg (x0, y0, x1, y1) within `reach_m` of a zone, as intervals of s in [0, 1]."""
    room = np.empty((zones.most_edges + 2, 2))
    count = find_parts(
        *leg, reach_m, zone, zones.zone_start, zones.zone_grids, zones.grid_start, zones.edges, zones.boxes, room
    )
    return room[:count].copy()


def parts_of_legs(
    zones: Zones, zone: NDArray[np.int64], legs: NDArray[np.float64], reach_m: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The parts (m, 2) of many legs (n, 4), each within `reach_m` of its own zone (n,), and where those of each start (n + 1).

    A part is an interval of s in [0, 1] along its leg; parts of a leg are apart and rise. A leg that is not finite has none.
    """
    legs = np.ascontiguousarray(legs, np.float64).reshape(-1, 4)
    zone = np.ascontiguousarray(np.broadcast_to(np.asarray(zone, np.int64), len(legs)))
    room = np.empty((zones.most_edges + 2, 2))
    starts = np.zeros(len(legs) + 1, np.int64)
    parts = _find_all_parts(
        legs, zone, max(reach_m, LEAST_REACH_M), zones.zone_start, zones.zone_grids, zones.grid_start, zones.edges, zones.boxes,
        room, starts,
    )  # fmt: skip
    return parts, starts


@compiled()
def _find_all_parts(legs, zone, reach, zone_start, zone_grids, grid_start, edges, boxes, room, starts):  # type: ignore[no-untyped-def]  # compiled
    parts = np.empty((len(legs) + 16, 2))
    for leg in range(len(legs)):
        starts[leg + 1] = starts[leg]
        if not np.isfinite(legs[leg]).all():
            continue
        count = find_parts(
            legs[leg, 0], legs[leg, 1], legs[leg, 2], legs[leg, 3], reach, zone[leg], zone_start, zone_grids, grid_start,
            edges, boxes, room,
        )  # fmt: skip
        used = starts[leg]
        if used + count > len(parts):
            more = np.empty((2 * (used + count), 2))
            more[:used] = parts[:used]
            parts = more
        parts[used : used + count] = room[:count]
        starts[leg + 1] = used + count
    return parts[: starts[len(legs)]].copy()


@compiled()
def edge_part(x0, y0, dx, dy, ax, ay, bx, by, reach):  # type: ignore[no-untyped-def]  # compiled
    """The interval (low, high) of s, not yet cut to [0, 1], within `reach` of the edge a-b; low > high when none."""
    low, high = np.inf, -np.inf
    length2 = dx * dx + dy * dy
    ex, ey = bx - ax, by - ay
    edge2 = ex * ex + ey * ey
    if length2 == 0.0:
        fx, fy = x0 - ax, y0 - ay
        along = 0.0
        if edge2 > 0.0:
            along = min(1.0, max(0.0, (fx * ex + fy * ey) / edge2))
        gx, gy = fx - along * ex, fy - along * ey
        if gx * gx + gy * gy <= reach * reach:
            return 0.0, 1.0
        return low, high
    for end in range(2):
        fx, fy = (x0 - ax, y0 - ay) if end == 0 else (x0 - bx, y0 - by)
        half = fx * dx + fy * dy
        # The distance of the line from the end point, squared: kinder to rounding than the usual discriminant.
        cross = fx * dy - fy * dx
        inside = reach * reach * length2 - cross * cross
        if inside >= 0.0:
            root = np.sqrt(inside)
            low = min(low, (-half - root) / length2)
            high = max(high, (-half + root) / length2)
    if edge2 > 0.0:
        edge_length = np.sqrt(edge2)
        ux, uy = ex / edge_length, ey / edge_length
        fx, fy = x0 - ax, y0 - ay
        beside, beside_step = fy * ux - fx * uy, dy * ux - dx * uy
        along, along_step = fx * ux + fy * uy, dx * ux + dy * uy
        first, last = -np.inf, np.inf
        if beside_step != 0.0:
            one, two = (-reach - beside) / beside_step, (reach - beside) / beside_step
            first, last = min(one, two), max(one, two)
        elif abs(beside) > reach:
            first, last = np.inf, -np.inf
        if along_step != 0.0:
            one, two = -along / along_step, (edge_length - along) / along_step
            first, last = max(first, min(one, two)), min(last, max(one, two))
        elif along < 0.0 or along > edge_length:
            first, last = np.inf, -np.inf
        if first <= last:
            low, high = min(low, first), max(high, last)
    return low, high


@compiled()
def is_inside(x, y, zone, zone_start, zone_grids, grid_start, edges, boxes):  # type: ignore[no-untyped-def]  # compiled
    """Whether a point lies inside any grid of a zone, by the even-odd rule for each grid."""
    for member in range(zone_start[zone], zone_start[zone + 1]):
        grid = zone_grids[member]
        if x < boxes[grid, 0] or y < boxes[grid, 1] or x > boxes[grid, 2] or y > boxes[grid, 3]:
            continue
        odd = False
        for edge in range(grid_start[grid], grid_start[grid + 1]):
            ay, by = edges[edge, 1], edges[edge, 3]
            if (ay > y) != (by > y):
                ax, bx = edges[edge, 0], edges[edge, 2]
                if x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    odd = not odd
        if odd:
            return True
    return False


@compiled()
def find_parts(x0, y0, x1, y1, reach, zone, zone_start, zone_grids, grid_start, edges, boxes, room):  # type: ignore[no-untyped-def]  # compiled
    """Write the parts of a leg within `reach` of a zone into `room` (k, 2), sorted and apart; returns k."""
    dx, dy = x1 - x0, y1 - y0
    west, east = min(x0, x1) - reach, max(x0, x1) + reach
    south, north = min(y0, y1) - reach, max(y0, y1) + reach
    count = 0
    for member in range(zone_start[zone], zone_start[zone + 1]):
        grid = zone_grids[member]
        if east < boxes[grid, 0] or north < boxes[grid, 1] or west > boxes[grid, 2] or south > boxes[grid, 3]:
            continue
        for edge in range(grid_start[grid], grid_start[grid + 1]):
            ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
            if (
                (ax < west and bx < west)
                or (ax > east and bx > east)
                or (ay < south and by < south)
                or (ay > north and by > north)
            ):
                continue
            low, high = edge_part(x0, y0, dx, dy, ax, ay, bx, by, reach)
            low, high = max(low, 0.0), min(high, 1.0)
            if low > high:
                continue
            # Kept sorted by where they begin: a leg meets few edges.
            place = count
            while place > 0 and room[place - 1, 0] > low:
                room[place, 0], room[place, 1] = room[place - 1, 0], room[place - 1, 1]
                place -= 1
            room[place, 0], room[place, 1] = low, high
            count += 1
    if count == 0:
        if is_inside(0.5 * (x0 + x1), 0.5 * (y0 + y1), zone, zone_start, zone_grids, grid_start, edges, boxes):
            room[0, 0], room[0, 1] = 0.0, 1.0
            return 1
        return 0
    merged = 0
    reached = 0.0
    begun = False
    for part in range(count + 1):
        low = room[part, 0] if part < count else 1.0
        high = room[part, 1] if part < count else 1.0
        if low > reached or (part == count and reached < 1.0):
            middle = 0.5 * (reached + low)
            if is_inside(x0 + middle * dx, y0 + middle * dy, zone, zone_start, zone_grids, grid_start, edges, boxes):
                if not begun:
                    room[merged, 0] = reached
                    begun = True
                reached = low
                room[merged, 1] = reached
            elif begun:
                room[merged, 1] = reached
                merged += 1
                begun = False
        if part == count:
            break
        if not begun:
            room[merged, 0] = low
            begun = True
        reached = max(reached, high)
        room[merged, 1] = reached
    return merged + 1 if begun else merged
