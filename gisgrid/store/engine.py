"""The database behind the store: SQLite in the data folder, or PostgreSQL with PostGIS; one engine, two kinds of transaction."""

from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from gisgrid.errors import BadOption

DATABASE_FILE: Final = "gisgrid.db"
LONGEST_WAIT_S: Final = 30.0
"""So long a change waits for others before it gives up, on either database."""

_IDLE_WAITS: Final = 4
"""A transaction that does nothing for so many of these waits is ended by PostgreSQL: its process hangs, or its line is cut, and
all who write wait for it.
"""

_CACHE_KIB: Final = 262_144
_LOG_PAGES: Final = 16_000
_WRITES: Final = "gisgrid_writes"
_POOL: Final[dict[str, Any]] = {"pool_size": 8, "max_overflow": 12, "pool_timeout": 30, "hide_parameters": True}
"""Connections of a process; what stands in a statement's parameters is never told, not even to the log."""

MOST_WRITERS: Final = 6
"""So many changes of a process may wait for their turn with a connection in hand: readers always find one."""


def database_url(data: Path | None, url: str | None = None) -> sa.URL:
    """The address of the database: `url` where given (PostgreSQL), else the SQLite file in the data folder.

    Raises `BadOption` for another kind of database or for no place at all.
    """
    if url is None:
        if data is None:
            raise BadOption("no database: give a data folder, or GISGRID_DATABASE_URL=postgresql://…")
        return sa.URL.create("sqlite+pysqlite", database=str(data / DATABASE_FILE))
    try:
        found = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # The second is a port that is no number.
        raise BadOption(f"database address {_hidden(url)!r}; expected postgresql://user@host:port/name") from None
    kind = found.get_backend_name()
    if kind in {"postgresql", "postgres"}:
        return found.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and found.database:
        return found.set(drivername="sqlite+pysqlite")
    raise BadOption(f"database of kind {kind!r}; expected postgresql://… or sqlite:///file")


def make_engine(url: sa.URL, wait_s: float = LONGEST_WAIT_S) -> sa.Engine:
    """An engine whose transactions are what the store needs; nothing is opened yet.

    SQLite: write-ahead log, foreign keys, synchronised at every commit, writers take their turn at the beginning of a
    transaction. PostgreSQL: whoever takes a connection finds out with the first statement whether it is lost (`store`).
    """
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url,
            # Numbers are read after the lock: that needs what was committed meanwhile, whatever the server's default is.
            isolation_level="READ COMMITTED",
            connect_args={"options": _waiting(url, round(wait_s * 1000.0))},
            **_POOL,
        )
    engine = sa.create_engine(url, connect_args={"timeout": wait_s}, **_POOL)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver's own transactions begin too late and end too early; ours are told below.
        connection.isolation_level = None
        for setting in (
            "page_size = 8192",
            "journal_mode = wal",
            "synchronous = full",
            "foreign_keys = on",
            f"busy_timeout = {round(wait_s * 1000.0)}",
            f"cache_size = -{_CACHE_KIB}",
            f"wal_autocheckpoint = {_LOG_PAGES}",
        ):
            connection.execute(f"pragma {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A reader that turns into a writer half-way would meet another writer when it is too late to wait.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def for_writing(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


def is_postgresql(connection: sa.Connection | sa.Engine) -> bool:
    """Whether this is the database with PostGIS."""
    return connection.dialect.name == "postgresql"


def _waiting(url: sa.URL, wait_ms: int) -> str:
    """What PostgreSQL is told of waiting; what the address itself says of it comes later and holds."""
    said = url.query.get("options", "")
    theirs = said if isinstance(said, str) else " ".join(said)
    ours = f"-c lock_timeout={wait_ms} -c idle_in_transaction_session_timeout={_IDLE_WAITS * wait_ms}"
    return f"{ours} {theirs}".strip()


def _hidden(url: str) -> str:
    """An address without its password."""
    before, at, after = url.rpartition("@")
    return f"{before.split(':')[0]}://…@{after}" if at else url
