"""Gaps: land enclosed by grids that no grid claims."""

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import Defect
from gisgrid.grid import GridNetwork
from gisgrid.plane import MetricPlane

_TOUCH_M = 0.01


def find_gaps(network: GridNetwork, *, larger_than_m2: float = 1.0) -> tuple[Defect, ...]:
    """Holes of the union of all grids that exceed `larger_than_m2`, largest first; each with the grids around it.

    What is open to the outside (a bay, a missing grid at the edge) is no gap of the network itself: only a layer of the
    land can tell those.
    """
    return gaps_in_plane(network.codes, network.index.plane_geometry(), network.plane, larger_than_m2=larger_than_m2)


def gaps_in_plane(
    codes: tuple[str, ...], metres: NDArray[np.object_], plane: MetricPlane, *, larger_than_m2: float
) -> tuple[Defect, ...]:
    """The same for valid polygons (n,) in metres of a plane."""
    fast = len(metres) > 0 and bool(shapely.coverage_is_valid(metres))
    whole = shapely.coverage_union_all(metres) if fast else shapely.union_all(metres)
    parts = shapely.get_parts(whole)
    rings = [shapely.Polygon(ring) for part in parts[shapely.get_type_id(parts) == 3] for ring in part.interiors]
    if not rings:
        return ()
    # An island may lie in a hole: what counts is the hole without it.
    holes = shapely.get_parts(shapely.difference(np.array(rings, dtype=object), whole))
    areas = shapely.area(holes)
    tree = shapely.STRtree(metres)
    found = []
    for place in np.argsort(-areas, kind="stable"):
        if areas[place] <= larger_than_m2:
            break
        around = np.sort(tree.query(holes[place], predicate="dwithin", distance=_TOUCH_M))
        shape = plane.unproject(np.array([holes[place]], dtype=object))[0]
        inner = shapely.point_on_surface(shape)
        grids = tuple(codes[position] for position in around)
        found.append(
            Defect("gap", grids, float(areas[place]), float(shapely.get_x(inner)), float(shapely.get_y(inner)), shape)
        )
    return tuple(found)
