"""Everything that has a name, ready to be searched and called by it: made once in a process, anew when a register or the edition changes."""

import dataclasses
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gisgrid.local_days import local_day
from gisgrid.places import PlaceFinder
from gisgrid.store import Store
from gisgrid.store.answering import office_names
from gisgrid.store.editions import Editions
from gisgrid.store.gazetteer import make_finder
from gisgrid.store.news import Position, has_come, newest_event

_NAMING: Final = ("units_changed", "places_changed", "departments_changed")
"""Kinds of events after which something is called otherwise; that of an edition is seen by its number."""


@dataclass(frozen=True, eq=False)
class Names:
    """What units, departments and the grids in force are called, by code; `version` is the same as long as all of it is."""

    by_code: Mapping[str, str]
    version: str

    def of(self, code: str) -> str:
        """What is called so; empty where nothing is known."""
        return self.by_code.get(code, "")


@dataclass(frozen=True)
class _Held:
    """A finder and names, up to where in the log they know everything, and of which edition (None: before the first)."""

    position: Position
    edition: int | None
    finder: PlaceFinder
    names: Names


class Naming:
    """The finder of today. Any number of threads may ask; one of them makes it, the others wait for that."""

    def __init__(self, store: Store, editions: Editions) -> None:
        self._store = store
        self._editions = editions
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def finder(self) -> PlaceFinder:
        """Places, units, and the grids of the edition in force today, as they are called now."""
        return self._now().finder

    def names(self) -> Names:
        """What they are called, and departments, by code."""
        return self._now().names

    def _now(self) -> _Held:
        held = self._current()
        if held is None:
            with self._lock:
                # Another thread may have made it while this one waited.
                held = self._current() or self._made()
                self._held = held
        return held

    def _current(self) -> _Held | None:
        """What is held, if it still holds."""
        held = self._held
        if held is None:
            return None
        with self._store.reading() as connection:
            label = self._editions.at(local_day(self._store.now_ms()), connection)
            position = newest_event(connection)
            has_changed = has_come(connection, held.position, _NAMING) if position != held.position else False
        if has_changed or held.edition != (label.id if label else None):
            return None
        if position != held.position:
            held = dataclasses.replace(held, position=position)
            self._held = held
        return held

    def _made(self) -> _Held:
        with self._store.reading() as connection:
            label = self._editions.at(local_day(self._store.now_ms()), connection)
            network = self._editions.network(label.id, connection) if label else None
            names = office_names(connection)
            if network is not None:
                names |= dict(zip(network.codes, network.names, strict=True))
            version = hashlib.sha256(repr(sorted(names.items())).encode()).hexdigest()[:16]
            finder = make_finder(connection, network)
            return _Held(newest_event(connection), label.id if label else None, finder, Names(names, version))
