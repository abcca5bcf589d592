"""Which grid a point lies in, at the speed of memory: coarse cells, fine cells where borders run, packed border records.

The answer equals GEOS `intersects` for every point, on edges and corners too: the smallest position among the grids that
touch it, -1 outside and for NaN and infinities; invalid rings are read by the even-odd rule. How a border cell decides: from
the cell's corner, whose grids are known, a path runs up the corner's column and then along the point's row; every segment
it crosses toggles the grids that the segment bounds. Signs are filtered in floating point, the doubtful decided exactly.
"""

import math
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.cell_build import (
    BLOCK,
    BLOCK_BITS,
    MARGIN_DEGREES,
    MOST_CANDIDATES,
    OUTSIDE,
    SEGMENT_WORDS,
    corner_x,
    cover_corners,
    find_candidates,
    mean_edge,
    measure_records,
    number_blocks,
    number_borders,
    shifted_side,
    visit_cells,
    write_records,
)
from gisgrid.compiling import compiled
from gisgrid.exact_side import FILTER, side

_CELLS_PER_EDGE: Final = 0.7
_MOST_COARSE_CELLS: Final = 4_000_000
_PARALLEL_FROM: Final = 50_000
_BATCH: Final = 512
_LOWEST_BIT: Final = np.array(
    [
        0,
        1,
        28,
        2,
        29,
        14,
        24,
        3,
        30,
        22,
        20,
        15,
        25,
        17,
        4,
        8,
        31,
        27,
        13,
        23,
        21,
        19,
        16,
        7,
        26,
        12,
        18,
        6,
        11,
        5,
        10,
        9,
    ],
    np.uint8,
)
"""The place of a mask's lowest bit by a de Bruijn sequence."""


@dataclass(frozen=True, eq=False)
class CellTable:
    """The table of a network's polygons (n,) in degrees; positions are places in that array.

    `frame` is (west, south, columns per degree, rows per degree), `shape` (columns, rows, coarse columns). `coarse` holds
    a position, -1 for outside, or -2 - b for block b of `fine`; `fine` holds a position, -1, or -2 - r for the record at
    word r of the pool. `points`, `owner` and `grid_start` are kept only where a cell has more than 31 grids.
    """

    frame: tuple[float, float, float, float]
    shape: tuple[int, int, int]
    coarse: NDArray[np.int32]
    fine: NDArray[np.int32]
    numbers: NDArray[np.float64]
    words: NDArray[np.int32]
    points: NDArray[np.float64]
    owner: NDArray[np.int32]
    grid_start: NDArray[np.int64]

    @classmethod
    def build(cls, geometry: NDArray[np.object_]) -> "CellTable":
        """Build the table of Polygons and MultiPolygons in the order of their codes; time and memory follow the borders."""
        points, owner, grid_start = _points_of(geometry)
        nothing = np.empty(0, np.int32)
        if len(points) == 0:
            return cls(
                (0.0, 0.0, 1.0, 1.0), (0, 0, 0), nothing, nothing, np.empty(0), nothing, points, owner, grid_start
            )
        x0, y0, per_x, per_y, columns, rows = _frame(points, owner)
        frame = (x0, y0, per_x, per_y)
        coarse_columns, coarse_rows = columns // BLOCK, rows // BLOCK
        coarse = np.zeros(coarse_columns * coarse_rows, np.int32)
        no_items = np.empty(0, np.int64)
        visit_cells(points, owner, *frame, coarse_columns, coarse, nothing, no_items, nothing)
        cells = np.zeros(number_blocks(coarse) * BLOCK * BLOCK, np.int32)
        visit_cells(points, owner, *frame, coarse_columns, coarse, cells, no_items, nothing)
        starts = number_borders(cells)
        items = np.empty(starts[-1], np.int32)
        visit_cells(points, owner, *frame, coarse_columns, coarse, cells, starts[:-1].copy(), items)
        candidates = np.empty(len(items), np.int32)
        candidate_count = find_candidates(starts, items, owner, candidates)
        borders = len(candidate_count)
        base, full = np.zeros(borders, np.uint32), np.full(borders, OUTSIDE, np.int32)
        coarse_value = np.full(len(coarse), OUTSIDE, np.int32)
        cover_corners(
            points, owner, grid_start, *frame, columns, coarse_columns, coarse, coarse_value, cells, starts, candidates,
            candidate_count, base, full,
        )  # fmt: skip
        numbers = np.empty(measure_records(points, owner, starts, items, candidate_count, full))
        used = write_records(
            points, owner, coarse, coarse_columns, *frame, starts, items, candidates, candidate_count, base, full, cells,
            numbers, numbers.view(np.int32),
        )  # fmt: skip
        numbers = numbers[:used]
        crowded = bool((candidate_count >= MOST_CANDIDATES).any())
        if not crowded:
            points, owner, grid_start = points[:0], owner[:0], grid_start[:0]
        values = np.where(coarse >= 0, -2 - coarse, coarse_value).astype(np.int32)
        shape = (columns, rows, coarse_columns)
        return cls(frame, shape, values, cells, numbers, numbers.view(np.int32), points, owner, grid_start)

    @property
    def nbytes(self) -> int:
        """Bytes of the table."""
        return self.coarse.nbytes + self.fine.nbytes + self.numbers.nbytes + self.points.nbytes + self.owner.nbytes

    def locate(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """The position of the one grid of every point (degrees, contiguous arrays (n,)), -1 for none."""
        found = np.empty(len(lon), np.int32)
        place = _place_many if len(lon) >= _PARALLEL_FROM else _place_few
        place(lon, lat, found, *self._arrays)
        return found

    def locate_one(self, lon: float, lat: float) -> int:
        """The position of the grid of one point, -1 for none."""
        return int(_place_one(lon, lat, *self._arrays))

    @property
    def _arrays(self) -> tuple[object, ...]:
        return (
            self.frame,
            self.shape,
            self.coarse,
            self.fine,
            self.numbers,
            self.words,
            self.points,
            self.owner,
            self.grid_start,
        )


def _points_of(geometry: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """The points (m, 2) of all rings, the grid of the edge that begins at each (-1 at the end of a ring), and where the
    points of every grid start (n + 1).
    """
    parts, grid_of_part = shapely.get_parts(geometry, return_index=True)
    if len(parts) == 0:
        return np.empty((0, 2)), np.empty(0, np.int32), np.zeros(len(geometry) + 1, np.int64)
    _, points, (ring_ends, part_rings) = shapely.to_ragged_array(parts)
    points = np.ascontiguousarray(points[:, :2]) + 0.0  # negative zero becomes zero
    part_points = ring_ends[part_rings]
    owner = np.repeat(grid_of_part.astype(np.int32), np.diff(part_points))
    owner[ring_ends[1:][np.diff(ring_ends) > 0] - 1] = OUTSIDE
    first_part = np.searchsorted(grid_of_part, np.arange(len(geometry) + 1))
    return points, owner, part_points[first_part].astype(np.int64)


def _frame(points: NDArray[np.float64], owner: NDArray[np.int32]) -> tuple[float, float, float, float, int, int]:
    """Origin, cells per degree and counts: square cells on the ground, somewhat longer than the mean edge."""
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    squeeze = max(math.cos(math.radians(min(80.0, abs(south + north) / 2))), 0.1)
    size = max(mean_edge(points, owner, squeeze) / _CELLS_PER_EDGE, 1e-7)
    width, height = (east - west) * squeeze, north - south
    # A continent with a village in it must not make a table of empty coarse cells.
    size = max(size, math.sqrt(max(width * height, 1e-18) / _MOST_COARSE_CELLS) / BLOCK, width / 2**26, height / 2**26)
    per_y, per_x = 1.0 / size, squeeze / size
    x0, y0 = west - 8 * MARGIN_DEGREES - 1.0 / per_x, south - 8 * MARGIN_DEGREES - 1.0 / per_y
    columns = (int((east - x0) * per_x) + 2 + BLOCK) // BLOCK * BLOCK
    rows = (int((north - y0) * per_y) + 2 + BLOCK) // BLOCK * BLOCK
    return x0, y0, per_x, per_y, columns, rows


@compiled()
def _in_many(x, y, words, first, count, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """The smallest of many grids, listed in `words`, that touches a point, edge by edge."""
    for place in range(count):
        grid = words[first + place]
        odd = False
        for edge in range(grid_start[grid], grid_start[grid + 1]):
            if owner[edge] < 0:
                continue
            ax, ay, bx, by = points[edge, 0], points[edge, 1], points[edge + 1, 0], points[edge + 1, 1]
            if y < min(ay, by) or y > max(ay, by):
                continue
            found = side(ax, ay, bx, by, x, y)
            if found == 0.0:
                if min(ax, bx) <= x <= max(ax, bx):
                    return grid
            elif (ay > y) != (by > y) and (found > 0.0) == (by > ay):
                odd = not odd
        if odd:
            return grid
    return np.int32(OUTSIDE)


@compiled(forceinline=True)
def _lowest(mask):  # type: ignore[no-untyped-def]  # compiled
    """The place of the lowest bit of a mask."""
    bit = np.uint64(np.uint32(mask & -mask))
    # Products are 64 bits wide here, the sequence is 32.
    return np.uintp(_LOWEST_BIT[((bit * np.uint64(0x077CB531)) >> np.uint64(27)) & np.uint64(31)])


@compiled(forceinline=True)
def _decide(x, y, cx, record, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """The grid of a point in a border cell whose corner's column is at `cx`.

    Without a branch as long as every sign is beyond doubt; the first doubtful one sends the cell to `_decide_exactly`.
    """
    head = np.uintp(2 * record)
    segments, inside = words[head], words[head + np.uintp(1)]
    place = np.uintp(record + np.int64(words[head + np.uintp(3)]))
    clear = segments >= 0
    for _ in range(segments):
        ax, ay = numbers[place], numbers[place + np.uintp(1)] - y
        bx, by = numbers[place + np.uintp(2)], numbers[place + np.uintp(3)] - y
        mask, kind = words[np.uintp(2) * place + np.uintp(8)], words[np.uintp(2) * place + np.uintp(9)]
        place += np.uintp(SEGMENT_WORDS)
        left, right = (ax - x) * by, ay * (bx - x)
        turn_left, turn_right = (ax - cx) * by, ay * (bx - cx)
        det, turn = left - right, turn_left - turn_right
        clear &= (abs(det) > FILTER * (abs(left) + abs(right))) & (
            abs(turn) > FILTER * (abs(turn_left) + abs(turn_right))
        )
        up = by > ay
        turned = turn > 0.0
        level = ((ay > 0.0) != (by > 0.0)) & ((det < 0.0) == up) & ((kind == 0) | (turned == up))
        plumb = (kind != 0) & (turned != (kind > 0))
        inside ^= mask if level != plumb else np.int32(0)
    if not clear:
        return _decide_exactly(x, y, cx, record, numbers, words, points, owner, grid_start)
    if inside == 0:
        return np.int32(OUTSIDE)
    return words[head + np.uintp(4) + _lowest(inside)]


@compiled()
def _decide_exactly(x, y, cx, record, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """The same with exact signs, and with the segments that the point lies on."""
    head = np.uintp(2 * record)
    segments, inside, slots = words[head], words[head + np.uintp(1)], words[head + np.uintp(2)]
    if segments < 0:
        return _in_many(x, y, words, np.int64(head) + 4, slots, points, owner, grid_start)
    touched = np.int32(0)
    place = np.uintp(record + np.int64(words[head + np.uintp(3)]))
    for _ in range(segments):
        ax, ay = numbers[place], numbers[place + np.uintp(1)]
        bx, by = numbers[place + np.uintp(2)], numbers[place + np.uintp(3)]
        mask, kind = words[np.uintp(2) * place + np.uintp(8)], words[np.uintp(2) * place + np.uintp(9)]
        place += np.uintp(SEGMENT_WORDS)
        if (ay > y) != (by > y):
            found = side(ax, ay, bx, by, x, y)
            if found == 0.0:
                touched |= mask
                continue
            right = (found < 0.0) == (by > ay)
            if kind == 0:
                if right:
                    inside ^= mask
                continue
            turn = shifted_side(ax, ay, bx, by, cx, y)
            crossed = (turn > 0.0) != (kind > 0)
            if right and (turn > 0.0) == (by > ay):
                crossed = not crossed
            if crossed:
                inside ^= mask
        else:
            if kind != 0 and (shifted_side(ax, ay, bx, by, cx, y) > 0.0) != (kind > 0):
                inside ^= mask
            if (ay == y and (ax == x or (by == y and ax <= x <= bx))) or (by == y and bx == x):
                touched |= mask
    inside |= touched
    if inside == 0:
        return np.int32(OUTSIDE)
    return words[head + np.uintp(4) + _lowest(inside)]


@compiled()
def _place_one(x, y, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    x0, y0, per_x, per_y = frame
    across, up = (x - x0) * per_x, (y - y0) * per_y
    # Also false for NaN.
    if not (across >= 0.0 and up >= 0.0 and across < shape[0] and up < shape[1]):
        return np.int32(OUTSIDE)
    column, row = np.int64(across), np.int64(up)
    value = coarse[(row >> BLOCK_BITS) * shape[2] + (column >> BLOCK_BITS)]
    if value > -2:
        return value
    value = fine[
        (-2 - np.int64(value)) * (BLOCK * BLOCK) + ((row & (BLOCK - 1)) << BLOCK_BITS) + (column & (BLOCK - 1))
    ]
    if value > -2:
        return value
    return _decide(x, y, corner_x(column, x0, per_x), -2 - np.int64(value), numbers, words, points, owner, grid_start)


@compiled()
def _place_batch(lon, lat, found, start, end, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """Points [start, end), at most `_BATCH`: first all cells without a branch, so that memory is asked for many at a
    time; then the points of border cells.
    """
    x0, y0, per_x, per_y = frame
    wide, high = np.float64(shape[0]), np.float64(shape[1])
    across_blocks = np.uintp(shape[2])
    doubtful = np.empty(_BATCH, np.int64)
    count = 0
    for point in range(start, end):
        across, up = (lon[point] - x0) * per_x, (lat[point] - y0) * per_y
        within = (across >= 0.0) & (up >= 0.0) & (across < wide) & (up < high)
        column = np.uintp(np.int64(across)) if within else np.uintp(0)
        row = np.uintp(np.int64(up)) if within else np.uintp(0)
        value = coarse[(row >> np.uintp(BLOCK_BITS)) * across_blocks + (column >> np.uintp(BLOCK_BITS))]
        parted = value < -1
        block = np.uintp(-2 - np.int64(value)) if parted else np.uintp(0)
        local = ((row & np.uintp(BLOCK - 1)) << np.uintp(BLOCK_BITS)) | (column & np.uintp(BLOCK - 1))
        part = fine[block * np.uintp(BLOCK * BLOCK) + local]
        value = part if parted else value
        value = value if within else np.int32(OUTSIDE)
        found[point] = value
        doubtful[count] = point
        count += 1 if value < -1 else 0
    for place in range(count):
        point = doubtful[place]
        x, y = lon[point], lat[point]
        cx = corner_x(np.int64((x - x0) * per_x), x0, per_x)
        found[point] = _decide(x, y, cx, -2 - np.int64(found[point]), numbers, words, points, owner, grid_start)


@compiled()
def _place_few(lon, lat, found, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    for start in range(0, len(lon), _BATCH):
        _place_batch(
            lon,
            lat,
            found,
            start,
            min(start + _BATCH, len(lon)),
            frame,
            shape,
            coarse,
            fine,
            numbers,
            words,
            points,
            owner,
            grid_start,
        )


@compiled(parallel=True)
def _place_many(lon, lat, found, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    for batch in numba.prange((len(lon) + _BATCH - 1) // _BATCH):
        start = batch * _BATCH
        _place_batch(
            lon,
            lat,
            found,
            start,
            min(start + _BATCH, len(lon)),
            frame,
            shape,
            coarse,
            fine,
            numbers,
            words,
            points,
            owner,
            grid_start,
        )
