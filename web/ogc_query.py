"""The query of a map program: window, time, page and filters, refused where the standard does not allow them."""

import datetime as dt
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gisgrid.errors import BadQuery
from gisgrid.local_days import DAY_MS, start_of
from web.instants import ms_of

Box = tuple[float, float, float, float]
"""West, south, east and north in degrees, west not beyond east."""

DEFAULT_LIMIT: Final = 100
MOST_LIMIT: Final = 10_000
PAGED: Final = ("limit", "bbox", "datetime", "cursor")
"""What every list of features takes, beside `f`."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?([Zz]|[ +-]\d\d:\d\d)", re.ASCII)
_OPEN: Final = ("", "..")
_YEARS: Final = range(1000, 9000)


@dataclass(frozen=True)
class Span:
    """The instants (ms since 1970 UTC) from `from_ms` to before `to_ms`; None where it is open."""

    from_ms: int | None
    to_ms: int | None


@dataclass(frozen=True)
class ItemsQuery:
    """Which features: in any of the windows (none: everywhere, also those without a place), of a span of time, by filters;
    at most `limit` of those after the cursor.
    """

    limit: int = DEFAULT_LIMIT
    boxes: tuple[Box, ...] = ()
    span: Span | None = None
    cursor: str = ""
    filters: Mapping[str, str] | None = None

    def filter(self, name: str) -> str:
        """What a filter asks for; empty for nothing in particular."""
        return (self.filters or {}).get(name, "")


def read_plain(parameters: Iterable[tuple[str, str]]) -> None:
    """The query of a document: nothing but `f=json`; `BadQuery` otherwise."""
    _read(parameters, ())


def read_items(parameters: Iterable[tuple[str, str]], filters: Collection[str]) -> ItemsQuery:
    """The query of a list of features; `BadQuery` for an unknown, repeated or unreadable parameter."""
    given = _read(parameters, (*PAGED, *filters))
    return ItemsQuery(
        read_limit(given["limit"]) if "limit" in given else DEFAULT_LIMIT,
        read_boxes(given["bbox"]) if "bbox" in given else (),
        read_span(given["datetime"]) if "datetime" in given else None,
        given.get("cursor", ""),
        {name: given[name] for name in filters if given.get(name)},
    )


def read_limit(text: str) -> int:
    """How many features a page has at most; what is beyond the most allowed is that many, as the standard wants it."""
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) < 1:
        raise BadQuery(f"limit is {text[:40]!r}; expected a whole number from 1 to {MOST_LIMIT}")
    return min(int(text), MOST_LIMIT)


def read_boxes(text: str) -> tuple[Box, ...]:
    """The window of four numbers, or of six, of which heights are passed over; two windows where it crosses 180 degrees."""
    parts = [part.strip() for part in text.split(",")]
    numbers = [float(part) if _NUMBER.fullmatch(part) else math.nan for part in parts]
    if len(parts) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise BadQuery(
            f"bbox is {text[:80]!r}; expected west,south,east,north in degrees (or six numbers with heights)"
        )
    half = len(parts) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if south > north or (half == 3 and numbers[2] > numbers[5]):
        raise BadQuery(f"bbox is {text[:80]!r}; expected the south (and the lower height) first")
    if west <= east:
        return ((west, south, east, north),)
    if not (east >= -180.0 and west <= 180.0):
        raise BadQuery(f"bbox is {text[:80]!r}; expected the west first, or a window across 180 degrees")
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def read_span(text: str) -> Span:
    """An instant, a local day, or an interval of either, closed as RFC 3339 has it: both ends belong to it.

    Instants are told to the millisecond; what is finer narrows the span.
    """
    ends = text.split("/")
    if len(ends) > 2 or (len(ends) == 1 and text in _OPEN):
        raise BadQuery(_expected(text))
    first, last = (None if end in _OPEN and len(ends) == 2 else _instants(end, text) for end in (ends[0], ends[-1]))
    span = Span(first.from_ms if first else None, last.to_ms if last else None)
    if first and last and first.begins_ms >= last.to_ms:
        raise BadQuery(f"datetime is {text[:80]!r}; expected the beginning of the interval before its end")
    return span


@dataclass(frozen=True)
class _End:
    """The whole milliseconds in [from_ms, to_ms) that it covers, and the one in which it begins."""

    from_ms: int
    to_ms: int
    begins_ms: int


def _instants(end: str, text: str) -> _End:
    """What an instant or a day covers."""
    try:
        if _DAY.fullmatch(end):
            day = dt.date.fromisoformat(end)
            if day.year not in _YEARS:
                raise BadQuery(_expected(text))
            start_ms = start_of(day)
            return _End(start_ms, start_ms + DAY_MS, start_ms)
        found = _TIME.fullmatch(end)
        if found is None or int(end[:4]) not in _YEARS:
            raise BadQuery(_expected(text))
        day_text, time_text, fraction, offset = found.groups()
        # A + that was not escaped arrives as a space.
        offset = "+00:00" if offset in "zZ" else offset.replace(" ", "+")
        seconds = dt.datetime.fromisoformat(f"{day_text}T{time_text}{offset}")
    except ValueError:
        raise BadQuery(_expected(text)) from None
    digits = (fraction or "").ljust(3, "0")
    at_ms = ms_of(seconds) + int(digits[:3])
    is_finer = digits[3:].strip("0") != ""
    return _End(at_ms + is_finer, at_ms + 1, at_ms)


def _expected(text: str) -> str:
    return (
        f"datetime is {text[:80]!r}; expected an instant such as 2018-05-07T01:30:00Z, a day such as 2018-05-07, "
        "or an interval start/end with .. for an open end"
    )


def _read(parameters: Iterable[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in known and name != "f":
            raise BadQuery(f"there is no parameter {name[:40]!r} here; known are {', '.join((*known, 'f'))}")
        if name in given:
            raise BadQuery(f"parameter {name!r} is there twice; give it once")
        given[name] = value
    if given.pop("f", "json") != "json":
        raise BadQuery("f asks for a form that there is not; expected json")
    return given
