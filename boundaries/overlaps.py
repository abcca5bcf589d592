"""Overlaps: land that two grids claim, one defect for each pair of grids."""

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import Defect, place_of
from gisgrid.borders import read_even_odd
from gisgrid.grid import GridNetwork
from gisgrid.plane import MetricPlane


def find_overlaps(network: GridNetwork, *, larger_than_m2: float = 1.0) -> tuple[Defect, ...]:
    """Pairs of grids whose common area exceeds `larger_than_m2`, largest first; invalid rings are read even-odd."""
    geometry = read_even_odd(network.geometry)
    return overlaps_between(network.codes, geometry, network.plane, larger_than_m2=larger_than_m2)


def overlaps_between(
    codes: tuple[str, ...], geometry: NDArray[np.object_], plane: MetricPlane, *, larger_than_m2: float
) -> tuple[Defect, ...]:
    """The same for valid polygons (n,) in degrees.

    They are cut in degrees, where every edge is the straight line it was drawn as, and measured in metres of the plane.
    """
    if len(geometry) < 2 or bool(shapely.coverage_is_valid(geometry)):
        return ()
    first, second = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(geometry[first], geometry[second])
    areas_m2 = shapely.area(plane.project(shared))
    # The largest first; equal ones in the order of their codes.
    order = np.lexsort((second, first, -areas_m2))
    return tuple(
        _overlap(codes[first[pair]], codes[second[pair]], shared[pair], float(areas_m2[pair]))
        for pair in order[areas_m2[order] > larger_than_m2]
    )


def _overlap(one: str, other: str, shared: shapely.Geometry, area_m2: float) -> Defect:
    # An intersection may also hold points and lines, which have no area.
    parts = shapely.get_parts(shared)
    shape = shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    return Defect("overlap", (min(one, other), max(one, other)), area_m2, *place_of(shape), shape)
