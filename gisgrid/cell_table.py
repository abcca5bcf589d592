"""Which grid a point lies in, at the speed of memory: coarse cells, fine cells where borders run, packed border records.

The answer equals GEOS `intersects` for every point, on edges and corners too: the smallest position among the grids that
touch it, -1 outside and for NaN and infinities; invalid rings are read by the even-odd rule.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.cell_build import BLOCK, BLOCK_BITS, MARGIN_DEGREES, OUTSIDE
from gisgrid.cell_locate import place_few, place_many, place_one
from gisgrid.cell_records import renumber_records
from gisgrid.cell_window import CellPool, Frame, Window, fill_window, points_of, window_of
from gisgrid.compiling import ALL_CORES

_CELLS_PER_EDGE: Final = (0.5, 3.0)
"""Fewest and most cells along a mean edge: more cells mean less to decide in each, and more memory."""
_CELLS_ACROSS: Final = 4.0
"""Cells to the ratio of area and border of a usual grid, so that few of its points share a cell with a border."""
_MOST_COARSE_CELLS: Final = 4_000_000
_PARALLEL_FROM: Final = 50_000
POINTS_PER_STRIP: Final = 150_000
_MOST_REPEATED: Final = 2.0
"""How often, on average, a point may be read for the strips that its grid reaches into."""
_GRIDS_MEASURED: Final = 200
_Points = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]
_NO_POINTS: Final[_Points] = (np.empty((0, 2)), np.empty(0, np.int32), np.zeros(1, np.int64))


@dataclass(frozen=True, eq=False)
class CellTable:
    """The table of a network's polygons (n,) in degrees; positions are places in that array. Never changed.

    `frame` is (west, south, columns per degree, rows per degree), `shape` (columns, rows, coarse columns). `coarse` holds
    a position, -1 for outside, or -2 - b for block b of the pool, of which the first `cells` and `words` are this table's.
    `crowded` holds the points of all rings where a cell has more than 31 grids, else none.
    """

    frame: Frame
    shape: tuple[int, int, int]
    coarse: NDArray[np.int32]
    pool: CellPool
    cells: int
    words: int
    crowded: _Points = _NO_POINTS

    @classmethod
    def build(cls, geometry: NDArray[np.object_], *, points_per_strip: int = POINTS_PER_STRIP) -> "CellTable":
        """Build the table of Polygons and MultiPolygons in the order of their codes; time and memory follow the borders.

        `points_per_strip` says how many points are worked on at a time.
        """
        geometry = np.asarray(geometry, dtype=object)
        boxes = shapely.bounds(geometry).reshape(-1, 4)
        pool = CellPool()
        if not np.isfinite(boxes).any():
            pool.reserve(BLOCK * BLOCK, 0)
            pool.fine[:] = OUTSIDE
            pool.cells_used = BLOCK * BLOCK
            return cls((0.0, 0.0, 1.0, 1.0), (1, 1, 1), np.full(1, OUTSIDE, np.int32), pool, BLOCK * BLOCK, 0)
        frame, columns, rows = _frame(geometry, boxes)
        shape = (columns, rows, columns >> BLOCK_BITS)
        coarse = np.empty((rows >> BLOCK_BITS, shape[2]), np.int32)
        crowded = False
        for window, share_done in _strips(geometry, boxes, frame, (columns, rows), points_per_strip):
            values, too_many = fill_window(pool, frame, window, geometry, boxes, share_done)
            coarse[window[0] >> BLOCK_BITS : window[1] >> BLOCK_BITS] = values
            crowded |= too_many
        cells, words = pool.cells_used, pool.words_used
        return cls(frame, shape, coarse.reshape(-1), pool, cells, words, points_of(geometry) if crowded else _NO_POINTS)

    def rebuilt(
        self,
        geometry: NDArray[np.object_],
        boxes: NDArray[np.float64],
        changes: Iterable[tuple[float, float, float, float]],
    ) -> "CellTable":
        """The table of polygons of which only the parts within some bounds (west, south, east, north) have changed.

        `boxes` (n, 4) are the bounds of the polygons. Only the cells there are made anew. Positions must mean the same grids as before (else `renumbered` first).
        """
        changes = list(changes)
        windows = [window_of(self.frame, self.shape, bounds) for bounds in changes]
        blocks = self.cells // (BLOCK * BLOCK)
        small = _apart([window for window in windows if window is not None])
        touched = sum((end - row) * (last - column) for row, end, column, last in small) >> 2 * BLOCK_BITS
        wasteful = blocks + touched > 4 * self._blocks_in_use + 64
        if None in windows or len(self.crowded[0]) or wasteful or touched > blocks // 2:
            return CellTable.build(geometry)
        coarse = self.coarse.copy()
        square = coarse.reshape(-1, self.shape[2])
        crowded = False
        with self.pool.lock:
            newest = self.pool.cells_used == self.cells and self.pool.words_used == self.words
            # Another table has grown from this one already: this change gets arrays of its own.
            pool = self.pool if newest else self.pool.copy(self.cells, self.words)
            for window in small:
                values, too_many = fill_window(pool, self.frame, window, geometry, boxes)
                rows, columns = (slice(window[k] >> BLOCK_BITS, window[k + 1] >> BLOCK_BITS) for k in (0, 2))
                square[rows, columns] = values
                crowded |= too_many
            cells, words = pool.cells_used, pool.words_used
        points = points_of(geometry) if crowded else _NO_POINTS
        return CellTable(self.frame, self.shape, coarse, pool, cells, words, points)

    def renumbered(self, new_position: NDArray[np.int32]) -> "CellTable":
        """The same table where grids have other positions: `new_position` (n,) gives one for each of the old, -1 for none.

        The grids that stay keep their order. Where a grid has gone, `rebuilt` must follow.
        """
        pool = self.pool.copy(self.cells, self.words)
        # The last place answers for -1.
        mapping = np.append(np.asarray(new_position, np.int32), np.int32(OUTSIDE))
        fine = pool.fine[: self.cells]
        np.copyto(fine, mapping[np.maximum(fine, OUTSIDE)], where=fine > OUTSIDE)
        coarse = np.where(self.coarse > OUTSIDE, mapping[np.maximum(self.coarse, OUTSIDE)], self.coarse)
        renumber_records(pool.numbers[: self.words].view(np.int32), mapping)
        return CellTable(self.frame, self.shape, coarse, pool, self.cells, self.words, self.crowded)

    @property
    def nbytes(self) -> int:
        """Bytes of the table."""
        return self.coarse.nbytes + 4 * self.cells + 8 * self.words + sum(array.nbytes for array in self.crowded)

    def locate(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """The position of the one grid of every point (degrees, contiguous arrays (n,)), -1 for none."""
        found = np.empty(len(lon), np.int32)
        # Where others have the cores already, one is enough for each.
        if len(lon) >= _PARALLEL_FROM and ALL_CORES.acquire(blocking=False):
            try:
                place_many(lon, lat, found, *self._arrays)
            finally:
                ALL_CORES.release()
        else:
            place_few(lon, lat, found, *self._arrays)
        return found

    def locate_one(self, lon: float, lat: float) -> int:
        """The position of the grid of one point, -1 for none."""
        return int(place_one(lon, lat, *self._arrays))

    @cached_property
    def _arrays(self) -> tuple[object, ...]:
        numbers = self.pool.numbers
        return self.frame, self.shape, self.coarse, self.pool.fine, numbers, numbers.view(np.int32), *self.crowded

    @cached_property
    def _blocks_in_use(self) -> int:
        return int(np.count_nonzero(self.coarse < OUTSIDE))


def _frame(geometry: NDArray[np.object_], boxes: NDArray[np.float64]) -> tuple[Frame, int, int]:
    """The frame, columns and rows: cells that are square on the ground."""
    west, south = np.nanmin(boxes[:, :2], axis=0).tolist()
    east, north = np.nanmax(boxes[:, 2:], axis=0).tolist()
    squeeze = max(math.cos(math.radians(min(80.0, abs(south + north) / 2))), 0.1)
    size = max(_cell_size(geometry, squeeze), 1e-7)
    width, height = (east - west) * squeeze, north - south
    # A continent with a village in it must not make a table of empty coarse cells.
    size = max(size, math.sqrt(max(width * height, 1e-18) / _MOST_COARSE_CELLS) / BLOCK, width / 2**26, height / 2**26)
    per_y, per_x = 1.0 / size, squeeze / size
    # A rim without grids on all sides answers for the points outside.
    x0, y0 = west - 8 * MARGIN_DEGREES - 1.0 / per_x, south - 8 * MARGIN_DEGREES - 1.0 / per_y
    columns = (int((east - x0) * per_x) + 2 + BLOCK) // BLOCK * BLOCK
    rows = (int((north - y0) * per_y) + 2 + BLOCK) // BLOCK * BLOCK
    return (x0, y0, per_x, per_y), columns, rows


def _cell_size(geometry: NDArray[np.object_], squeeze: float) -> float:
    """The height of a cell in degrees, from some of the grids if there are many; longitudes are squeezed by a factor.

    By the length of edges where these are short, by the size of the grids where edges are long: a city's grids are small
    beside the edges of the land around it.
    """
    some = np.unique(np.linspace(0, len(geometry) - 1, min(len(geometry), _GRIDS_MEASURED)).astype(np.int64))
    points, owner, _ = points_of(geometry[some])
    edge = np.flatnonzero(owner[:-1] >= 0)
    if len(edge) == 0:
        return 0.0
    steps = np.diff(points, axis=0)[edge] * (squeeze, 1.0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    border = np.bincount(owner[edge], lengths, len(some))
    across = shapely.area(geometry[some])[border > 0.0] * squeeze / border[border > 0.0]
    if len(across) == 0:
        return 0.0
    mean = float(lengths.mean())
    fewest, most = (mean / count for count in _CELLS_PER_EDGE)
    return min(fewest, max(most, float(np.median(across)) / _CELLS_ACROSS))


def _strips(
    geometry: NDArray[np.object_],
    boxes: NDArray[np.float64],
    frame: Frame,
    shape: tuple[int, int],
    points_per_strip: int,
) -> list[tuple[Window, float]]:
    """The whole table cut into windows of its full width, small enough for the processor's own memory, and the share of
    all points up to the end of each.

    A grid's points are read for every strip it reaches into, so large grids make fewer strips.
    """
    columns, rows = shape
    points = shapely.get_num_coordinates(geometry)
    filled = points > 0
    points, boxes = points[filled], boxes[filled]
    first = ((boxes[:, 1] - frame[1]) * frame[3]).astype(np.int64) >> BLOCK_BITS
    last = ((boxes[:, 3] - frame[1]) * frame[3]).astype(np.int64) >> BLOCK_BITS
    weight = np.cumsum(np.bincount((first + last) // 2, points, rows >> BLOCK_BITS))
    count = max(1, int(points.sum()) // points_per_strip)
    while True:
        cuts = np.unique(np.searchsorted(weight, np.linspace(0.0, weight[-1], count + 1)[1:-1], side="right"))
        reached = np.searchsorted(cuts, last, side="right") - np.searchsorted(cuts, first, side="right") + 1
        if count == 1 or float((reached * points).sum()) <= _MOST_REPEATED * float(points.sum()):
            break
        count //= 2
    bounds = np.unique([0, *cuts.tolist(), rows >> BLOCK_BITS]).tolist()
    return [
        ((low << BLOCK_BITS, high << BLOCK_BITS, 0, columns), max(float(weight[high - 1] / weight[-1]), 0.5 / count))
        for low, high in itertools.pairwise(bounds)
    ]


def _apart(windows: list[Window]) -> list[Window]:
    """Windows that cover the same, without any two that overlap."""
    apart: list[Window] = []
    for window in windows:
        merged = window
        while touching := [other for other in apart if _overlap(merged, other)]:
            apart = [other for other in apart if other not in touching]
            several = np.array([merged, *touching])
            row, end, column, last = several[:, 0].min(), several[:, 1].max(), several[:, 2].min(), several[:, 3].max()
            merged = (int(row), int(end), int(column), int(last))
        apart.append(merged)
    return apart


def _overlap(one: Window, two: Window) -> bool:
    return one[0] < two[1] and two[0] < one[1] and one[2] < two[3] and two[2] < one[3]
