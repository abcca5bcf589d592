"""Editions: networks published with an effective date, never changed; which one holds on a day."""

import dataclasses
import datetime as dt
import threading
from dataclasses import dataclass

import numpy as np
import shapely
import sqlalchemy as sa

from gisgrid.errors import BadOption, Conflict
from gisgrid.grid import GridNetwork
from gisgrid.plane import MetricPlane
from gisgrid.store.store import Store
from gisgrid.store.tables import EDITION, GRID


@dataclass(frozen=True)
class EditionLabel:
    """An edition without its grids: in force from `valid_from` to the day before `valid_to` (None for the newest)."""

    id: int
    valid_from: dt.date
    valid_to: dt.date | None
    published_at_ms: int
    published_by: str
    note: str


class Editions:
    """The editions in a store. Networks once read stay in memory with their index, as nothing published changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._networks: dict[int, GridNetwork] = {}
        self._lock = threading.Lock()

    def publish(
        self,
        network: GridNetwork,
        valid_from: dt.date,
        *,
        author: str,
        note: str = "",
        based_on: int | None = None,
        origin: str = "local",
    ) -> EditionLabel:
        """Publish a network that holds from a day on, in one transaction; its index is ready before anyone sees it.

        `based_on` is the newest edition that the author knew, None for the first. Raises `Conflict` if another has been
        published since, `BadOption` for a day that is not after the newest edition's.
        """
        latest = self.latest()
        if latest is not None and latest.id == based_on:
            earlier = self.network(latest.id)
            network = dataclasses.replace(network, plane=earlier.plane).with_index_of(earlier)
        network.index.locate_one(0.0, 0.0)
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            newest = _latest(change.connection)
            if (newest.id if newest else None) != based_on:
                raise Conflict(
                    f"edition {newest.id if newest else 'none'} is the newest, not {based_on or 'none'} on which this one is based: "
                    "look at what has been published meanwhile and publish again"
                )
            if newest and valid_from <= newest.valid_from:
                raise BadOption(
                    f"an edition from {valid_from} on; expected a day after {newest.valid_from}, when the newest begins"
                )
            number = newest.id + 1 if newest else 1
            _insert(change.connection, network, number, valid_from, change.at_ms, author, note)
            change.tell("edition_published", f"edition/{number}", {"valid_from": valid_from.isoformat()})
            change.note("publish", f"edition/{number}", f"{len(network)} grids from {valid_from}")
            label = EditionLabel(number, valid_from, None, change.at_ms, author, note)
        with self._lock:
            self._networks[number] = network
        return label

    def all(self, connection: sa.Connection | None = None) -> list[EditionLabel]:
        """All editions, the oldest first; as a transaction sees them where one is given."""
        if connection is not None:
            return _labels(connection)
        with self._store.reading() as connection:
            return _labels(connection)

    def latest(self) -> EditionLabel | None:
        """The newest edition, if there is one; it may begin in the future."""
        with self._store.reading() as connection:
            return _latest(connection)

    def newest_in(self, connection: sa.Connection) -> int | None:
        """The number of the newest edition as a transaction sees it."""
        newest = _latest(connection)
        return newest.id if newest else None

    def at(self, day: dt.date, connection: sa.Connection | None = None) -> EditionLabel | None:
        """The edition in force on a local day, as a transaction sees it where one is given; None before the first."""
        held = [label for label in self.all(connection) if label.valid_from <= day]
        return held[-1] if held else None

    def network_at(self, day: dt.date) -> GridNetwork | None:
        """The network in force on a local day."""
        label = self.at(day)
        return self.network(label.id) if label else None

    def network(self, number: int, connection: sa.Connection | None = None) -> GridNetwork:
        """The network of an edition, exactly as published; `BadOption` for a number that is not there.

        Within a transaction give its connection: who holds one and waits for another may wait for ever.
        """
        known = self._networks.get(number)
        if known is not None:
            return known
        if connection is None:
            # The connection before the lock: never hold one and wait for the other.
            with self._store.reading() as own:
                return self.network(number, own)
        with self._lock:
            if number not in self._networks:
                self._networks[number] = _read(connection, number)
            return self._networks[number]


def _read(connection: sa.Connection, number: int) -> GridNetwork:
    edition = connection.execute(sa.select(EDITION).where(EDITION.c.id == number)).one_or_none()
    if edition is None:
        raise BadOption(f"no edition {number}; there are {[label.id for label in _labels(connection)]}")
    rows = connection.execute(sa.select(GRID).where(GRID.c.edition_id == number)).all()
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [row.shape if row.is_multi else shapely.get_geometry(row.shape, 0) for row in rows]
    network = GridNetwork.from_arrays(
        [row.code for row in rows],
        shapes,
        names=[row.name for row in rows],
        kinds=[row.kind for row in rows],
        code_scheme=edition.code_scheme,
        plane=MetricPlane(edition.plane_lon, edition.plane_lat),
        is_sample=edition.is_sample,
    )
    network.index.locate_one(0.0, 0.0)
    return network


def _labels(connection: sa.Connection) -> list[EditionLabel]:
    rows = connection.execute(sa.select(EDITION).order_by(EDITION.c.valid_from)).all()
    ends: list[dt.date | None] = [row.valid_from for row in rows[1:]]
    ends += [None] * (len(rows) > 0)
    return [
        EditionLabel(row.id, row.valid_from, end, row.published_at_ms, row.published_by, row.note)
        for row, end in zip(rows, ends, strict=True)
    ]


def _latest(connection: sa.Connection) -> EditionLabel | None:
    labels = _labels(connection)
    return labels[-1] if labels else None


def _insert(
    connection: sa.Connection,
    network: GridNetwork,
    number: int,
    valid_from: dt.date,
    at_ms: int,
    author: str,
    note: str,
) -> None:
    connection.execute(
        EDITION.insert().values(
            id=number, valid_from=valid_from, published_at_ms=at_ms, published_by=author, note=note,
            code_scheme=network.code_scheme, plane_lon=network.plane.lon0, plane_lat=network.plane.lat0,
            is_sample=network.is_sample,
        )
    )  # fmt: skip
    multi = shapely.get_type_id(network.geometry) == shapely.GeometryType.MULTIPOLYGON
    connection.execute(
        GRID.insert(),
        [
            {
                "edition_id": number,
                "code": code,
                "name": name,
                "kind": kind,
                "shape": shape if is_multi else shapely.multipolygons([shape]),
                "is_multi": is_multi,
            }
            for code, name, kind, shape, is_multi in zip(
                network.codes, network.names, network.kinds, network.geometry, multi.tolist(), strict=True
            )
        ],
    )
