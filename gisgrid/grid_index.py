"""Answers about points and windows: which grid, how far, what is near; one index per network, never changed."""

from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.borders import Borders
from gisgrid.cell_table import CellTable
from gisgrid.changes import Box, boxes_of_changes, find_changed
from gisgrid.plane import Bounds, MetricPlane

NOWHERE: Final = -1


class GridIndex:
    """The index of a network: positions are int32 places in code order, -1 where there is no grid.

    Built from polygons (n,) in EPSG:4490 degrees in code order and the plane they are measured in. The network that
    owns it builds it on first use; `rebuilt` makes the index of a changed network from it.
    """

    def __init__(self, geometry: NDArray[np.object_], plane: MetricPlane, *, table: CellTable | None = None) -> None:
        self._geometry = geometry.copy()
        self._plane = plane
        self._table = table or CellTable.build(geometry)

    def rebuilt(
        self, geometry: NDArray[np.object_], plane: MetricPlane, came_from: NDArray[np.int32] | None = None
    ) -> "GridIndex":
        """The index of a changed network, in a small part of the time: what has not changed is taken over.

        `came_from` (n,) gives the position in this index of every grid of the changed network and -1 for new ones, in
        rising order; without it the grids are the same and only borders have moved. Whether a polygon has changed is
        looked up, so that nothing can be forgotten.
        """
        geometry = np.asarray(geometry, dtype=object)
        known = len(self._geometry)
        origin = np.arange(known) if came_from is None else np.asarray(came_from)
        stays = origin[origin >= 0]
        if (
            len(origin) != len(geometry)
            or not np.issubdtype(origin.dtype, np.integer)
            or (origin < NOWHERE).any()
            or (stays >= known).any()
            or (np.diff(stays) <= 0).any()
        ):
            raise ValueError(
                f"came_from must give each of {len(geometry)} grids its position among the {known} before, rising, or -1"
            )
        origin = origin.astype(np.int32)
        if known == 0 or len(geometry) == 0:
            return GridIndex(geometry, plane)
        fresh = find_changed(self._geometry, geometry, origin)
        gone = np.flatnonzero(~np.isin(np.arange(len(self._geometry)), stays))
        table = self._table
        if len(gone) or (fresh & (origin < 0)).any():
            new_position = np.full(len(self._geometry), NOWHERE, np.int32)
            new_position[stays] = np.flatnonzero(origin >= 0)
            table = table.renumbered(new_position)
        boxes = self._boxes[np.maximum(origin, 0)]
        boxes[fresh] = shapely.bounds(geometry[fresh])
        table = table.rebuilt(geometry, boxes, boxes_of_changes(self._geometry, geometry, origin, fresh, gone))
        index = GridIndex(geometry, plane, table=table)
        index.__dict__["_boxes"] = boxes
        if plane == self._plane and "_projected" in self.__dict__:
            projected = self._projected[np.maximum(origin, 0)]
            projected[fresh] = plane.project(geometry[fresh])
            index.__dict__["_projected"] = projected
            if "_borders" in self.__dict__:
                index.__dict__["_borders"] = self._borders.changed(projected, origin, fresh)
        return index

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

        Distances that differ by less than a micrometre are ties. Points that are not finite get -1 and NaN.
        """
        lon, lat = _degrees(lon, lat)
        positions = self._table.locate(lon, lat)
        distance_m = np.zeros(len(lon))
        outside = np.flatnonzero(positions == NOWHERE)
        if len(outside):
            x, y = self._plane.to_xy(lon[outside], lat[outside])
            positions[outside], distance_m[outside] = self.borders().nearest(x, y)
        return positions, distance_m

    def border_distance_m(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], positions: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Metres from every point to the border of the grid at `positions` (n,), from inside or outside; NaN for -1."""
        lon, lat = _degrees(lon, lat)
        positions = np.asarray(positions)
        if len(positions) != len(lon) or ((positions < NOWHERE) | (positions >= len(self._geometry))).any():
            raise ValueError(f"positions must be {len(lon)} numbers from -1 to {len(self._geometry) - 1}")
        positions = np.ascontiguousarray(positions, np.int32)
        x, y = self._plane.to_xy(lon, lat)
        return self.borders().distances(x, y, positions)

    def within(self, area: shapely.Geometry | Box) -> NDArray[np.int32]:
        """The grids that touch an area in degrees, a polygon or a window (west, south, east, north), in code order."""
        shape = area if isinstance(area, shapely.Geometry) else shapely.box(*area)
        west, south, east, north = shapely.bounds(shape).tolist()
        boxes = self._boxes
        hits = np.flatnonzero(
            (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        )
        sure = np.zeros(len(hits), bool)
        if shape is not area:
            # A grid whose bounds lie in the window needs no closer look.
            near = boxes[hits]
            sure = (near[:, 0] >= west) & (near[:, 2] <= east) & (near[:, 1] >= south) & (near[:, 3] <= north)
        rest = hits[~sure]
        shapely.prepare(self._geometry[rest])
        touching = sure.copy()
        touching[~sure] = shapely.intersects(self._geometry[rest], shape)
        return hits[touching].astype(np.int32)

    def plane_geometry(self) -> NDArray[np.object_]:
        """The polygons in metres of the network's plane, in code order; computed once."""
        return self._projected

    def borders(self) -> Borders:
        """The borders in metres, for the compiled functions; computed once."""
        return self._borders

    def plane_tree(self) -> shapely.STRtree:
        """A tree over the polygons in metres; built once."""
        return self._tree

    @cached_property
    def _boxes(self) -> NDArray[np.float64]:
        return shapely.bounds(self._geometry).reshape(-1, 4)

    @cached_property
    def _projected(self) -> NDArray[np.object_]:
        return self._plane.project(self._geometry)

    @cached_property
    def _borders(self) -> Borders:
        return Borders.of(self._projected)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._projected)


def bounds_of(geometry: NDArray[np.object_]) -> Bounds:
    """West, south, east and north of all geometries together, degrees."""
    west, south, east, north = (float(value) for value in shapely.total_bounds(geometry))
    return west, south, east, north


def _degrees(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = np.ascontiguousarray(lon, np.float64).reshape(-1), np.ascontiguousarray(lat, np.float64).reshape(-1)
    if len(lon) != len(lat):
        raise ValueError(f"{len(lon)} longitudes and {len(lat)} latitudes; expected as many of one as of the other")
    return lon, lat
