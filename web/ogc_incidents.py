"""Incidents as features: the mirror says which, the database what they are; written column by column."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.access import Holder
from gisgrid.clocks import NEVER, instants
from gisgrid.errors import BadOption, BadQuery, NotThere
from gisgrid.incident_columns import FIXED_WORDS, IncidentColumns
from gisgrid.sight import Sight
from gisgrid.store.bulk import degrees_of
from gisgrid.store.editions import Editions
from gisgrid.store.incident_mirror import IncidentMirror, IncidentParts
from gisgrid.store.rulebook import Rulebook
from gisgrid.store.store import Store
from gisgrid.store.tables import INCIDENT
from gisgrid.store.units import find_unit
from gisgrid.store.visible import visible_to
from web.keys import cursor_of, read_cursor
from web.ogc_page import FeaturePage
from web.ogc_query import Box, ItemsQuery
from web.ogc_shapes import incident_properties

INCIDENTS: Final = "incidents"
FILTERS: Final = ("category", "state", "unit", "grid")

_READ: Final = (
    "id", "category", "sub_category", "state", "grade", "card", "is_urgent", "reported_ms", "grid", "answering_grid",
    "village", "township", "how", "border_distance_m", "holder", "started_ms", "responded_ms", "done_ms", "closed_ms",
    "extended_due_ms", "reporter", "description", "place",
)  # fmt: skip
_ENCODE: Final[Callable[[str], str]] = json.JSONEncoder(ensure_ascii=False).encode
_MOST_NUMBER: Final = 2**62
_Choice = tuple[str, Callable[[str], bool]]
"""A column and which of its words are asked for."""


class IncidentFeatures:
    """The incidents of a store as features, in the order of their numbers, which never change; any number of threads may ask."""

    def __init__(self, store: Store, mirror: IncidentMirror, editions: Editions) -> None:
        self._store = store
        self._mirror = mirror
        self._editions = editions

    def page(self, query: ItemsQuery, sight: Sight, *, named: bool) -> FeaturePage:
        """A page of the incidents that someone may see, with names or without.

        Each is on one page of a walk, also while others are reported: they get higher numbers. Raises `BadQuery`.
        """
        after = _read_cursor(query.cursor)
        choices = tuple(self._choices(query))
        parts = self._mirror.parts()
        found = _numbers(parts, lambda some: _chosen(some, parts.delta.words, query, choices, sight))
        rest = found[np.searchsorted(found, after, side="right") :]
        shown = rest[: query.limit].tolist()
        features = self._features(shown, sight.holder, parts.rulebook, named=named)
        following = cursor_of(shown[-1]) if len(rest) > len(shown) else None
        return FeaturePage([one + b"}" for one in features], len(found), following)

    def feature(self, number: str, holder: Holder, *, named: bool) -> bytes:
        """One incident as a feature without its closing brace; `NotThere` where there is none, or not for whoever asks."""
        is_number = number.isascii() and number.isdecimal() and len(number) < 20 and str(int(number)) == number
        wanted = [int(number)] if is_number and int(number) < _MOST_NUMBER else []
        features = self._features(wanted, holder, self._mirror.parts().rulebook, named=named)
        if not features:
            raise NotThere(f"there is no incident {number[:40]!r}")
        return features[0]

    def extent(self, sight: Sight) -> tuple[Box | None, tuple[int, int] | None]:
        """The window of the newest network and of what someone may see that has a grid, and the first and last instant (ms)
        of the reports that they may see; None of none.

        What waits for a grid has no say in it: one wrong place would have map programs show half the earth.
        """
        parts = self._mirror.parts()
        newest = self._editions.latest()
        boxes = [] if newest is None else [self._editions.network(newest.id).bounds]
        times = []
        for columns, is_now in parts.sides():
            chosen = is_now & sight.seen(columns, parts.delta.words)
            lon, lat, reported_ms = columns.lon[chosen], columns.lat[chosen], columns.reported_ms[chosen]
            if len(reported_ms):
                times += [int(reported_ms.min()), int(reported_ms.max())]
            has_grid = np.isfinite(lon) & (columns.answering_grid[chosen] > 0)
            if has_grid.any():
                lon, lat = lon[has_grid], lat[has_grid]
                boxes.append((float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())))
        box = np.array(boxes)
        return (
            (float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 2].max()), float(box[:, 3].max())) if boxes else None,
            (min(times), max(times)) if times else None,
        )  # fmt: skip

    def _choices(self, query: ItemsQuery) -> Iterable[_Choice]:
        for name in ("category", "state"):
            if asked := query.filter(name):
                words = frozenset(asked.split(","))
                if unknown := words - set(FIXED_WORDS[name]):
                    raise BadQuery(
                        f"there is no {name} {min(unknown)[:40]!r}; expected some of {', '.join(FIXED_WORDS[name])}"
                    )
                yield name, words.__contains__
        if grid := query.filter("grid"):
            yield "grid", grid.__eq__
        if code := query.filter("unit"):
            with self._store.reading() as connection:
                unit = find_unit(connection, code)
            yield unit.column, unit.holds

    def _features(self, numbers: list[int], holder: Holder, rulebook: Rulebook, *, named: bool) -> list[bytes]:
        if not numbers:
            return []
        place = sa.type_coerce(INCIDENT.c.place, sa.types.NullType())
        raw = [place if name == "place" else INCIDENT.c[name] for name in _READ]
        # What the mirror has chosen may have changed meanwhile: what may be seen is said again to the database.
        asked = sa.select(*raw).where(INCIDENT.c.id.in_(numbers), visible_to(holder)).order_by(INCIDENT.c.id)
        with self._store.reading() as connection:
            # Straight from the driver: half the time of ten thousand rows of SQLAlchemy's.
            result: Any = connection.execute(asked).cursor
            rows: Sequence[Any] = result.fetchall()
        return _write(rows, rulebook, named=named)


def _numbers(parts: IncidentParts, choose: Callable[[IncidentColumns], NDArray[np.bool_]]) -> NDArray[np.int64]:
    """The numbers (n,) of the chosen, in order."""
    found = [columns.number[is_now & choose(columns)] for columns, is_now in parts.sides()]
    return np.sort(np.concatenate(found)) if len(found[1]) else found[0]


def _chosen(
    columns: IncidentColumns,
    words: dict[str, tuple[str, ...]],
    query: ItemsQuery,
    choices: tuple[_Choice, ...],
    sight: Sight,
) -> NDArray[np.bool_]:
    """Which incidents (n,) are asked for and may be seen."""
    chosen = sight.seen(columns, words)
    for name, is_asked in choices:
        chosen &= np.array([is_asked(word) for word in words[name]], bool)[getattr(columns, name)]
    if query.span is not None:
        if query.span.from_ms is not None:
            chosen &= columns.reported_ms >= query.span.from_ms
        if query.span.to_ms is not None:
            chosen &= columns.reported_ms < query.span.to_ms
    if query.boxes:
        within = np.zeros(len(columns), bool)
        for west, south, east, north in query.boxes:
            within |= (columns.lon >= west) & (columns.lon <= east) & (columns.lat >= south) & (columns.lat <= north)
        chosen &= within
    return chosen


def _write(rows: Sequence[Any], rulebook: Rulebook, *, named: bool) -> list[bytes]:
    """Rows of `_READ` as GeoJSON, each without its closing brace."""
    if not rows:
        return []
    values: dict[str, Sequence[Any]] = dict(zip(_READ, zip(*rows, strict=True), strict=True))
    reported_ms = np.array(values["reported_ms"], np.int64)
    started_ms = instants(values["started_ms"])
    started_ms = np.where(started_ms == NEVER, reported_ms, started_ms)
    due = rulebook.deadlines(started_ms, np.array(values["is_urgent"], bool))
    answering = [own or grid for own, grid in zip(values["answering_grid"], values["grid"], strict=True)]
    written: dict[str, Iterable[str]] = {
        name: _texts(values[name])
        for name in (
            "category", "sub_category", "state", "grade", "card", "grid", "village", "township", "how", "holder",
            "reporter",
        )
    }  # fmt: skip
    written |= {
        "number": map(str, values["id"]),
        "is_urgent": ("true" if one else "false" for one in values["is_urgent"]),
        "answering_grid": _texts(answering),
        # With decimals always: GDAL takes the type from the first features.
        "border_distance_m": ("null" if one is None else repr(round(float(one), 3)) for one in values["border_distance_m"]),
        "description": map(_ENCODE, values["description"]),
        "reported_at": _times(reported_ms),
        "responded_at": _times(instants(values["responded_ms"])),
        "done_at": _times(instants(values["done_ms"])),
        "closed_at": _times(instants(values["closed_ms"])),
        "extended_due_at": _times(instants(values["extended_due_ms"])),
        "response_due_at": _times(due.response_ms),
        "done_due_at": _times(due.done_ms),
        "most_due_at": _times(due.most_ms),
    }  # fmt: skip
    names = [one.name for one in incident_properties(named=named)]
    inside = ",".join(f'"{name}":%s' for name in names)
    form = f'{{"type":"Feature","id":%s,"geometry":%s,"properties":{{{inside}}}'
    lon, lat = degrees_of(values["place"])
    points = (
        f'{{"type":"Point","coordinates":[{x!r},{y!r}]}}' if x == x else "null"  # NaN differs from itself
        for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
    )
    columns = zip(map(str, values["id"]), points, *(written[name] for name in names), strict=True)
    return [(form % row).encode() for row in columns]


def _texts(values: Sequence[str]) -> list[str]:
    """Words, of which there are few, as JSON."""
    known = {word: _ENCODE(word) for word in set(values)}
    return [known[word] for word in values]


def _times(at_ms: NDArray[np.int64]) -> list[str]:
    """Instants (n,) as RFC 3339 in UTC, always with milliseconds; null where it has not happened."""
    has_happened = at_ms != NEVER
    texts = np.datetime_as_string(np.where(has_happened, at_ms, 0).astype("datetime64[ms]")).tolist()
    return [f'"{text}Z"' if is_told else "null" for text, is_told in zip(texts, has_happened.tolist(), strict=True)]


def _read_cursor(text: str) -> int:
    try:
        found = read_cursor(text, int)
    except BadOption as error:
        raise BadQuery(str(error)) from None
    return int(found[0]) if found else 0
