"""How many people live in each grid: counted once in a process, anew when dwellings or the edition change."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.grid import GridNetwork
from gisgrid.local_days import local_day
from gisgrid.store import Store
from gisgrid.store.editions import Editions
from gisgrid.store.news import Position, has_come, newest_event
from gisgrid.store.tables import DWELLING

_COUNTED: Final = ("dwellings_changed",)


@dataclass(frozen=True)
class People:
    """Residents and migrants."""

    residents: int = 0
    migrants: int = 0


@dataclass(frozen=True)
class Inhabitants:
    """People by the code of township, village and grid, of the edition of an id (0: none); empty where no dwellings are known."""

    edition: int
    by: Mapping[str, Mapping[str, People]]
    position: Position = (0, 0)

    @property
    def version(self) -> tuple[object, ...]:
        """What tells one count from another."""
        return self.edition, self.position


class Counting:
    """Counts the inhabitants of today. Any number of threads may ask; one of them counts, the others wait for that."""

    def __init__(self, store: Store, editions: Editions) -> None:
        self._store = store
        self._editions = editions
        self._lock = threading.Lock()
        self._held: Inhabitants | None = None
        self._looked: Position | None = None

    def inhabitants(self) -> Inhabitants:
        """The inhabitants as the dwellings have them now."""
        with self._lock, self._store.reading() as connection:
            label = self._editions.at(local_day(self._store.now_ms()), connection)
            number = label.id if label is not None else 0
            position = newest_event(connection)
            is_old = position != self._looked and has_come(connection, self._looked, _COUNTED)
            if self._held is None or is_old or self._held.edition != number:
                network = self._editions.network(number, connection) if number else None
                by = {} if network is None else _count(connection, network)
                self._held = Inhabitants(number, by, position)
            self._looked = position
            return self._held


def _count(connection: sa.Connection, network: GridNetwork) -> dict[str, dict[str, People]]:
    columns = (DWELLING.c.lon, DWELLING.c.lat, DWELLING.c.residents, DWELLING.c.migrants)
    rows = connection.execute(sa.select(*columns)).all()
    if not rows:
        return {}
    lon, lat, residents, migrants = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    grid = network.index.locate(lon, lat)
    inside = grid >= 0
    counts = [
        np.bincount(grid[inside], weights=column[inside], minlength=len(network)).astype(np.int64)
        for column in (residents, migrants)
    ]
    of = {"grid": network.codes, "village": network.villages, "township": network.townships}
    return {by: _summed(codes, counts[0], counts[1]) for by, codes in of.items()}


def _summed(
    codes: tuple[str | None, ...], residents: NDArray[np.int64], migrants: NDArray[np.int64]
) -> dict[str, People]:
    found: dict[str, People] = {}
    for code, resident, migrant in zip(codes, residents.tolist(), migrants.tolist(), strict=True):
        known = found.get(code or "", People())
        found[code or ""] = People(known.residents + resident, known.migrants + migrant)
    return found
