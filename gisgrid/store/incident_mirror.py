"""The mirror of the incidents: their columns in memory, brought up to date by the event log."""

import dataclasses
import threading
from collections.abc import Sequence
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
from gisgrid.store.events import last_event
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.store import Store
from gisgrid.store.tables import INCIDENT

_DAY_MS: Final = 86_400_000
_READ: Final = (
    "id", "category", "state", "grade", "card", "sub_category", "township", "village", "grid", "answering_grid", "reporter",
    "how", "holder", "reported_ms", "started_ms", "responded_ms", "done_ms", "closed_ms", "extended_due_ms",
    "is_satisfied", "is_urgent", "place",
)  # fmt: skip


class IncidentMirror:
    """All incidents as columns. `refresh` reads only what has changed; any number of threads may ask."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._event = 0
        self._columns: IncidentColumns | None = None
        self._codes: dict[str, dict[str, int]] = {name: {"": 0} for name in OPEN_WORDS}
        self._repeats: NDArray[np.bool_] | None = None
        self._rulebook: Rulebook | None = None

    def refresh(self) -> IncidentColumns:
        """The columns as of now."""
        with self._lock:
            with self._store.reading() as connection:
                last, known = last_event(connection), self._columns
                if known is not None and last == self._event:
                    return known
                # Rules and calendar too change only with an event.
                rulebook, rows = rulebook_of(connection), _read(connection, self._event)
            if known is None:
                known = self._of_rows([], rulebook)
            fresh = self._of_rows(rows, rulebook)
            if self._rulebook is not None and _other_rules(self._rulebook, rulebook):
                known = dataclasses.replace(known, due=rulebook.deadlines(known.started_ms, known.is_urgent))
                self._repeats = None
            self._columns, self._event, self._rulebook = _merged(known, fresh), last, rulebook
            if rows:
                self._repeats = None
            return self._columns

    def repeats(self) -> NDArray[np.bool_]:
        """Which incidents repeat an earlier valid one of their sub-category, by the rules of nearness."""
        return self.with_repeats()[1]

    def with_repeats(self) -> tuple[IncidentColumns, NDArray[np.bool_]]:
        """The columns as of now, and which of their incidents repeat an earlier one."""
        self.refresh()
        with self._lock:
            # Another thread may have refreshed meanwhile: what counts are the columns as they are now.
            columns, rulebook = self._columns, self._rulebook
            assert columns is not None and rulebook is not None  # noqa: PT018  # a refresh has set both
            if self._repeats is None:
                self._repeats = _repeats_of(columns, rulebook.rules.nearness)
            return columns, self._repeats

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
        codes: dict[str, Any] = {
            name: self._learnt(name, departments if name == "department" else values[name]) for name in OPEN_WORDS
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
    if after_event:
        query = query.where(INCIDENT.c.event_id > after_event)
    # Straight from the driver: half a million rows of SQLAlchemy's take a second more.
    found: Any = connection.execute(query.order_by(INCIDENT.c.id)).cursor
    return found.fetchall()  # type: ignore[no-any-return]  # the drivers are untyped


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
    place = np.searchsorted(known.number, fresh.number)
    same = (place < len(known)) & (known.number[np.minimum(place, len(known) - 1)] == fresh.number)

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


def _other_rules(one: Rulebook, other: Rulebook) -> bool:
    return (one.rules, one.calendar) != (other.rules, other.calendar)


def _coded(values: Sequence[str], codes: dict[str, int], kind: type[Any]) -> NDArray[Any]:
    which, words = _factorized(values)
    return np.array([codes[word] for word in words], kind)[which]


def _factorized(values: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """The values as places in the list of those that differ."""
    which, words = pd.factorize(np.array(values, dtype=object))
    return which.astype(np.int64), [str(word) for word in words]


def _departments(holders: Sequence[str]) -> list[str]:
    """For each incident the code of the department that has it or had it at its end; empty for none."""
    known = {
        office: office.removeprefix(DEPARTMENT) if office.startswith(DEPARTMENT) else "" for office in set(holders)
    }
    return [known[office] for office in holders]
