"""The records of border cells, one after the other in one pool of words of eight bytes.

Header, int32: segments (-1 for too many grids), base mask, candidates, words to the first segment, then the candidates
in code order. Segment: ax, ay, bx, by as float64, mask and class as int32. The base mask tells which candidates contain
the cell's corner, a segment's mask which it bounds. Class 0 lies right of the corner's column; 1 and -1 cross it, with
the corner on their left or right.
"""

from typing import Final

import numpy as np

from gisgrid.cell_build import BLOCK, BLOCK_BITS, MOST_CANDIDATES, OUTSIDE, corner_x, shifted_side
from gisgrid.compiling import compiled

HEADER_WORDS: Final = 2
SEGMENT_WORDS: Final = 5


@compiled()
def measure_records(edges, grid, starts, items, candidate_count, full):  # type: ignore[no-untyped-def]  # compiled
    """An upper bound of the words (of eight bytes) of all records: a segment of two grids counts once."""
    words = 0
    for border in range(len(starts) - 1):
        slots = candidate_count[border] + (1 if full[border] != OUTSIDE else 0)
        words += _header_words(slots)
        if slots > MOST_CANDIDATES:
            continue
        for item in range(starts[border], starts[border + 1]):
            edge = items[item]
            equal, mine = False, False
            for other in range(starts[border], item):
                before = items[other]
                if _same_segment(edges, before, edge):
                    equal = True
                    mine |= grid[before] == grid[edge]
            # An edge that one grid has twice, as in invalid rings, is written apart.
            words += 0 if equal and not mine else SEGMENT_WORDS
    return words


@compiled()
def write_records(  # type: ignore[no-untyped-def]  # compiled
    edges, grid, frame, window, coarse, starts, items, candidates, candidate_count, base, full, cells, numbers, words,
    used,
):  # fmt: skip
    """Write the records of a window into the pool, seen as float64 (`numbers`) and int32 (`words`), from word `used` on.

    `cells` gets -2 - r for the record at word r; returns the words used then.
    """
    x0, y0, per_x, per_y = frame
    south_row, _, west_column, east_column = window
    across = (east_column - west_column) >> BLOCK_BITS
    for block_place in range(len(coarse)):
        block = np.int64(coarse[block_place])
        if block < 0:
            continue
        for local in range(BLOCK * BLOCK):
            cell = block * (BLOCK * BLOCK) + local
            if cells[cell] >= OUTSIDE:
                continue
            border = -2 - np.int64(cells[cell])
            row = south_row + (block_place // across << BLOCK_BITS) + (local >> BLOCK_BITS)
            column = west_column + (block_place % across << BLOCK_BITS) + (local & (BLOCK - 1))
            cells[cell] = -2 - used
            start = starts[border]
            slots, mask = _write_header(
                words, 2 * used, candidates[start : start + candidate_count[border]], full[border], base[border]
            )
            head = 2 * used
            first = used + _header_words(slots)
            words[head + 2] = slots
            words[head + 3] = first - used
            words[head + 1] = np.int32(mask)
            if slots > MOST_CANDIDATES:
                words[head] = -1
                used = first
                continue
            cx, cy = corner_x(column, x0, per_x), corner_x(row, y0, per_y)
            words[head] = _write_segments(
                edges, grid, items[start : starts[border + 1]], head, first, cx, cy, numbers, words
            )
            used = first + words[head] * SEGMENT_WORDS
    return used


@compiled()
def _header_words(slots):  # type: ignore[no-untyped-def]  # compiled
    return HEADER_WORDS + (slots + 1) // 2


@compiled(forceinline=True)
def _same_segment(edges, one, two):  # type: ignore[no-untyped-def]  # compiled
    """Whether two edges join the same two points, in either direction."""
    ax, ay, bx, by = edges[one, 0], edges[one, 1], edges[one, 2], edges[one, 3]
    cx, cy, dx, dy = edges[two, 0], edges[two, 1], edges[two, 2], edges[two, 3]
    return (ax == dx and ay == dy and bx == cx and by == cy) or (ax == cx and ay == cy and bx == dx and by == dy)


@compiled()
def _write_header(words, head, grids, full, mask):  # type: ignore[no-untyped-def]  # compiled
    """Write the candidates with the grid that covers the cell among them; returns how many, and the mask fitted to it."""
    slots = 0
    full_slot = -1
    for place in range(len(grids)):
        if full_slot < 0 and full != OUTSIDE and full < grids[place]:
            full_slot = slots
            words[head + 4 + slots] = full
            slots += 1
        words[head + 4 + slots] = grids[place]
        slots += 1
    if full_slot < 0 and full != OUTSIDE:
        full_slot = slots
        words[head + 4 + slots] = full
        slots += 1
    if full_slot >= 0 and slots <= MOST_CANDIDATES:
        low = mask & ((np.uint32(1) << np.uint32(full_slot)) - np.uint32(1))
        mask = low | ((mask ^ low) << np.uint32(1)) | (np.uint32(1) << np.uint32(full_slot))
    return slots, mask


@compiled()
def _write_segments(edges, grid, items, head, first, cx, cy, numbers, words):  # type: ignore[no-untyped-def]  # compiled
    """Write the segments of one record; returns how many."""
    segments = 0
    for item in range(len(items)):
        edge = items[item]
        ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
        if max(ax, bx) < cx or max(ay, by) < cy:
            # Left of or below the corner: neither the path to a point nor the point itself can touch it.
            continue
        if ax > bx or (ax == bx and ay > by):
            ax, ay, bx, by = bx, by, ax, ay
        slot = 0
        while words[head + 4 + slot] != grid[edge]:
            slot += 1
        bit = np.int32(np.uint32(1) << np.uint32(slot))
        known = False
        for segment in range(segments):
            place = first + segment * SEGMENT_WORDS
            if (
                numbers[place] == ax
                and numbers[place + 1] == ay
                and numbers[place + 2] == bx
                and numbers[place + 3] == by
            ):
                before = words[2 * (place + 4)]
                if before & bit == 0:
                    words[2 * (place + 4)] = before | bit
                    known = True
                    break
        if known:
            continue
        place = first + segments * SEGMENT_WORDS
        numbers[place], numbers[place + 1], numbers[place + 2], numbers[place + 3] = ax, ay, bx, by
        words[2 * (place + 4)] = bit
        segments += 1
    for segment in range(segments):
        place = first + segment * SEGMENT_WORDS
        ax, ay, bx, by = numbers[place], numbers[place + 1], numbers[place + 2], numbers[place + 3]
        kind = 0
        if (ax > cx) != (bx > cx):
            kind = 1 if shifted_side(ax, ay, bx, by, cx, cy) > 0.0 else -1
        words[2 * (place + 4) + 1] = kind
    return segments


@compiled()
def renumber_records(words, new_position):  # type: ignore[no-untyped-def]  # compiled
    """Give the candidates of every record in the pool their new positions, `new_position[old]`."""
    head = 0
    while head < len(words):
        slots = words[head + 2]
        for slot in range(slots):
            words[head + 4 + slot] = new_position[words[head + 4 + slot]]
        head += 2 * (words[head + 3] + max(words[head], 0) * SEGMENT_WORDS)
