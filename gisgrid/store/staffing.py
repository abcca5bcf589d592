"""Who does what from when to when: duties, leave and the days of the calendar, taken in whole lists at a time."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.duty import FOREVER_DAY, ROLES, Duty, Leave
from gisgrid.errors import BadOption
from gisgrid.store.lists import TakenIn, take_in_list
from gisgrid.store.store import Store
from gisgrid.store.tables import CALENDAR_DAY, DUTY, GRID, LEAVE
from gisgrid.workdays import WorkCalendar

_EPOCH: Final = dt.date(1970, 1, 1)


class Staffing:
    """The duties, the leave and the calendar in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take_in_duties(self, duties: Sequence[Duty], *, author: str, origin: str = "local") -> TakenIn:
        """Take in duties; one that is there already (person, grid, role, first day) gets the new last day.

        Refused is a duty for a grid that no edition has, of an unknown role, or that ends before it begins. Raises
        `BadOption` when no edition has been published.
        """
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            grids = grids_of_all_editions(change.connection)
            refused: dict[int, str] = {}
            rows: dict[tuple[Any, ...], dict[str, Any]] = {}
            for place, duty in enumerate(duties):
                if duty.grid not in grids:
                    refused[place] = f"no edition has a grid {duty.grid!r}"
                elif duty.role not in ROLES:
                    refused[place] = f"role {duty.role!r} is unknown; expected one of {', '.join(ROLES)}"
                elif duty.to_day <= duty.from_day:
                    refused[place] = "the duty ends before it begins"
                else:
                    first = _date(duty.from_day)
                    rows[duty.person, duty.grid, duty.role, first] = {"to_day": _end(duty.to_day)}
            return take_in_list(change, DUTY, rows, refused, "duties")

    def duties(self, day: dt.date | None = None) -> tuple[Duty, ...]:
        """All duties, or those in force on a local day; by person, grid, role and first day."""
        query = sa.select(DUTY).order_by(*DUTY.primary_key)
        if day is not None:
            query = query.where(DUTY.c.from_day <= day, sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day))
        with self._store.reading() as connection:
            return tuple(
                Duty(row.person, row.grid, row.role, _day(row.from_day), _day(row.to_day))
                for row in connection.execute(query)
            )

    def patrollers(self, day: dt.date) -> tuple[tuple[str, str], ...]:
        """Who patrols which grid on a local day: persons and grids."""
        in_office = (DUTY.c.role == "patroller", DUTY.c.from_day <= day)
        query = sa.select(DUTY.c.person, DUTY.c.grid).where(
            *in_office, sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day)
        )
        with self._store.reading() as connection:
            return tuple((row.person, row.grid) for row in connection.execute(query))

    def take_in_leave(self, leave: Sequence[Leave], *, author: str, origin: str = "local") -> TakenIn:
        """Take in leave; one that is there already (person, first day) gets the new last day and reason."""
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            refused = {
                place: "the leave ends before it begins"
                for place, entry in enumerate(leave)
                if entry.to_day <= entry.from_day
            }
            rows = {
                (entry.person, _date(entry.from_day)): {"to_day": _end(entry.to_day), "reason": entry.reason}
                for place, entry in enumerate(leave)
                if place not in refused
            }
            return take_in_list(change, LEAVE, rows, refused, "leave")

    def leave(self) -> tuple[Leave, ...]:
        """All leave, by person and first day."""
        with self._store.reading() as connection:
            return tuple(
                Leave(row.person, _day(row.from_day), _day(row.to_day), row.reason)
                for row in connection.execute(sa.select(LEAVE).order_by(*LEAVE.primary_key))
            )

    def set_workdays(
        self, days: Mapping[dt.date, bool], *, author: str, note: str = "", origin: str = "local"
    ) -> TakenIn:
        """Say of days whether people work on them, against the published calendar."""
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            rows = {(day,): {"is_workday": is_workday, "note": note} for day, is_workday in days.items()}
            return take_in_list(change, CALENDAR_DAY, rows, {}, "calendar")

    def calendar(self) -> WorkCalendar:
        """The calendar with the days that were set."""
        with self._store.reading() as connection:
            rows: Iterable[Any] = connection.execute(sa.select(CALENDAR_DAY))
            return WorkCalendar({row.day: row.is_workday for row in rows})


def grids_of_all_editions(connection: sa.Connection) -> set[str]:
    """The codes of all grids that there ever were; `BadOption` when no edition has been published."""
    grids = set(connection.execute(sa.select(GRID.c.code).distinct()).scalars())
    if not grids:
        raise BadOption(
            "duties need grids: publish a network first, with `gisgrid grids publish`",
            zh="责任人须对应网格：请先发布网格网（`gisgrid grids publish`）",
        )
    return grids


def _date(day: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=day)


def _end(day: int) -> dt.date | None:
    return None if day >= FOREVER_DAY else _date(day)


def _day(date: dt.date | None) -> int:
    return FOREVER_DAY if date is None else (date - _EPOCH).days
