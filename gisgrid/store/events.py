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


def events_from(connection: sa.Connection, known: tuple[int, int], most: int = 1_000) -> list[Event] | None:
    """The events after the known one (its number and `at_ms`; 0 and 0 before the first), the oldest first, at most so many.

    None where the log does not hold the known event: it is another log, such as that of a restored backup.
    """
    number, at_ms = known
    if number == 0:
        return events_after(connection, 0, most)
    found = events_after(connection, number - 1, most + 1)
    return found[1:] if found and (found[0].id, found[0].at_ms) == (number, at_ms) else None
