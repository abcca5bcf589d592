"""Incidents as columns in memory, ready to be counted: codes instead of words, instants, deadlines."""

import dataclasses
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import CARDS, Deadlines
from gisgrid.flow import ENDED, GRADES, STATES
from gisgrid.offices import LEVELS

OFFICE_LEVELS: Final = (*LEVELS, "department")
"""The levels that an office may have; codes of `IncidentColumns.level`."""

FIXED_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "category": tuple(CATEGORIES),
    "state": tuple(STATES),
    "grade": tuple(GRADES),
    "level": OFFICE_LEVELS,
    "card": tuple(CARDS),
}
"""Columns whose words are known beforehand, in the order of their codes."""

OPEN_WORDS: Final = (
    "sub_category",
    "township",
    "village",
    "grid",
    "department",
    "reporter",
    "how",
    "holder",
    "offices",
)
"""Columns whose words come with the incidents; code 0 is the empty word."""


@dataclass(frozen=True, eq=False)
class IncidentColumns:
    """Columns (n,), ordered by `number`. Instants are ms since 1970 UTC, `NEVER` where it has not happened.

    Words are codes (int8 or int32) into `words[column]`. `grid`, `village`, `township` are those of the report;
    `answering_grid` (a code of `grid`) is the one that answers now. `level` is that of the office where it lies or was
    finished, `department` that office where it is one; `offices` are all that have to do with it, each once, joined by
    spaces. `lon`, `lat` degrees (EPSG:4490), NaN without a place;
    `satisfied` is -1 where nobody has evaluated.
    """

    words: dict[str, tuple[str, ...]]
    number: NDArray[np.int64]
    category: NDArray[np.int8]
    state: NDArray[np.int8]
    grade: NDArray[np.int8]
    level: NDArray[np.int8]
    card: NDArray[np.int8]
    sub_category: NDArray[np.int32]
    township: NDArray[np.int32]
    village: NDArray[np.int32]
    grid: NDArray[np.int32]
    answering_grid: NDArray[np.int32]
    department: NDArray[np.int32]
    reporter: NDArray[np.int32]
    how: NDArray[np.int32]
    holder: NDArray[np.int32]
    offices: NDArray[np.int32]
    reported_ms: NDArray[np.int64]
    started_ms: NDArray[np.int64]
    responded_ms: NDArray[np.int64]
    done_ms: NDArray[np.int64]
    closed_ms: NDArray[np.int64]
    extended_due_ms: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    satisfied: NDArray[np.int8]
    is_urgent: NDArray[np.bool_]
    due: Deadlines

    def __len__(self) -> int:
        return len(self.number)

    def is_open(self) -> NDArray[np.bool_]:
        """Which still need somebody to act (n,)."""
        ended = np.array([state in ENDED for state in STATES])
        return ~ended[self.state]

    def code(self, column: str, word: str) -> int:
        """The code of a word in a column, -1 where no incident has it."""
        known = self.words[column]
        return known.index(word) if word in known else -1

    def at(self, places: NDArray[np.int64]) -> "IncidentColumns":
        """Some of the incidents (m,), with the same words."""
        arrays = {
            field.name: getattr(self, field.name)[places]
            for field in dataclasses.fields(self)
            if field.name not in {"words", "due"}
        }
        return IncidentColumns(words=self.words, due=self.due.at(places), **arrays)

    def none(self) -> "IncidentColumns":
        """None of them, with the same words."""
        return self.at(np.empty(0, np.int64))
