"""Gaps: land enclosed by grids that no grid claims, one defect for each connected piece."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import Defect, place_of
from gisgrid.borders import read_even_odd
from gisgrid.grid import GridNetwork
from gisgrid.plane import MetricPlane

TOUCH_M: Final = 0.01
"""A grid this near to a gap stands at it."""


def find_gaps(network: GridNetwork, *, larger_than_m2: float = 1.0) -> tuple[Defect, ...]:
    """Holes of the union of all grids that exceed `larger_than_m2`, largest first; each names the grids around it.

    What is open to the outside (a bay, a missing grid at the edge, a slit) is no gap of the network itself: only a layer
    of the land can tell those.
    """
    geometry = read_even_odd(network.geometry)
    return gaps_between(network.codes, geometry, network.plane, larger_than_m2=larger_than_m2)


def gaps_between(
    codes: tuple[str, ...], geometry: NDArray[np.object_], plane: MetricPlane, *, larger_than_m2: float
) -> tuple[Defect, ...]:
    """The same for valid polygons (n,) in degrees, united in degrees and measured in metres of the plane."""
    if len(geometry) == 0:
        return ()
    clean = bool(shapely.coverage_is_valid(geometry))
    whole = shapely.coverage_union_all(geometry) if clean else shapely.union_all(geometry)
    holes = _holes(np.asarray(shapely.get_parts(whole), dtype=object), plane, larger_than_m2)
    measured = plane.project(holes)
    areas_m2 = shapely.area(measured)
    order = np.argsort(-areas_m2, kind="stable")
    found = order[areas_m2[order] > larger_than_m2]
    tree = shapely.STRtree(plane.project(geometry))
    return tuple(
        Defect("gap", _around(codes, tree, measured[hole]), float(areas_m2[hole]), *place_of(holes[hole]), holes[hole])
        for hole in found
    )


def _holes(parts: NDArray[np.object_], plane: MetricPlane, larger_than_m2: float) -> NDArray[np.object_]:
    """The large enough holes of the parts of a union, in degrees, in pieces where islands cut them apart."""
    rings, owner = shapely.get_rings(parts, return_index=True)
    inner = np.flatnonzero(owner == np.concatenate(([-1], owner[:-1])))  # the first ring of a part is its shell
    holes = np.asarray(shapely.polygons(rings[inner]), dtype=object)
    large = shapely.area(plane.project(holes)) > larger_than_m2
    holes, owner = holes[large], owner[inner][large]
    # An island may lie in a hole: what counts is the hole without it.
    hole, island = shapely.STRtree(parts).query(holes, predicate="intersects")
    for place in np.unique(hole[island != owner[hole]]):
        others = island[(hole == place) & (island != owner[place])]
        holes[place] = shapely.difference(holes[place], shapely.union_all(parts[others]))
    return np.asarray(shapely.get_parts(holes), dtype=object)


def _around(codes: tuple[str, ...], tree: shapely.STRtree, hole: shapely.Geometry) -> tuple[str, ...]:
    return tuple(sorted(codes[position] for position in tree.query(hole, predicate="dwithin", distance=TOUCH_M)))
