"""Everything that has a name, ready to be searched: made once in a process, anew when a register or the edition changes."""

import threading
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gisgrid.local_days import local_day
from gisgrid.places import PlaceFinder
from gisgrid.store import Store
from gisgrid.store.editions import Editions
from gisgrid.store.gazetteer import make_finder
from gisgrid.store.tables import EVENT

_NAMING: Final = ("units_changed", "places_changed")
"""Kinds of events after which something is called otherwise; that of an edition is seen by its number."""

_LATEST: Final = sa.select(
    sa.func.max(EVENT.c.id), sa.func.max(sa.case((EVENT.c.kind.in_(_NAMING), EVENT.c.id)))
).where(EVENT.c.id > sa.bindparam("known"))


@dataclass(frozen=True)
class _Held:
    """A finder, up to which event it knows everything, and of which edition (None: before the first)."""

    event: int
    edition: int | None
    finder: PlaceFinder


class Naming:
    """The finder of today. Any number of threads may ask; one of them makes it, the others wait for that."""

    def __init__(self, store: Store, editions: Editions) -> None:
        self._store = store
        self._editions = editions
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def finder(self) -> PlaceFinder:
        """Places, units, and the grids of the edition in force today, as they are called now."""
        held = self._current()
        if held is None:
            with self._lock:
                # Another thread may have made it while this one waited.
                held = self._current() or self._made()
                self._held = held
        return held.finder

    def _current(self) -> _Held | None:
        """What is held, if it still holds."""
        held = self._held
        if held is None:
            return None
        with self._store.reading() as connection:
            label = self._editions.at(local_day(self._store.now_ms()), connection)
            newest, changed = connection.execute(_LATEST, {"known": held.event}).one()
        if changed is not None or held.edition != (label.id if label else None):
            return None
        if newest is not None:
            held = _Held(newest, held.edition, held.finder)
            self._held = held
        return held

    def _made(self) -> _Held:
        with self._store.reading() as connection:
            label = self._editions.at(local_day(self._store.now_ms()), connection)
            network = self._editions.network(label.id, connection) if label else None
            newest = connection.execute(sa.select(sa.func.max(EVENT.c.id))).scalar_one_or_none() or 0
            return _Held(newest, label.id if label else None, make_finder(connection, network))
