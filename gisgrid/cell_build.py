"""Building the cell table: edges into fine cells, corners into parities, border cells into packed records.

A fine cell that no border touches lies wholly in one grid or in none. Any other gets a record: the grids that come into
question (in code order), which of them contain the cell's corner, and the segments that cross the cell, each once, with
the grids it bounds. All that is decided here about corners is decided exactly.
"""

from typing import Final

import numpy as np

from gisgrid.compiling import compiled
from gisgrid.exact_side import side

BLOCK_BITS: Final = 4
BLOCK: Final = 1 << BLOCK_BITS
OUTSIDE: Final = -1
MOST_CANDIDATES: Final = 31

MARGIN_DEGREES: Final = 1e-11
"""How far corners stand outside their cells and how much wider segments are taken: far above rounding, a micrometre on the ground."""

HEADER_WORDS: Final = 2
SEGMENT_WORDS: Final = 5


@compiled()
def column_of(x, origin, per_degree):  # type: ignore[no-untyped-def]  # compiled
    """The column (or row) of a coordinate; rises with the coordinate, for points and segments alike."""
    return np.int64((x - origin) * per_degree)


@compiled()
def mean_edge(points, owner, squeeze):  # type: ignore[no-untyped-def]  # compiled
    """The mean length of all edges in degrees of latitude, with longitudes squeezed by a factor."""
    total, count = 0.0, 0
    for edge in range(len(points) - 1):
        if owner[edge] >= 0:
            total += np.hypot((points[edge + 1, 0] - points[edge, 0]) * squeeze, points[edge + 1, 1] - points[edge, 1])
            count += 1
    return total / max(count, 1)


@compiled()
def visit_cells(points, owner, x0, y0, per_x, per_y, coarse_columns, coarse, cells, next_item, items):  # type: ignore[no-untyped-def]  # compiled
    """Walk every edge (from `points[k]` to `points[k + 1]`, where `owner[k]` is its grid or -1) through its fine cells.

    With no `cells` it marks coarse cells (`coarse` = 1); with no `items` it counts edges per fine cell in `cells`; else
    `cells` holds -2 - b for border cell b and edge numbers go to `items[next_item[b]]` and on.
    """
    for edge in range(len(points) - 1):
        if owner[edge] < 0:
            continue
        ax, ay, bx, by = points[edge, 0], points[edge, 1], points[edge + 1, 0], points[edge + 1, 1]
        low_y, high_y = min(ay, by), max(ay, by)
        first_row = column_of(low_y - 2 * MARGIN_DEGREES, y0, per_y)
        last_row = column_of(high_y + 2 * MARGIN_DEGREES, y0, per_y)
        low_x, high_x = min(ax, bx), max(ax, bx)
        for row in range(first_row, last_row + 1):
            west, east = low_x, high_x
            if first_row != last_row and by != ay:
                # The edge within the row, taken a little wider.
                south = max(low_y, y0 + row / per_y - 4 * MARGIN_DEGREES)
                north = min(high_y, y0 + (row + 1) / per_y + 4 * MARGIN_DEGREES)
                slope = (bx - ax) / (by - ay)
                one, two = ax + (south - ay) * slope, ax + (north - ay) * slope
                west = max(low_x, min(one, two) - 2 * MARGIN_DEGREES)
                east = min(high_x, max(one, two) + 2 * MARGIN_DEGREES)
            first = column_of(west - 2 * MARGIN_DEGREES, x0, per_x)
            last = column_of(east + 2 * MARGIN_DEGREES, x0, per_x)
            for column in range(first, last + 1):
                place = (row >> BLOCK_BITS) * coarse_columns + (column >> BLOCK_BITS)
                if len(cells) == 0:
                    coarse[place] = 1
                    continue
                cell = (
                    np.int64(coarse[place]) * (BLOCK * BLOCK)
                    + ((row & (BLOCK - 1)) << BLOCK_BITS)
                    + (column & (BLOCK - 1))
                )
                if len(items) == 0:
                    cells[cell] += 1
                else:
                    border = -2 - cells[cell]
                    items[next_item[border]] = edge
                    next_item[border] += 1


@compiled()
def number_blocks(coarse):  # type: ignore[no-untyped-def]  # compiled
    """Turn marks into block numbers, -1 where there is no border; returns how many blocks there are."""
    count = 0
    for place in range(len(coarse)):
        if coarse[place] == 1:
            coarse[place] = count
            count += 1
        else:
            coarse[place] = -1
    return count


@compiled()
def number_borders(cells):  # type: ignore[no-untyped-def]  # compiled
    """Turn counts per fine cell into -2 - b for border cell b and -1 elsewhere; returns where the items of each start."""
    borders = 0
    for cell in range(len(cells)):
        borders += 1 if cells[cell] > 0 else 0
    starts = np.zeros(borders + 1, np.int64)
    border = 0
    for cell in range(len(cells)):
        if cells[cell] > 0:
            starts[border + 1] = starts[border] + cells[cell]
            cells[cell] = -2 - border
            border += 1
        else:
            cells[cell] = OUTSIDE
    return starts


@compiled()
def find_candidates(starts, items, owner, candidates):  # type: ignore[no-untyped-def]  # compiled
    """The grids with edges in every border cell, sorted, in the room of the cell's edges; returns how many each has."""
    borders = len(starts) - 1
    counts = np.zeros(borders, np.int32)
    for border in range(borders):
        start = starts[border]
        count = 0
        for item in range(start, starts[border + 1]):
            grid = owner[items[item]]
            place = start + count
            while place > start and candidates[place - 1] > grid:
                place -= 1
            if place > start and candidates[place - 1] == grid:
                continue
            for other in range(start + count, place, -1):
                candidates[other] = candidates[other - 1]
            candidates[place] = grid
            count += 1
        counts[border] = count
    return counts


@compiled()
def corner_x(column, x0, per_x):  # type: ignore[no-untyped-def]  # compiled
    """The corner of a cell stands a margin outside of it, below and to the left of every point in it."""
    return x0 + column / per_x - MARGIN_DEGREES


@compiled()
def shifted_side(ax, ay, bx, by, px, py):  # type: ignore[no-untyped-def]  # compiled
    """The side of the point a hair to the right of p, and a far smaller hair above it: never on the line."""
    found = side(ax, ay, bx, by, px, py)
    if found != 0.0:
        return found
    if by != ay:
        return ay - by
    return bx - ax


@compiled()
def find_toggles(points, owner, first, last, x0, y0, per_x, per_y, rows, columns):  # type: ignore[no-untyped-def]  # compiled
    """Where the rows of corners enter and leave a grid: the row and the first column right of each crossing, exactly.

    The grid's edges are those from `points[first]` up to `points[last]`; returns the arrays, grown as needed, and a count.
    """
    count = 0
    for edge in range(first, last):
        if owner[edge] < 0:
            continue
        ax, ay, bx, by = points[edge, 0], points[edge, 1], points[edge + 1, 0], points[edge + 1, 1]
        if ay == by:
            continue
        for row in range(max(column_of(min(ay, by), y0, per_y) - 1, 0), column_of(max(ay, by), y0, per_y) + 2):
            line = corner_x(row, y0, per_y)
            if (ay > line) == (by > line):
                continue
            x = ax + (line - ay) * ((bx - ax) / (by - ay))
            column = column_of(min(max(x, min(ax, bx)), max(ax, bx)), x0, per_x)
            # The first corner to the right of the crossing, exactly: a flat edge leaves `x` far from it.
            up = by > ay
            while column > 0 and (shifted_side(ax, ay, bx, by, corner_x(column, x0, per_x), line) < 0.0) == up:
                column -= 1
            while (shifted_side(ax, ay, bx, by, corner_x(column, x0, per_x), line) < 0.0) != up:
                column += 1
            if count == len(rows):
                more_rows, more_columns = np.empty(2 * count, np.int64), np.empty(2 * count, np.int64)
                more_rows[:count] = rows
                more_columns[:count] = columns
                rows, columns = more_rows, more_columns
            rows[count] = row
            columns[count] = column
            count += 1
    return rows, columns, count


@compiled()
def cover_corners(  # type: ignore[no-untyped-def]  # compiled
    points, owner, grid_start, x0, y0, per_x, per_y, across, coarse_columns, coarse, coarse_value, cells, starts,
    candidates, candidate_count, base, full,
):  # fmt: skip
    """For every grid and row of corners: which corners it contains, by the exact crossings of the row's line.

    Sets `base` bits of the candidates of border cells, `full` (the smallest grid that wholly covers a border cell),
    `cells` (the smallest grid that covers another fine cell) and `coarse_value` (the same where there is no block).
    """
    rows, columns = np.empty(256, np.int64), np.empty(256, np.int64)
    for grid in range(len(grid_start) - 1):
        rows, columns, count = find_toggles(
            points,
            owner,
            grid_start[grid],
            min(grid_start[grid + 1], len(points) - 1),
            x0,
            y0,
            per_x,
            per_y,
            rows,
            columns,
        )
        order = np.argsort(rows[:count] * across + columns[:count])
        for pair in range(0, count - 1, 2):
            row = rows[order[pair]]
            column, end = columns[order[pair]], columns[order[pair + 1]]
            while column < end:
                place = (row >> BLOCK_BITS) * coarse_columns + (column >> BLOCK_BITS)
                block = np.int64(coarse[place])
                if block < 0:
                    if coarse_value[place] == OUTSIDE or grid < coarse_value[place]:
                        coarse_value[place] = grid
                    column = ((column >> BLOCK_BITS) + 1) << BLOCK_BITS
                    continue
                cell = block * (BLOCK * BLOCK) + ((row & (BLOCK - 1)) << BLOCK_BITS) + (column & (BLOCK - 1))
                column += 1
                if cells[cell] >= OUTSIDE:
                    if cells[cell] == OUTSIDE or grid < cells[cell]:
                        cells[cell] = grid
                    continue
                border = -2 - np.int64(cells[cell])
                known = False
                for slot in range(candidate_count[border]):
                    if candidates[starts[border] + slot] == grid:
                        known = True
                        if slot < MOST_CANDIDATES:
                            base[border] |= np.uint32(1) << np.uint32(slot)
                        break
                if not known and (full[border] == OUTSIDE or grid < full[border]):
                    full[border] = grid


@compiled()
def _header_words(slots):  # type: ignore[no-untyped-def]  # compiled
    return HEADER_WORDS + (slots + 1) // 2


@compiled(forceinline=True)
def _same_segment(points, one, two):  # type: ignore[no-untyped-def]  # compiled
    """Whether two edges join the same two points, in either direction."""
    ax, ay, bx, by = points[one, 0], points[one, 1], points[one + 1, 0], points[one + 1, 1]
    cx, cy, dx, dy = points[two, 0], points[two, 1], points[two + 1, 0], points[two + 1, 1]
    return (ax == dx and ay == dy and bx == cx and by == cy) or (ax == cx and ay == cy and bx == dx and by == dy)


@compiled()
def measure_records(points, owner, starts, items, candidate_count, full):  # type: ignore[no-untyped-def]  # compiled
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
                if _same_segment(points, before, edge):
                    equal = True
                    mine |= owner[before] == owner[edge]
            # An edge that one grid has twice, as in invalid rings, is written apart.
            words += 0 if equal and not mine else SEGMENT_WORDS
    return words


@compiled()
def write_records(  # type: ignore[no-untyped-def]  # compiled
    points, owner, coarse, coarse_columns, x0, y0, per_x, per_y, starts, items, candidates, candidate_count, base, full,
    cells, numbers, words,
):  # fmt: skip
    """Write the records one after the other into one pool, seen as float64 (`numbers`) and int32 (`words`).

    Header, int32: segments (-1 for too many grids), base mask, candidates, words to the first segment, then the
    candidates. Segment: ax, ay, bx, by as float64, mask and class as int32. Class 0 lies right of the corner's column;
    1 and -1 cross it, with the corner on their left or right. `cells` gets the places; returns the words written.
    """
    used = 0
    for block_place in range(len(coarse)):
        block = np.int64(coarse[block_place])
        if block < 0:
            continue
        for local in range(BLOCK * BLOCK):
            cell = block * (BLOCK * BLOCK) + local
            if cells[cell] >= OUTSIDE:
                continue
            border = -2 - np.int64(cells[cell])
            row = (block_place // coarse_columns << BLOCK_BITS) + (local >> BLOCK_BITS)
            column = (block_place % coarse_columns << BLOCK_BITS) + (local & (BLOCK - 1))
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
                points, owner, items[start : starts[border + 1]], head, first, cx, cy, numbers, words
            )
            used = first + words[head] * SEGMENT_WORDS
    return used


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
def _write_segments(points, owner, items, head, first, cx, cy, numbers, words):  # type: ignore[no-untyped-def]  # compiled
    """Write the segments of one record; returns how many."""
    segments = 0
    for item in range(len(items)):
        edge = items[item]
        ax, ay, bx, by = points[edge, 0], points[edge, 1], points[edge + 1, 0], points[edge + 1, 1]
        if max(ax, bx) < cx or max(ay, by) < cy:
            # Left of or below the corner: neither the path to a point nor the point itself can touch it.
            continue
        if ax > bx or (ax == bx and ay > by):
            ax, ay, bx, by = bx, by, ax, ay
        slot = 0
        while words[head + 4 + slot] != owner[edge]:
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
