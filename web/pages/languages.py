"""The languages of the pages, and the words of each page in both, one file for each room of the house."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from fastapi import Request

from web.language import language_of as language_of_scope

Language = Literal["zh", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
TAGS: Final[Mapping[Language, str]] = {"zh": "zh-CN", "en": "en"}
LOCALES: Final = Path(__file__).parent.parent / "locales"


def language_of(request: Request) -> Language:
    """The language chosen before, else the one that the browser likes best, else English."""
    return "zh" if language_of_scope(request.scope) else "en"


def words(language: Language, rooms: Iterable[str]) -> dict[str, str]:
    """The words of some rooms by `room.name`; a nested table is `room.table.name`."""
    found: dict[str, str] = {}
    for room in rooms:
        found |= words_of_room(language, room)
    return found


@cache
def words_of_room(language: Language, room: str) -> Mapping[str, str]:
    """The words of one room, read once."""
    told = tomllib.loads((LOCALES / language / f"{room}.toml").read_text(encoding="utf-8"))
    return dict(_flat(room, told))


def rooms() -> tuple[str, ...]:
    """All rooms that have words, by name."""
    return tuple(sorted(path.stem for path in (LOCALES / "en").glob("*.toml")))


def _flat(prefix: str, told: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", str(value)
