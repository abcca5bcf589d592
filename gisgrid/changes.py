"""What differs between two states of a network's polygons: which, and where."""

from collections import Counter
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""West, south, east and north in degrees."""

_MOST_BOXES: Final = 64
"""Beyond so many changed polygons, one box around all of them is cheaper than a closer look at each."""


def find_changed(old: NDArray[np.object_], new: NDArray[np.object_], came_from: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which of the new polygons (n,) are not, to the last vertex, the old ones at `came_from` (n,); -1 is always new."""
    changed = np.ones(len(new), bool)
    known = np.flatnonzero(came_from >= 0)
    before = old[came_from[known]]
    # The same object most of the time, which is quicker to see.
    other = np.fromiter((one is not two for one, two in zip(before, new[known], strict=True)), bool, len(known))
    other[other] = ~shapely.equals_identical(before[other], new[known[other]])
    changed[known] = other
    return changed


def boxes_of_changes(
    old: NDArray[np.object_],
    new: NDArray[np.object_],
    came_from: NDArray[np.int32],
    changed: NDArray[np.bool_],
    gone: NDArray[np.int64],
) -> list[Box]:
    """Boxes outside of which every point lies in the same polygons as before.

    `changed` (n,) marks new polygons, `gone` lists the positions of old ones that are no more.
    """
    known = changed & (came_from >= 0)
    whole = np.concatenate((old[gone], new[changed & ~known]))
    if len(whole) + known.sum() > _MOST_BOXES:
        boxes = shapely.bounds(np.concatenate((whole, new[known], old[came_from[known]])))
        boxes = boxes[np.isfinite(boxes[:, 0])]
        if len(boxes) == 0:
            return []
        boxes = np.concatenate((np.nanmin(boxes[:, :2], axis=0), np.nanmax(boxes[:, 2:], axis=0)))[None, :]
    else:
        moved = [
            _box_of_difference(old[came_from[position]], new[position]) for position in np.flatnonzero(known).tolist()
        ]
        boxes = np.concatenate((shapely.bounds(whole).reshape(-1, 4), np.array(moved).reshape(-1, 4)))
    return [(west, south, east, north) for west, south, east, north in boxes.tolist() if west <= east]


def _box_of_difference(old: shapely.Geometry, new: shapely.Geometry) -> NDArray[np.float64]:
    """The box of the edges that only one of two polygons has: what lies between them is surrounded by these."""
    before, after = (Counter(map(tuple, _edges(shape).tolist())) for shape in (old, new))
    odd = np.array([*(before - after), *(after - before)]).reshape(-1, 2)
    return np.concatenate((odd.min(axis=0), odd.max(axis=0))) if len(odd) else np.full(4, np.nan)


def _edges(shape: shapely.Geometry) -> NDArray[np.float64]:
    """The edges (k, 4) of a polygon, each with its smaller end first."""
    points, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    within = ring[1:] == ring[:-1]
    first, last = points[:-1][within], points[1:][within]
    turned = (first[:, 0] > last[:, 0]) | ((first[:, 0] == last[:, 0]) & (first[:, 1] > last[:, 1]))
    return np.where(turned[:, None], np.hstack((last, first)), np.hstack((first, last)))
