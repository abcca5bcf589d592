"""The mirror of the incidents: their columns in memory, brought up to date by the event log."""

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.clocks import NEVER, instants
from gisgrid.incident_columns import FIXED_WORDS, OFFICE_LEVELS, OPEN_WORDS, IncidentColumns
from gisgrid.offices import DEPARTMENT, level_of
from gisgrid.plane import MetricPlane
from gisgrid.repeats import find_repeats
from gisgrid.rules import NearnessRules
from gisgrid.store.bulk import degrees_of
from gisgrid.store.events import events_from
from gisgrid.store.news import Position, has_more_than_passing, newest_event
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.store import Store
from gisgrid.store.tables import EVENT, INCIDENT
from gisgrid.store.visible import subject_at

_DAY_MS: Final = 86_400_000
_READ: Final = (
    "id", "category", "state", "grade", "card", "sub_category", "township", "village", "grid", "answering_grid", "reporter",
    "how", "holder", "reported_ms", "started_ms", "responded_ms", "done_ms", "closed_ms", "extended_due_ms",
    "is_satisfied", "is_urgent", "place", "handed", "assistants", "alerted",
    "event_id",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class IncidentParts:
    """All incidents as of one moment, never changed: the many of `base` and, over them, the few of `delta`.

    `replaced` are the places in `base` (ordered) of those that stand in `delta` as they are now. `delta.words` holds the
    words of both, those of `base.words` first. `version` tells states of the database apart: the newest event that changed
    an incident, its time, and a digest of the rules and the calendar; two processes call the same state the same.
    """

    base: IncidentColumns
    replaced: NDArray[np.int64]
    delta: IncidentColumns
    rulebook: Rulebook
    version: tuple[int, int, str]

    def whole(self) -> IncidentColumns:
        """All of them in one, ordered by number."""
        return _merged(self.base, self.delta)

    def sides(self) -> Iterator[tuple[IncidentColumns, NDArray[np.bool_]]]:
        """The many and the few, each with which of them (n,) stand as they are now."""
        is_now = np.ones(len(self.base), bool)
        is_now[self.replaced] = False
        yield self.base, is_now
        yield self.delta, np.ones(len(self.delta), bool)


FindRepeats = Callable[[IncidentColumns, NearnessRules], NDArray[np.bool_]]


class IncidentMirror:
    """All incidents as columns. Only what has changed is read; any number of threads may ask."""

    def __init__(self, store: Store, *, most_apart: int = 4_096, find_repeats: FindRepeats | None = None) -> None:
        """Of `store`; more than `most_apart` changed incidents are merged with the others, which takes as long as copying all."""
        self._store = store
        self._most_apart = most_apart
        self._find_repeats = find_repeats or _repeats_of
        self._lock = threading.Lock()
        self._position: Position = (0, 0)
        self._parts: IncidentParts | None = None
        self._codes: dict[str, dict[str, int]] = {name: {"": 0} for name in OPEN_WORDS}
        self._whole_lock = threading.Lock()
        self._whole: tuple[IncidentParts, IncidentColumns] | None = None
        # A lock of its own: who wants the columns only does not wait for what takes longest.
        self._repeats_lock = threading.Lock()
        self._repeats: tuple[IncidentParts, IncidentColumns, NDArray[np.bool_]] | None = None

    def parts(self) -> IncidentParts:
        """The incidents as of now, what has changed lately apart from the rest: as quick as little has changed."""
        with self._lock:
            with self._store.reading() as connection:
                newest, parts = newest_event(connection), self._parts
                if parts is not None and newest == self._position:
                    return parts
                if parts is not None and events_from(connection, self._position, most=0) is None:
                    parts = None  # A backup has been restored.
                # Rules and calendar too change only with an event; most events come from phones and change nothing here.
                is_same = parts is not None and not has_more_than_passing(connection, self._position[0])
                rulebook = parts.rulebook if parts is not None and is_same else rulebook_of(connection)
                rows = _read(connection, self._position[0] if parts is not None else 0)
                changed = _newest_change(connection, rows)
            self._parts, self._position = self._following(parts, rows, rulebook, changed), newest
            return self._parts

    def refresh(self) -> IncidentColumns:
        """The columns as of now, in one: all of them are copied where anything has changed."""
        return self._whole_of(self.parts())

    def repeats(self) -> NDArray[np.bool_]:
        """Which incidents repeat an earlier valid one of their sub-category, by the rules of nearness."""
        return self.with_repeats()[1]

    def with_repeats(self) -> tuple[IncidentColumns, NDArray[np.bool_]]:
        """The columns as of now, and which of their incidents repeat an earlier one."""
        with self._repeats_lock:
            # Asked for here, so that all who have waited meanwhile share one computation of what is newest.
            parts = self.parts()
            if self._repeats is None or self._repeats[0] is not parts:
                columns = self._whole_of(parts)
                self._repeats = (parts, columns, self._find_repeats(columns, parts.rulebook.rules.nearness))
            return self._repeats[1:]

    def _whole_of(self, parts: IncidentParts) -> IncidentColumns:
        with self._whole_lock:
            if self._whole is None or self._whole[0] is not parts:
                self._whole = (parts, parts.whole())
            return self._whole[1]

    def _following(
        self, parts: IncidentParts | None, rows: Sequence[Any], rulebook: Rulebook, changed: Position
    ) -> IncidentParts:
        """What follows upon the known parts when rows have changed; the known ones where nothing has."""
        fresh = self._of_rows(rows, rulebook)
        if parts is None:
            return IncidentParts(fresh, np.empty(0, np.int64), fresh.none(), rulebook, (*changed, _digest(rulebook)))
        has_other_rules = _other_rules(parts.rulebook, rulebook)
        if not rows and not has_other_rules:
            return parts
        base, delta, (event, at_ms, digest) = parts.base, parts.delta, parts.version
        if has_other_rules:
            digest = _digest(rulebook)
            base, delta = (
                dataclasses.replace(one, due=rulebook.deadlines(one.started_ms, one.is_urgent)) for one in (base, delta)
            )
        if rows:
            event, at_ms = changed
            delta = _merged(delta, fresh)
        if len(delta) > self._most_apart:
            base = _merged(base, delta)
            delta = base.none()
        places, is_known = _places_of(base.number, delta.number)
        return IncidentParts(base, places[is_known], delta, rulebook, (event, at_ms, digest))

    def _of_rows(self, rows: Sequence[Any], rulebook: Rulebook) -> IncidentColumns:
        values: dict[str, Sequence[Any]] = (
            dict(zip(_READ, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(_READ, ())
        )
        departments = _departments(values["holder"])
        levels = {office: OFFICE_LEVELS.index(level_of(office)) for office in set(values["holder"])}
        words = {name: tuple(FIXED_WORDS[name]) for name in FIXED_WORDS}
        fixed: dict[str, Any] = {
            name: _coded(values[name], {word: code for code, word in enumerate(words[name])}, np.int8)
            for name in FIXED_WORDS
            if name != "level"
        }
        made = {"department": departments, "offices": _offices(values)}
        codes: dict[str, Any] = {
            name: self._learnt(name, made[name] if name in made else values[name]) for name in OPEN_WORDS
        }
        answering = [grid or own for grid, own in zip(values["answering_grid"], values["grid"], strict=True)]
        codes["answering_grid"] = self._learnt("grid", answering)
        happened: dict[str, Any] = {
            name: instants(values[name]) for name in ("responded_ms", "done_ms", "closed_ms", "extended_due_ms")
        }
        reported_ms = np.array(values["reported_ms"], np.int64)
        started_ms = instants(values["started_ms"])
        started_ms = np.where(started_ms == NEVER, reported_ms, started_ms)
        is_urgent = np.array(values["is_urgent"], bool)
        lon, lat = degrees_of(values["place"])
        words |= {name: tuple(known) for name, known in self._codes.items()}
        return IncidentColumns(
            words=words,
            number=np.array(values["id"], np.int64),
            **fixed,
            level=_coded(values["holder"], levels, np.int8),
            **codes,
            reported_ms=reported_ms,
            started_ms=started_ms,
            **happened,
            lon=lon,
            lat=lat,
            satisfied=np.array([-1 if value is None else int(value) for value in values["is_satisfied"]], np.int8),
            is_urgent=is_urgent,
            due=rulebook.deadlines(started_ms, is_urgent),
        )

    def _learnt(self, name: str, values: Sequence[str]) -> NDArray[np.int32]:
        which, words = _factorized(values)
        codes = self._codes[name]
        for word in words:
            codes.setdefault(word, len(codes))
        return np.array([codes[word] for word in words], np.int32)[which]


def _read(connection: sa.Connection, after_event: int) -> Sequence[Any]:
    """What was changed by a later event, as the driver gives it."""
    raw = [
        sa.type_coerce(INCIDENT.c[name], sa.types.NullType()) if name == "place" else INCIDENT.c[name] for name in _READ
    ]
    query = sa.select(*raw)
    # A few are found by their event, which SQLite does not do where the order of numbers is asked for: it reads them all.
    query = query.where(INCIDENT.c.event_id > after_event) if after_event else query.order_by(INCIDENT.c.id)
    # Straight from the driver: half a million rows of SQLAlchemy's take a second more.
    found: Any = connection.execute(query).cursor
    return sorted(found.fetchall(), key=itemgetter(0))


def _repeats_of(columns: IncidentColumns, rules: NearnessRules) -> NDArray[np.bool_]:
    invalid = columns.state == FIXED_WORDS["state"].index("invalid")
    kind = columns.category.astype(np.int64) * (1 << 32) + columns.sub_category
    placed = np.isfinite(columns.lon)
    lon0, lat0 = (float(np.median(at[placed])) if placed.any() else 0.0 for at in (columns.lon, columns.lat))
    x_m, y_m = MetricPlane(round(lon0, 2), round(lat0, 2)).to_xy(columns.lon, columns.lat)
    return find_repeats(
        x_m, y_m, columns.reported_ms, np.where(invalid, -1, kind), rules.repeat_m, rules.repeat_days * _DAY_MS
    )


def _merged(known: IncidentColumns, fresh: IncidentColumns) -> IncidentColumns:
    """The known incidents, those among the fresh ones replaced and the new ones added; ordered by number."""
    if len(known) == 0 or len(fresh) == 0:
        return dataclasses.replace(fresh if len(known) == 0 else known, words=fresh.words)
    place, same = _places_of(known.number, fresh.number)

    def joined(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        changed = old.copy()
        changed[place[same]] = new[same]
        return np.concatenate((changed, new[~same]))

    def all_joined(old: Any, new: Any) -> dict[str, NDArray[Any]]:
        names = [field.name for field in dataclasses.fields(old) if field.name not in {"words", "due"}]
        return {name: joined(getattr(old, name), getattr(new, name)) for name in names}

    due = type(known.due)(**all_joined(known.due, fresh.due))
    result = IncidentColumns(words=fresh.words, due=due, **all_joined(known, fresh))
    order = np.argsort(result.number, kind="stable")
    return result if np.array_equal(order, np.arange(len(order))) else result.at(order)


def _places_of(known: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each of the wanted numbers stands among the known ones or would stand; and whether it does."""
    place = np.searchsorted(known, wanted)
    if len(known) == 0:
        return place, np.zeros(len(wanted), bool)
    return place, (place < len(known)) & (known[np.minimum(place, len(known) - 1)] == wanted)


def _other_rules(one: Rulebook, other: Rulebook) -> bool:
    return (one.rules, one.calendar) != (other.rules, other.calendar)


def _digest(rulebook: Rulebook) -> str:
    """Rules and calendar in a word."""
    told = (rulebook.rules, sorted(rulebook.calendar.overrides.items()))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _newest_change(connection: sa.Connection, rows: Sequence[Any]) -> Position:
    """The newest event by which one of the rows was changed; 0 and 0 for none."""
    if not rows:
        return (0, 0)
    at = _READ.index("event_id")
    number = max(row[at] for row in rows)
    return number, connection.execute(sa.select(EVENT.c.at_ms).where(EVENT.c.id == number)).scalar_one()


def _coded(values: Sequence[str], codes: dict[str, int], kind: type[Any]) -> NDArray[Any]:
    which, words = _factorized(values)
    return np.array([codes[word] for word in words], kind)[which]


def _factorized(values: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """The values as places in the list of those that differ."""
    which, words = pd.factorize(np.array(values, dtype=object))
    return which.astype(np.int64), [str(word) for word in words]


def _offices(values: dict[str, Sequence[Any]]) -> list[str]:
    """For each incident the offices that have or had to do with it, joined by spaces."""
    known: dict[tuple[str, str, str, str], str] = {}
    found = []
    columns = (values[name] for name in ("holder", "handed", "assistants", "alerted"))
    for four in zip(*columns, strict=True):
        if (offices := known.get(four)) is None:
            offices = known[four] = " ".join(subject_at("", *four).offices)
        found.append(offices)
    return found


def _departments(holders: Sequence[str]) -> list[str]:
    """For each incident the code of the department that has it or had it at its end; empty for none."""
    known = {
        office: office.removeprefix(DEPARTMENT) if office.startswith(DEPARTMENT) else "" for office in set(holders)
    }
    return [known[office] for office in holders]
