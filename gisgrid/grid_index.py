"""Answers about points and windows: which grid, how far, what is near; one index per network, never changed."""

from typing import Final

import numpy as np
import rtree.index
import shapely
from numpy.typing import NDArray

from gisgrid.borders import border_distances, make_edges
from gisgrid.cell_table import CellTable
from gisgrid.leg_parts import Zones
from gisgrid.plane import Bounds, MetricPlane

NOWHERE: Final = -1


class GridIndex:
    """The index of a network: positions are int32 places in code order, -1 where there is no grid.

    Built from polygons (n,) in EPSG:4490 degrees in code order and the plane they are measured in. The network that
    owns it builds it on first use.
    """

    def __init__(self, geometry: NDArray[np.object_], plane: MetricPlane) -> None:
        self._geometry = geometry.copy()
        shapely.prepare(self._geometry)
        self._plane = plane
        self._table = CellTable.build(geometry)
        boxes = shapely.bounds(self._geometry)
        self._windows = rtree.index.Index((np.arange(len(geometry)), boxes[:, :2].copy(), boxes[:, 2:].copy()))
        self._plane_geometry: NDArray[np.object_] | None = None
        self._plane_tree: shapely.STRtree | None = None
        self._plane_edges: Zones | None = None

    def locate(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """The position of the one grid of every point (degrees, two arrays (n,)), -1 outside and for NaN or infinity.

        A point on a shared border belongs to the touching grid with the smallest code (design section 5).
        """
        lon, lat = _degrees(lon, lat)
        return self._table.locate(lon, lat)

    def locate_one(self, lon: float, lat: float) -> int:
        """The position of the grid of a single point, -1 outside."""
        return self._table.locate_one(lon, lat)

    def nearest(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The nearest grid of every point and the distance to it in metres (0 inside), ties to the smallest code.

        Points that are not finite get -1 and NaN.
        """
        lon, lat = _degrees(lon, lat)
        positions = np.full(len(lon), NOWHERE, np.int32)
        distance_m = np.full(len(lon), np.nan)
        x, y = self._plane.to_xy(lon, lat)
        usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if len(usable) and len(self._geometry):
            (asked, grids), metres = self.plane_tree().query_nearest(
                shapely.points(x[usable], y[usable]), return_distance=True, all_matches=True
            )
            order = np.lexsort((grids, asked))
            first = order[np.unique(asked[order], return_index=True)[1]]
            positions[usable[asked[first]]] = grids[first]
            distance_m[usable[asked[first]]] = metres[first]
        return positions, distance_m

    def border_distance_m(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], positions: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Metres from every point to the border of the grid at `positions` (n,), from inside or outside; NaN for -1."""
        lon, lat = _degrees(lon, lat)
        x, y = self._plane.to_xy(lon, lat)
        return border_distances(self.plane_edges(), x, y, np.asarray(positions, np.int32))

    def window(self, west: float, south: float, east: float, north: float) -> NDArray[np.int32]:
        """The grids that touch a window in degrees, in code order."""
        return self.within(shapely.box(west, south, east, north))

    def within(self, area: shapely.Geometry) -> NDArray[np.int32]:
        """The grids that touch an area (polygon in degrees), in code order."""
        hits = np.sort(np.fromiter(self._windows.intersection(tuple(shapely.bounds(area))), dtype=np.int32))
        return hits[shapely.intersects(self._geometry[hits], area)]

    def plane_geometry(self) -> NDArray[np.object_]:
        """The polygons in metres of the network's plane, in code order; computed once."""
        if self._plane_geometry is None:
            self._plane_geometry = self._plane.project(self._geometry)
        return self._plane_geometry

    def plane_edges(self) -> Zones:
        """The edges of the polygons in metres, for the compiled functions; computed once."""
        if self._plane_edges is None:
            self._plane_edges = make_edges(self.plane_geometry())
        return self._plane_edges

    def plane_tree(self) -> shapely.STRtree:
        """A tree over the polygons in metres; built once."""
        if self._plane_tree is None:
            self._plane_tree = shapely.STRtree(self.plane_geometry())
        return self._plane_tree


def bounds_of(geometry: NDArray[np.object_]) -> Bounds:
    """West, south, east and north of all geometries together, degrees."""
    west, south, east, north = (float(value) for value in shapely.total_bounds(geometry))
    return west, south, east, north


def _degrees(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.ascontiguousarray(lon, np.float64).reshape(-1), np.ascontiguousarray(lat, np.float64).reshape(-1)
