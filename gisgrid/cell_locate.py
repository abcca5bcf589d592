"""Where a point lies, by a built table: the compiled side of `CellTable`.

How a border cell decides: from the cell's corner, whose grids are known, a path runs up the corner's column and then along
the point's row; every segment it crosses toggles the grids that the segment bounds. Signs are filtered in floating point,
the doubtful decided exactly.
"""

from typing import Final

import numba
import numpy as np

from gisgrid.cell_build import BLOCK, BLOCK_BITS, OUTSIDE, corner_x, shifted_side
from gisgrid.cell_records import SEGMENT_WORDS
from gisgrid.compiling import compiled, prefetch
from gisgrid.exact_side import FILTER, side

_BATCH: Final = 2048
_LINE_WORDS: Final = 8
_LOWEST_BIT: Final = np.array(
    [0, 1, 28, 2, 29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4, 8, 31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6, 11, 5, 10, 9],
    np.uint8,
)  # fmt: skip
"""The place of a mask's lowest bit by a de Bruijn sequence."""


@compiled()
def _touch_many(x, y, words, first, count, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
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
        return _touch_many(x, y, words, np.int64(head) + 4, slots, points, owner, grid_start)
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
def place_one(x, y, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """The position of the grid of one point, -1 for none."""
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
def _find_cells(lon, lat, frame, shape, coarse_cell, fine_cell):  # type: ignore[no-untyped-def]  # compiled
    """The coarse cell of every point and its fine cell there; without a branch, so that it runs many points at a time.

    Points outside, NaN too, are moved to the rim of the table, where no grid reaches.
    """
    x0, y0, per_x, per_y = frame
    wide, high, across_blocks = np.float64(shape[0] - 1), np.float64(shape[1] - 1), np.int32(shape[2])
    bits, low = np.int32(BLOCK_BITS), np.int32(BLOCK - 1)
    for point in range(len(lon)):
        across, up = (lon[point] - x0) * per_x, (lat[point] - y0) * per_y
        across = across if across > 0.0 else 0.0
        across = across if across < wide else wide
        up = up if up > 0.0 else 0.0
        up = up if up < high else high
        # Kept to 32 bits at each step: numba widens, and wide integers halve the speed.
        column, row = np.int32(across), np.int32(up)
        coarse_cell[point] = np.int32(np.int32(row >> bits) * across_blocks) + np.int32(column >> bits)
        fine_cell[point] = np.int32(np.int32(row & low) << bits) | np.int32(column & low)


@compiled()
def _place_batch(lon, lat, found, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """Points (n,), at most `_BATCH`: first all cells without a branch, then the records of border cells are sent for all
    at once, then they are decided.
    """
    x0, per_x = frame[0], frame[2]
    coarse_cell, fine_cell = np.empty(_BATCH, np.int32), np.empty(_BATCH, np.int32)
    doubtful = np.empty(_BATCH, np.int32)
    _find_cells(lon, lat, frame, shape, coarse_cell, fine_cell)
    count = 0
    for point in range(len(lon)):
        value = coarse[np.uintp(np.uint32(coarse_cell[point]))]
        parted = value < -1
        block = np.int32(np.int32(-2) - np.int32(value)) if parted else np.int32(0)
        cell = np.int32(fine_cell[point] + np.int32(block << np.int32(2 * BLOCK_BITS)))
        part = fine[np.uintp(np.uint32(cell))]
        value = part if parted else value
        found[point] = value
        doubtful[count] = point
        count += 1 if value < -1 else 0
    for place in range(count):
        record = np.int64(-2) - np.int64(found[doubtful[place]])
        for line in range(3):
            prefetch(numbers, record + line * _LINE_WORDS)  # type: ignore[call-arg]  # numba gives the context
    for place in range(count):
        point = doubtful[place]
        x, y = lon[point], lat[point]
        cx = corner_x(np.int64((x - x0) * per_x), x0, per_x)
        found[point] = _decide(x, y, cx, -2 - np.int64(found[point]), numbers, words, points, owner, grid_start)


@compiled()
def place_few(lon, lat, found, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """Write the position of every point (n,) into `found`, on one core."""
    for start in range(0, len(lon), _BATCH):
        here = slice(start, min(start + _BATCH, len(lon)))
        _place_batch(
            lon[here], lat[here], found[here], frame, shape, coarse, fine, numbers, words, points, owner, grid_start
        )


@compiled(parallel=True)
def place_many(lon, lat, found, frame, shape, coarse, fine, numbers, words, points, owner, grid_start):  # type: ignore[no-untyped-def]  # compiled
    """The same on all cores."""
    for batch in numba.prange((len(lon) + _BATCH - 1) // _BATCH):
        here = slice(batch * _BATCH, min((batch + 1) * _BATCH, len(lon)))
        _place_batch(
            lon[here], lat[here], found[here], frame, shape, coarse, fine, numbers, words, points, owner, grid_start
        )
