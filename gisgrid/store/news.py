"""Whether something of some kinds has happened since: what is kept in memory is read again only then."""

from typing import Final

import sqlalchemy as sa

from gisgrid.store.tables import EVENT

Position = tuple[int, int]
"""How far the log was read: the number of the event and its time; 0 and 0 before the first."""


PASSING: Final = (
    "incident_reported", "incident_moved", "incidents_taken_in", "incidents_ticked", "incident_photo", "fixes_received",
)  # fmt: skip
"""Kinds of events that come often and change no edition, rule, calendar, register or duty."""


def newest_event(connection: sa.Connection) -> Position:
    """How far the log goes now."""
    newest = sa.select(EVENT.c.id, EVENT.c.at_ms).order_by(EVENT.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return (row.id, row.at_ms) if row is not None else (0, 0)


def has_come(connection: sa.Connection, since: Position | None, kinds: tuple[str, ...]) -> bool:
    """Whether an event of these kinds came after a position, or nothing was read yet, or the log is another one."""
    if since is None:
        return True
    number, at_ms = since
    known = connection.execute(sa.select(EVENT.c.at_ms).where(EVENT.c.id == number)).scalar_one_or_none()
    if number and known != at_ms:
        return True
    told = sa.select(EVENT.c.id).where(EVENT.c.id > number, EVENT.c.kind.in_(kinds)).limit(1)
    return connection.execute(told).first() is not None


def has_more_than_passing(connection: sa.Connection, since: int) -> bool:
    """Whether an event after a number was of another kind than the passing ones."""
    told = sa.select(EVENT.c.id).where(EVENT.c.id > since, EVENT.c.kind.not_in(PASSING)).limit(1)
    return connection.execute(told).first() is not None
