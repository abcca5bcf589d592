"""How many incidents there are, by several of their columns at once: counted in memory, exactly as the database would."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.flow import ENDED
from gisgrid.incident_columns import FIXED_WORDS, IncidentColumns
from gisgrid.map_cells import narrow, narrow_to_span
from gisgrid.sight import Sight
from gisgrid.store.incident_mirror import IncidentParts
from gisgrid.store.incidents import IncidentFilter

COUNTED: Final = ("state", "category", "how")
_ALWAYS: Final = np.iinfo(np.int64)


def count_seen(parts: IncidentParts, wanted: IncidentFilter, sight: Sight) -> dict[str, dict[str, int]]:
    """How many of the incidents that a sight shows, by each word of state, category and way of assignment that they have.

    As `Incidents.counts_by`: in code point order of the words, all of one moment, so that their sums are equal.
    """
    words = FIXED_WORDS | parts.delta.words
    shape = tuple(len(words[name]) for name in COUNTED)
    counts = np.zeros(math.prod(shape), np.int64)
    for columns, chosen in parts.sides():
        _narrow(chosen, columns, words, wanted, sight)
        codes = [getattr(columns, name)[chosen] for name in COUNTED]
        counts += np.bincount(np.ravel_multi_index(codes, shape), minlength=len(counts))
    by_all = counts.reshape(shape)
    found = {}
    for axis, name in enumerate(COUNTED):
        others = tuple(other for other in range(len(COUNTED)) if other != axis)
        by_word = zip(words[name], by_all.sum(axis=others).tolist(), strict=True)
        found[name] = dict(sorted((word, count) for word, count in by_word if count))
    return found


def _narrow(
    chosen: NDArray[np.bool_],
    columns: IncidentColumns,
    words: dict[str, tuple[str, ...]],
    wanted: IncidentFilter,
    sight: Sight,
) -> None:
    """Choose no longer (in place) what is not wanted, or not to be seen."""

    def keep(name: str, wanted_words: Any) -> None:
        narrow(chosen, getattr(columns, name), np.array([word in wanted_words for word in words[name]], bool))

    sight.narrow(chosen, columns.answering_grid, columns.village, columns.township, columns.offices, words=words)
    for name, those in (("state", wanted.states), ("category", wanted.categories), ("how", wanted.hows)):
        if those:
            keep(name, those)
    if wanted.holder:
        # At an office wait only open ones.
        keep("holder", (wanted.holder,))
        keep("state", set(words["state"]) - set(ENDED))
    if column := wanted.unit.column:
        narrow(chosen, getattr(columns, column), wanted.unit.among(words[column]))
    if wanted.from_ms is not None or wanted.to_ms is not None:
        from_ms = _ALWAYS.min if wanted.from_ms is None else wanted.from_ms
        to_ms = _ALWAYS.max if wanted.to_ms is None else wanted.to_ms
        narrow_to_span(chosen, columns.reported_ms, from_ms, to_ms)
