"""Incidents: taken in whole lists at a time, found again by unit, state, category and time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.errors import BadOption
from gisgrid.flow import ENDED
from gisgrid.incident_filters import IncidentFilter
from gisgrid.incident_rows import IncidentRows
from gisgrid.offices import DEPARTMENT, DISTRICT
from gisgrid.store.bulk import degrees_of
from gisgrid.store.editions import Editions
from gisgrid.store.intake import take_in_rows
from gisgrid.store.lists import TakenIn
from gisgrid.store.store import Store
from gisgrid.store.tables import INCIDENT, IS_OPEN
from gisgrid.units import Unit


@dataclass(frozen=True)
class Incident:
    """An incident as it stands: `lon`, `lat` in degrees (EPSG:4490, None without a place), metres, ms since 1970 UTC.

    `township`, `village` and `grid` are those of the report, empty where there is none; `how` says how its grid was found;
    `answering_grid` is the one to which a later edition has handed it. `holder` is the office that must act; `handed` and
    `assistants` are offices joined by spaces. `started_ms` is when its clocks started, where that is not the report.
    """

    id: int
    source_system: str | None
    source_id: str | None
    category: str
    sub_category: str
    reported_ms: int
    state: str
    is_urgent: bool
    reporter: str
    description: str
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    source: str
    stated: str
    edition_id: int | None
    township: str
    village: str
    grid: str
    how: str
    border_distance_m: float | None
    alternatives: str
    answering_grid: str | None
    grade: str
    holder: str
    handed: str
    assistants: str
    alerted: str
    started_ms: int | None
    responded_ms: int | None
    done_ms: int | None
    closed_ms: int | None
    is_satisfied: bool | None
    asked_due_ms: int | None
    extended_due_ms: int | None
    reopened: int
    card: str
    steps: int
    version: int
    event_id: int


@dataclass(frozen=True)
class IncidentPage:
    """Some incidents, the newest first; `after` is the key of the next page, None on the last."""

    incidents: tuple[Incident, ...]
    after: tuple[int, int] | None


class Incidents:
    """The incidents in a store; `editions` are those by which they find their grids."""

    def __init__(self, store: Store, editions: Editions | None = None) -> None:
        self._store = store
        self._editions = editions or Editions(store)

    def take_in(self, rows: IncidentRows, source_system: str, *, author: str, origin: str = "local") -> TakenIn:
        """Take in incidents of another platform: `intake.take_in_rows`."""
        return take_in_rows(self._store, self._editions, rows, source_system, author=author, origin=origin)

    def get(self, number: int) -> Incident | None:
        """The incident of a number, if there is one."""
        with self._store.reading() as connection:
            row = connection.execute(sa.select(INCIDENT).where(INCIDENT.c.id == number)).one_or_none()
            return incident_of(row) if row else None

    def page(
        self,
        wanted: IncidentFilter | None = None,
        *,
        after: tuple[int, int] | None = None,
        most: int = 100,
        visible: sa.ColumnElement[bool] | None = None,
    ) -> IncidentPage:
        """At most so many incidents, the newest first, those after the key of the page before.

        `visible` is what whoever asks may see (`gisgrid.store.visible`); without it nobody in particular asks.
        """
        query = sa.select(INCIDENT).where(*_conditions(wanted, visible))
        if after is not None:
            key = sa.tuple_(INCIDENT.c.reported_ms, INCIDENT.c.id)
            query = query.where(key < sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
        query = query.order_by(INCIDENT.c.reported_ms.desc(), INCIDENT.c.id.desc()).limit(most + 1)
        with self._store.reading() as connection:
            found = tuple(incident_of(row) for row in connection.execute(query))
        shown = found[:most]
        return IncidentPage(shown, (shown[-1].reported_ms, shown[-1].id) if len(found) > most else None)

    def count(self, wanted: IncidentFilter | None = None, *, visible: sa.ColumnElement[bool] | None = None) -> int:
        """How many incidents; `visible` as of `page`."""
        query = sa.select(sa.func.count()).select_from(INCIDENT).where(*_conditions(wanted, visible))
        with self._store.reading() as connection:
            return connection.execute(query).scalar_one()

    def count_by(
        self, column: str, wanted: IncidentFilter | None = None, *, visible: sa.ColumnElement[bool] | None = None
    ) -> dict[str, int]:
        """How many by `category`, `state`, `how`, `township`, `village` or `grid`, in code point order of the values."""
        return self.counts_by((column,), wanted, visible=visible)[column]

    def counts_by(
        self,
        columns: tuple[str, ...],
        wanted: IncidentFilter | None = None,
        *,
        visible: sa.ColumnElement[bool] | None = None,
    ) -> dict[str, dict[str, int]]:
        """As `count_by` for several columns, all of one state of the database, so that their sums are equal."""
        for column in columns:
            if column not in {"category", "state", "how", "township", "village", "grid"}:
                raise BadOption(f"incidents cannot be counted by {column!r}", zh=f"事件不能按 {column!r} 统计")
        by = [INCIDENT.c[column] for column in columns]
        query = sa.select(*by, sa.func.count()).where(*_conditions(wanted, visible)).group_by(*by)
        with self._store.reading() as connection:
            rows = connection.execute(query).all()
        found: dict[str, dict[str, int]] = {}
        for place, column in enumerate(columns):
            counts: dict[str, int] = {}
            for row in rows:
                counts[row[place]] = counts.get(row[place], 0) + row[-1]
            found[column] = dict(sorted(counts.items()))
        return found

    def columns(
        self,
        names: tuple[str, ...],
        wanted: IncidentFilter | None = None,
        *,
        visible: sa.ColumnElement[bool] | None = None,
    ) -> dict[str, list[Any]]:
        """Columns of all incidents, in the order of their numbers; `lon` and `lat` are None without a place.

        `visible` as of `page`.
        """
        asked = [name for name in names if name not in {"lon", "lat"}]
        # As the driver gives them: a hundred thousand points are read at once.
        raw = [
            sa.type_coerce(INCIDENT.c[name], sa.types.NullType()) if name == "place" else INCIDENT.c[name]
            for name in asked
        ]
        if placed := {"lon", "lat"} & set(names):
            raw.append(sa.type_coerce(INCIDENT.c.place, sa.types.NullType()))
        query = sa.select(*raw).where(*_conditions(wanted, visible)).order_by(INCIDENT.c.id)
        with self._store.reading() as connection:
            rows = connection.execute(query).all()
        values: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in raw]
        found = dict(zip(asked, values, strict=False))
        if placed:
            found["lon"], found["lat"] = (_or_none(degrees) for degrees in degrees_of(values[-1]))
        return {name: found[name] for name in names}


def conditions_of(wanted: IncidentFilter) -> Iterator[sa.ColumnElement[bool]]:
    """The conditions of a filter for a query of the table of incidents."""
    yield from _of_unit(wanted.unit)
    for column, values in (
        ("state", wanted.states),
        ("category", wanted.categories),
        ("how", wanted.hows),
        ("grade", wanted.grades),
        ("card", wanted.cards),
        ("sub_category", (wanted.sub_category,) if wanted.sub_category else ()),
        ("holder", (wanted.holder,) if wanted.holder else ()),
    ):
        if values:
            yield INCIDENT.c[column].in_(values) if len(values) > 1 else INCIDENT.c[column] == values[0]
    if wanted.is_open or wanted.holder or (wanted.states and not set(wanted.states) & set(ENDED)):
        # In the words of the indexes of what is open.
        yield IS_OPEN
    if wanted.is_urgent:
        yield INCIDENT.c.is_urgent
    if wanted.levels:
        yield sa.or_(*(_OF_LEVEL[level] for level in wanted.levels))
    if wanted.clock_states:
        yield _with_clocks(wanted)
    if wanted.from_ms is not None:
        yield INCIDENT.c.reported_ms >= wanted.from_ms
    if wanted.to_ms is not None:
        yield INCIDENT.c.reported_ms < wanted.to_ms


_HOLDER: Final = INCIDENT.c.holder
_IS_DEPARTMENT: Final = sa.func.substr(_HOLDER, 1, len(DEPARTMENT)) == DEPARTMENT
_IS_DISTRICT: Final = sa.and_(~_IS_DEPARTMENT, sa.or_(_HOLDER == DISTRICT, _HOLDER.like("%000000")))
_OF_LEVEL: Final[dict[str, sa.ColumnElement[bool]]] = {
    "department": _IS_DEPARTMENT,
    "district": _IS_DISTRICT,
    "township": sa.and_(~_IS_DEPARTMENT, ~_IS_DISTRICT, _HOLDER.like("%000")),
    "village": sa.and_(~_IS_DEPARTMENT, ~_IS_DISTRICT, ~_HOLDER.like("%000"), _HOLDER != ""),
}
"""`gisgrid.offices.level_of` of the office where an incident lies, said to the database."""


def _with_clocks(wanted: IncidentFilter) -> sa.ColumnElement[bool]:
    if wanted.open_numbers is None:
        raise ValueError("how clocks stand is known in memory only; tell the numbers (MapState.told_clocks)")
    # Written out: there may be more of them than a statement takes parameters.
    told = list(wanted.open_numbers)
    numbers: sa.BindParameter[int] = sa.bindparam("open_numbers", told, expanding=True, literal_execute=True)
    is_one_of_them = INCIDENT.c.id.in_(numbers)
    return sa.or_(is_one_of_them, ~IS_OPEN) if "settled" in wanted.clock_states else is_one_of_them


def _conditions(
    wanted: IncidentFilter | None, visible: sa.ColumnElement[bool] | None
) -> Iterator[sa.ColumnElement[bool]]:
    yield from conditions_of(wanted or IncidentFilter())
    if visible is not None:
        yield visible


def _of_unit(unit: Unit) -> Iterator[sa.ColumnElement[bool]]:
    if not unit.column:
        return
    column = INCIDENT.c[unit.column]
    if unit.prefix:
        # Hardly any row is left out: an index on the township would only get in the way of the order.
        yield sa.func.substr(column, 1, len(unit.prefix)) == unit.prefix
    elif unit.is_area:
        yield column.in_(unit.grids)
    else:
        yield column == unit.code


def _or_none(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # NaN differs from itself


def incident_of(row: Any) -> Incident:
    """The incident of a row of the table."""
    values = dict(row._mapping)
    place, _ = values.pop("place"), values.pop("source_digest")
    return Incident(**values, lon=place.x if place else None, lat=place.y if place else None)
