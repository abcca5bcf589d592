"""Incidents: taken in whole lists at a time, found again by unit, state, category and time."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.errors import BadOption
from gisgrid.incident_rows import IncidentRows
from gisgrid.store.belonging import Belonging, belongings
from gisgrid.store.bulk import insert_columns, point_values, update_columns
from gisgrid.store.editions import Editions
from gisgrid.store.engine import is_postgresql
from gisgrid.store.lists import TakenIn
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import AREA_GRID, INCIDENT

FUTURE_MS: Final = 300_000
"""How far a source's clock may be ahead of ours."""

_ROWS_AT_A_TIME: Final = 50_000
_ASSIGNED: Final = ("edition_id", "township", "village", "grid", "how", "border_distance_m", "alternatives")
_FIELD_COLUMNS: Final = {
    "category": ("category",),
    "sub_category": ("sub_category",),
    "time": ("reported_ms",),
    "state": ("state",),
    "urgent": ("is_urgent",),
    "reporter": ("reporter",),
    "description": ("description",),
    "accuracy_m": ("accuracy_m",),
    "source": ("source",),
    "stated_grid": ("stated",),
    "lon": ("place",),
}
"""Which columns a field of the source fills."""


@dataclass(frozen=True)
class Incident:
    """An incident as it stands: `lon`, `lat` in degrees (EPSG:4490, None without a place), metres, ms since 1970 UTC.

    `township`, `village` and `grid` are empty where there is none; `how` says how its grid was found.
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
    version: int
    event_id: int


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents: of a unit (district, township, village, area or grid), in one of the states, categories and ways
    of assignment (none named: any), reported in [from_ms, to_ms).
    """

    unit: str = ""
    states: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    hows: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None


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
        """Take in incidents of another platform, each to the grid that answered for it at its time.

        One that is known by `source_system` and its number there is changed where the source says something else than
        before, and keeps a grid that a person has given it; never doubled. Refused is what is reported in the future, and a
        number that comes again among the rows.
        Commits after every 50,000 rows: sending all again after an interruption is safe. Raises `BadOption` without a
        name of the system.
        """
        if not source_system.strip():
            raise BadOption("incidents of another platform need its name, for instance --system 12345-hotline")
        future = rows.reported_ms > self._store.now_ms() + FUTURE_MS
        twice = pd.Series(rows.source_id).duplicated().to_numpy()
        refused = {int(place): "an earlier row has the same incident number" for place in np.flatnonzero(twice)}
        refused |= {int(place): "the time lies in the future" for place in np.flatnonzero(future)}
        kept = np.flatnonzero(~future & ~twice)
        digests = rows.digests()
        new = changed = 0
        for start in range(0, len(kept), _ROWS_AT_A_TIME):
            part = kept[start : start + _ROWS_AT_A_TIME]
            fresh, different = self._take_in_part(rows.at(part), digests[part], source_system, author, origin)
            new, changed = new + fresh, changed + different
        with self._store.changing(author, origin=origin) as change:
            if new or changed:
                # What the planner of queries knows of the table; without it the first lists would be slow.
                change.connection.exec_driver_sql("analyze incident")
            change.note(
                "take_in", f"incidents/{source_system}", f"{new} new, {changed} changed, {len(refused)} refused"
            )
        return TakenIn(new, changed, len(kept) - new - changed, refused)

    def _take_in_part(
        self, rows: IncidentRows, digests: NDArray[np.int64], system: str, author: str, origin: str
    ) -> tuple[int, int]:
        with self._store.reading() as connection:
            known = _known(connection, system, rows.source_id.tolist())
        if all(
            known.get(key, (0, None))[1] == digest for key, digest in zip(rows.source_id, digests.tolist(), strict=True)
        ):
            return 0, 0
        # Outside the transaction that writes, so that nobody waits for it.
        found = belongings(self._editions, rows)
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            if self._editions.newest_in(change.connection) != found.newest_edition:
                found = belongings(self._editions, rows)
            known = _known(change.connection, system, rows.source_id.tolist())
            before = [known.get(key) for key in rows.source_id.tolist()]
            new = np.flatnonzero([row is None for row in before])
            changed = np.flatnonzero(
                [row is not None and row[1] != digest for row, digest in zip(before, digests.tolist(), strict=True)]
            )
            if len(new) + len(changed) == 0:
                return 0, 0
            last = change.connection.execute(sa.select(sa.func.max(INCIDENT.c.id))).scalar_one_or_none() or 0
            ids = np.array([row[0] if row else 0 for row in before], np.int64)
            ids[new] = last + 1 + np.arange(len(new))
            event_id = change.tell(
                "incidents_taken_in",
                f"incidents/{system}",
                {"new": len(new), "changed": len(changed), "first": last + 1, "last": last + len(new)},
            )
            columns = _columns(change.connection, rows, found)
            columns |= {
                "id": ids.tolist(), "source_id": rows.source_id.tolist(), "source_digest": digests.tolist(),
                "source_system": [system] * len(rows), "event_id": [event_id] * len(rows), "version": [1] * len(rows),
            }  # fmt: skip
            insert_columns(change.connection, INCIDENT, _pick(columns, new))
            manual = np.array([row is not None and row[2] == "manual" for row in before], bool)
            _update(change, rows, columns, changed[~manual[changed]], with_grid=True)
            _update(change, rows, columns, changed[manual[changed]], with_grid=False)
            return len(new), len(changed)

    def get(self, number: int) -> Incident | None:
        """The incident of a number, if there is one."""
        with self._store.reading() as connection:
            row = connection.execute(sa.select(INCIDENT).where(INCIDENT.c.id == number)).one_or_none()
            return _incident(row) if row else None

    def page(
        self, wanted: IncidentFilter | None = None, *, after: tuple[int, int] | None = None, most: int = 100
    ) -> IncidentPage:
        """At most so many incidents, the newest first, those after the key of the page before."""
        query = sa.select(INCIDENT).where(*_conditions(wanted or IncidentFilter()))
        if after is not None:
            key = sa.tuple_(INCIDENT.c.reported_ms, INCIDENT.c.id)
            query = query.where(key < sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
        query = query.order_by(INCIDENT.c.reported_ms.desc(), INCIDENT.c.id.desc()).limit(most + 1)
        with self._store.reading() as connection:
            found = tuple(_incident(row) for row in connection.execute(query))
        shown = found[:most]
        return IncidentPage(shown, (shown[-1].reported_ms, shown[-1].id) if len(found) > most else None)

    def count(self, wanted: IncidentFilter | None = None) -> int:
        """How many incidents."""
        query = sa.select(sa.func.count()).select_from(INCIDENT).where(*_conditions(wanted or IncidentFilter()))
        with self._store.reading() as connection:
            return connection.execute(query).scalar_one()

    def count_by(self, column: str, wanted: IncidentFilter | None = None) -> dict[str, int]:
        """How many by `category`, `state`, `how`, `township`, `village` or `grid`, in code point order of the values."""
        if column not in {"category", "state", "how", "township", "village", "grid"}:
            raise BadOption(f"incidents cannot be counted by {column!r}")
        by = INCIDENT.c[column]
        query = sa.select(by, sa.func.count()).where(*_conditions(wanted or IncidentFilter())).group_by(by)
        with self._store.reading() as connection:
            return dict(sorted((row[0], row[1]) for row in connection.execute(query)))

    def columns(self, names: tuple[str, ...], wanted: IncidentFilter | None = None) -> dict[str, list[Any]]:
        """Columns of all incidents, in the order of their numbers; `lon` and `lat` are None without a place."""
        asked = [name for name in names if name not in {"lon", "lat"}]
        # As the driver gives them: a hundred thousand points are read at once.
        raw = [
            sa.type_coerce(INCIDENT.c[name], sa.types.NullType()) if name == "place" else INCIDENT.c[name]
            for name in asked
        ]
        if placed := {"lon", "lat"} & set(names):
            raw.append(sa.type_coerce(INCIDENT.c.place, sa.types.NullType()))
        query = sa.select(*raw).where(*_conditions(wanted or IncidentFilter())).order_by(INCIDENT.c.id)
        with self._store.reading() as connection:
            rows = connection.execute(query).all()
        values: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in raw]
        found = dict(zip(asked, values, strict=False))
        if placed:
            wkb = np.empty(len(rows), dtype=object)
            wkb[:] = values[-1]
            points = shapely.from_wkb(wkb)
            for name, read in (("lon", shapely.get_x), ("lat", shapely.get_y)):
                degrees = read(points)
                found[name] = _or_none(degrees)
        return {name: found[name] for name in names}


def _conditions(wanted: IncidentFilter) -> Iterator[sa.ColumnElement[bool]]:
    yield from _of_unit(wanted.unit)
    for column, values in (("state", wanted.states), ("category", wanted.categories), ("how", wanted.hows)):
        if values:
            yield INCIDENT.c[column].in_(values) if len(values) > 1 else INCIDENT.c[column] == values[0]
    if wanted.from_ms is not None:
        yield INCIDENT.c.reported_ms >= wanted.from_ms
    if wanted.to_ms is not None:
        yield INCIDENT.c.reported_ms < wanted.to_ms


def _of_unit(unit: str) -> Iterator[sa.ColumnElement[bool]]:
    if not unit:
        return
    if len(unit) == 12 and unit.isdecimal():
        if unit.endswith("000000"):
            # Hardly any row is left out: an index on the township would only get in the way of the order.
            yield sa.func.substr(INCIDENT.c.township, 1, 6) == unit[:6]
        else:
            yield (INCIDENT.c.township if unit.endswith("000") else INCIDENT.c.village) == unit
    elif unit.startswith("area:"):
        yield INCIDENT.c.grid.in_(sa.select(AREA_GRID.c.grid).where(AREA_GRID.c.area == unit.removeprefix("area:")))
    else:
        yield INCIDENT.c.grid == unit


def _known(connection: sa.Connection, system: str, ids: list[str]) -> dict[str, tuple[int, int | None, str]]:
    """Number, digest and way of assignment of those that are there, by their number at the source."""
    if is_postgresql(connection):
        among = INCIDENT.c.source_id == sa.func.any(sa.literal(ids, sa.ARRAY(sa.Text)))
    else:
        among = INCIDENT.c.source_id.in_(sa.text("select value from json_each(:ids)").bindparams(ids=json.dumps(ids)))
    query = sa.select(INCIDENT.c.source_id, INCIDENT.c.id, INCIDENT.c.source_digest, INCIDENT.c.how).where(
        INCIDENT.c.source_system == system, among
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def _columns(connection: sa.Connection, rows: IncidentRows, found: Belonging) -> dict[str, list[Any]]:
    columns = {
        field.name: getattr(rows, field.name).tolist()
        for field in dataclasses.fields(rows)
        if field.name not in {"given", "source_id", "lon", "lat", "accuracy_m"}
    }
    columns["place"] = point_values(connection, rows.lon, rows.lat)
    columns["accuracy_m"] = _or_none(rows.accuracy_m)
    columns |= {name: getattr(found, name).tolist() for name in _ASSIGNED if name != "border_distance_m"}
    columns["border_distance_m"] = _or_none(found.border_distance_m)
    return columns


def _update(
    change: Change, rows: IncidentRows, columns: Mapping[str, list[Any]], which: NDArray[np.int64], *, with_grid: bool
) -> None:
    """Change rows in what the source speaks of; a grid that a person has given stays."""
    names = {name for field, names in _FIELD_COLUMNS.items() if field in rows.given for name in names}
    if with_grid and rows.given & {"lon", "stated_grid"}:
        names |= set(_ASSIGNED)
    picked = _pick({name: columns[name] for name in (*sorted(names), "id", "source_digest", "event_id")}, which)
    update_columns(change.connection, INCIDENT, "id", picked)


def _pick(columns: Mapping[str, list[Any]], which: NDArray[np.int64]) -> dict[str, list[Any]]:
    places = which.tolist()
    return {name: [values[place] for place in places] for name, values in columns.items()}


def _or_none(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # NaN differs from itself


def _incident(row: Any) -> Incident:
    values = dict(row._mapping)
    place, _ = values.pop("place"), values.pop("source_digest")
    return Incident(**values, lon=place.x if place else None, lat=place.y if place else None)
