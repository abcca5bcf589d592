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

HEADER_WORDS: Final = 4
SEGMENT_WORDS: Final = 5


@compiled()
def column_of(x, origin, per_degree):  # type: ignore[no-untyped-def]  # compiled
    """The column (or row) of a coordinate; rises with the coordinate, for points and segments alike."""
    return np.int64((x - origin) * per_degree)


@compiled()
def visit_cells(edges, x0, y0, per_x, per_y, coarse_columns, coarse, cell_count, cell_items, mode):  # type: ignore[no-untyped-def]  # compiled
    """Walk every edge through the fine cells it may touch.

    Mode 0 marks coarse cells (`coarse` = 1), mode 1 counts edges per fine cell, mode 2 writes edge numbers, with
    `cell_count` as the place where each cell's next one goes.
    """
    for edge in range(len(edges)):
        ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
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
                if mode == 0:
                    coarse[place] = 1
                    continue
                cell = coarse[place] * (BLOCK * BLOCK) + ((row & (BLOCK - 1)) << BLOCK_BITS) + (column & (BLOCK - 1))
                if mode == 2:
                    cell_items[cell_count[cell]] = edge
                cell_count[cell] += 1


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
def find_candidates(cell_start, cell_items, edge_grid, candidates):  # type: ignore[no-untyped-def]  # compiled
    """The grids with edges in every fine cell, sorted, in the room of the cell's edges; returns how many each has."""
    cells = len(cell_start) - 1
    counts = np.zeros(cells, np.int32)
    for cell in range(cells):
        start = cell_start[cell]
        count = 0
        for item in range(start, cell_start[cell + 1]):
            grid = edge_grid[cell_items[item]]
            place = start + count
            while place > start and candidates[place - 1] > grid:
                place -= 1
            if place > start and candidates[place - 1] == grid:
                continue
            for other in range(start + count, place, -1):
                candidates[other] = candidates[other - 1]
            candidates[place] = grid
            count += 1
        counts[cell] = count
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
def cover_corners(  # type: ignore[no-untyped-def]  # noqa: C901  # one sweep, compiled as a whole
    edges, grid_start, x0, y0, per_x, per_y, columns, coarse_columns, coarse, coarse_value, cell_start, candidates,
    candidate_count, base, full,
):  # fmt: skip
    """For every grid and row of corners: which corners it contains, by the exact crossings of the row's line.

    Sets `base` bits of candidate grids, `full` (the smallest grid that wholly covers a cell) and `coarse_value`.
    """
    room = 256
    toggle_row, toggle_column = np.empty(room, np.int64), np.empty(room, np.int64)
    for grid in range(len(grid_start) - 1):
        count = 0
        for edge in range(grid_start[grid], grid_start[grid + 1]):
            ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
            if ay == by:
                continue
            first = column_of(min(ay, by), y0, per_y) - 1
            last = column_of(max(ay, by), y0, per_y) + 1
            for row in range(max(first, 0), last + 1):
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
                if count == room:
                    bigger_row, bigger_column = np.empty(2 * room, np.int64), np.empty(2 * room, np.int64)
                    bigger_row[:room], bigger_column[:room] = toggle_row, toggle_column
                    toggle_row, toggle_column = bigger_row, bigger_column
                    room *= 2
                toggle_row[count] = row
                toggle_column[count] = column
                count += 1
        order = np.argsort(toggle_row[:count] * columns + toggle_column[:count])
        for pair in range(0, count - 1, 2):
            row = toggle_row[order[pair]]
            column, end = toggle_column[order[pair]], toggle_column[order[pair + 1]]
            while column < end:
                place = (row >> BLOCK_BITS) * coarse_columns + (column >> BLOCK_BITS)
                block = coarse[place]
                if block < 0:
                    if coarse_value[place] == OUTSIDE or grid < coarse_value[place]:
                        coarse_value[place] = grid
                    column = ((column >> BLOCK_BITS) + 1) << BLOCK_BITS
                    continue
                cell = block * (BLOCK * BLOCK) + ((row & (BLOCK - 1)) << BLOCK_BITS) + (column & (BLOCK - 1))
                known = False
                start = cell_start[cell]
                for place in range(candidate_count[cell]):
                    if candidates[start + place] == grid:
                        known = True
                        if place < MOST_CANDIDATES:
                            base[cell] |= np.uint32(1) << np.uint32(place)
                        break
                if not known and (full[cell] == OUTSIDE or grid < full[cell]):
                    full[cell] = grid
                column += 1


@compiled()
def measure_records(cell_start, candidate_count, full, fine):  # type: ignore[no-untyped-def]  # compiled
    """Give every fine cell its value: the grid that covers it, or the place of its record; returns the words needed.

    A word is eight bytes. The measure is an upper bound: each segment is counted once for every grid that owns it.
    """
    words = 0
    for cell in range(len(fine)):
        items = cell_start[cell + 1] - cell_start[cell]
        if items == 0:
            fine[cell] = full[cell]
            continue
        fine[cell] = -2 - words
        slots = candidate_count[cell] + 1
        words += HEADER_WORDS + (max(slots - 4, 0) + 1) // 2 + items * SEGMENT_WORDS
    return words


@compiled()
def write_records(  # type: ignore[no-untyped-def]  # noqa: C901  # one record after the other, compiled
    edges, edge_grid, coarse, coarse_columns, x0, y0, per_x, per_y, cell_start, cell_items, candidates, candidate_count,
    base, full, fine, numbers, words,
):  # fmt: skip
    """Write the records one after the other into one pool, seen as float64 (`numbers`) and int32 (`words`).

    Header, int32: segments (-1 for too many grids), base mask, candidates, words to the first segment, then the
    candidates (at least four places). Segment: ax, ay, bx,
    by as float64, mask and class as int32. Class 0 lies right of the corner's column; 1 and -1 cross it, with the corner
    on their left or right. Returns the words written; `fine` is corrected to the true places.
    """
    used = 0
    for block_place in range(len(coarse)):
        block = coarse[block_place]
        if block < 0:
            continue
        for local in range(BLOCK * BLOCK):
            cell = block * (BLOCK * BLOCK) + local
            start, end = cell_start[cell], cell_start[cell + 1]
            if start == end:
                continue
            row = (block_place // coarse_columns << BLOCK_BITS) + (local >> BLOCK_BITS)
            column = (block_place % coarse_columns << BLOCK_BITS) + (local & (BLOCK - 1))
            cx, cy = corner_x(column, x0, per_x), corner_x(row, y0, per_y)
            fine[cell] = -2 - used
            head = 2 * used
            count = candidate_count[cell]
            many = count + (1 if full[cell] != OUTSIDE else 0) > MOST_CANDIDATES
            mask = base[cell]
            slots = 0
            full_place = -1
            for place in range(count):
                grid = candidates[start + place]
                if full_place < 0 and full[cell] != OUTSIDE and full[cell] < grid:
                    full_place = slots
                    words[head + 4 + slots] = full[cell]
                    slots += 1
                words[head + 4 + slots] = grid
                slots += 1
            if full_place < 0 and full[cell] != OUTSIDE:
                full_place = slots
                words[head + 4 + slots] = full[cell]
                slots += 1
            words[head + 2] = slots
            words[head + 3] = HEADER_WORDS + (max(slots - 4, 0) + 1) // 2
            if many:
                words[head] = -1
                words[head + 1] = 0
                used += HEADER_WORDS + (max(slots - 4, 0) + 1) // 2
                continue
            if full_place >= 0:
                low = mask & ((np.uint32(1) << np.uint32(full_place)) - np.uint32(1))
                mask = low | ((mask ^ low) << np.uint32(1)) | (np.uint32(1) << np.uint32(full_place))
            words[head + 1] = np.int32(mask)
            first = used + HEADER_WORDS + (max(slots - 4, 0) + 1) // 2
            segments = 0
            for item in range(start, end):
                edge = cell_items[item]
                ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
                if max(ax, bx) < cx or max(ay, by) < cy:
                    # Left of or below the corner: neither the path to a point nor the point itself can touch it.
                    continue
                if ax > bx or (ax == bx and ay > by):
                    ax, ay, bx, by = bx, by, ax, ay
                owner = 0
                while words[head + 4 + owner] != edge_grid[edge]:
                    owner += 1
                bit = np.int32(np.uint32(1) << np.uint32(owner))
                known = False
                for segment in range(segments):
                    place = first + segment * SEGMENT_WORDS
                    if (
                        numbers[place] == ax
                        and numbers[place + 1] == ay
                        and numbers[place + 2] == bx
                        and numbers[place + 3] == by
                    ):
                        # Twice by one grid cancels out for the inside, but still is its border.
                        if words[2 * (place + 4)] & bit:
                            continue
                        words[2 * (place + 4)] |= bit
                        known = True
                        break
                if known:
                    continue
                place = first + segments * SEGMENT_WORDS
                numbers[place], numbers[place + 1], numbers[place + 2], numbers[place + 3] = ax, ay, bx, by
                words[2 * (place + 4)] = bit
                kind = 0
                if (ax > cx) != (bx > cx):
                    kind = 1 if shifted_side(ax, ay, bx, by, cx, cy) > 0.0 else -1
                words[2 * (place + 4) + 1] = kind
                segments += 1
            words[head] = segments
            used = first + segments * SEGMENT_WORDS
    return used
