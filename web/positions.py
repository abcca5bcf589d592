"""Where those who patrol were last, in memory: from the archive and the inbox at the start, then as fixes arrive."""

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import sqlalchemy as sa

from gisgrid.duty import PATROLLING_ROLES
from gisgrid.live_points import LivePoint, LivePoints, NearPoint
from gisgrid.local_days import local_day
from gisgrid.plane import MetricPlane
from gisgrid.store import Store
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.news import Position, has_come, newest_event
from gisgrid.store.tables import DUTY, PERSON
from tracks.archive import TrackArchive

SHOWN_DAYS: Final = 366
"""A position older than this is shown to nobody: so long fixes are kept."""

_ARCHIVED_DAYS: Final = 7
_AHEAD_MS: Final = 300_000
_COME: Final = ("fixes_received",)
_LOOKERS: Final = 10_000


@dataclass(frozen=True)
class Patrolling:
    """Somebody who patrols: name and telephone (empty where they are not known), and the grids of today, in code order."""

    name: str
    telephone: str
    grids: tuple[str, ...]


class Positions:
    """The last positions of all; any number of threads may ask."""

    def __init__(self, store: Store, editions: Editions, inbox: FixInbox, folder: Path) -> None:
        self._store = store
        self._editions = editions
        self._inbox = inbox
        self._folder = folder
        self._lock = threading.Lock()
        self._points: LivePoints | None = None
        self._position: Position | None = None
        self._lookers: OrderedDict[tuple[str, str], None] = OrderedDict()

    def points(self) -> LivePoints:
        """The positions as of now, by the code of the person."""
        with self._lock:
            if self._points is None:
                self._points = LivePoints(self._plane())
                self._put(self._points, self._archived())
            with self._store.reading() as connection:
                position = newest_event(connection)
                is_new = position != self._position and has_come(connection, self._position, _COME)
            if is_new:
                self._put(self._points, self._inbox.newest(self._store.now_ms() + _AHEAD_MS))
            self._position = position
            return self._points

    def seen_since(self, since_ms: int) -> list[LivePoint]:
        """The last positions that are not older than an instant, by the code of the person."""
        oldest_ms = self._store.now_ms() - SHOWN_DAYS * 86_400_000
        everywhere = self.points().within((-180.0, -90.0, 180.0, 90.0))
        return [point for point in everywhere if point.at_ms >= max(since_ms, oldest_ms)]

    def nearest(self, lon: float, lat: float) -> list[NearPoint]:
        """All last positions, the nearest to a place (degrees) first."""
        points = self.points()
        return points.nearest(lon, lat, max(1, len(points)))

    def is_first_look(self, name: str, session: str) -> bool:
        """Whether a session (empty: a token) looks for the first time: that is a line of the audit, its polling is not."""
        with self._lock:
            if (name, session) in self._lookers:
                self._lookers.move_to_end((name, session))
                return False
            self._lookers[name, session] = None
            while len(self._lookers) > _LOOKERS:
                self._lookers.popitem(last=False)
            return True

    def patrolling(self) -> dict[str, Patrolling]:
        """Who patrols what today, by the code of the person."""
        day = local_day(self._store.now_ms())
        query = (
            sa.select(DUTY.c.person, DUTY.c.grid, PERSON.c.name, PERSON.c.telephone)
            .join(PERSON, PERSON.c.code == DUTY.c.person, isouter=True)
            .where(
                DUTY.c.role.in_(PATROLLING_ROLES),
                DUTY.c.from_day <= day,
                sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day),
            )
            .order_by(DUTY.c.person, DUTY.c.grid)
        )
        found: dict[str, Patrolling] = {}
        with self._store.reading() as connection:
            for person, grid, name, telephone in connection.execute(query):
                known = found.get(person)
                grids = (*known.grids, grid) if known is not None else (grid,)
                found[person] = Patrolling(name or "", telephone or "", tuple(dict.fromkeys(grids)))
        return found

    def _plane(self) -> MetricPlane:
        newest = self._editions.latest()
        if newest is not None:
            return self._editions.network(newest.id).plane
        batch = self._inbox.newest(self._store.now_ms() + _AHEAD_MS)
        if not len(batch):
            return MetricPlane(121.0, 28.0)
        return MetricPlane(round(float(np.median(batch.lon)), 2), round(float(np.median(batch.lat)), 2))

    def _archived(self) -> FixBatch:
        """The last fix of each person within the newest days of the archive."""
        archive, now_ms = TrackArchive(self._folder), self._store.now_ms()
        today = local_day(now_ms)
        first = today - dt.timedelta(days=SHOWN_DAYS)
        days = sorted(day for day in archive.days() if first <= day <= today)[-_ARCHIVED_DAYS:]
        found: dict[str, tuple[int, float, float]] = {}
        for day in reversed(days):
            fixes = archive.read_fixes(day, day)
            for place, person in enumerate(fixes.patrollers):
                start, end = fixes.starts[place], fixes.starts[place + 1]
                last = start + np.searchsorted(fixes.time_ms[start:end], now_ms + _AHEAD_MS, side="right") - 1
                if person not in found and last >= start:
                    found[person] = (int(fixes.time_ms[last]), float(fixes.lon[last]), float(fixes.lat[last]))
        names = np.array(list(found), dtype=object)
        time_ms, lon, lat = (np.array([one[place] for one in found.values()]) for place in range(3))
        nothing = np.full(len(names), np.nan)
        return FixBatch(names, names, time_ms.astype(np.int64), lon, lat, nothing, time_ms.astype(np.int64))

    def _put(self, points: LivePoints, batch: FixBatch) -> None:
        rows = zip(
            batch.patroller.tolist(), batch.time_ms.tolist(), batch.lon.tolist(), batch.lat.tolist(), strict=True
        )
        for person, time_ms, lon, lat in rows:
            known = points.get(person)
            if known is None or known.at_ms < time_ms:
                points.put(person, lon, lat, time_ms)
