"""The inbox of fixes: batches in, each content once with its earliest reception, there as soon as acknowledged."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql, sqlite

from gisgrid.errors import BadOption
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, local_day, start_of
from gisgrid.store.engine import is_postgresql
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import FIX, REFUSED_FIX, TRACKER

_E7: Final = 1e7
_COLUMNS: Final = ("tracker_id", "time_ms", "lon_e7", "lat_e7", "accuracy_m", "received_ms")
_INSERT_ROWS: Final = """
insert into fix (tracker_id, time_ms, lon_e7, lat_e7, accuracy_m, received_ms) values (?, ?, ?, ?, ?, ?)
on conflict (tracker_id, time_ms, lon_e7, lat_e7, accuracy_m)
do update set received_ms = excluded.received_ms where excluded.received_ms < fix.received_ms
"""
_FEW_PEOPLE: Final = 200
"""Of so many the trackers are looked up, of more all are read."""

_MAKE_ROOM: Final = "create temporary table if not exists coming_fix (like fix) on commit delete rows"
_COPY_ROWS: Final = "copy coming_fix (tracker_id, time_ms, lon_e7, lat_e7, accuracy_m, received_ms) from stdin"
_INSERT_COPIED: Final = """
insert into fix (tracker_id, time_ms, lon_e7, lat_e7, accuracy_m, received_ms)
select tracker_id, time_ms, lon_e7, lat_e7, accuracy_m, received_ms from coming_fix
on conflict (tracker_id, time_ms, lon_e7, lat_e7, accuracy_m)
do update set received_ms = excluded.received_ms where excluded.received_ms < fix.received_ms
"""


@dataclass(frozen=True, eq=False)
class FixBatch:
    """Fixes as columns (n,): names, milliseconds since 1970 UTC, degrees EPSG:4490, metres (NaN or 0 where unknown)."""

    patroller: NDArray[np.object_]
    device: NDArray[np.object_]
    time_ms: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    received_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time_ms)


@dataclass(frozen=True)
class Received:
    """What became of a batch: so many fixes are in the inbox now or were before, so many were refused, by reason."""

    kept: int
    refused: Mapping[str, int]


class FixInbox:
    """The fixes that are not sealed into the archive yet."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        batch: FixBatch,
        *,
        author: str,
        refused: Mapping[str, NDArray[np.bool_]] | None = None,
        origin: str = "local",
        beside: Callable[[Change], object] | None = None,
    ) -> Received:
        """Take in a batch in one transaction; when this returns it can no longer be lost. Sending it again changes nothing.

        `refused` marks by reason the fixes (n,) that the policy does not keep (off duty, on leave): they are counted, and
        their places forgotten. `beside` writes in the same transaction what belongs to the batch. Raises `BadOption` for
        columns of different lengths or positions that are not on the earth.
        """
        refused = dict(refused or {})
        _check(batch, refused)
        reasons = np.zeros(len(batch), np.int64)
        for number, mask in enumerate(refused.values(), start=1):
            reasons[mask & (reasons == 0)] = number
        kept = reasons == 0
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            tracker = _trackers(change.connection, batch)
            rows = _rows(batch, tracker)
            _insert(change, {name: column[kept] for name, column in rows.items()})
            _count(change.connection, rows, reasons, tuple(refused))
            if beside is not None:
                beside(change)
            if len(batch):
                change.tell(
                    "fixes_received", "fixes", {"count": int(kept.sum()), "newest_ms": int(batch.time_ms.max())}
                )
        counts = {reason: int((reasons == number).sum()) for number, reason in enumerate(refused, start=1)}
        return Received(int(kept.sum()), counts)

    def read(self, first: dt.date, last: dt.date, person: str | None = None) -> FixBatch:
        """The fixes of local days, both included, by patroller, time, position and accuracy; of one person or (None) all."""
        start_ms, end_ms = start_of(first), start_of(last + dt.timedelta(days=1))
        query = (
            sa.select(TRACKER.c.patroller, TRACKER.c.device, *(FIX.c[name] for name in _COLUMNS[1:]))
            .join(TRACKER, TRACKER.c.id == FIX.c.tracker_id)
            .where(FIX.c.time_ms >= start_ms, FIX.c.time_ms < end_ms)
            .order_by(TRACKER.c.patroller, *(FIX.c[name] for name in _COLUMNS[1:5]), TRACKER.c.device)
        )
        if person is not None:
            query = query.where(TRACKER.c.patroller == person)
        with self._store.reading() as connection:
            rows = connection.execute(query).all()
        return _batch(rows)

    def newest(self, until_ms: int) -> FixBatch:
        """The newest fix of each device up to an instant, by patroller and device; of several of one millisecond the last."""
        one = FIX.alias()
        latest = (
            sa.select(one.c.time_ms)
            .where(one.c.tracker_id == TRACKER.c.id, one.c.time_ms <= until_ms)
            .order_by(one.c.time_ms.desc())
            .limit(1)
            .correlate(TRACKER)
            .scalar_subquery()
        )
        query = (
            sa.select(TRACKER.c.patroller, TRACKER.c.device, *(FIX.c[name] for name in _COLUMNS[1:]))
            .select_from(TRACKER)
            .join(FIX, sa.and_(FIX.c.tracker_id == TRACKER.c.id, FIX.c.time_ms == latest))
            .order_by(TRACKER.c.patroller, TRACKER.c.device, *(FIX.c[name] for name in _COLUMNS[2:5]))
        )
        with self._store.reading() as connection:
            found = {(row[0], row[1]): row for row in connection.execute(query)}
        return _batch(list(found.values()))

    def days(self) -> list[dt.date]:
        """The local days of which the inbox holds fixes, the oldest first."""
        day = (FIX.c.time_ms + EAST_OF_UTC_MS) // DAY_MS
        with self._store.reading() as connection:
            found = connection.execute(sa.select(day).distinct()).scalars().all()
        return [dt.date(1970, 1, 1) + dt.timedelta(days=int(number)) for number in sorted(found)]

    def remove(self, batch: FixBatch, *, author: str, origin: str = "local") -> int:
        """Take fixes out that are safe elsewhere; one that has been received earlier since stays. Returns how many went."""
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            rows = _rows(batch, _trackers(change.connection, batch))
            keys = [FIX.c[name] == sa.bindparam(f"the_{name}") for name in _COLUMNS[:5]]
            gone = sa.delete(FIX).where(*keys, FIX.c.received_ms >= sa.bindparam("the_received_ms"))
            values = [
                dict(zip((f"the_{name}" for name in _COLUMNS), row, strict=True))
                for row in zip(*(rows[name].tolist() for name in _COLUMNS), strict=True)
            ]
            count = change.connection.execute(gone, values).rowcount if values else 0
            change.note("seal", "fixes", f"{count} fixes into the archive")
            return count

    def refused_on(self, first: dt.date, last: dt.date) -> dict[tuple[str, dt.date, str], int]:
        """How many fixes of local days were not kept, by patroller, day and reason."""
        count = sa.func.count()
        query = (
            sa.select(TRACKER.c.patroller, REFUSED_FIX.c.day, REFUSED_FIX.c.reason, count)
            .join(TRACKER, TRACKER.c.id == REFUSED_FIX.c.tracker_id)
            .where(REFUSED_FIX.c.day >= first, REFUSED_FIX.c.day <= last)
            .group_by(TRACKER.c.patroller, REFUSED_FIX.c.day, REFUSED_FIX.c.reason)
        )
        with self._store.reading() as connection:
            return {(row[0], row[1], row[2]): row[3] for row in connection.execute(query)}


def _check(batch: FixBatch, refused: Mapping[str, NDArray[np.bool_]]) -> None:
    columns = (batch.patroller, batch.device, batch.lon, batch.lat, batch.accuracy_m, batch.received_ms)
    if any(len(column) != len(batch) for column in (*columns, *refused.values())):
        raise BadOption("the columns of a batch of fixes must be of one length")
    off = np.flatnonzero(~((np.abs(batch.lon) <= 180.0) & (np.abs(batch.lat) <= 90.0)))
    if len(off):
        raise BadOption(
            f"fix {off[0]} of {len(batch)} lies at {batch.lon[off[0]]}, {batch.lat[off[0]]}; expected degrees; "
            "set such fixes aside before the batch is taken in"
        )


def _batch(rows: Sequence[sa.Row[Any]]) -> FixBatch:
    """Rows of patroller, device and what a fix holds, as columns."""
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 7
    accuracy = np.array(columns[5], np.float64)
    return FixBatch(
        np.array(columns[0], dtype=object),
        np.array(columns[1], dtype=object),
        np.array(columns[2], np.int64),
        np.array(columns[3], np.int64) / _E7,
        np.array(columns[4], np.int64) / _E7,
        np.where(accuracy > 0.0, accuracy, np.nan),
        np.array(columns[6], np.int64),
    )


def _trackers(connection: sa.Connection, batch: FixBatch) -> NDArray[np.int64]:
    """The number of every fix's tracker (n,); new ones are entered."""
    pairs = sorted(set(zip(batch.patroller.tolist(), batch.device.tolist(), strict=True)))
    query = sa.select(TRACKER.c.id, TRACKER.c.patroller, TRACKER.c.device)
    people = sorted({patroller for patroller, _ in pairs})
    if len(people) <= _FEW_PEOPLE:
        query = query.where(TRACKER.c.patroller.in_(people))
    known = {(patroller, device): number for number, patroller, device in connection.execute(query)}
    fresh = [pair for pair in pairs if pair not in known]
    if fresh:
        last = connection.execute(sa.select(sa.func.max(TRACKER.c.id))).scalar_one_or_none() or 0
        known |= {pair: last + step for step, pair in enumerate(fresh, start=1)}
        connection.execute(
            TRACKER.insert(), [{"id": known[pair], "patroller": pair[0], "device": pair[1]} for pair in fresh]
        )
    return np.fromiter(
        (known[pair] for pair in zip(batch.patroller.tolist(), batch.device.tolist(), strict=True)),
        np.int64,
        len(batch),
    )


def _rows(batch: FixBatch, tracker: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    accuracy = np.asarray(batch.accuracy_m, np.float64)
    return {
        "tracker_id": tracker,
        "time_ms": np.asarray(batch.time_ms, np.int64),
        "lon_e7": np.rint(batch.lon * _E7).astype(np.int64),
        "lat_e7": np.rint(batch.lat * _E7).astype(np.int64),
        "accuracy_m": np.where(np.isfinite(accuracy) & (accuracy > 0.0), accuracy, 0.0),
        "received_ms": np.asarray(batch.received_ms, np.int64),
    }


def _insert(change: Change, rows: Mapping[str, NDArray[Any]]) -> None:
    """Insert rows, each content once; in the order of the key, which the database likes best."""
    order = np.lexsort([rows[name] for name in reversed(_COLUMNS)])
    columns = [rows[name][order] for name in _COLUMNS]
    fresh = np.ones(len(order), bool)
    if len(order):
        fresh[1:] = np.any([column[1:] != column[:-1] for column in columns[:5]], axis=0)
    values = list(zip(*(column[fresh].tolist() for column in columns), strict=True))
    if not values:
        return
    if not is_postgresql(change.connection):
        change.connection.exec_driver_sql(_INSERT_ROWS, values)
        return
    change.connection.exec_driver_sql(_MAKE_ROOM)
    driver: Any = change.connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY_ROWS) as copy:
        for row in values:
            copy.write_row(row)
    change.connection.exec_driver_sql(_INSERT_COPIED)


def _count(
    connection: sa.Connection, rows: Mapping[str, NDArray[Any]], reasons: NDArray[np.int64], names: tuple[str, ...]
) -> None:
    """Count what is not kept, once for each millisecond of a tracker."""
    refused = np.flatnonzero(reasons)
    if len(refused) == 0:
        return
    values = [
        {"tracker_id": tracker, "time_ms": time_ms, "day": local_day(time_ms), "reason": names[reason - 1]}
        for tracker, time_ms, reason in zip(
            *(column[refused].tolist() for column in (rows["tracker_id"], rows["time_ms"], reasons)), strict=True
        )
    ]
    insert = postgresql.insert if is_postgresql(connection) else sqlite.insert
    connection.execute(insert(REFUSED_FIX).on_conflict_do_nothing(), values)
