"""Compiled: which incidents repeat an earlier one of the same kind, near in place and time."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.compiling import compiled

_ROWS: Final = 1 << 20
"""More rows of cells than any plane has: a cell is its column times this, and its row."""


def find_repeats(
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    time_ms: NDArray[np.int64],
    kind: NDArray[np.int64],
    within_m: float,
    within_ms: int,
) -> NDArray[np.bool_]:
    """Whether an earlier point of the same `kind` lies within so many metres and ms, both inclusive; arrays (n,).

    Metres of one plane; points without a place (NaN) or of a negative kind repeat nothing and are not repeated. Of points
    of one instant the one that comes first is the earlier.
    """
    found = np.zeros(len(x_m), bool)
    there = np.flatnonzero(np.isfinite(x_m) & np.isfinite(y_m) & (kind >= 0))
    if len(there) == 0:
        return found
    x, y = x_m[there], y_m[there]
    column, row = (np.floor((at - at.min()) / within_m).astype(np.int64) for at in (x, y))
    cell = column * _ROWS + row
    # By cell, in it by time, in that as given (the sort is stable).
    order = np.lexsort((time_ms[there], cell))
    hits = _repeats(
        cell[order], x[order], y[order], time_ms[there][order], kind[there][order], order, within_m, within_ms
    )
    found[there[order[hits]]] = True
    return found


@compiled()
def _repeats(cell, x, y, time, kind, order, within_m, within_ms):  # type: ignore[no-untyped-def]  # compiled
    """All arrays in the order of cells and times; `order` tells which of two points of one instant comes first."""
    count = len(cell)
    starts = np.empty(count + 1, np.int64)
    cells = np.empty(count, np.int64)
    used = 0
    for at in range(count):
        if at == 0 or cell[at] != cell[at - 1]:
            cells[used], starts[used] = cell[at], at
            used += 1
    starts[used] = count
    hits = np.zeros(count, np.bool_)
    for own in range(used):
        # The three columns of neighbours; in each the cells of the three rows follow one another.
        for side in range(-1, 2):
            first = cells[own] + side * _ROWS - 1
            other = np.searchsorted(cells[:used], first)
            while other < used and cells[other] <= first + 2:
                _compare(starts, own, other, x, y, time, kind, order, within_m, within_ms, hits)
                other += 1
    return hits


@compiled()
def _compare(starts, own, other, x, y, time, kind, order, within_m, within_ms, hits):  # type: ignore[no-untyped-def]  # compiled
    """Mark the points of a cell that repeat one of another cell, walking both along the time."""
    low = starts[other]
    for at in range(starts[own], starts[own + 1]):
        while low < starts[other + 1] and time[low] < time[at] - within_ms:
            low += 1
        if hits[at]:
            continue
        for before in range(low, starts[other + 1]):
            if time[before] > time[at] or (time[before] == time[at] and order[before] >= order[at]):
                if time[before] > time[at]:
                    break
                continue
            across, along = x[before] - x[at], y[before] - y[at]
            if kind[before] == kind[at] and across * across + along * along <= within_m * within_m:
                hits[at] = True
                break
