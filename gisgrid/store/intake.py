"""Incidents of other platforms, taken in whole lists at a time: each once, changed where its source says otherwise."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.clocks import CARDS, NEVER, Deadlines, earned_cards
from gisgrid.errors import BadOption
from gisgrid.flow import ENDED
from gisgrid.incident_rows import FIELDS, IncidentRows
from gisgrid.offices import DISTRICT, district_of
from gisgrid.store.answering import units_to_alert
from gisgrid.store.belonging import Belonging, belongings
from gisgrid.store.bulk import insert_columns, point_values, update_columns
from gisgrid.store.editions import Editions
from gisgrid.store.engine import is_postgresql
from gisgrid.store.lists import TakenIn
from gisgrid.store.reach import out_of_reach
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.schema import make_missing_indexes
from gisgrid.store.standing import first_offices
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import INCIDENT, STEP
from gisgrid.told import Told

FUTURE_MS: Final = 300_000
"""How far a source's clock may be ahead of ours."""

_TWICE: Final = Told("an earlier row has the same incident number", "前面的行有相同的事件编号")
_FUTURE: Final = Told("the time lies in the future", "上报时间在将来")
_MANY_ROWS: Final = 1_000
_ROWS_AT_A_TIME: Final = 50_000
_GREAT: Final = 50_000
_ASSIGNED: Final = ("edition_id", "township", "village", "grid", "how", "border_distance_m", "alternatives")
_OFFICES: Final = ("holder", "handed", "alerted")
_FIELD_COLUMNS: Final = {
    "category": ("category",),
    "sub_category": ("sub_category",),
    "time": ("reported_ms", "card"),
    "state": ("state", "card"),
    "urgent": ("is_urgent", "card"),
    "reporter": ("reporter",),
    "description": ("description",),
    "accuracy_m": ("accuracy_m",),
    "source": ("source",),
    "stated_grid": ("stated",),
    "lon": ("place",),
    "grade": ("grade", *_OFFICES),
    "level": _OFFICES,
    "responded": ("responded_ms", "card"),
    "done": ("done_ms", "card"),
    "closed": ("closed_ms",),
    "satisfied": ("is_satisfied",),
}
"""Which columns a field of the source fills."""

_ALWAYS_OURS: Final = ("category", "sub_category", "reporter", "description")
"""What the source may still change once an incident is being handled here."""


@dataclass(frozen=True)
class _Known:
    """An incident that is there: its number, what its source said last, and what has been done to it here."""

    id: int
    digest: int | None
    how: str
    answering_grid: str | None
    card: str
    is_handled: bool


def take_in_rows(
    store: Store,
    editions: Editions,
    rows: IncidentRows,
    source_system: str,
    *,
    author: str,
    origin: str = "local",
    on_progress: Callable[[int, int], None] | None = None,
) -> TakenIn:
    """Take in incidents of another platform, each to the grid that answered for it at its time, with its clocks.

    One that is known by `source_system` and its number there is changed where the source says something else than
    before, and keeps a grid that a person has given it; never doubled. Once it is being handled here, its state, place and
    clocks are ours, and what the source says of them is kept among its steps. Refused is what happened in the future or
    far from the district, and a number that comes again among the rows.
    Commits after every 50,000 rows, then `on_progress(rows, of all)`: sending all again after an interruption is safe.
    Raises `BadOption` without a name of the system.
    """
    if not source_system.strip():
        raise BadOption(
            "incidents of another platform need its name, for instance --system 12345-hotline",
            zh="其他平台的事件须说明来源系统名称，例如 12345 热线",
        )
    refused = _refused(editions, rows, store.now_ms() + FUTURE_MS)
    kept = np.flatnonzero(~np.isin(np.arange(len(rows)), list(refused)))
    digests = rows.digests()
    new = changed = 0
    with _indexes_later(store, author, len(kept)):
        for start in range(0, len(kept), _ROWS_AT_A_TIME):
            part = kept[start : start + _ROWS_AT_A_TIME]
            fresh, different = _take_in_part(
                store, editions, rows.at(part), digests[part], source_system, author, origin
            )
            new, changed = new + fresh, changed + different
            if on_progress is not None:
                on_progress(min(start + _ROWS_AT_A_TIME, len(kept)), len(kept))
    with store.changing(author, origin=origin) as change:
        if new + changed >= _MANY_ROWS:
            # What the planner of queries knows of the table; without it the first lists would be slow.
            change.connection.exec_driver_sql("analyze incident")
        change.note("take_in", f"incidents/{source_system}", f"{new} new, {changed} changed, {len(refused)} refused")
    return TakenIn(new, changed, len(kept) - new - changed, refused)


def foresee_rows(store: Store, editions: Editions, rows: IncidentRows, source_system: str) -> TakenIn:
    """What taking rows in would do as things stand now; nothing is changed."""
    refused = _refused(editions, rows, store.now_ms() + FUTURE_MS)
    kept = np.flatnonzero(~np.isin(np.arange(len(rows)), list(refused)))
    digests = rows.digests()
    new = changed = 0
    for start in range(0, len(kept), _ROWS_AT_A_TIME):
        part = kept[start : start + _ROWS_AT_A_TIME]
        keys = rows.source_id[part].tolist()
        with store.reading() as connection:
            known = _known(connection, source_system, keys)
        new += sum(key not in known for key in keys)
        pairs = zip(keys, digests[part].tolist(), strict=True)
        changed += sum(key in known and known[key].digest != digest for key, digest in pairs)
    return TakenIn(new, changed, len(kept) - new - changed, refused)


@contextmanager
def _indexes_later(store: Store, author: str, count: int) -> Iterator[None]:
    """The first great load of an empty table goes without most of its indexes, which are then made at one go.

    A process that dies before has `schema.make_missing_indexes` make them at the next start.
    """
    dropped: list[sa.Index] = []
    if count >= _GREAT:
        with store.changing(author) as change:
            change.take_turn()
            if change.connection.execute(sa.select(INCIDENT.c.id).limit(1)).first() is None:
                dropped = [index for index in INCIDENT.indexes if index.name != "ix_incident_event_id"]
                for index in dropped:
                    index.drop(change.connection, checkfirst=True)
    try:
        yield
    finally:
        if dropped:
            with store.changing(author) as change:
                make_missing_indexes(change.connection)


def _refused(editions: Editions, rows: IncidentRows, latest_ms: int) -> dict[int, str]:
    twice = pd.Series(rows.source_id).duplicated().to_numpy()
    refused: dict[int, str] = {int(place): _TWICE for place in np.flatnonzero(twice)}
    for name, instants in (("done", rows.done_ms), ("closed", rows.closed_ms), ("responded", rows.responded_ms)):
        told = Told(f"{name} lies in the future", f"{FIELDS[name]}在将来")
        later = np.flatnonzero((instants > latest_ms) & (instants != NEVER))
        refused |= {int(place): told for place in later}
    later = np.flatnonzero(rows.reported_ms > latest_ms)
    return {**out_of_reach(editions, rows, editions.all()), **refused, **{int(place): _FUTURE for place in later}}


def _take_in_part(
    store: Store,
    editions: Editions,
    rows: IncidentRows,
    digests: NDArray[np.int64],
    system: str,
    author: str,
    origin: str,
) -> tuple[int, int]:
    keys = rows.source_id.tolist()
    with store.reading() as connection:
        known = _known(connection, system, keys)
    if all(key in known and known[key].digest == digest for key, digest in zip(keys, digests.tolist(), strict=True)):
        return 0, 0
    # Outside the transaction that writes, so that nobody waits for it.
    found, home = belongings(editions, rows), home_of(editions)
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        if editions.newest_in(change.connection) != found.newest_edition:
            found = belongings(editions, rows, change.connection)
        known = _known(change.connection, system, keys)
        before = [known.get(key) for key in keys]
        new = np.flatnonzero([row is None for row in before])
        changed = np.flatnonzero(
            [row is not None and row.digest != digest for row, digest in zip(before, digests.tolist(), strict=True)]
        )
        if len(new) + len(changed) == 0:
            return 0, 0
        last = change.connection.execute(sa.select(sa.func.max(INCIDENT.c.id))).scalar_one_or_none() or 0
        ids = np.array([row.id if row else 0 for row in before], np.int64)
        ids[new] = last + 1 + np.arange(len(new))
        event_id = change.tell(
            "incidents_taken_in",
            f"incidents/{system}",
            {"new": len(new), "changed": len(changed), "first": last + 1, "last": last + len(new)},
        )
        due = rulebook_of(change.connection).deadlines(rows.reported_ms, rows.is_urgent)
        columns = columns_of_rows(change.connection, rows, found, due, home)
        columns |= {
            "id": ids.tolist(), "source_id": keys, "source_digest": digests.tolist(),
            "source_system": [system] * len(rows), "event_id": [event_id] * len(rows), "version": [1] * len(rows),
            "assistants": [""] * len(rows), "reopened": [0] * len(rows),
            "steps": [0] * len(rows),
        }  # fmt: skip
        insert_columns(change.connection, INCIDENT, _pick(columns, new))
        if len(changed):
            columns["card"] = [
                max(card, row.card if row else "", key=tuple(CARDS).index)
                for card, row in zip(columns["card"], before, strict=True)
            ]
        handled = np.array([row is not None and row.is_handled for row in before], bool)
        manual = np.array(
            [row is not None and (row.how == "manual" or row.answering_grid is not None) for row in before], bool
        )
        fresh = changed[~handled[changed]]
        _update(change, columns, fresh[~manual[fresh]], _spoken_of(rows, with_grid=True))
        _update(change, columns, fresh[manual[fresh]], _spoken_of(rows, with_grid=False))
        _hear(change, rows, columns, changed[handled[changed]], system)
        return len(new), len(changed)


def home_of(editions: Editions) -> str:
    """The office of the district, as far as the newest edition tells it."""
    newest = editions.latest()
    network = editions.network(newest.id) if newest else None
    return district_of(network.codes[0]) if network and network.code_scheme == "official" else DISTRICT


def _known(connection: sa.Connection, system: str, ids: list[str]) -> dict[str, _Known]:
    """Those that are there, by their number at the source."""
    if is_postgresql(connection):
        among = INCIDENT.c.source_id == sa.func.any(sa.literal(ids, sa.ARRAY(sa.Text)))
    else:
        among = INCIDENT.c.source_id.in_(sa.text("select value from json_each(:ids)").bindparams(ids=json.dumps(ids)))
    names = ("source_id", "id", "source_digest", "how", "answering_grid", "card")
    # Cards and a new edition come by themselves; what an office has done is handling.
    handled = sa.exists().where(STEP.c.incident_id == INCIDENT.c.id, STEP.c.office != "")
    columns = (*(INCIDENT.c[name] for name in names), sa.case((INCIDENT.c.steps == 0, sa.false()), else_=handled))
    query = sa.select(*columns).where(INCIDENT.c.source_system == system, among)
    return {row[0]: _Known(row[1], row[2], row[3], row[4], row[5], bool(row[6])) for row in connection.execute(query)}


def columns_of_rows(
    connection: sa.Connection, rows: IncidentRows, found: Belonging, due: Deadlines, home: str
) -> dict[str, list[Any]]:
    """The columns of the table for reports (n,) and where they belong and when they are due; the caller adds number, source and event."""
    plain = (
        "category",
        "sub_category",
        "reported_ms",
        "source",
        "stated",
        "state",
        "is_urgent",
        "reporter",
        "description",
        "grade",
    )
    columns: dict[str, list[Any]] = {name: getattr(rows, name).tolist() for name in plain}
    columns["place"] = point_values(connection, rows.lon, rows.lat)
    columns["accuracy_m"] = _or_none(rows.accuracy_m)
    columns |= {name: getattr(found, name).tolist() for name in _ASSIGNED if name != "border_distance_m"}
    columns["border_distance_m"] = _or_none(found.border_distance_m)
    columns["holder"], columns["handed"] = first_offices(rows.grade, rows.level, found.village, found.township, home)
    near_border = zip(columns["grid"], columns["alternatives"], columns["is_urgent"], strict=True)
    columns["alerted"] = [units_to_alert(*one) for one in near_border]
    for name in ("responded_ms", "done_ms", "closed_ms"):
        columns[name] = [None if value == NEVER else value for value in getattr(rows, name).tolist()]
    columns["is_satisfied"] = [None if value < 0 else bool(value) for value in rows.satisfied.tolist()]
    is_open = ~np.isin(rows.state, ENDED)
    never = np.full(len(rows), NEVER, np.int64)
    # Cards of what is open are raised by the tick, each with its step.
    earned = np.where(is_open, 0, earned_cards(0, is_open, rows.responded_ms, rows.done_ms, due, never))
    columns["card"] = np.array(tuple(CARDS), dtype=object)[earned].tolist()
    return columns


def _spoken_of(rows: IncidentRows, *, with_grid: bool) -> set[str]:
    """The columns that the source fills; a grid that a person has given, and the offices with it, stay."""
    names = {name for field, filled in _FIELD_COLUMNS.items() if field in rows.given for name in filled}
    if with_grid and rows.given & {"lon", "stated_grid"}:
        names |= {*_ASSIGNED, *_OFFICES}
    return names if with_grid else names - set(_OFFICES)


def _update(change: Change, columns: Mapping[str, list[Any]], which: NDArray[np.int64], names: set[str]) -> None:
    picked = _pick({name: columns[name] for name in (*sorted(names), "id", "source_digest", "event_id")}, which)
    update_columns(change.connection, INCIDENT, "id", picked)


def _hear(
    change: Change, rows: IncidentRows, columns: Mapping[str, list[Any]], which: NDArray[np.int64], system: str
) -> None:
    """Keep what a source says of incidents that are being handled here: some of it in the row, all of it as a step."""
    _update(change, columns, which, {name for name in _ALWAYS_OURS if name in rows.given})
    for place in which.tolist():
        number = columns["id"][place]
        row = change.connection.execute(
            INCIDENT.update()
            .where(INCIDENT.c.id == number)
            .values(steps=INCIDENT.c.steps + 1)
            .returning(INCIDENT.c.steps, INCIDENT.c.state, INCIDENT.c.holder)
        ).one()
        says = {
            field.name: getattr(rows, field.name)[place]
            for field in dataclasses.fields(rows)
            if field.name in {"state", "stated", "level", "grade", "lon", "lat", "responded_ms", "done_ms", "closed_ms"}
        }
        told = {name: _plain(value) for name, value in says.items() if _plain(value) not in (None, "")}
        change.connection.execute(
            STEP.insert().values(
                incident_id=number, number=row.steps, at_ms=change.at_ms, move="source_says", office="",
                author=change.author, reason="", state=row.state, holder=row.holder, content={"system": system, **told},
            )
        )  # fmt: skip


def _plain(value: Any) -> Any:
    """A number or text as JSON has it; None for what is not there."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if plain == NEVER or plain != plain else plain  # NaN differs from itself


def _pick(columns: Mapping[str, list[Any]], which: NDArray[np.int64]) -> dict[str, list[Any]]:
    places = which.tolist()
    if len(columns) and places == list(range(len(next(iter(columns.values()))))):
        return dict(columns)
    return {name: [values[place] for place in places] for name, values in columns.items()}


def _or_none(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]
