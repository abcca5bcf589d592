"""Fixtures: a fresh, empty database for a test, on SQLite and on PostgreSQL with PostGIS."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from gisgrid.store import Store, open_store
from tests.servers import NoServerError, postgis


@dataclass
class Clock:
    """A clock that stands still until it is moved, in milliseconds since 1970."""

    now_ms: int = 1_525_651_200_000

    def __call__(self) -> int:
        """What time it is."""
        return self.now_ms


@dataclass
class Database:
    """An empty database that can be opened as often as a test likes."""

    kind: str
    folder: Path
    url: str | None
    clock: Clock = field(default_factory=Clock)
    _opened: list[Store] = field(default_factory=list)

    def open(self, *, upgrading: bool = True, wait_s: float = 30.0) -> Store:
        """Open it once more; closed when the test ends."""
        store = open_store(self.folder, self.url, upgrading=upgrading, now_ms=self.clock, wait_s=wait_s)
        self._opened.append(store)
        return store

    def close(self) -> None:
        """Close all that was opened."""
        for store in self._opened:
            store.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server with PostGIS; skipped where there is none, in CI a failure."""
    server = postgis()
    try:
        address = server.__enter__()
    except NoServerError as error:
        if os.environ.get("GISGRID_CI") == "1":
            pytest.fail(f"{error}; CI needs it")
        pytest.skip(str(error))
    try:
        yield address
    finally:
        server.__exit__(None, None, None)


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Database]]:
    """Make an empty database of a kind."""
    made: list[Database] = []
    dropped: list[tuple[str, str]] = []

    def make(kind: str) -> Database:
        url = None
        if kind == "postgresql":
            server = request.getfixturevalue("postgres_server")
            name = f"test_{os.getpid()}_{len(dropped)}_{abs(hash(request.node.nodeid)) % 10**8}"
            with psycopg.connect(server, autocommit=True) as connection:
                # The server's own database has PostGIS and is never written to: a copy of it is quick to make.
                connection.execute(f'create database "{name}" template template_gisgrid')
            dropped.append((server, name))
            url = server.rsplit("/", 1)[0] + f"/{name}"
        made.append(Database(kind, tmp_path / f"data{len(made)}", url))
        return made[-1]

    yield make
    for database in made:
        database.close()
    for server, name in dropped:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, make_database: Callable[[str], Database]) -> Database:
    """An empty database of each kind."""
    return make_database(request.param)


@pytest.fixture
def store(database: Database) -> Store:
    """An open store in an empty database of each kind."""
    return database.open()
