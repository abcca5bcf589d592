"""Whether the database is sound: what it holds, and what should not be."""

from dataclasses import dataclass

import sqlalchemy as sa

from gisgrid.store.engine import is_postgresql
from gisgrid.store.schema import version_of
from gisgrid.store.store import Store
from gisgrid.store.tables import INCIDENT, METADATA, STEP


@dataclass(frozen=True)
class Health:
    """The version of the schema, rows by table, and a sentence for each thing that is wrong."""

    version: str
    rows: dict[str, int]
    problems: tuple[str, ...]


def check_health(store: Store) -> Health:
    """Look through the whole database."""
    with store.reading() as connection:
        rows = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in METADATA.sorted_tables
        }
        problems = [
            *_damage(connection),
            *_holes(connection, "event", rows),
            *_holes(connection, "audit", rows),
            *_lost_steps(connection),
        ]
        return Health(str(version_of(connection)), rows, tuple(problems))


def _damage(connection: sa.Connection) -> list[str]:
    if is_postgresql(connection):
        return []
    found = [str(row[0]) for row in connection.exec_driver_sql("pragma integrity_check") if row[0] != "ok"]
    orphans = [str(row[0]) for row in connection.exec_driver_sql("pragma foreign_key_check")]
    return [
        *(f"the file is damaged: {line}; restore a backup" for line in found[:5]),
        *(f"a row of {name} refers to something that is not there" for name in orphans[:5]),
    ]


def _holes(connection: sa.Connection, name: str, rows: dict[str, int]) -> list[str]:
    """Numbers run from 1 without a gap; a gap means that somebody has deleted."""
    last = connection.execute(sa.select(sa.func.max(METADATA.tables[name].c.id))).scalar_one_or_none() or 0
    return (
        [f"the {name} log has {rows[name]:,} rows and ends at {last:,}: rows are missing"] if last != rows[name] else []
    )


def _lost_steps(connection: sa.Connection) -> list[str]:
    """Every incident has as many steps as it counts, numbered from 1 without a gap."""
    there = (
        sa.select(STEP.c.incident_id, sa.func.count().label("count"), sa.func.max(STEP.c.number).label("last"))
        .group_by(STEP.c.incident_id)
        .subquery()
    )
    count, last = (sa.func.coalesce(there.c[name], 0) for name in ("count", "last"))
    query = (
        sa.select(INCIDENT.c.id, INCIDENT.c.steps, count)
        .outerjoin(there, there.c.incident_id == INCIDENT.c.id)
        .where(sa.or_(INCIDENT.c.steps != count, last != count))
        .limit(5)
    )
    return [f"incident {row[0]} counts {row[1]} steps and has {row[2]}" for row in connection.execute(query)]
