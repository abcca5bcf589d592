"""What reports are taken in by: editions, rules, who answers; remembered until the event log tells of a change."""

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from gisgrid.offices import DISTRICT, district_of
from gisgrid.store.answering import Answer, who_answers
from gisgrid.store.editions import EditionLabel, Editions
from gisgrid.store.news import PASSING, Position, newest_event
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.tables import EVENT

_MOST_ANSWERS: Final = 5_000
_FEW_NEWS: Final = 16
_ASKED_NEWEST: Final = f"select id, at_ms, kind from event where id >= ? order by id desc limit {_FEW_NEWS}"  # noqa: S608  # a number
_NEWEST: Final = {"sqlite": _ASKED_NEWEST, "postgresql": _ASKED_NEWEST.replace("?", "%s")}
"""A known event and those after it, the newest first; so few that PostgreSQL goes along the index also without statistics."""

_KNOWN: Final[sa.BindParameter[int]] = sa.bindparam("known", type_=sa.BigInteger)
_LATEST: Final = sa.select(
    sa.func.max(sa.case((sa.and_(EVENT.c.id > _KNOWN, EVENT.c.kind.not_in(PASSING)), EVENT.c.id))),
    sa.func.max(sa.case((EVENT.c.id == _KNOWN, EVENT.c.at_ms))),
).where(EVENT.c.id >= _KNOWN)
"""The newest event after a known one that changes the ground, and the time of the known one (in another log: another)."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Editions, the oldest first, the rulebook, and the office of the district (as far as the newest edition tells it)."""

    labels: tuple[EditionLabel, ...]
    rulebook: Rulebook
    home: str
    _answers: dict[tuple[str, dt.date], Answer] = field(default_factory=dict, repr=False)

    @property
    def newest_edition(self) -> int | None:
        """The number of the newest edition, None for none."""
        return self.labels[-1].id if self.labels else None

    def known_answers(self, grids: Iterable[str], day: dt.date) -> dict[str, Answer] | None:
        """Who answers for each grid on a local day, where it was looked up before; None where the database must be asked."""
        wanted = [grid for grid in dict.fromkeys(grids) if grid]
        found = {grid: answer for grid in wanted if (answer := self._answers.get((grid, day))) is not None}
        return found if len(found) == len(wanted) else None

    def answers(self, connection: sa.Connection, grids: Iterable[str], day: dt.date) -> dict[str, Answer]:
        """Who answers for each grid on a local day."""
        wanted = [grid for grid in dict.fromkeys(grids) if grid]
        held = {grid: answer for grid in wanted if (answer := self._answers.get((grid, day))) is not None}
        missing = [grid for grid in wanted if grid not in held]
        found = who_answers(connection, missing, day) if missing else {}
        if len(self._answers) + len(found) > _MOST_ANSWERS:
            self._answers.clear()
        self._answers.update({(grid, day): answer for grid, answer in found.items()})
        return {grid: held.get(grid) or found[grid] for grid in wanted}


class GroundKeeper:
    """Keeps the ground; any number of threads may ask, each within its own transaction."""

    def __init__(self, editions: Editions) -> None:
        self._editions = editions
        self._lock = threading.Lock()
        self._known: Position = (0, 0)
        self._ground: Ground | None = None

    @property
    def last(self) -> Ground | None:
        """The ground as it was seen last, without a look at the database; None before the first."""
        with self._lock:
            return self._ground

    def ground(self, connection: sa.Connection) -> Ground:
        """The ground as a transaction sees it."""
        with self._lock:
            known, ground = self._known, self._ground
        news = connection.exec_driver_sql(_NEWEST[connection.dialect.name], (known[0],)).all()
        if len(news) < _FEW_NEWS:
            known_ms = news[-1][1] if news and news[-1][0] == known[0] else None
            has_changed = any(kind not in PASSING for number, _, kind in news if number > known[0])
        else:
            changed, known_ms = connection.execute(_LATEST, {"known": known[0]}).one()
            has_changed = changed is not None
        is_another_log = known[0] > 0 and known_ms != known[1]
        if ground is None or has_changed or is_another_log:
            ground = self._read(connection)
        position: Position = (news[0][0], news[0][1]) if news else known
        if is_another_log:
            position = newest_event(connection)
        with self._lock:
            # A slower reader must not set it back.
            if position[0] > self._known[0] or self._known == known:
                self._known, self._ground = position, ground
        return ground

    def _read(self, connection: sa.Connection) -> Ground:
        labels = tuple(self._editions.all(connection))
        home = DISTRICT
        if labels:
            network = self._editions.network(labels[-1].id, connection)
            home = district_of(network.codes[0]) if network.code_scheme == "official" else DISTRICT
        return Ground(labels, rulebook_of(connection), home)
