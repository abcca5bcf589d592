"""The event log as readers see it: in order, without gaps, never changed."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gisgrid.store.tables import EVENT


@dataclass(frozen=True)
class Event:
    """Something that has happened: its number, time (ms since 1970, UTC), kind, on what, by whom, and details."""

    id: int
    at_ms: int
    kind: str
    subject: str
    author: str
    content: dict[str, Any]


def events_after(connection: sa.Connection, last: int, most: int = 1_000) -> list[Event]:
    """The events after number `last`, the oldest first, at most so many."""
    rows = connection.execute(sa.select(EVENT).where(EVENT.c.id > last).order_by(EVENT.c.id).limit(most))
    return [Event(**row._mapping) for row in rows]


def last_event(connection: sa.Connection) -> int:
    """The number of the newest event, 0 before the first."""
    return connection.execute(sa.select(sa.func.max(EVENT.c.id))).scalar_one_or_none() or 0
