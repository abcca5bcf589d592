"""Those who hold duties, ready to be searched by name, pinyin, initials or code: made once, anew when the register changes."""

import math
import threading
from typing import Final

import sqlalchemy as sa

from gisgrid.places import Found, Place, PlaceFinder
from gisgrid.store import Store
from gisgrid.store.news import Position, has_come, newest_event
from gisgrid.store.tables import PERSON

_NAMING: Final = ("people_changed",)


class Persons:
    """The finder of people. Any number of threads may ask; one of them makes it, the others wait for that."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._finder: PlaceFinder | None = None
        self._position: Position | None = None

    def find(self, typed: str, *, most: int) -> tuple[Found, ...]:
        """People by what is typed, the best first."""
        return self._current().find(typed, most=most)

    def _current(self) -> PlaceFinder:
        with self._lock, self._store.reading() as connection:
            position = newest_event(connection)
            if self._finder is None or (position != self._position and has_come(connection, self._position, _NAMING)):
                rows = connection.execute(sa.select(PERSON.c.code, PERSON.c.name))
                self._finder = PlaceFinder(
                    [Place(row.code, "person", row.name, "", math.nan, math.nan) for row in rows]
                )
            self._position = position
            return self._finder
