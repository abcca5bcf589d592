"""Which incidents are meant: the one filter of maps, boards, lists, counts and exports."""

from dataclasses import dataclass

from gisgrid.clocks import CLOCK_STATES
from gisgrid.errors import BadOption
from gisgrid.incident_columns import FIXED_WORDS
from gisgrid.units import EVERYWHERE, Unit


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents; what is empty or None does not narrow them.

    Reported in a unit, in [from_ms, to_ms); in one of the states, categories, ways of assignment, grades, levels of the office
    where they lie or were finished, cards (`` is none) and clock states; of a sub-category; waiting at an office (`holder`, only
    open ones do); only open or only urgent ones.

    How clocks stand is known in memory only: a database that is asked for `clock_states` must be told by `open_numbers` which
    open incidents those are (`MapState.told_clocks`).
    """

    unit: Unit = EVERYWHERE
    states: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    hows: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    holder: str = ""
    sub_category: str = ""
    grades: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    clock_states: tuple[str, ...] = ()
    is_open: bool = False
    is_urgent: bool = False
    open_numbers: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        known = {
            "category": (self.categories, FIXED_WORDS["category"]),
            "state": (self.states, FIXED_WORDS["state"]),
            "grade": (self.grades, FIXED_WORDS["grade"]),
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
