"""The board: of each unit how many incidents are open, due, late, urgent, and how many wait for a grid."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal

import numpy as np

from gisgrid.clocks import CLOCK_STATES
from gisgrid.map_answers import Chosen
from gisgrid.map_cells import LOOKS, STATE_BITS, URGENT_BIT, count_looks_by

UNASSIGNED: Final = "unassigned"
"""How an incident came to its grid that has none yet: somebody must give it one."""

Level = Literal["township", "village", "grid"]
"""The units by which a board counts."""

_STATES: Final = tuple(CLOCK_STATES)
_STATE_OF_LOOK: Final = np.arange(LOOKS) & STATE_BITS
_URGENT: Final = np.arange(LOOKS) >= URGENT_BIT


@dataclass(frozen=True)
class BoardRow:
    """How many incidents; of those that are open how many stand how, are urgent, and have no grid yet.

    Red and yellow ones are overdue; one that is due today is not counted as at risk as well.
    """

    count: int = 0
    open: int = 0
    red: int = 0
    yellow: int = 0
    due_today: int = 0
    at_risk: int = 0
    urgent: int = 0
    unassigned: int = 0

    def __add__(self, other: "BoardRow") -> "BoardRow":
        return BoardRow(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))

    def how_bad(self) -> tuple[int, ...]:
        """By what rows are ordered, the worst first."""
        return -self.red, -self.yellow, -self.due_today, -self.at_risk, -self.open, -self.count


_PARTS: Final = np.column_stack(
    [
        _STATE_OF_LOOK >= 0,
        _STATE_OF_LOOK > 0,
        *(_STATES.index(state) == _STATE_OF_LOOK for state in ("red", "yellow", "due_today", "at_risk")),
        _URGENT & (_STATE_OF_LOOK > 0),
    ]
).astype(np.int64)
"""Which looks (16,) belong to which part of a `BoardRow`, in its order; `unassigned` is none of looks."""


def count_board(parts: Sequence[Chosen], words: Mapping[str, Sequence[str]], by: Level) -> dict[str, BoardRow]:
    """The chosen incidents by the township, village or grid of their report, in code point order; under the empty code those
    without. They add up to what map and list show under the same filter.
    """
    size = len(words[by])
    looks, waiting = np.zeros((size, LOOKS), np.int64), np.zeros(size, np.int64)
    for one, some in zip(parts, without_grid(parts, words), strict=True):
        codes = one.points.coded(by)
        looks += count_looks_by(codes, one.looks, one.chosen, size)
        waiting += np.bincount(codes[some.chosen], minlength=size)
    counts = np.column_stack((looks @ _PARTS, waiting)).tolist()
    return dict(sorted((words[by][code], BoardRow(*found)) for code, found in enumerate(counts) if found[0]))


def without_grid(parts: Sequence[Chosen], words: Mapping[str, Sequence[str]]) -> tuple[Chosen, ...]:
    """Those of the chosen incidents that are open and have no grid: what somebody must empty."""
    code = list(words["how"]).index(UNASSIGNED) if UNASSIGNED in words["how"] else -1
    found = []
    for one in parts:
        chosen = np.zeros(len(one.points), bool)
        at = one.points.open_at
        chosen[at] = one.chosen[at] & (one.points.coded("how")[at] == code)
        found.append(dataclasses.replace(one, chosen=chosen))
    return tuple(found)
