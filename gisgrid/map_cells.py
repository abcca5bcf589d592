"""Compiled: points in the order of a quadtree; the rows of a viewport, its cells with their counts, rows counted and narrowed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.compiling import compiled

BITS: Final = 31
"""The world is a square of 2**31 by 2**31 in Web Mercator; at level n it has 2**n by 2**n cells."""

CELL: Final = 0
COUNT: Final = 1
OPEN: Final = 2
OVERDUE: Final = 3
URGENT: Final = 4
WORST: Final = 5
SUM_LON: Final = 6
SUM_LAT: Final = 7
WEST: Final = 8
SOUTH: Final = 9
EAST: Final = 10
NORTH: Final = 11
_WIDTH: Final = 12
"""The columns of what `sum_cells` gives."""

_WORLD: Final = 1 << BITS
STATE_BITS: Final = 7
URGENT_BIT: Final = 8
LOOKS: Final = 16
"""How an incident looks: the place of its clock state in `CLOCK_STATES` (0 to 5), and 8 more where it is urgent."""

FIRST_LATE: Final = 4
"""The first clock state in which a deadline has passed."""

_SPREAD: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def world_of(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where degrees (n,) lie in the square of the world: x to the east, y to the south, each from 0 to below 2**31.

    What lies beyond the square (85.05 degrees north or south) lies on its edge.
    """
    x = (lon + 180.0) / 360.0
    y = (1.0 - np.arcsinh(np.tan(np.radians(np.clip(lat, -89.9, 89.9)))) / np.pi) / 2.0
    return _clipped(x), _clipped(y)


def degrees_of_world(x: float, y: float) -> tuple[float, float]:
    """The degrees of a place in the square of the world."""
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * y / _WORLD))))
    return x / _WORLD * 360.0 - 180.0, float(lat)


def keys_of(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bits of places (n,) in turns, of y before x: in this order the points of any cell of any level stand together."""
    return _spread(x) | (_spread(y) << 1)


def _clipped(share: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(np.clip(np.floor(share * _WORLD), 0, _WORLD - 1), np.int64)


def _spread(values: NDArray[np.int64]) -> NDArray[np.int64]:
    for shift, mask in _SPREAD:
        values = (values | (values << shift)) & mask
    return values


@compiled(nogil=True)
def rows_within(key, level, first_x, first_y, last_x, last_y):  # type: ignore[no-untyped-def]  # compiled
    """The rows of the cells of a level from (first_x, first_y) to (last_x, last_y), inclusive: runs (m, 2) [from, to), in order.

    `key` (n,) as of `keys_of`, in order.
    """
    runs = np.empty((64, 2), np.int64)
    used = 0
    # Quarters yet to be looked at: level, column, row, their key, first row, end. Three wait at each level at most.
    waiting = np.empty((4 * (BITS + 1), 6), np.int64)
    waiting[0] = (0, 0, 0, 0, 0, len(key))
    left = 1
    while left:
        left -= 1
        at, column, row, own, low, high = waiting[left]
        if low >= high:
            continue
        down = level - at
        west, north = column << down, row << down
        east, south = ((column + 1) << down) - 1, ((row + 1) << down) - 1
        if west > last_x or east < first_x or north > last_y or south < first_y:
            continue
        if west >= first_x and east <= last_x and north >= first_y and south <= last_y:
            if used and runs[used - 1, 1] == low:
                runs[used - 1, 1] = high
                continue
            if used == len(runs):
                more = np.empty((2 * used, 2), np.int64)
                more[:used] = runs
                runs = more
            runs[used, 0], runs[used, 1] = low, high
            used += 1
            continue
        shift = 2 * (BITS - at - 1)
        end = high
        for quarter in range(3, -1, -1):
            child = own * 4 + quarter
            begin = low if quarter == 0 else _first_from(key, child << shift, low, end)
            waiting[left] = (at + 1, 2 * column + (quarter & 1), 2 * row + (quarter >> 1), child, begin, end)
            left += 1
            end = begin
    return runs[:used]


@compiled(nogil=True)
def _first_from(key, wanted, low, high):  # type: ignore[no-untyped-def]  # compiled
    """The first place from `low` on, before `high`, whose key is not below the wanted one; `high` where there is none."""
    while low < high:
        middle = (low + high) >> 1
        if key[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(nogil=True)
def sum_cells(key, lon_e7, lat_e7, look, chosen, runs, level):  # type: ignore[no-untyped-def]  # compiled
    """The cells of a level in which chosen rows of the runs lie, in the order of their keys: int64 (m, 12).

    `lon_e7`, `lat_e7` int32 (n,) in 1e-7 degrees, `look` int8 (n,), `chosen` bool (n,), `runs` as of `rows_within` for the same level. Columns:
    key of the cell, count, open, overdue, urgent, worst clock state, sums of longitudes and latitudes, and the bounds.
    """
    shift = 2 * (BITS - level)
    cells = np.empty((256, _WIDTH), np.int64)
    used = 0
    for run in range(len(runs)):
        at, end = runs[run, 0], runs[run, 1]
        while at < end:
            if not chosen[at]:
                at += 1
                continue
            cell = key[at] >> shift
            until = _first_from(key, (cell + 1) << shift, at, end)
            # One cell's rows, added up in registers.
            count = is_open = overdue = urgent = worst = sum_lon = sum_lat = np.int64(0)
            west = east = np.int64(lon_e7[at])
            south = north = np.int64(lat_e7[at])
            for row in range(at, until):
                if chosen[row]:
                    lon, lat = np.int64(lon_e7[row]), np.int64(lat_e7[row])
                    state = np.int64(look[row]) & STATE_BITS
                    count += 1
                    is_open += state > 0
                    overdue += state >= FIRST_LATE
                    urgent += look[row] >= URGENT_BIT
                    worst = max(worst, state)
                    sum_lon += lon
                    sum_lat += lat
                    west, east = min(west, lon), max(east, lon)
                    south, north = min(south, lat), max(north, lat)
            if used == len(cells):
                more = np.empty((2 * used, _WIDTH), np.int64)
                more[:used] = cells
                cells = more
            own = cells[used]
            own[CELL], own[COUNT], own[OPEN], own[OVERDUE] = cell, count, is_open, overdue
            own[URGENT], own[WORST], own[SUM_LON], own[SUM_LAT] = urgent, worst, sum_lon, sum_lat
            own[WEST], own[SOUTH], own[EAST], own[NORTH] = west, south, east, north
            used += 1
            at = until
    return cells[:used]


@compiled(nogil=True)
def chosen_rows(chosen, runs, most):  # type: ignore[no-untyped-def]  # compiled
    """The chosen rows of the runs, in order; one more than `most` where there are more."""
    found = np.empty(most + 1, np.int64)
    used = 0
    for run in range(len(runs)):
        for at in range(runs[run, 0], runs[run, 1]):
            if chosen[at]:
                found[used] = at
                used += 1
                if used > most:
                    return found
    return found[:used]


@compiled(nogil=True)
def count_looks(look, chosen, first, end):  # type: ignore[no-untyped-def]  # compiled
    """How many of the chosen rows in [first, end) look how: int64 (16,)."""
    # Several counters by turns: equal looks follow one another, and each would wait for the one before.
    counts = np.zeros((4, LOOKS), np.int64)
    for at in range(first, end):
        counts[at & 3, look[at]] += chosen[at]
    return counts.sum(axis=0)


@compiled(nogil=True)
def count_looks_by(code, look, chosen, size):  # type: ignore[no-untyped-def]  # compiled
    """The same for each code (n,) below `size`: int64 (size, 16)."""
    counts = np.zeros((size, LOOKS), np.int64)
    for at in range(len(code)):
        counts[code[at], look[at]] += chosen[at]
    return counts


@compiled(nogil=True)
def narrow(chosen, code, wanted):  # type: ignore[no-untyped-def]  # compiled
    """Choose no longer the rows whose code (n,) is not wanted (a bool for each code)."""
    for at in range(len(chosen)):
        chosen[at] &= wanted[code[at]]


@compiled(nogil=True)
def narrow_to_span(chosen, time_ms, from_ms, to_ms):  # type: ignore[no-untyped-def]  # compiled
    """Choose no longer the rows whose instant is not in [from_ms, to_ms)."""
    for at in range(len(chosen)):
        chosen[at] &= (time_ms[at] >= from_ms) & (time_ms[at] < to_ms)


@compiled(nogil=True)
def narrow_to_sight(chosen, grid, village, township, offices, see_grid, see_village, see_township, see_offices):  # type: ignore[no-untyped-def]  # compiled
    """Choose no longer what is not to be seen: neither by the unit in which it lies, the smallest that is known (code 0 is
    none), nor by its offices.
    """
    for at in range(len(chosen)):
        if grid[at]:
            sees = see_grid[grid[at]]
        elif village[at]:
            sees = see_village[village[at]]
        else:
            sees = see_township[township[at]]
        chosen[at] &= sees | see_offices[offices[at]]
