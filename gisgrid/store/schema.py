"""The version of the schema: make it, bring it up to date, refuse what is newer or older."""

import importlib.resources
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gisgrid.errors import NewerDatabase, OutdatedDatabase
from gisgrid.store.access_tables import ACCOUNT
from gisgrid.store.engine import for_writing
from gisgrid.store.service_tables import DEVICE
from gisgrid.store.tables import INCIDENT, METADATA

TABLES: Final = {table.name: table for table in (*METADATA.sorted_tables, ACCOUNT, DEVICE)}
"""Every table, whichever room it stands in: this room reads them all."""

_MIGRATIONS: Final = str(importlib.resources.files("gisgrid.store") / "migrations")


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to this version of gisgrid, from nothing too, all of it or nothing.

    Raises `NewerDatabase` for one that a newer gisgrid has written.
    """
    with for_writing(engine).begin() as connection:
        if _is_newer(connection):
            raise _newer(connection)
        upgrade_to(connection, "head")


def upgrade_to(connection: sa.Connection, version: str) -> None:
    """Bring the schema to a version, within the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def check_version(engine: sa.Engine) -> None:
    """Do nothing if the schema is this version's; else raise `OutdatedDatabase` or `NewerDatabase`."""
    with engine.begin() as connection:
        found, head = version_of(connection), newest_version()
        if found == head:
            return
        if _is_newer(connection):
            raise _newer(connection)
    raise OutdatedDatabase(
        f"the database is at version {found or 'nothing'}, this gisgrid needs {head}: run `gisgrid database upgrade`"
    )


def heal(engine: sa.Engine) -> None:
    """Make good what a process that died has left unfinished."""
    with engine.begin() as connection:
        there = {index["name"] for index in sa.inspect(connection).get_indexes(INCIDENT.name)}
    if {index.name for index in INCIDENT.indexes} - there:
        with for_writing(engine).begin() as connection:
            make_missing_indexes(connection)


def make_missing_indexes(connection: sa.Connection) -> None:
    """Make the indexes of incidents that a great load, interrupted, has left unmade."""
    there = {index["name"] for index in sa.inspect(connection).get_indexes(INCIDENT.name)}
    for index in INCIDENT.indexes:
        if index.name not in there:
            index.create(connection, checkfirst=True)


def version_of(connection: sa.Connection) -> str | None:
    """The version of the schema in the database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_version() -> str:
    """The version that this gisgrid makes."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return str(head)


def is_known(version: str) -> bool:
    """Whether this gisgrid knows a version."""
    return version in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _is_newer(connection: sa.Connection) -> bool:
    found = version_of(connection)
    return found is not None and not is_known(found)


def _newer(connection: sa.Connection) -> NewerDatabase:
    return NewerDatabase(
        f"the database is at version {version_of(connection)}, which this gisgrid (up to {newest_version()}) does not know; "
        "it was written by a newer one: install that, or restore a backup made before"
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config
