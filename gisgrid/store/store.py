"""Opening the store, reading from it and changing it: a change has an author, and is there wholly or not at all."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.errors import BadOption, DatabaseLost, StoreError, Uncertain
from gisgrid.store.bulk import Row, insert_rows
from gisgrid.store.engine import LONGEST_WAIT_S, MOST_WRITERS, database_url, for_writing, is_postgresql, make_engine
from gisgrid.store.schema import check_version, heal, upgrade
from gisgrid.store.tables import AUDIT, EVENT, INCIDENT

_LOG_LOCK: Final = 0x67726964
"""The advisory lock under which PostgreSQL numbers events: from the first number to the end of the transaction."""

EVENT_CHANNEL: Final = "gisgrid_event"
"""The channel on which PostgreSQL says that there are new events; it says no more than that."""


_NUMBERED: Final = (EVENT, AUDIT, INCIDENT)
_NEWEST: Final = "select " + ", ".join(f"(select max(id) from {table.name})" for table in _NUMBERED)  # noqa: S608  # our own names
_NOTIFY: Final = f"pg_notify('{EVENT_CHANNEL}', '')"
_BUSY: Final = (
    "other changes have kept the database busy for too long; nothing of this one was kept, try again in a few seconds"
)
_BUSY_STATES: Final = frozenset({"55P03", "40P01"})
"""PostgreSQL's words for a lock that was not to be had in time, and for two that wait for each other."""

_TAKE_TURN: Final = f"select pg_advisory_xact_lock({_LOG_LOCK})"
_AS_READER: Final = "set transaction isolation level repeatable read, read only"
_ARE_YOU_THERE: Final = "select 1"


@dataclass(frozen=True)
class Change:
    """A transaction that writes, by `author` from `origin` (an address or a program), at `at_ms`.

    `told` are the numbers of the events told so far, shared by copies made for another author. One that `gathers` writes
    what is told, noted and inserted at its end, all of it at once: nothing of that is read, and nothing else written, before.
    """

    connection: sa.Connection
    author: str
    origin: str
    at_ms: int
    gathers: bool = False
    told: list[int] = field(default_factory=list, repr=False, compare=False)
    _last: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _gathered: list[Row] = field(default_factory=list, repr=False, compare=False)

    def tell(self, kind: str, subject: str, content: dict[str, Any] | None = None) -> int:
        """Append an event, which readers see when the change is there; returns its number."""
        number = self.next_number(EVENT)
        values = {"id": number, "at_ms": self.at_ms, "kind": kind, "subject": subject, "author": self.author}
        self.insert(EVENT, {**values, "content": json.dumps(content or {})})
        self.told.append(number)
        return number

    def note(self, action: str, subject: str, result: str = "done") -> None:
        """Write a line of the audit."""
        values = {"id": self.next_number(AUDIT), "at_ms": self.at_ms, "author": self.author, "action": action}
        self.insert(AUDIT, {**values, "subject": subject, "result": result, "origin": self.origin})

    def insert(self, table: sa.Table, values: Mapping[str, Any]) -> None:
        """Insert a row, given as the driver takes it."""
        self._gathered.append((table, values))
        if not self.gathers:
            self.write_gathered()

    def write_gathered(self, also: str = "") -> None:
        """Write what was gathered; `also` is a call that PostgreSQL makes on the way."""
        if self._gathered or also:
            insert_rows(self.connection, self._gathered, also)
        self._gathered.clear()

    def take_turn(self) -> None:
        """Wait until no other change is numbering; held to the end of this one. SQLite's writers always take turns."""
        if is_postgresql(self.connection) and "turn" not in self._last:
            self.connection.exec_driver_sql(_TAKE_TURN)
        self.has_turn()

    def has_turn(self) -> None:
        """It is its turn."""
        self._last.setdefault("turn", 0)

    def next_number(self, table: sa.Table) -> int:
        """The next number of a table of events, audit or incidents, for a change that gives all its numbers so."""
        # Numbers follow in the order of commits and without a gap: a reader who knows 7 has missed nothing before 7.
        if table.name not in self._last:
            self.take_turn()
            # In a statement of its own: one that waits for its turn sees what was there before it waited.
            newest = self.connection.exec_driver_sql(_NEWEST).one()
            for one, last in zip(_NUMBERED, newest, strict=True):
                self._last.setdefault(one.name, last or 0)
        # Nobody else numbers before this change has ended.
        self._last[table.name] += 1
        return self._last[table.name]


class Store:
    """The open store. Safe for any number of threads; each block below uses a connection of its own."""

    def __init__(self, engine: sa.Engine, now_ms: Callable[[], int], wait_s: float = LONGEST_WAIT_S) -> None:
        self.engine = engine
        self._wait_s = wait_s
        self._writing = for_writing(engine)
        self.now_ms = now_ms
        self._hearers: list[Callable[[], None]] = []
        self._turns = threading.BoundedSemaphore(MOST_WRITERS)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of everything."""
        with plain_errors(), _connected(self.engine, _AS_READER) as (connection, _):
            yield connection

    @contextmanager
    def changing(
        self, author: str, *, origin: str = "local", in_turn: bool = False, gathers: bool = False
    ) -> Iterator[Change]:
        """A transaction that writes; nothing of it stays when the block ends with an error.

        `in_turn`: it takes its turn before anything else. `gathers`: see `Change`.

        Raises `BadOption` without an author, `DatabaseLost` when the connection breaks.
        """
        if not author.strip():
            raise BadOption("a change needs an author; give the name of a person or a program")
        if not self._turns.acquire(timeout=self._wait_s):
            raise StoreError(_BUSY)
        try:
            with plain_errors(), _connected(self._writing, _TAKE_TURN if in_turn else _ARE_YOU_THERE) as opened:
                connection, transaction = opened
                change = Change(connection, author, origin, self.now_ms(), gathers)
                if in_turn:
                    change.has_turn()
                yield change
                # Sent when the change is there, to every process that listens.
                change.write_gathered(_NOTIFY if change.told and is_postgresql(connection) else "")
                self._commit(transaction, change)
        finally:
            self._turns.release()

    def _commit(self, transaction: sa.RootTransaction, change: Change) -> None:
        """Commit, and tell those who hear; `Uncertain` where the answer of the server is lost."""
        is_remote = is_postgresql(change.connection)
        try:
            transaction.commit()
        except sa.exc.OperationalError as error:
            if not is_remote:
                raise
            self._tell_hearers(change)
            raise Uncertain(
                "the database went away while it committed, and the change may have been kept; look whether it is there, "
                "or send it again under the same Idempotency-Key"
            ) from error
        self._tell_hearers(change)

    def _tell_hearers(self, change: Change) -> None:
        if change.told:
            for hear in tuple(self._hearers):
                hear()

    def on_events(self, hear: Callable[[], None]) -> Callable[[], None]:
        """Call `hear` after every change of this process that told events, in the thread of the change.

        It must be quick and raise nothing. Returns what ends it.
        """
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear) if hear in self._hearers else None

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def _connected(engine: sa.Engine, first: str) -> Iterator[tuple[sa.Connection, sa.RootTransaction]]:
    """A connection and its transaction, taken back unless it was committed; on PostgreSQL `first`, which changes nothing, is done.

    Where that finds the connection lost, a fresh one takes its place: nothing was done yet, so nothing is done twice.
    """
    connection = engine.connect()
    try:
        transaction = connection.begin()
        if is_postgresql(connection):
            try:
                connection.exec_driver_sql(first)
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                # With this one the pool has given up all that are as old.
                transaction.close()
                connection.close()
                connection = engine.connect()
                transaction = connection.begin()
                connection.exec_driver_sql(first)
        with transaction:
            yield connection, transaction
    finally:
        connection.close()


def open_store(
    data: Path | None,
    url: str | None = None,
    *,
    upgrading: bool = False,
    now_ms: Callable[[], int] | None = None,
    wait_s: float = LONGEST_WAIT_S,
) -> Store:
    """Open the store in a data folder, or at the address of a PostgreSQL database.

    A new SQLite database is made; an existing one is upgraded only when asked. A change that has waited `wait_s` for others is
    given up, with a `StoreError`. Raises `BadOption`, `OutdatedDatabase`,
    `NewerDatabase`, `DatabaseLost`.
    """
    address = database_url(data, url)
    embedded = address.get_backend_name() == "sqlite"
    if embedded:
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(address, wait_s)
    try:
        with plain_errors():
            if upgrading or (embedded and not sa.inspect(engine).get_table_names()):
                upgrade(engine)
            check_version(engine)
            heal(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, now_ms or (lambda: time.time_ns() // 1_000_000), wait_s)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors of the driver as sentences; what is an error of ours goes through as it is."""
    try:
        yield
    except sa.exc.OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        if "disk is full" in reason or "disk I/O" in reason or "No space left" in reason:
            raise StoreError(f"the disk of the database is full ({reason}); nothing of this change was kept") from error
        if "database is locked" in reason or getattr(error.orig, "sqlstate", None) in _BUSY_STATES:
            raise StoreError(_BUSY) from error
        raise DatabaseLost(f"the database cannot be reached ({reason}); nothing of this change was kept") from error
    except sa.exc.TimeoutError as error:
        raise StoreError(_BUSY) from error
    except sa.exc.DataError as error:
        # What no column takes: a character without a place in text, a number out of range.
        reason = str(error.orig).strip().splitlines()[0]
        raise BadOption(f"the database does not take a value ({reason}); leave out control characters") from error
    except sa.exc.DatabaseError as error:
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            raise DatabaseLost("the connection to the database broke; nothing of this change was kept") from error
        if "not a database" in str(error.orig):
            raise StoreError("the file is not a database of gisgrid, or it is damaged; restore a backup") from error
        raise
