"""What was done under a key of the sender's choice: asked again, it is answered again and not done again."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gisgrid.errors import Conflict
from gisgrid.store.service_tables import ANSWERED
from gisgrid.store.store import Change

KEPT_MS: Final = 7 * 86_400_000
"""So long a key is remembered."""


@dataclass(frozen=True)
class Key:
    """A key, unique for an account, and the digest of what is asked under it."""

    account: str
    key: str
    digest: str


def find_answered(connection: sa.Connection, key: Key) -> str | None:
    """What was done under a key (such as `incident/7`), None where nothing was; `Conflict` if something else was asked."""
    which = (ANSWERED.c.account == key.account, ANSWERED.c.key == key.key)
    row = connection.execute(sa.select(ANSWERED.c.digest, ANSWERED.c.subject).where(*which)).one_or_none()
    if row is None:
        return None
    if row.digest != key.digest:
        raise Conflict(
            f"the key {key.key!r} was used for another request ({row.subject}); take a new key for a new request",
            zh=f"幂等键 {key.key!r} 已用于另一个请求（{row.subject}）；新的请求请换一个键",
        )
    return str(row.subject)


def remember(change: Change, key: Key, subject: str) -> None:
    """Keep, within the change that does it, what is done under a key."""
    values = {"account": key.account, "key": key.key, "digest": key.digest, "subject": subject}
    change.insert(ANSWERED, {**values, "at_ms": change.at_ms})


def forget_old(change: Change) -> int:
    """Forget keys that nobody will ask for again; returns how many."""
    return change.connection.execute(sa.delete(ANSWERED).where(ANSWERED.c.at_ms < change.at_ms - KEPT_MS)).rowcount
