"""The phones in memory: by token, and who had a phone on which day; read again a moment after something changed."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gisgrid.local_days import date_of
from gisgrid.store.devices import DEVICE_EVENTS, Device, device_of, digest_of
from gisgrid.store.news import Position, has_come, newest_event
from gisgrid.store.service_tables import DEVICE
from gisgrid.store.store import Store

_FRESH_S: Final = 1.0


@dataclass(frozen=True)
class KnownDevices:
    """Phones by the digest of their tokens, and all pairings of each phone, the last made first."""

    by_digest: dict[str, Device]
    by_phone: dict[int, tuple[Device, ...]]

    def holder_on(self, phone: int, day: int) -> Device | None:
        """In whose hands a phone was on a local day (days since 1970); None for nobody's. The pairing made last counts."""
        date = date_of(day)
        return next((device for device in self.by_phone.get(phone, ()) if device.is_held_on(date)), None)


class DeviceBook:
    """The phones of a store as they were at most a second ago; any number of threads may ask."""

    def __init__(self, store: Store, now_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now_s = now_s
        self._lock = threading.Lock()
        self._read_s: float | None = None
        self._position: Position | None = None
        self.known = KnownDevices({}, {})

    @property
    def is_fresh(self) -> bool:
        """Whether the book needs no look at the database now."""
        return self._read_s is not None and self._now_s() - self._read_s < _FRESH_S

    def refresh(self) -> KnownDevices:
        """The phones as they are now, or were at most a second ago. Raises `DatabaseLost`."""
        with self._lock:
            if not self.is_fresh:
                asked_s = self._now_s()
                with self._store.reading() as connection:
                    newest = newest_event(connection)
                    if has_come(connection, self._position, DEVICE_EVENTS):
                        self.known = _known(connection.execute(sa.select(DEVICE).order_by(DEVICE.c.id.desc())))
                self._position, self._read_s = newest, asked_s
            return self.known

    def forget(self) -> None:
        """Look at the database at the next question: something about phones has changed here."""
        self._read_s = None

    def find(self, token: str) -> Device | None:
        """The phone of a token, also of one that was revoked; None for a stranger."""
        return self.known.by_digest.get(digest_of(token))


def _known(rows: Iterable[sa.Row[tuple[object, ...]]]) -> KnownDevices:
    by_digest: dict[str, Device] = {}
    by_phone: dict[int, list[Device]] = {}
    for row in rows:
        device = device_of(row)
        by_digest[row.digest] = device
        by_phone.setdefault(device.phone, []).append(device)
    return KnownDevices(by_digest, {phone: tuple(held) for phone, held in by_phone.items()})
