"""Which incidents someone sees, by their columns in memory: what the rule of access says of each, asked once for each word."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.access import Holder, Subject, may
from gisgrid.incident_columns import IncidentColumns
from gisgrid.map_cells import narrow_to_sight

SEEN_BY: Final = ("answering_grid", "village", "township", "offices")
"""The columns that decide, in the order of `Sight.of_words`."""

_WORDS_OF: Final = {"answering_grid": "grid"}


class Sight:
    """What someone with a role and a unit may see, by the words that incidents have; it grows with them.

    The database is told the same by `gisgrid.store.visible`.
    """

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self._known = {name: np.zeros(0, bool) for name in SEEN_BY}
        self.sees_all = may(holder, "read_incidents", Subject()) and not holder.unit

    def seen(self, columns: IncidentColumns, words: dict[str, tuple[str, ...]]) -> NDArray[np.bool_]:
        """Which incidents (n,) may be seen; `words` are those of all codes, which may be more than the columns' own."""
        seen = np.ones(len(columns), bool)
        self.narrow(seen, *(getattr(columns, name) for name in SEEN_BY), words=words)
        return seen

    def narrow(self, chosen: NDArray[np.bool_], *codes: NDArray[np.integer], words: dict[str, tuple[str, ...]]) -> None:
        """Choose no longer (in place) what may not be seen; `codes` are the columns of `SEEN_BY`, each (n,)."""
        if not self.sees_all:
            narrow_to_sight(chosen, *codes, *self.of_words(words))

    def of_words(self, words: dict[str, tuple[str, ...]]) -> tuple[NDArray[np.bool_], ...]:
        """For each word of a grid, a village, a township, and for each list of offices, whether it lets see an incident."""
        found = []
        for name in SEEN_BY:
            known, said = self._known[name], words[_WORDS_OF.get(name, name)]
            if len(known) < len(said):
                more = [self._sees(name, word) for word in said[len(known) :]]
                known = np.concatenate((known, np.array(more, bool)))
                self._known[name] = known
            found.append(known)
        return tuple(found)

    def _sees(self, name: str, word: str) -> bool:
        subject = Subject("", tuple(word.split())) if name == "offices" else Subject(word)
        return may(self.holder, "read_incidents", subject)
