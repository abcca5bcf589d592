"""Lists taken in: what is new is inserted, what differs changed, what is the same left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gisgrid.store.store import Change


@dataclass(frozen=True)
class TakenIn:
    """What became of a list: so many entries new, changed, the same as before; and a sentence for each refused, by place."""

    new: int
    changed: int
    same: int
    refused: Mapping[int, str]


def take_in_list(
    change: Change,
    table: sa.Table,
    rows: Mapping[tuple[Any, ...], dict[str, Any]],
    refused: Mapping[int, str],
    subject: str,
) -> TakenIn:
    """Insert what is new, change what differs, and tell of it if anything did; rows are values by key."""
    keys = list(table.primary_key)
    known = {
        tuple(row._mapping[key] for key in keys): {
            column.name: row._mapping[column] for column in table.columns if not column.primary_key
        }
        for row in change.connection.execute(sa.select(table))
    }
    new = {key: values for key, values in rows.items() if key not in known}
    changed = {key: values for key, values in rows.items() if key in known and known[key] != values}
    if new:
        names = [key.name for key in keys]
        change.connection.execute(
            table.insert(), [{**dict(zip(names, key, strict=True)), **values} for key, values in new.items()]
        )
    for key, values in changed.items():
        where = [column == value for column, value in zip(keys, key, strict=True)]
        change.connection.execute(table.update().where(*where).values(**values))
    if new or changed:
        change.tell(f"{subject}_changed", subject, {"new": len(new), "changed": len(changed)})
    change.note("take_in", subject, f"{len(new)} new, {len(changed)} changed, {len(refused)} refused")
    return TakenIn(len(new), len(changed), len(rows) - len(new) - len(changed), dict(refused))
