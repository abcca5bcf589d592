"""Lists taken in: what is new is inserted, what differs changed, what is the same left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gisgrid.store.store import Change

Key = tuple[Any, ...]
Values = dict[str, Any]


@dataclass(frozen=True)
class TakenIn:
    """What became of a list: so many entries new, changed, the same as before; and a sentence for each refused, by place."""

    new: int
    changed: int
    same: int
    refused: Mapping[int, str]


@dataclass(frozen=True)
class Differences:
    """A list beside what is kept: entries (values by key) that are new, those that differ with what they were, how many are the same."""

    new: Mapping[Key, Values]
    changed: Mapping[Key, Values]
    before: Mapping[Key, Values]
    same: int


def compare_list(connection: sa.Connection, table: sa.Table, rows: Mapping[Key, Values]) -> Differences:
    """What taking in a list would do; rows are values by key."""
    keys = list(table.primary_key)
    known = {
        tuple(row._mapping[key] for key in keys): {
            column.name: row._mapping[column] for column in table.columns if not column.primary_key
        }
        for row in connection.execute(sa.select(table))
    }
    new = {key: values for key, values in rows.items() if key not in known}
    changed = {key: values for key, values in rows.items() if key in known and known[key] != values}
    return Differences(new, changed, {key: known[key] for key in changed}, len(rows) - len(new) - len(changed))


def take_in_list(
    change: Change,
    table: sa.Table,
    rows: Mapping[Key, Values],
    refused: Mapping[int, str],
    subject: str,
) -> TakenIn:
    """Insert what is new, change what differs, and tell of it if anything did; rows are values by key."""
    found = compare_list(change.connection, table, rows)
    write_differences(change, table, found)
    if found.new or found.changed:
        change.tell(f"{subject}_changed", subject, {"new": len(found.new), "changed": len(found.changed)})
    change.note("take_in", subject, f"{len(found.new)} new, {len(found.changed)} changed, {len(refused)} refused")
    return TakenIn(len(found.new), len(found.changed), found.same, dict(refused))


def write_differences(change: Change, table: sa.Table, found: Differences) -> None:
    """Insert and change rows; whoever calls tells and notes it."""
    names = [key.name for key in table.primary_key]
    if found.new:
        change.connection.execute(
            table.insert(), [{**dict(zip(names, key, strict=True)), **values} for key, values in found.new.items()]
        )
    for key, values in found.changed.items():
        where = [column == value for column, value in zip(table.primary_key, key, strict=True)]
        # An area has nothing but its key, and so nothing that could differ.
        change.connection.execute(table.update().where(*where).values(**values))
