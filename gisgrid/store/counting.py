"""How many incidents there are, by several of their columns at once: counted in memory, exactly as the database would."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from gisgrid.map_answers import Chosen

COUNTED: Final = ("state", "category", "how")


def count_chosen(parts: Sequence[Chosen], words: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """How many of the chosen incidents there are, by each word of state, category and way of assignment that they have.

    As `Incidents.counts_by`: in code point order of the words, all of one moment, so that their sums are equal.
    """
    shape = tuple(len(words[name]) for name in COUNTED)
    counts = np.zeros(math.prod(shape), np.int64)
    for one in parts:
        codes = [one.points.coded(name)[one.chosen] for name in COUNTED]
        counts += np.bincount(np.ravel_multi_index(codes, shape), minlength=len(counts))
    by_all = counts.reshape(shape)
    found = {}
    for axis, name in enumerate(COUNTED):
        others = tuple(other for other in range(len(COUNTED)) if other != axis)
        by_word = zip(words[name], by_all.sum(axis=others).tolist(), strict=True)
        found[name] = dict(sorted((word, count) for word, count in by_word if count))
    return found
