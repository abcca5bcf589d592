"""Filling a window of the cell table: from the polygons that reach into it to its blocks and records."""

import math
import threading
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.cell_build import (
    BLOCK,
    BLOCK_BITS,
    MARGIN_DEGREES,
    MOST_CANDIDATES,
    OUTSIDE,
    cover_corners,
    find_candidates,
    number_blocks,
    number_borders,
    select_edges,
    visit_cells,
)
from gisgrid.cell_records import measure_records, write_records

Frame = tuple[float, float, float, float]
"""West and south of the table, columns and rows of fine cells per degree."""

Window = tuple[int, int, int, int]
"""First row, end row, first column, end column of fine cells, multiples of `BLOCK`."""

_NO_CELLS: Final = np.empty(0, np.int32)
_SPARE: Final = 1.125
"""Room for changes, so that the first of them copies nothing."""


@dataclass
class CellPool:
    """Blocks of fine cells and records, in arrays that only grow: tables share what lies before their own ends.

    `fine` holds a position, -1, or -2 - r for the record at word r of `numbers`.
    """

    fine: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    cells_used: int = 0
    words_used: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(self, cells: int, words: int, share_done: float = 1.0) -> None:
        """Make room for more cells and words, and beyond: for the rest, if only a share of the table is done, and changes.

        An array that is too small gives way to a larger one and stays as it is for those who read it.
        """
        if self.cells_used + cells > len(self.fine):
            self.fine = _larger(self.fine, self.cells_used, cells, share_done)
        if self.words_used + words > len(self.numbers):
            self.numbers = _larger(self.numbers, self.words_used, words, share_done)

    def copy(self, cells_used: int, words_used: int) -> "CellPool":
        """The first cells and words in arrays of their own."""
        return CellPool(
            _larger(self.fine, cells_used, 0, 1.0), _larger(self.numbers, words_used, 0, 1.0), cells_used, words_used
        )


def _larger(array: NDArray[Any], used: int, more: int, share_done: float) -> NDArray[Any]:
    # Room that is never written to takes no memory.
    larger = np.empty(int((used + more) * _SPARE / share_done) + 1, array.dtype)
    larger[:used] = array[:used]
    return larger


def edges_between(
    geometry: NDArray[np.object_], positions: NDArray[np.int64], south: float, north: float
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The edges (k, 4) of the polygons at some positions that reach between two latitudes, and the position of each."""
    points, owner = points_of(geometry[positions])[:2]
    edges, grid = np.empty((len(points), 4)), np.empty(len(points), np.int32)
    count = select_edges(points, owner, south, north, edges, grid)
    return edges[:count], positions.astype(np.int32)[grid[:count]]


def points_of(geometry: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """The points (m, 2) of all rings, the grid of the edge that begins at each (-1 at the end of a ring), and where the
    points of every grid start (n + 1).
    """
    parts, grid_of_part = shapely.get_parts(geometry, return_index=True)
    if len(parts) == 0:
        return np.empty((0, 2)), np.empty(0, np.int32), np.zeros(len(geometry) + 1, np.int64)
    _, points, (ring_ends, part_rings) = shapely.to_ragged_array(parts, include_z=False)
    points = np.ascontiguousarray(points) + 0.0  # negative zero becomes zero
    part_points = ring_ends[part_rings]
    owner = np.repeat(grid_of_part.astype(np.int32), np.diff(part_points))
    owner[ring_ends[1:][np.diff(ring_ends) > 0] - 1] = OUTSIDE
    first_part = np.searchsorted(grid_of_part, np.arange(len(geometry) + 1))
    return points, owner, part_points[first_part].astype(np.int64)


def fill_window(
    pool: CellPool,
    frame: Frame,
    window: Window,
    geometry: NDArray[np.object_],
    boxes: NDArray[np.float64],
    share_done: float = 1.0,
) -> tuple[NDArray[np.int32], bool]:
    """Append the blocks and records of a window to the pool.

    `geometry` (n,) are all polygons of the network and `boxes` (n, 4) their bounds. Returns the window's coarse cells
    (block rows, block columns): a position, -1 for outside, or -2 - b for block b of the pool; and whether some cell has
    more grids than a record holds. `share_done` tells how much of the table there will be then.
    """
    south, north, west, east = latitudes_and_longitudes(frame, window)
    reaching = (boxes[:, 1] <= north) & (boxes[:, 3] >= south) & (boxes[:, 0] <= east) & (boxes[:, 2] >= west)
    edges, grid = edges_between(geometry, np.flatnonzero(reaching), south, north)
    shape = ((window[1] - window[0]) >> BLOCK_BITS, (window[3] - window[2]) >> BLOCK_BITS)
    coarse = np.zeros(shape[0] * shape[1], np.int32)
    no_items = np.empty(0, np.int64)
    visit_cells(edges, frame, window, coarse, _NO_CELLS, no_items, _NO_CELLS)
    blocks = number_blocks(coarse)
    cells = np.zeros(blocks * BLOCK * BLOCK, np.int32)
    if blocks:
        visit_cells(edges, frame, window, coarse, cells, no_items, _NO_CELLS)
    starts = number_borders(cells)
    items = np.empty(starts[-1], np.int32)
    if len(items):
        visit_cells(edges, frame, window, coarse, cells, starts[:-1].copy(), items)
    candidates = np.empty(len(items), np.int32)
    counts = find_candidates(starts, items, grid, candidates)
    base, full = np.zeros(len(counts), np.uint32), np.full(len(counts), OUTSIDE, np.int32)
    values = np.full(len(coarse), OUTSIDE, np.int32)
    cover_corners(edges, grid, frame, window, coarse, values, cells, starts, candidates, counts, base, full)
    pool.reserve(len(cells), measure_records(edges, grid, starts, items, counts, full), share_done)
    pool.words_used = write_records(
        edges, grid, frame, window, coarse, starts, items, candidates, counts, base, full, cells, pool.numbers,
        pool.numbers.view(np.int32), pool.words_used,
    )  # fmt: skip
    pool.fine[pool.cells_used : pool.cells_used + len(cells)] = cells
    first_block = pool.cells_used // (BLOCK * BLOCK)
    pool.cells_used += len(cells)
    values = np.where(coarse >= 0, -2 - first_block - coarse, values).astype(np.int32)
    return values.reshape(shape), bool((counts >= MOST_CANDIDATES).any())


def latitudes_and_longitudes(frame: Frame, window: Window) -> tuple[float, float, float, float]:
    """South, north, west and east of all that can touch the window or the corners of its cells."""
    x0, y0, per_x, per_y = frame
    wider = 8 * MARGIN_DEGREES
    return (
        y0 + window[0] / per_y - wider,
        y0 + window[1] / per_y + wider,
        x0 + window[2] / per_x - wider,
        x0 + window[3] / per_x + wider,
    )


def window_of(frame: Frame, shape: tuple[int, int, int], bounds: tuple[float, float, float, float]) -> Window | None:
    """The window of whole blocks around (west, south, east, north); None where it reaches beyond the table."""
    x0, y0, per_x, per_y = frame
    wider = 16 * MARGIN_DEGREES
    west, south, east, north = bounds
    first_column, end_column = math.floor((west - wider - x0) * per_x), math.floor((east + wider - x0) * per_x) + 1
    first_row, end_row = math.floor((south - wider - y0) * per_y), math.floor((north + wider - y0) * per_y) + 1
    if first_column < 1 or first_row < 1 or end_column >= shape[0] or end_row >= shape[1]:
        return None
    return (
        first_row >> BLOCK_BITS << BLOCK_BITS,
        -(-end_row >> BLOCK_BITS) << BLOCK_BITS,
        first_column >> BLOCK_BITS << BLOCK_BITS,
        -(-end_column >> BLOCK_BITS) << BLOCK_BITS,
    )
