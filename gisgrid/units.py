"""What the code of a unit means, for lists, maps, figures and map programs alike: which grids and incidents lie in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from gisgrid.access import covers
from gisgrid.codes import VILLAGE_DIGITS

AREA: Final = "area:"
"""What stands before the name of an area, a named set of grids, where a unit is asked for."""

_DISTRICT_DIGITS: Final = 6


@dataclass(frozen=True)
class Unit:
    """A unit by which grids and incidents are chosen; an empty `code` is everything there is.

    An incident lies in it when the word that its report has in `column` is one of its words: those beginning with `prefix`
    (district), those of `grids` (an area), or the code itself. An incident without a grid lies in the village or township
    that it names, if it names one.
    """

    code: str = ""
    column: Literal["", "township", "village", "grid"] = ""
    prefix: str = ""
    grids: tuple[str, ...] = ()

    @property
    def is_area(self) -> bool:
        """Whether it is an area."""
        return self.code.startswith(AREA)

    def holds(self, word: str) -> bool:
        """Whether a word of its column is one of its own."""
        return word.startswith(self.prefix) if self.prefix else not self.column or word in self._words

    def among(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which words (n,) of its column are its own."""
        return np.array([self.holds(word) for word in words], bool)

    def has_grid(self, code: str) -> bool:
        """Whether a grid lies in it: as the rule of access has it."""
        return self.holds(code) if self.is_area else covers(self.code, code)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self.grids if self.is_area else (self.code,))


EVERYWHERE: Final = Unit()


def unit_meant(code: str, grids: Iterable[str] = ()) -> Unit:
    """The unit of a code, by its form; an area, `area:NAME`, is made of `grids`. Whether there is one is for `find_unit`."""
    if not code:
        return EVERYWHERE
    if code.startswith(AREA):
        return Unit(code, "grid", grids=tuple(sorted(set(grids))))
    if len(code) != VILLAGE_DIGITS or not (code.isascii() and code.isdecimal()):
        return Unit(code, "grid")
    if code.endswith("000000"):
        return Unit(code, "township", prefix=code[:_DISTRICT_DIGITS])
    return Unit(code, "township" if code.endswith("000") else "village")
