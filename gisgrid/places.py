"""Finding a place, unit or grid by what a person types: characters, pinyin, initials, a mixture of them, or a code."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pypinyin import Style, pinyin

from gisgrid.errors import BadOption

_CODE, _NAME, _WHOLE, _NAME_BEGINS, _SPELLING_BEGINS, _NAME_HOLDS, _SPELLING_HOLDS, _CODE_BEGINS, _NOTHING = range(9)
"""Ranks, the best first. A code's beginning is last: where all codes begin alike, it must not drown the names."""

_MORE_READINGS: Final = {"乐": {"lao"}}
"""In names of places such as 乐陵 and 乐亭; pypinyin knows it in whole words only."""

_APOSTROPHES: Final = str.maketrans(dict.fromkeys("'`‘’ʼ", " "))

_Letters = dict[str, NDArray[np.intp]]
"""Where in the row of all names a character stands that is written with these letters."""


@dataclass(frozen=True)
class Place:
    """A place, unit or grid; `kind` as centre, school, road, village, township, grid.

    `village` is the code of the village it lies in; `lon, lat` are degrees in EPSG:4490, NaN where it has no point.
    """

    code: str
    kind: str
    name: str
    village: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Found:
    """A place that fits what was typed, and how well.

    `rank`: 0 its code; 1 its name; 2 its name in full pinyin, or by initials; 3 the name begins so; 4 its spelling
    begins so; 5 the name holds it; 6 its spelling holds it, from the start of a character; 7 the code begins so.
    """

    place: Place
    rank: int


class PlaceFinder:
    """Places by what is typed; immutable, so any number of threads may use it at once.

    A spelling writes each character of the name as itself, a full syllable (any of its readings, ü as ü, v or u) or an
    initial; the last syllable may be typed in part. Width, case and white space do not count in names and codes; in
    what is typed, white space or an apostrophe is where one character ends: xi'an finds 西安 and not 先.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        # In the order of ties; the last part only makes equal codes come in one order, however they were given.
        self._places = sorted(places, key=lambda place: (len(place.name), place.name, place.code, repr(place)))
        codes = sorted((_plain(place.code), number) for number, place in enumerate(self._places))
        self._codes = [code for code, _ in codes]
        self._of_code = np.array([number for _, number in codes], np.intp)
        # All names in one row, each closed by a mark that is in none of them and has no spelling.
        names = [_plain(place.name) for place in self._places]
        row = np.array([ord(character) for name in names for character in name + "\n"], np.int64)
        lengths = np.array([len(name) + 1 for name in names], np.intp)
        self._place_at = np.repeat(np.arange(len(names)), lengths)
        self._first = np.cumsum(lengths) - lengths
        self._closed = row == ord("\n")
        self._anywhere = np.ones(len(row), np.bool_)
        self._index(row)
        self._longest = max(self._longest_spelling * int(lengths.max(initial=0)), max(map(len, self._codes), default=0))

    def find(self, typed: str, *, most: int = 10, village: str = "") -> tuple[Found, ...]:
        """The places that fit, the best first: by rank, then the shorter name, then name, then code by code point.

        `village` leaves those whose village begins so. Raises `BadOption` for `most` below 1.
        """
        if most < 1:
            raise BadOption(f"most is {most}; expected how many places to find at most, 1 or more")
        pieces = _pieces(typed)
        if not 0 < sum(map(len, pieces)) <= self._longest:
            return ()
        ranks = self._ranks(pieces)
        found: list[Found] = []
        # The sort is stable and the places stand in the order of ties.
        for number in np.argsort(ranks, kind="stable")[: np.count_nonzero(ranks < _NOTHING)].tolist():
            place = self._places[number]
            if place.village.startswith(village):
                found.append(Found(place, int(ranks[number])))
                if len(found) == most:
                    break
        return tuple(found)

    def _ranks(self, pieces: list[str]) -> NDArray[np.int8]:
        """The rank of every place, written from the worst to the best, so that the best stays."""
        ranks = np.full(len(self._places), _NOTHING, np.int8)
        text = "".join(pieces)
        low = bisect_left(self._codes, text)
        ranks[self._of_code[low : bisect_right(self._codes, text, low, key=lambda code: code[: len(text)])]] = (
            _CODE_BEGINS
        )
        spelled = self._fitting(pieces, self._spellings, self._anywhere, self._beginnings)
        ranks[self._place_at[spelled]] = _SPELLING_HOLDS
        named = self._fitting(pieces, self._characters, self._anywhere)
        ranks[self._place_at[named]] = _NAME_HOLDS
        ranks[spelled[self._first]] = _SPELLING_BEGINS
        ranks[named[self._first]] = _NAME_BEGINS
        for spellings in (self._syllables, self._initials):
            ranks[self._fitting(pieces, spellings, self._closed)[self._first]] = _WHOLE
        ranks[self._fitting(pieces, self._characters, self._closed)[self._first]] = _NAME
        ranks[self._of_code[low : bisect_right(self._codes, text, low)]] = _CODE
        return ranks

    def _fitting(
        self, pieces: list[str], spellings: _Letters, ends: NDArray[np.bool_], beginnings: _Letters | None = None
    ) -> NDArray[np.bool_]:
        """From which characters of the row on all that is typed can be read, up to a place where it may end.

        From the last letter to the first: a letter can be read at a character when a spelling of it begins there and what
        follows can be read at the next character. So no combination of readings is ever written out, and a long name
        of many readings costs no more than another.
        """
        text = "".join(pieces)
        until: list[int] = []
        for piece in pieces:
            until.extend([len(until) + len(piece)] * len(piece))
        after = deque([ends], maxlen=self._longest_spelling)
        for start in reversed(range(len(text))):
            here = np.zeros(len(ends), np.bool_)
            for length in range(1, min(until[start] - start, len(after)) + 1):
                at = spellings.get(text[start : start + length])
                if at is not None:
                    here[at[after[length - 1][at + 1]]] = True
            if beginnings is not None and until[start] == len(text):
                here[beginnings.get(text[start:], [])] = True
            after.appendleft(here)
        return after[0]

    def _index(self, row: NDArray[np.int64]) -> None:
        order = np.argsort(row, kind="stable")
        points, counts = np.unique(row, return_counts=True)
        characters: dict[str, list[NDArray[np.intp]]] = {}
        syllables: dict[str, list[NDArray[np.intp]]] = {}
        initials: dict[str, list[NDArray[np.intp]]] = {}
        spellings: dict[str, list[NDArray[np.intp]]] = {}
        beginnings: dict[str, list[NDArray[np.intp]]] = {}
        for point, at in zip(points.tolist(), np.split(order, np.cumsum(counts))[:-1], strict=True):
            character = chr(point)
            if character == "\n":
                continue
            # What has no reading, such as a digit, stands for itself in full pinyin and among the initials.
            full = _readings(character) or {character}
            first = {reading[0] for reading in full}
            every = {character} | full | first
            begun = {spelling[:length] for spelling in every for length in range(1, len(spelling) + 1)}
            for letters, ways in (
                (characters, {character}),
                (syllables, full),
                (initials, first),
                (spellings, every),
                (beginnings, begun),
            ):
                for way in ways:
                    letters.setdefault(way, []).append(at)
        self._characters, self._syllables, self._initials = _joined(characters), _joined(syllables), _joined(initials)
        self._spellings, self._beginnings = _joined(spellings), _joined(beginnings)
        self._longest_spelling = max(map(len, spellings), default=1)


def _joined(parts: Mapping[str, list[NDArray[np.intp]]]) -> _Letters:
    return {letters: np.concatenate(places) for letters, places in parts.items()}


def _pieces(text: str) -> list[str]:
    """The text in one width and case, parted at white space and apostrophes."""
    # Twice, since lower case may come in parts that have a composed form.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.translate(_APOSTROPHES).split()


def _plain(text: str) -> str:
    return "".join(_pieces(text))


def _readings(character: str) -> set[str]:
    """All readings of one character without tones; asked alone, since within a word pypinyin gives the word's only."""
    readings = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=True)
    plain = {reading.replace("ê", "e") for part in readings for reading in part} | _MORE_READINGS.get(character, set())
    return {reading.replace("ü", letter) for reading in plain for letter in "üvu"}
