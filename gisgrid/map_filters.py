"""Which incidents a map shows: what is asked for and what may be seen, as rows chosen among points."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import CLOCK_STATES
from gisgrid.errors import BadOption
from gisgrid.incident_columns import FIXED_WORDS
from gisgrid.map_cells import LOOKS, narrow, narrow_to_span
from gisgrid.map_points import MapPoints
from gisgrid.sight import SEEN_BY, Sight
from gisgrid.units import EVERYWHERE, Unit

_STATE_BITS: Final = 7
_URGENT_BIT: Final = 8


@dataclass(frozen=True)
class MapFilter:
    """Which incidents; what is empty or None does not narrow them.

    Reported in [from_ms, to_ms); in one of the categories, states, levels of the office where they lie, cards (`` is none)
    and clock states; of a sub-category; reported in a unit; only open or only urgent ones.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    categories: tuple[str, ...] = ()
    sub_category: str = ""
    states: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    clock_states: tuple[str, ...] = ()
    unit: Unit = EVERYWHERE
    is_open: bool = False
    is_urgent: bool = False

    def __post_init__(self) -> None:
        known = {
            "category": (self.categories, FIXED_WORDS["category"]),
            "state": (self.states, FIXED_WORDS["state"]),
            "level": (self.levels, FIXED_WORDS["level"]),
            "card": (self.cards, FIXED_WORDS["card"]),
            "clock state": (self.clock_states, tuple(CLOCK_STATES)),
        }
        for name, (wanted, words) in known.items():
            if unknown := set(wanted) - set(words):
                raise BadOption(
                    f"there is no {name} {min(unknown)!r}; expected some of {', '.join(filter(None, words))}",
                    zh=f"没有 {name} {min(unknown)!r}；应为以下若干项：{'、'.join(filter(None, words))}",
                )


def choose(
    points: MapPoints, looks: NDArray[np.int8], words: dict[str, tuple[str, ...]], wanted: MapFilter, sight: Sight
) -> NDArray[np.bool_]:
    """Which of the points (n,) are asked for and may be seen; `words` are those of all codes, `looks` as of `MapPoints.looks`."""
    chosen = np.ones(len(points), bool)
    if not sight.sees_all:
        sight.narrow(chosen, *(points.coded(name) for name in SEEN_BY), words=words)
    if wanted.from_ms is not None or wanted.to_ms is not None:
        from_ms, to_ms = (
            other if at is None else at for at, other in ((wanted.from_ms, -(2**63)), (wanted.to_ms, 2**63 - 1))
        )
        narrow_to_span(chosen, points.reported_ms, from_ms, to_ms)
    for name, those in (
        ("category", wanted.categories),
        ("state", wanted.states),
        ("level", wanted.levels),
        ("card", wanted.cards),
        ("sub_category", (wanted.sub_category,) if wanted.sub_category else ()),
    ):
        if those:
            narrow(chosen, points.coded(name), _among(words[name], set(those)))
    if column := wanted.unit.column:
        narrow(chosen, points.coded(column), wanted.unit.among(words[column]))
    if wanted.clock_states or wanted.is_open or wanted.is_urgent:
        narrow(chosen, looks, _looks(wanted))
    return chosen


def _looks(wanted: MapFilter) -> NDArray[np.bool_]:
    found = np.ones(LOOKS, bool)
    for look in range(LOOKS):
        state, is_urgent = look & _STATE_BITS, look >= _URGENT_BIT
        if wanted.clock_states:
            found[look] &= state < len(CLOCK_STATES) and tuple(CLOCK_STATES)[state] in wanted.clock_states
        found[look] &= (state > 0 or not wanted.is_open) and (is_urgent or not wanted.is_urgent)
    return found


def _among(words: Sequence[str], wanted: Iterable[str]) -> NDArray[np.bool_]:
    return np.array([word in wanted for word in words], bool)
