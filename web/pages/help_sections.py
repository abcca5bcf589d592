"""The sections of the help, in their order, as the words of the room `help` have them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from web.pages.languages import Language, words_of_room

SECTIONS: Final[tuple[str, ...]] = (
    "begin", "roles", "command", "incident", "clocks", "colours", "keys", "figures", "admin", "audit", "wall", "trouble",
)  # fmt: skip
"""Those of workbenches are called as their rooms, so that each opens the help at its place (`/help#command`)."""

KEYS: Final[tuple[tuple[str, str], ...]] = (
    ("/", "search"), ("f", "filters"), ("1 2 3 4 5", "clocks"), ("0", "reset"), ("h", "home"), ("l", "layers"), ("p", "people"),
    ("o", "places"), ("b", "play"), ("k", "run"), (", .", "step"), ("n", "report"), ("Esc", "escape"), ("?", "help"),
)  # fmt: skip
"""The keys of the command map, each with its name in the table `key` of its words."""

_PARTING: Final = "|"


@dataclass(frozen=True)
class Section:
    """A section: its name in the address, its title, and what it explains as (key, term, explanation)."""

    name: str
    title: str
    lines: tuple[tuple[str, str, str], ...]


def sections(language: Language) -> tuple[Section, ...]:
    """All sections in a language."""
    told = words_of_room(language, "help")
    return tuple(Section(name, told[f"help.s.{name}.title"], tuple(_lines(told, name))) for name in SECTIONS)


def _lines(told: Mapping[str, str], name: str) -> Iterator[tuple[str, str, str]]:
    start = f"help.s.{name}."
    for key, text in told.items():
        if key.startswith(start) and key != start + "title":
            term, _, explanation = text.partition(_PARTING)
            yield key.removeprefix(start), term, explanation
