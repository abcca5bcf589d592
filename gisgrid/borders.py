"""Borders in metres: how far a point is from one or from the nearest, and the share of a disc that lies in a grid.

Edges are looked at in runs of neighbours with a box around each, and the boxes of the grids are held in a packed tree, so
that a question touches only the few edges that can answer it. All distances are exact in the plane.
"""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.compiling import ALL_CORES, compiled

ROUNDING_M: Final = 1e-6
"""Distances that differ by less are the same distance, written down differently."""

_RUN: Final = 12
_FEW: Final = 64
"""So few points are not worth waking another core."""
_BRANCHES: Final = 16


@dataclass(frozen=True, eq=False)
class Borders:
    """The edges of polygons (n,) in metres, outer rings counter-clockwise and holes clockwise, packed for questions.

    Grid g has the edges `edges[grid_start[g]:grid_start[g + 1]]`, rows of (ax, ay, bx, by), in runs with the boxes
    `runs[run_start[g]:run_start[g + 1]]` of (west, south, east, north). `nodes` are the boxes of a tree, the lowest level
    first: node k of a level holds the nodes 16 k to 16 k + 15 of the level below, and node k of the lowest is the box
    of grid `order[k]`. Levels begin at `levels`.
    """

    grid_start: NDArray[np.int64]
    edges: NDArray[np.float64]
    run_start: NDArray[np.int64]
    runs: NDArray[np.float64]
    order: NDArray[np.int64]
    nodes: NDArray[np.float64]
    levels: NDArray[np.int64]

    @classmethod
    def of(cls, geometry: NDArray[np.object_]) -> "Borders":
        """The borders of polygons in metres; invalid ones read by the even-odd rule."""
        edges, count = _oriented_edges(geometry)
        return cls._packed(edges, count)

    def changed(
        self, geometry: NDArray[np.object_], came_from: NDArray[np.int32], fresh: NDArray[np.bool_]
    ) -> "Borders":
        """The borders of changed polygons (n,): those not `fresh` are the ones at `came_from` in these borders."""
        fresh_edges, fresh_count = _oriented_edges(geometry[fresh])
        start, count = np.zeros(len(geometry), np.int64), np.zeros(len(geometry), np.int64)
        start[fresh] = len(self.edges) + np.cumsum(fresh_count) - fresh_count
        count[fresh] = fresh_count
        kept = came_from[~fresh]
        start[~fresh], count[~fresh] = self.grid_start[kept], np.diff(self.grid_start)[kept]
        return self._packed(_gather(self.edges, fresh_edges, start, count), count)

    @classmethod
    def _packed(cls, edges: NDArray[np.float64], count: NDArray[np.int64]) -> "Borders":
        grid_start = np.concatenate(([0], np.cumsum(count)))
        run_start = np.concatenate(([0], np.cumsum(-(-count // _RUN))))
        runs, boxes = np.empty((run_start[-1], 4)), np.empty((len(count), 4))
        _measure_runs(grid_start, edges, run_start, runs, boxes)
        return cls(grid_start, edges, run_start, runs, *_make_tree(boxes))

    def distances(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], positions: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Metres (n,) from every point to the border of the grid at its position; NaN for -1 and for NaN coordinates."""
        found = np.empty(len(x_m))
        arguments = self.grid_start, self.edges, self.run_start, self.runs, x_m, y_m, positions, found
        if len(x_m) < _FEW:
            _distances_of_few(*arguments)
            return found
        with ALL_CORES:
            _distances(*arguments)
        return found

    def nearest(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The grid with the nearest border and the metres to it, for every point (n,); -1 and NaN for NaN coordinates.

        Of grids equally near, to a micrometre, the one with the smallest position.
        """
        positions, metres = np.empty(len(x_m), np.int32), np.empty(len(x_m))
        arguments = (
            self.grid_start, self.edges, self.run_start, self.runs, self.order, self.nodes, self.levels, x_m, y_m, positions,
            metres,
        )  # fmt: skip
        if len(x_m) < _FEW:
            _nearest_of_few(*arguments)
            return positions, metres
        with ALL_CORES:
            _find_nearest(*arguments)
        return positions, metres


def read_even_odd(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons (n,) with invalid ones read by the even-odd rule, so that areas can be measured; None stays None."""
    readable = geometry.copy()
    for position in np.flatnonzero(~shapely.is_valid(geometry) & ~shapely.is_missing(geometry)):
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(geometry[position], method="linework")))
        readable[position] = shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    return readable


def disc_shares(
    borders: Borders,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    radius_m: NDArray[np.float64],
    positions: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The share (n,) of the disc around every point that lies in the grid at its position, exactly.

    The area of a circle and a polygon in common is a sum over the polygon's edges: a triangle where the edge runs within
    the circle, a sector where it runs outside; holes run the other way round and subtract themselves.
    """
    return np.asarray(_shares(borders.grid_start, borders.edges, x_m, y_m, radius_m, positions), np.float64)


def _oriented_edges(geometry: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The edges (m, 4) of polygons (n,) and how many each has (n,)."""
    oriented = np.asarray(shapely.orient_polygons(read_even_odd(geometry)), dtype=object)
    parts, grid_of_part = shapely.get_parts(oriented, return_index=True)
    if len(parts) == 0:
        return np.empty((0, 4)), np.zeros(len(geometry), np.int64)
    _, points, (ring_ends, part_rings) = shapely.to_ragged_array(parts, include_z=False)
    starts = np.ones(len(points), bool)
    starts[ring_ends[1:][np.diff(ring_ends) > 0] - 1] = False
    first = np.flatnonzero(starts)
    grid = np.repeat(grid_of_part, np.diff(ring_ends[part_rings]))[first]
    return np.hstack((points[first], points[first + 1])), np.bincount(grid, minlength=len(geometry)).astype(np.int64)


def _make_tree(boxes: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Order, nodes and levels of a tree over boxes (n, 4): sorted into strips from west to east, these from south to north."""
    filled = boxes[:, 2:] >= boxes[:, :2]
    middle = np.add(boxes[:, :2], boxes[:, 2:], out=np.zeros((len(boxes), 2)), where=filled)
    strips = max(1, int(np.sqrt(len(boxes) / _BRANCHES)))
    strip = np.argsort(np.argsort(middle[:, 0], kind="stable"), kind="stable") * strips // max(1, len(boxes))
    order = np.lexsort((middle[:, 1], strip))
    level = boxes[order]
    nodes, levels = [level], [0, len(level)]
    while len(level) > 1:
        cuts = np.arange(0, len(level), _BRANCHES)
        level = np.hstack(
            (np.minimum.reduceat(level[:, :2], cuts, axis=0), np.maximum.reduceat(level[:, 2:], cuts, axis=0))
        )
        nodes.append(level)
        levels.append(levels[-1] + len(level))
    return order.astype(np.int64), np.concatenate(nodes), np.array(levels, np.int64)


@compiled()
def _gather(old, fresh, start, count):  # type: ignore[no-untyped-def]  # compiled
    """The edges of every grid, from `start` on in the old edges followed by the fresh."""
    found = np.empty((count.sum(), 4))
    used = 0
    for grid in range(len(count)):
        source, first = (fresh, start[grid] - len(old)) if start[grid] >= len(old) else (old, start[grid])
        found[used : used + count[grid]] = source[first : first + count[grid]]
        used += count[grid]
    return found


@compiled()
def _measure_runs(grid_start, edges, run_start, runs, boxes):  # type: ignore[no-untyped-def]  # compiled
    """Write the box of every run and of every grid; a grid without edges has a box that holds nothing."""
    for grid in range(len(boxes)):
        boxes[grid, :2], boxes[grid, 2:] = np.inf, -np.inf
        for run in range(run_start[grid], run_start[grid + 1]):
            first = grid_start[grid] + (run - run_start[grid]) * _RUN
            runs[run, :2], runs[run, 2:] = np.inf, -np.inf
            for edge in range(first, min(first + _RUN, grid_start[grid + 1])):
                for axis in range(2):
                    runs[run, axis] = min(runs[run, axis], edges[edge, axis], edges[edge, axis + 2])
                    runs[run, axis + 2] = max(runs[run, axis + 2], edges[edge, axis], edges[edge, axis + 2])
            for axis in range(2):
                boxes[grid, axis] = min(boxes[grid, axis], runs[run, axis])
                boxes[grid, axis + 2] = max(boxes[grid, axis + 2], runs[run, axis + 2])


@compiled()
def _to_box(boxes, box, x, y):  # type: ignore[no-untyped-def]  # compiled
    """The squared distance from a point to a box; infinite for a box that holds nothing."""
    dx = max(0.0, max(boxes[box, 0] - x, x - boxes[box, 2]))
    dy = max(0.0, max(boxes[box, 1] - y, y - boxes[box, 3]))
    return dx * dx + dy * dy


@compiled()
def _to_edge(ax, ay, bx, by, x, y):  # type: ignore[no-untyped-def]  # compiled
    """The squared distance from a point to an edge; the same number for an edge that runs the other way."""
    if ax > bx or (ax == bx and ay > by):
        ax, ay, bx, by = bx, by, ax, ay
    ex, ey, fx, fy = bx - ax, by - ay, x - ax, y - ay
    length2 = ex * ex + ey * ey
    along = 0.0
    if length2 > 0.0:
        along = min(1.0, max(0.0, (fx * ex + fy * ey) / length2))
    gx, gy = fx - along * ex, fy - along * ey
    return gx * gx + gy * gy


@compiled()
def _to_border(grid_start, edges, run_start, runs, grid, x, y, least):  # type: ignore[no-untyped-def]  # compiled
    """The squared distance from a point to the border of a grid, or `least` where that is smaller."""
    # The run with the nearest box first: most others are then too far.
    first_run, nearest = run_start[grid], least
    for run in range(run_start[grid], run_start[grid + 1]):
        away = _to_box(runs, run, x, y)
        if away < nearest:
            first_run, nearest = run, away
    for step in range(run_start[grid + 1] - run_start[grid]):
        run = run_start[grid] + step
        if step == 0:
            run = first_run
        elif run == first_run:
            run = run_start[grid]
        if _to_box(runs, run, x, y) >= least:
            continue
        first = grid_start[grid] + (run - run_start[grid]) * _RUN
        for edge in range(first, min(first + _RUN, grid_start[grid + 1])):
            least = min(least, _to_edge(edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3], x, y))
    return least


@compiled(parallel=True)
def _distances(grid_start, edges, run_start, runs, x, y, positions, found):  # type: ignore[no-untyped-def]  # compiled
    for point in numba.prange(len(x)):
        found[point] = _distance(grid_start, edges, run_start, runs, x[point], y[point], positions[point])


@compiled()
def _distances_of_few(grid_start, edges, run_start, runs, x, y, positions, found):  # type: ignore[no-untyped-def]  # compiled
    for point in range(len(x)):
        found[point] = _distance(grid_start, edges, run_start, runs, x[point], y[point], positions[point])


@compiled()
def _distance(grid_start, edges, run_start, runs, x, y, grid):  # type: ignore[no-untyped-def]  # compiled
    if grid < 0 or not np.isfinite(x) or not np.isfinite(y):
        return np.nan
    least = _to_border(grid_start, edges, run_start, runs, grid, x, y, np.inf)
    return np.sqrt(least) if least < np.inf else np.nan


@compiled(parallel=True)
def _find_nearest(grid_start, edges, run_start, runs, order, nodes, levels, x, y, positions, metres):  # type: ignore[no-untyped-def]  # compiled
    for point in numba.prange(len(x)):
        _nearest(grid_start, edges, run_start, runs, order, nodes, levels, x, y, positions, metres, point)


@compiled()
def _nearest_of_few(grid_start, edges, run_start, runs, order, nodes, levels, x, y, positions, metres):  # type: ignore[no-untyped-def]  # compiled
    for point in range(len(x)):
        _nearest(grid_start, edges, run_start, runs, order, nodes, levels, x, y, positions, metres, point)


@compiled()
def _nearest(grid_start, edges, run_start, runs, order, nodes, levels, x, y, positions, metres, point):  # type: ignore[no-untyped-def]  # compiled
    positions[point], metres[point] = -1, np.nan
    if not (np.isfinite(x[point]) and np.isfinite(y[point])):
        return
    least = _search(
        grid_start, edges, run_start, runs, order, nodes, levels, x[point], y[point], np.inf, positions, point
    )
    if least < np.inf:
        metres[point] = np.sqrt(least)
        reach = metres[point] + ROUNDING_M
        _search(
            grid_start,
            edges,
            run_start,
            runs,
            order,
            nodes,
            levels,
            x[point],
            y[point],
            reach * reach,
            positions,
            point,
        )


@compiled()
def _search(grid_start, edges, run_start, runs, order, nodes, levels, x, y, reach2, positions, point):  # type: ignore[no-untyped-def]  # compiled
    """Go down the tree. With no `reach2` (infinite): the least squared distance to any border. Else the smallest position
    of a grid within it is written to `positions[point]`.
    """
    least = reach2
    looking = reach2 == np.inf
    top = len(levels) - 2
    # At most one level's branches wait on each level.
    waiting = np.empty((_BRANCHES * (top + 1) + 1, 2), np.int64)
    away = np.empty(len(waiting))
    waiting[0, 0], waiting[0, 1], away[0] = top, 0, 0.0
    count = 1 if levels[1] > 0 else 0
    while count > 0:
        count -= 1
        level, node = waiting[count]
        if away[count] > least:
            continue
        if level == 0:
            grid = order[node]
            if looking:
                least = _to_border(grid_start, edges, run_start, runs, grid, x, y, least)
            elif (positions[point] < 0 or grid < positions[point]) and _to_border(
                grid_start, edges, run_start, runs, grid, x, y, np.nextafter(reach2, np.inf)
            ) <= reach2:
                positions[point] = grid
            continue
        below = levels[level - 1]
        first = count
        for child in range(node * _BRANCHES, min((node + 1) * _BRANCHES, levels[level] - below)):
            distance2 = _to_box(nodes, below + child, x, y)
            if distance2 > least or distance2 == np.inf:
                continue
            # The nearest is looked at first, that is, put last.
            place = count
            while place > first and away[place - 1] < distance2:
                away[place] = away[place - 1]
                waiting[place] = waiting[place - 1]
                place -= 1
            waiting[place, 0], waiting[place, 1], away[place] = level - 1, child, distance2
            count += 1
    return least


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
