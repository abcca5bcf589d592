"""Opening the store, reading from it and changing it: a change has an author, and is there wholly or not at all."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.errors import BadOption, DatabaseLost, StoreError, Uncertain
from gisgrid.store.engine import LONGEST_WAIT_S, MOST_WRITERS, database_url, for_writing, is_postgresql, make_engine
from gisgrid.store.schema import check_version, heal, upgrade
from gisgrid.store.tables import AUDIT, EVENT

_LOG_LOCK: Final = 0x67726964
"""The advisory lock under which PostgreSQL numbers events: from the first number to the end of the transaction."""

EVENT_CHANNEL: Final = "gisgrid_event"
"""The channel on which PostgreSQL says that there are new events; it says no more than that."""


_ADD_EVENT: Final = EVENT.insert()
_ADD_NOTE: Final = AUDIT.insert()
_NEWEST: Final = {table.name: sa.select(sa.func.max(table.c.id)) for table in (EVENT, AUDIT)}
_NOTIFY: Final = sa.select(sa.func.pg_notify(EVENT_CHANNEL, ""))
_BUSY: Final = (
    "other changes have kept the database busy for too long; nothing of this one was kept, try again in a few seconds"
)
_BUSY_STATES: Final = frozenset({"55P03", "40P01"})
"""PostgreSQL's words for a lock that was not to be had in time, and for two that wait for each other."""

_TAKE_TURN: Final = sa.text("select pg_advisory_xact_lock(:key)")


@dataclass(frozen=True)
class Change:
    """A transaction that writes, by `author` from `origin` (an address or a program), at `at_ms`.

    `told` are the numbers of the events told so far, shared by copies made for another author.
    """

    connection: sa.Connection
    author: str
    origin: str
    at_ms: int
    told: list[int] = field(default_factory=list, repr=False, compare=False)
    _last: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def tell(self, kind: str, subject: str, content: dict[str, Any] | None = None) -> int:
        """Append an event, which readers see when the change is there; returns its number."""
        number = self._next_number(EVENT)
        values = {"id": number, "at_ms": self.at_ms, "kind": kind, "subject": subject, "author": self.author}
        self.connection.execute(_ADD_EVENT, {**values, "content": content or {}})
        self.told.append(number)
        return number

    def note(self, action: str, subject: str, result: str = "done") -> None:
        """Write a line of the audit."""
        values = {"id": self._next_number(AUDIT), "at_ms": self.at_ms, "author": self.author, "action": action}
        self.connection.execute(_ADD_NOTE, {**values, "subject": subject, "result": result, "origin": self.origin})

    def take_turn(self) -> None:
        """Wait until no other change is numbering; held to the end of this one. SQLite's writers always take turns."""
        if is_postgresql(self.connection) and "turn" not in self._last:
            self.connection.execute(_TAKE_TURN, {"key": _LOG_LOCK})
        self._last.setdefault("turn", 0)

    def _next_number(self, table: sa.Table) -> int:
        # Numbers follow in the order of commits and without a gap: a reader who knows 7 has missed nothing before 7.
        last = self._last.get(table.name)
        if last is None:
            self.take_turn()
            last = self.connection.execute(_NEWEST[table.name]).scalar_one_or_none() or 0
        # Nobody else numbers before this change has ended.
        self._last[table.name] = last + 1
        return last + 1


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
        with plain_errors(), self.engine.begin() as connection:
            if is_postgresql(connection):
                connection.exec_driver_sql("set transaction isolation level repeatable read, read only")
            yield connection

    @contextmanager
    def changing(self, author: str, *, origin: str = "local") -> Iterator[Change]:
        """A transaction that writes; nothing of it stays when the block ends with an error.

        Raises `BadOption` without an author, `DatabaseLost` when the connection breaks.
        """
        if not author.strip():
            raise BadOption("a change needs an author; give the name of a person or a program")
        if not self._turns.acquire(timeout=self._wait_s):
            raise StoreError(_BUSY)
        try:
            with plain_errors(), self._writing.connect() as connection, connection.begin() as transaction:
                change = Change(connection, author, origin, self.now_ms())
                yield change
                if change.told and is_postgresql(connection):
                    # Sent when the change is there, to every process that listens.
                    connection.execute(_NOTIFY)
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
