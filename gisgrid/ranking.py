"""The order in which incidents are worked through, the worst clocks and then the oldest first, and pages of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import CLOCK_STATES, NEVER
from gisgrid.incident_columns import IncidentColumns
from gisgrid.map_answers import Chosen
from gisgrid.map_cells import STATE_BITS

Key = tuple[int, int, int]
"""Where an incident stands in the order: how far from the worst, an instant, its number."""

CLOCKS: Final = ("", "response", "done")
"""The clocks of which one may be the next to end; none where nothing is awaited but the closing."""

_WORST: Final = len(CLOCK_STATES) - 1
_STATES: Final = tuple(CLOCK_STATES)
_LATEST: Final = NEVER - 1
"""In keys, which are handed out as cursors: no clock is awaited."""
_Columns = tuple[NDArray[np.int64], ...]


@dataclass(frozen=True)
class Ranked:
    """An incident in the order: its place `row` in `columns`, its key, how its clocks stand, and the first of them that is not
    met yet with its end in ms since 1970 UTC (`NEVER`: none), which may have passed.
    """

    columns: IncidentColumns = field(repr=False)
    row: int
    key: Key
    clock_state: str
    clock: str
    due_ms: int
    is_urgent: bool

    @property
    def number(self) -> int:
        """Its number."""
        return self.key[2]


def rank(
    parts: Sequence[Chosen], *, after: Key | None = None, most: int = 100
) -> tuple[tuple[Ranked, ...], Key | None]:
    """So many of the chosen incidents, those after a key, and the key of the last where there are more.

    Open ones by the state of their clocks, the worst first, then by the end of the first clock that is not met, then by
    number; then what is settled, the newest report first.
    """
    found = [_open_of(one, side) for side, one in enumerate(parts)]
    worst, instant, number, side, row, clock = _after(_joined(found), after)
    order = np.lexsort((number, instant, worst))[: most + 1]
    ranked = [
        _ranked(parts[side[at]], int(row[at]), (int(worst[at]), int(instant[at]), int(number[at])), int(clock[at]))
        for at in order.tolist()
    ]
    if len(ranked) <= most:
        ranked += _settled(parts, after, most + 1 - len(ranked))
    shown = tuple(ranked[:most])
    return shown, shown[-1].key if len(ranked) > most and shown else None


def first_unmet(columns: IncidentColumns, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of some open incidents (m,) the end of the first clock that is not met, `NEVER` for none, and its place in `CLOCKS`."""
    due = columns.due.at(rows).extended(columns.extended_due_ms[rows])
    is_answered, is_done = columns.responded_ms[rows] != NEVER, columns.done_ms[rows] != NEVER
    clock = np.where(is_done, 0, np.where(is_answered, 2, 1))
    return np.choose(clock, (np.full(len(rows), NEVER), due.response_ms, due.done_ms)), clock


def _open_of(one: Chosen, side: int) -> _Columns:
    points = one.points
    at = points.open_at[one.chosen[points.open_at]]
    row = points.row[at]
    due_ms, clock = first_unmet(points.columns, row)
    worst = _WORST - (one.looks[at] & STATE_BITS).astype(np.int64)
    return worst, np.minimum(due_ms, _LATEST), points.number[at], np.full(len(at), side), row, clock


def _settled(parts: Sequence[Chosen], after: Key | None, most: int) -> list[Ranked]:
    found = []
    for which, one in enumerate(parts):
        at = np.flatnonzero(one.chosen & (one.looks & STATE_BITS == 0))
        instant = -one.points.reported_ms[at]
        if after is not None and after[0] == _WORST:
            is_left = instant >= after[1]
            at, instant = at[is_left], instant[is_left]
        if len(at) > most + 1:
            # Several may have been reported at the instant of the last one, and at that of the key.
            same = 0 if after is None else int(np.count_nonzero(instant == after[1]))
            nth = min(most + same, len(at) - 1)
            near = instant <= np.partition(instant, nth)[nth]
            at, instant = at[near], instant[near]
        worst = np.full(len(at), _WORST)
        found.append((worst, instant, one.points.number[at], np.full(len(at), which), one.points.row[at]))
    worst, instant, number, side, row = _after(_joined(found), after)
    order = np.lexsort((number, instant))[:most]
    return [
        _ranked(parts[side[at]], int(row[at]), (_WORST, int(instant[at]), int(number[at])), 0) for at in order.tolist()
    ]


def _ranked(one: Chosen, row: int, key: Key, clock: int) -> Ranked:
    due_ms = key[1] if clock else NEVER
    columns = one.points.columns
    return Ranked(columns, row, key, _STATES[_WORST - key[0]], CLOCKS[clock], due_ms, bool(columns.is_urgent[row]))


def _joined(found: Sequence[_Columns]) -> _Columns:
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _after(columns: _Columns, after: Key | None) -> _Columns:
    if after is None:
        return columns
    worst, instant, number, *_ = columns
    same = worst == after[0]
    is_later = same & (instant == after[1]) & (number > after[2])
    is_left = (worst > after[0]) | (same & (instant > after[1])) | is_later
    return tuple(column[is_left] for column in columns)
