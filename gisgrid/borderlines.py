"""A network as it is drawn: borders simplified together, cut where neighbours change, each kept once for both its sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.grid import GridNetwork

TOLERANCE_M: Final = 4.0
"""Corners that stand out less than about this are left out."""

DIGITS: Final = 5
"""Of degrees: a metre, less than a pixel of most screens."""

LAND, TOWNSHIP, VILLAGE, GRID = range(4)
"""What a line separates, the most important first: the land from what lies around it, townships, villages, grids."""

_METRES_PER_DEGREE: Final = 111_320.0


@dataclass(frozen=True, eq=False)
class Borderlines:
    """Lines and the rings of each grid made of them.

    `lines` are arrays int64 (n, 2) of longitudes and latitudes times 10**DIGITS, `level` says what each separates.
    `rings[k]` are the rings of the k-th of `positions` in the network, each a list of lines in the order of the ring: the
    number of a line, or `-1 - number` where it is walked backwards.
    """

    positions: tuple[int, ...]
    lines: tuple[NDArray[np.int64], ...]
    level: tuple[int, ...]
    rings: tuple[tuple[tuple[int, ...], ...], ...]


def find_borderlines(
    network: GridNetwork, positions: Sequence[int], *, tolerance_m: float = TOLERANCE_M
) -> Borderlines:
    """The lines of some grids of a network. Neighbours keep a common border where the network is a valid coverage."""
    shapes = network.geometry[list(positions)]
    if len(shapes) and tolerance_m > 0:
        shapes = _simplified(shapes, tolerance_m)
    rings = [_rings(shape) for shape in shapes]
    owners: dict[tuple[int, int, int, int], tuple[int, int]] = {}
    for place, of_grid in enumerate(rings):
        for ring in of_grid:
            for edge in _edges(ring):
                first, _ = owners.get(edge, (-1, -1))
                owners[edge] = (place, -1) if first < 0 else (first, place)
    lines: dict[bytes, int] = {}
    kept: list[NDArray[np.int64]] = []
    levels: list[int] = []
    found: list[tuple[tuple[int, ...], ...]] = []
    for of_grid in rings:
        made = []
        for ring in of_grid:
            walk = []
            for line, pair in _cut(ring, owners):
                forwards = tuple(line[0]) + tuple(line[1]) <= tuple(line[-1]) + tuple(line[-2])
                way = np.ascontiguousarray(line if forwards else line[::-1])
                number = lines.setdefault(way.tobytes(), len(kept))
                if number == len(kept):
                    kept.append(way)
                    levels.append(_level(network, positions, pair))
                walk.append(number if forwards else -1 - number)
            made.append(tuple(walk))
        found.append(tuple(made))
    return Borderlines(tuple(positions), tuple(kept), tuple(levels), tuple(found))


def _simplified(shapes: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    """Shapes with fewer corners; those that would vanish, and all where they are no polygons that can be read, as they are."""
    try:
        found = shapely.coverage_simplify(shapes, tolerance_m / _METRES_PER_DEGREE)
    except shapely.GEOSException:
        return shapes
    return np.where(shapely.is_empty(found) | shapely.is_missing(found), shapes, found)


def _rings(shape: shapely.Geometry) -> list[NDArray[np.int64]]:
    """The closed rings of a polygon in whole units, without corners that fall together; none that has no ground."""
    found = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        whole = np.round(shapely.get_coordinates(ring) * 10**DIGITS).astype(np.int64)
        kept = np.concatenate(([True], (np.diff(whole, axis=0) != 0).any(axis=1)))
        whole = whole[kept]
        if len(whole) >= 4:
            found.append(whole)
    return found


def _edges(ring: NDArray[np.int64]) -> list[tuple[int, int, int, int]]:
    """The edges of a ring, each written the same way from either side."""
    pairs = np.concatenate((ring[:-1], ring[1:]), axis=1)
    is_backwards = (pairs[:, 0] > pairs[:, 2]) | ((pairs[:, 0] == pairs[:, 2]) & (pairs[:, 1] > pairs[:, 3]))
    pairs[is_backwards] = pairs[is_backwards][:, (2, 3, 0, 1)]
    return [tuple(pair) for pair in pairs.tolist()]


def _cut(
    ring: NDArray[np.int64], owners: dict[tuple[int, int, int, int], tuple[int, int]]
) -> list[tuple[NDArray[np.int64], tuple[int, int]]]:
    """A ring in lines, each between the same two grids; where nothing changes, from its least corner all around."""
    pairs = [owners[edge] for edge in _edges(ring)]
    count = len(pairs)
    cuts = [place for place in range(count) if pairs[place] != pairs[place - 1]]
    corners = ring[:-1]
    if not cuts:
        cuts = [int(np.lexsort((corners[:, 1], corners[:, 0]))[0])]
    found = []
    for at, start in enumerate(cuts):
        end = cuts[at + 1] if at + 1 < len(cuts) else cuts[0] + count
        found.append((corners[np.arange(start, end + 1) % count], pairs[start]))
    return found


def _level(network: GridNetwork, positions: Sequence[int], pair: tuple[int, int]) -> int:
    """What the line between two of the grids separates."""
    first, second = pair
    if second < 0:
        return LAND
    one, other = positions[first], positions[second]
    if network.townships[one] != network.townships[other]:
        return TOWNSHIP
    return VILLAGE if network.villages[one] != network.villages[other] else GRID
