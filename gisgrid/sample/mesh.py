"""The mesh from which all units of the sample are made: sites, dense in town, and the triangles between them.

Units are sets of sites; their borders cross the triangles. One triangulation under everything makes neighbours share
every vertex by construction.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.sample.outline import PLANE, choose_land, outline

_CELL_M: Final = 180.0
_TOWN_M: Final = 74.0
_ISLAND_M: Final = 235.0
_MARGIN_M: Final = 900.0
_RELAXATIONS: Final = 3

_TOWNS: Final = (
    # longitude, latitude, half axes east and north in metres: where houses stand close
    (121.432, 28.671, 3650.0, 2250.0),
    (121.410, 28.622, 900.0, 800.0),
    (121.457, 28.606, 520.0, 480.0),
    (121.447, 28.722, 520.0, 430.0),
)


@dataclass(frozen=True)
class Mesh:
    """Sites and their Delaunay triangles, in metres of `PLANE`.

    `xy_m` (n, 2) sites; `land` (n,); `cell_m2` (n,) a third of the triangles around; `triangles` (t, 3) sites; `edges`
    (e, 2) pairs of sites, smaller first; `triangle_edges` (t, 3) the edges opposite to the triangle's first, second and
    third corner.
    """

    xy_m: NDArray[np.float64]
    land: NDArray[np.bool_]
    cell_m2: NDArray[np.float64]
    triangles: NDArray[np.int64]
    edges: NDArray[np.int64]
    triangle_edges: NDArray[np.int64]

    def neighbours(self) -> list[list[tuple[int, int]]]:
        """For every site its neighbours on land as (site, edge), in site order; empty for water."""
        found: list[list[tuple[int, int]]] = [[] for _ in range(len(self.xy_m))]
        for edge, (first, second) in enumerate(self.edges.tolist()):
            if self.land[first] and self.land[second]:
                found[first].append((second, edge))
                found[second].append((first, edge))
        return found


def build_mesh(random: np.random.Generator) -> Mesh:
    """Sites about 74 m apart in town, 180 m in the country and 235 m on the islands, and water around them."""
    xy = _scatter_sites(random)
    for _ in range(_RELAXATIONS):
        xy = _relax(xy)
    triangles = _triangulate(xy)
    pairs = np.sort(triangles[:, [[1, 2], [2, 0], [0, 1]]].reshape(-1, 2), axis=1)
    edges, inverse = np.unique(pairs, axis=0, return_inverse=True)
    corner = xy[triangles]
    first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    third_m2 = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 6.0
    cell = np.bincount(triangles.ravel(), weights=np.repeat(third_m2, 3), minlength=len(xy)).astype(np.float64)
    land = _without_specks(choose_land(xy, cell), edges)
    return Mesh(xy, land, cell, triangles, edges, inverse.reshape(-1, 3))


def _scatter_sites(random: np.random.Generator) -> NDArray[np.float64]:
    shape = outline()
    west, south, east, north = shape.mainland.bounds
    parts = [_stratified(random, (west, south, east, north), _CELL_M, dense=True)]
    parts.extend(_stratified(random, island.bounds, _ISLAND_M, dense=False) for island in shape.islands)
    kept = []
    for part, sites in zip((shape.mainland, *shape.islands), parts, strict=True):
        shapely.prepare(part)
        kept.append(sites[shapely.dwithin(part, shapely.points(sites), _MARGIN_M)])
    return np.concatenate(kept)


def _stratified(
    random: np.random.Generator, bounds: tuple[float, float, float, float], cell_m: float, *, dense: bool
) -> NDArray[np.float64]:
    """Sites spread evenly at random: every square cell is cut into 1, 4 or 9 and as many of them get a site as are due."""
    west, south, east, north = bounds
    x, y = np.meshgrid(
        np.arange(west - _MARGIN_M, east + _MARGIN_M, cell_m), np.arange(south - _MARGIN_M, north + _MARGIN_M, cell_m)
    )
    corners = np.column_stack([x.ravel(), y.ravel()])
    spacing = _spacing_m(corners + cell_m / 2.0) if dense else np.full(len(corners), cell_m)
    due = np.floor((cell_m / spacing) ** 2 + random.random(len(corners))).astype(np.int64)
    sides = np.ceil(np.sqrt(np.maximum(due, 1))).astype(np.int64)
    found = []
    for side in np.unique(sides).tolist():
        chosen = np.flatnonzero(sides == side)
        rank = np.argsort(random.random((len(chosen), side * side)), axis=1)
        cell, place = np.nonzero(rank < np.minimum(due[chosen], side * side)[:, None])
        step = cell_m / side
        offset = np.column_stack([place % side, place // side]) + 0.15 + 0.7 * random.random((len(cell), 2))
        found.append(corners[chosen[cell]] + offset * step)
    return np.concatenate(found)


def _spacing_m(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    spacing = np.full(len(xy), _CELL_M)
    for lon, lat, east_m, north_m in _TOWNS:
        x, y = PLANE.to_xy(np.array([lon]), np.array([lat]))
        distance = np.hypot((xy[:, 0] - x[0]) / east_m, (xy[:, 1] - y[0]) / north_m)
        spacing = np.minimum(spacing, np.interp(distance, [0.9, 1.25], [_TOWN_M, _CELL_M]))
    return spacing


def _relax(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every site half-way to the mean of its neighbours: no two sites stay close."""
    triangles = _triangulate(xy)
    first = np.concatenate([triangles[:, k] for k in (0, 1, 2, 0, 1, 2)])
    other = np.concatenate([triangles[:, k] for k in (1, 2, 0, 2, 0, 1)])
    count = np.maximum(np.bincount(first, minlength=len(xy)), 1)
    sums = [np.bincount(first, weights=xy[other, axis], minlength=len(xy)) for axis in (0, 1)]
    mean = np.column_stack(sums) / count[:, None]
    step = mean - xy
    reach = np.hypot(step[:, 0], step[:, 1])
    scale = np.where(reach > _CELL_M, 0.0, 0.5)
    return np.asarray(xy + step * scale[:, None], np.float64)


def _triangulate(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    faces = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(xy)))
    corners = shapely.get_coordinates(faces).reshape(-1, 4, 2)[:, :3]
    keys = xy[:, 0] + 1j * xy[:, 1]
    order = np.argsort(keys)
    place = np.searchsorted(keys[order], corners[..., 0] + 1j * corners[..., 1])
    triangles = order[place].astype(np.int64)
    return np.asarray(triangles[np.lexsort(np.sort(triangles, axis=1).T[::-1])], np.int64)


def _without_specks(land: NDArray[np.bool_], edges: NDArray[np.int64], smallest: int = 14) -> NDArray[np.bool_]:
    """Land without parts of fewer than `smallest` sites, which would be specks before the coast."""
    label = np.arange(len(land))
    dry = edges[land[edges[:, 0]] & land[edges[:, 1]]]
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, dry[:, 0], label[dry[:, 1]])
        np.minimum.at(lowest, dry[:, 1], label[dry[:, 0]])
        lowest = lowest[lowest]
        if np.array_equal(lowest, label):
            break
        label = lowest
    return np.asarray(land & (np.bincount(label, minlength=len(land))[label] >= smallest))
