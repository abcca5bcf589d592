"""Overlaps: land that two grids claim, one defect for each pair of grids."""

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import Defect
from gisgrid.grid import GridNetwork
from gisgrid.plane import MetricPlane


def find_overlaps(network: GridNetwork, *, larger_than_m2: float = 1.0) -> tuple[Defect, ...]:
    """Pairs of grids whose common area exceeds `larger_than_m2`, largest first."""
    return overlaps_in_plane(
        network.codes, network.index.plane_geometry(), network.plane, larger_than_m2=larger_than_m2
    )


def overlaps_in_plane(
    codes: tuple[str, ...], metres: NDArray[np.object_], plane: MetricPlane, *, larger_than_m2: float
) -> tuple[Defect, ...]:
    """The same for valid polygons (n,) in metres of a plane."""
    if len(metres) < 2 or bool(shapely.coverage_is_valid(metres)):
        return ()
    first, second = shapely.STRtree(metres).query(metres, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(metres[first], metres[second])
    areas = shapely.area(shared)
    found = []
    for pair in np.argsort(-areas, kind="stable"):
        if areas[pair] <= larger_than_m2:
            break
        shape = plane.unproject(np.array([_polygons(shared[pair])], dtype=object))[0]
        inner = shapely.point_on_surface(shape)
        grids = (codes[first[pair]], codes[second[pair]])
        found.append(
            Defect(
                "overlap", grids, float(areas[pair]), float(shapely.get_x(inner)), float(shapely.get_y(inner)), shape
            )
        )
    return tuple(found)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of an intersection that may also hold points and lines."""
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])
