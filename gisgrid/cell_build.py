"""The cells of a window: edges into fine cells, corners into parities, each decided exactly.

A table is built window by window: a run of whole blocks, with the edges (k, 4) of the grids that reach into it, rows of
(ax, ay, bx, by) in degrees, and the grid (k,) of each edge, ascending. A fine cell that no edge touches lies wholly in
one grid or in none; any other is a border cell, for which the grids with edges in it and the grids that contain its
corner are found here, and a record is written by `cell_records`.

`frame` is (west, south, columns per degree, rows per degree); `window` (first row, end row, first column, end column) in
fine cells, all multiples of `BLOCK`.
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


@compiled()
def column_of(x, origin, per_degree):  # type: ignore[no-untyped-def]  # compiled
    """The column (or row) of a coordinate; rises with the coordinate, for points and segments alike."""
    return np.int64((x - origin) * per_degree)


@compiled()
def select_edges(points, owner, south, north, edges, grid):  # type: ignore[no-untyped-def]  # compiled
    """Write the edges that reach between two latitudes into `edges` and `grid`; returns how many.

    An edge runs from `points[k]` to `points[k + 1]` and `owner[k]` is its grid, or -1 at the end of a ring.
    """
    count = 0
    for point in range(len(points) - 1):
        ay, by = points[point, 1], points[point + 1, 1]
        if owner[point] < 0 or (ay < south and by < south) or (ay > north and by > north):
            continue
        edges[count, 0], edges[count, 1] = points[point, 0], ay
        edges[count, 2], edges[count, 3] = points[point + 1, 0], by
        grid[count] = owner[point]
        count += 1
    return count


@compiled()
def visit_cells(edges, frame, window, coarse, cells, next_item, items):  # type: ignore[no-untyped-def]  # compiled
    """Walk every edge through its fine cells in the window.

    With no `cells` it marks the window's coarse cells (`coarse` = 1); with no `items` it counts edges per fine cell in
    `cells`; else `cells` holds -2 - b for border cell b and edge numbers go to `items[next_item[b]]` and on.
    """
    x0, y0, per_x, per_y = frame
    south_row, north_row, west_column, east_column = window
    across = (east_column - west_column) >> BLOCK_BITS
    for edge in range(len(edges)):
        ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
        low_y, high_y = min(ay, by), max(ay, by)
        first_row = column_of(low_y - 2 * MARGIN_DEGREES, y0, per_y)
        last_row = column_of(high_y + 2 * MARGIN_DEGREES, y0, per_y)
        low_x, high_x = min(ax, bx), max(ax, bx)
        for row in range(max(first_row, south_row), min(last_row + 1, north_row)):
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
            for column in range(max(first, west_column), min(last + 1, east_column)):
                place = ((row - south_row) >> BLOCK_BITS) * across + ((column - west_column) >> BLOCK_BITS)
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
def find_candidates(starts, items, grid, candidates):  # type: ignore[no-untyped-def]  # compiled
    """The grids with edges in every border cell, sorted, in the room of the cell's edges; returns how many each has."""
    borders = len(starts) - 1
    counts = np.zeros(borders, np.int32)
    for border in range(borders):
        start = starts[border]
        count = 0
        for item in range(start, starts[border + 1]):
            found = grid[items[item]]
            place = start + count
            while place > start and candidates[place - 1] > found:
                place -= 1
            if place > start and candidates[place - 1] == found:
                continue
            for other in range(start + count, place, -1):
                candidates[other] = candidates[other - 1]
            candidates[place] = found
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
def _find_toggles(edges, first, last, frame, window, rows, columns):  # type: ignore[no-untyped-def]  # compiled
    """Where the rows of corners enter and leave one grid, whose edges are [first, last): the row and the first column
    right of each crossing, exactly, or the end of the window; returns the arrays, grown as needed, and a count.
    """
    x0, y0, per_x, per_y = frame
    south_row, north_row, west_column, east_column = window
    count = 0
    for edge in range(first, last):
        ax, ay, bx, by = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
        if ay == by:
            continue
        lowest = max(column_of(min(ay, by), y0, per_y) - 1, south_row)
        highest = min(column_of(max(ay, by), y0, per_y) + 2, north_row)
        for row in range(lowest, highest):
            line = corner_x(row, y0, per_y)
            if (ay > line) == (by > line):
                continue
            x = ax + (line - ay) * ((bx - ax) / (by - ay))
            column = column_of(min(max(x, min(ax, bx)), max(ax, bx)), x0, per_x)
            column = min(max(column, west_column), east_column)
            # The first corner to the right of the crossing, exactly: a flat edge leaves `x` far from it.
            up = by > ay
            while (
                column > west_column and (shifted_side(ax, ay, bx, by, corner_x(column, x0, per_x), line) < 0.0) == up
            ):
                column -= 1
            while (
                column < east_column and (shifted_side(ax, ay, bx, by, corner_x(column, x0, per_x), line) < 0.0) != up
            ):
                column += 1
            if count == len(rows):
                more_rows, more_columns = np.empty(2 * count, np.int64), np.empty(2 * count, np.int64)
                more_rows[:count] = rows
                more_columns[:count] = columns
                rows, columns = more_rows, more_columns
            rows[count] = row - south_row
            columns[count] = column - west_column
            count += 1
    return rows, columns, count


@compiled()
def cover_corners(  # type: ignore[no-untyped-def]  # compiled
    edges, grid, frame, window, coarse, coarse_value, cells, starts, candidates, candidate_count, base, full
):  # fmt: skip
    """For every grid and row of corners: which corners it contains, by the exact crossings of the row's line.

    Sets `base` bits of the candidates of border cells, `full` (the smallest grid that wholly covers a border cell),
    `cells` (the smallest grid that covers another fine cell) and `coarse_value` (the same where there is no block).
    """
    wide = window[3] - window[2]
    across = wide >> BLOCK_BITS
    rows, columns = np.empty(256, np.int64), np.empty(256, np.int64)
    last = 0
    while last < len(edges):
        first, covering = last, grid[last]
        while last < len(edges) and grid[last] == covering:
            last += 1
        rows, columns, count = _find_toggles(edges, first, last, frame, window, rows, columns)
        order = np.argsort(rows[:count] * (wide + 1) + columns[:count])
        for pair in range(0, count - 1, 2):
            row = rows[order[pair]]
            column, end = columns[order[pair]], columns[order[pair + 1]]
            while column < end:
                place = (row >> BLOCK_BITS) * across + (column >> BLOCK_BITS)
                block = np.int64(coarse[place])
                if block < 0:
                    if coarse_value[place] == OUTSIDE or covering < coarse_value[place]:
                        coarse_value[place] = covering
                    column = ((column >> BLOCK_BITS) + 1) << BLOCK_BITS
                    continue
                cell = block * (BLOCK * BLOCK) + ((row & (BLOCK - 1)) << BLOCK_BITS) + (column & (BLOCK - 1))
                column += 1
                if cells[cell] >= OUTSIDE:
                    if cells[cell] == OUTSIDE or covering < cells[cell]:
                        cells[cell] = covering
                    continue
                border = -2 - np.int64(cells[cell])
                known = False
                for slot in range(candidate_count[border]):
                    if candidates[starts[border] + slot] == covering:
                        known = True
                        if slot < MOST_CANDIDATES:
                            base[border] |= np.uint32(1) << np.uint32(slot)
                        break
                if not known and (full[border] == OUTSIDE or covering < full[border]):
                    full[border] = covering
