"""Where people walk in the sample: lanes between dwellings inside a grid, the line along its border, spots outside."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

_INSIDE_M: Final = 12.0
_NODES: Final = 22
_FEWEST_NODES: Final = 4
_WIDEST_M: Final = 120.0
_RING_STEP_M: Final = 45.0
_CLEAR_M: Final = 80.0
_SPOT_REACHES_M: Final = (320.0, 700.0, 1_500.0, 6_000.0)

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Lanes:
    """Nodes (n, 2) in metres and the nodes that each leads to; every lane keeps 12 m inside the grid's border."""

    nodes_m: Points
    leads_to: tuple[tuple[int, ...], ...]

    def walk(self, length_m: float, start: int, random: np.random.Generator) -> Points:
        """A walk (m, 2) of at least `length_m` from a node, turning back only at dead ends."""
        chosen, before, here, done = [start], -1, start, 0.0
        draws = iter(random.random(64 + int(length_m / 4.0)).tolist())
        nodes = self.nodes_m.tolist()
        while done < length_m:
            ways = [way for way in self.leads_to[here] if way != before] or list(self.leads_to[here])
            before, here = here, ways[int(next(draws) * len(ways))]
            (x0, y0), (x1, y1) = nodes[before], nodes[here]
            done += ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            chosen.append(here)
        return self.nodes_m[chosen]


def lay_lanes(shape_m: shapely.Geometry, dwellings_m: Points, random: np.random.Generator) -> Lanes:
    """Lanes between the dwellings of one grid: the triangulation of some of them, as far as it keeps inside.

    Where that leaves too little, a ring along the inside of the border.
    """
    inner = _largest(shapely.buffer(shape_m, -_INSIDE_M))
    shapely.prepare(inner)
    nodes = dwellings_m[shapely.contains_xy(inner, dwellings_m[:, 0], dwellings_m[:, 1])]
    if len(nodes) > _NODES:
        nodes = nodes[np.sort(random.choice(len(nodes), _NODES, replace=False))]
    if len(nodes) >= _FEWEST_NODES:
        found = _connected(nodes, _inside_edges(inner, nodes))
        if len(found.nodes_m) >= _FEWEST_NODES and np.ptp(found.nodes_m, axis=0).max() >= _WIDEST_M:
            return found
    return _ring(inner)


def border_walk(shape_m: shapely.Geometry, outside_m: float, length_m: float) -> Points:
    """A walk (m, 2) around one grid, `outside_m` outside its border, as often round as the length asks for."""
    ring = shapely.get_coordinates(_largest(shapely.buffer(shape_m, outside_m, quad_segs=4)).exterior)
    once = float(np.hypot(*np.diff(ring, axis=0).T).sum())
    rounds = int(np.ceil(length_m / once))
    whole = np.concatenate([ring[:-1]] * rounds + [ring[:1]])
    reached = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(whole, axis=0).T))])
    return np.asarray(whole[: int(np.searchsorted(reached, length_m)) + 1], np.float64)


def spots_outside(shapes_m: NDArray[np.object_], dwellings_m: Points) -> list[Points]:
    """For every shape (n,) dwellings (k, 2) outside it, at least 80 m away, nearest first; never none."""
    points = np.asarray(shapely.points(dwellings_m), dtype=object)
    tree = shapely.STRtree(points)
    found: list[Points] = [np.empty((0, 2))] * len(shapes_m)
    waiting = np.arange(len(shapes_m))
    for reach_m in _SPOT_REACHES_M:
        which, near = tree.query(shapes_m[waiting], predicate="dwithin", distance=reach_m)
        distance = np.asarray(shapely.distance(shapes_m[waiting[which]], points[near]))
        clear = distance >= _CLEAR_M
        which, near, distance = which[clear], near[clear], distance[clear]
        order = np.lexsort((near, distance, which))
        which, near = which[order], near[order]
        for position in np.unique(which).tolist():
            found[waiting[position]] = dwellings_m[near[which == position]]
        waiting = np.array([shape for shape in waiting.tolist() if not len(found[shape])], np.int64)
        if not len(waiting):
            return found
    raise ValueError(f"{len(waiting)} grids have no dwelling within {_SPOT_REACHES_M[-1]:.0f} m outside")


def _largest(shape: shapely.Geometry) -> shapely.Polygon:
    parts = [part for part in shapely.get_parts(shape).tolist() if isinstance(part, shapely.Polygon)]
    return max(parts, key=lambda part: float(part.area))


def _inside_edges(inner: shapely.Polygon, nodes: Points) -> NDArray[np.int64]:
    faces = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(nodes), only_edges=True))
    lines = faces[shapely.covers(inner, faces)]
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    keys = nodes[:, 0] + 1j * nodes[:, 1]
    order = np.argsort(keys)
    return np.asarray(order[np.searchsorted(keys[order], ends[..., 0] + 1j * ends[..., 1])], np.int64)


def _connected(nodes: Points, edges: NDArray[np.int64]) -> Lanes:
    """The largest connected part of nodes and edges."""
    ways: list[set[int]] = [set() for _ in range(len(nodes))]
    for first, second in edges.tolist():
        ways[first].add(second)
        ways[second].add(first)
    seen: set[int] = set()
    best: list[int] = []
    for start in range(len(nodes)):
        if start in seen:
            continue
        part, stack = [start], [start]
        seen.add(start)
        while stack:
            for other in sorted(ways[stack.pop()] - seen):
                seen.add(other)
                part.append(other)
                stack.append(other)
        best = max(best, sorted(part), key=len)
    new = {old: k for k, old in enumerate(best)}
    return Lanes(nodes[best], tuple(tuple(sorted(new[way] for way in ways[old])) for old in best))


def _ring(inner: shapely.Polygon) -> Lanes:
    count = max(6, int(inner.exterior.length / _RING_STEP_M))
    at = np.arange(count) / count
    nodes = shapely.get_coordinates(shapely.line_interpolate_point(inner.exterior, at, normalized=True))
    return Lanes(nodes, tuple(((k - 1) % count, (k + 1) % count) for k in range(count)))
