"""Who answers: the people in office for a grid, their telephones, vacancies, who is on call, and who has how much to do."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import sqlalchemy as sa

from gisgrid.clocks import CLOCK_STATES, clock_states
from gisgrid.codes import is_grid_code, township_of, village_of
from gisgrid.duty import ANSWERING_ROLES, ROLES
from gisgrid.incident_columns import IncidentColumns
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, local_day
from gisgrid.offices import DEPARTMENT
from gisgrid.store.rulebook import Rulebook
from gisgrid.store.tables import DEPARTMENT as DEPARTMENT_TABLE
from gisgrid.store.tables import DUTY, LEAVE, PERSON, ROSTER, UNIT

NIGHT_ENDS_H: Final = 8
NIGHT_BEGINS_H: Final = 18


@dataclass(frozen=True)
class Answering:
    """Someone in a role for a grid; `is_away` on leave that day, then a substitute may stand beside."""

    role: str
    person: str
    name: str
    telephone: str
    is_away: bool = False


@dataclass(frozen=True)
class Answer:
    """Who answers for a grid on a day: people in the order of roles, and the roles that nobody holds."""

    grid: str
    day: dt.date
    people: tuple[Answering, ...]
    vacant: tuple[str, ...]


@dataclass(frozen=True)
class OnCall:
    """Someone on the roster of a unit or department."""

    unit: str
    shift: str
    person: str
    name: str
    telephone: str
    note: str


@dataclass(frozen=True)
class Load:
    """What a person answers for: grids and open incidents by role, and how many of those are due today, yellow, red."""

    person: str
    name: str
    role: str
    grids: int
    open: int
    due_today: int
    yellow: int
    red: int


def who_answers(connection: sa.Connection, grids: Iterable[str], day: dt.date) -> dict[str, Answer]:
    """The five roles in office for each grid on a local day, substitutes, leave, and vacancies."""
    wanted = list(dict.fromkeys(grid for grid in grids if grid))
    in_office = (DUTY.c.from_day <= day, sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day))
    query = (
        sa.select(DUTY.c.grid, DUTY.c.role, DUTY.c.person, PERSON.c.name, PERSON.c.telephone)
        .outerjoin(PERSON, PERSON.c.code == DUTY.c.person)
        .where(DUTY.c.grid.in_(wanted), *in_office)
    )
    rows = connection.execute(query).all()
    away = set(
        connection.execute(
            sa.select(LEAVE.c.person).where(
                LEAVE.c.person.in_([row.person for row in rows]),
                LEAVE.c.from_day <= day,
                sa.or_(LEAVE.c.to_day.is_(None), LEAVE.c.to_day > day),
            )
        ).scalars()
    )
    found: dict[str, list[Answering]] = {grid: [] for grid in wanted}
    for row in sorted(rows, key=lambda row: (ROLES.index(row.role), row.person)):
        person = Answering(row.role, row.person, row.name or "", row.telephone or "", row.person in away)
        found[row.grid].append(person)
    return {
        grid: Answer(
            grid,
            day,
            tuple(people),
            tuple(role for role in ANSWERING_ROLES if role not in {one.role for one in people}),
        )
        for grid, people in found.items()
    }


def on_call(connection: sa.Connection, offices: Iterable[str] | None, now_ms: int) -> tuple[OnCall, ...]:
    """Who is on call in units or departments (None: in all): by day from 08:00 to 18:00, else the night's, which lasts until 08:00."""
    hour = (now_ms + EAST_OF_UTC_MS) % DAY_MS // 3_600_000
    day = local_day(now_ms)
    if hour < NIGHT_ENDS_H:
        day -= dt.timedelta(days=1)
    shift = "day" if NIGHT_ENDS_H <= hour < NIGHT_BEGINS_H else "night"
    query = (
        sa.select(ROSTER, PERSON.c.name, PERSON.c.telephone)
        .outerjoin(PERSON, PERSON.c.code == ROSTER.c.person)
        .where(ROSTER.c.day == day, ROSTER.c.shift == shift)
        .order_by(ROSTER.c.unit, ROSTER.c.person)
    )
    if offices is not None:
        query = query.where(ROSTER.c.unit.in_([*dict.fromkeys(offices)]))
    return tuple(
        OnCall(row.unit, row.shift, row.person, row.name or "", row.telephone or "", row.note)
        for row in connection.execute(query)
    )


def office_names(connection: sa.Connection) -> dict[str, str]:
    """What units and departments are called, by office."""
    names = {row.code: row.name for row in connection.execute(sa.select(UNIT.c.code, UNIT.c.name))}
    return names | {DEPARTMENT + row.code: row.name for row in connection.execute(sa.select(DEPARTMENT_TABLE))}


def department_telephones(connection: sa.Connection) -> dict[str, str]:
    """The telephones of departments by office, where they are known."""
    rows = connection.execute(sa.select(DEPARTMENT_TABLE))
    return {DEPARTMENT + row.code: row.telephone for row in rows if row.telephone}


def grids_to_alert(grid: str, alternatives: str, is_urgent: bool) -> tuple[str, ...]:
    """The grids whose people are told: its own, and of an urgent incident those across the border that it may lie in."""
    across = [part.partition(":")[0] for part in alternatives.split(";") if part] if is_urgent else []
    return tuple(dict.fromkeys(code for code in (grid, *across) if code))


def units_to_alert(grid: str, alternatives: str, is_urgent: bool) -> str:
    """The grids across the border that an urgent incident in a grid may lie in, their villages and townships, joined by
    spaces: those who have none of its own see it too.
    """
    own = {grid, *_units_above(grid)}
    across = (
        unit for code in grids_to_alert(grid, alternatives, is_urgent)[1:] for unit in (code, *_units_above(code))
    )
    return " ".join(dict.fromkeys(unit for unit in across if unit not in own))


def _units_above(grid: str) -> tuple[str, ...]:
    return (village_of(grid), township_of(grid)) if is_grid_code(grid) else ()


def loads(
    connection: sa.Connection,
    columns: IncidentColumns,
    rulebook: Rulebook,
    now_ms: int,
    role: str = "patroller",
    *,
    counts_grid: Callable[[str], bool] | None = None,
) -> tuple[Load, ...]:
    """What each person in a role answers for now, those with the most red, yellow and open first.

    `counts_grid` says of a grid whether it counts; without it all do.
    """
    day = local_day(now_ms)
    open_at = columns.at(np.flatnonzero(columns.is_open()))
    states = clock_states(
        now_ms, open_at.is_open(), open_at.responded_ms, open_at.done_ms, open_at.due, open_at.extended_due_ms,
        rulebook.calendar, rulebook.rules.clocks,
    )  # fmt: skip
    grids = columns.words["grid"]
    count = len(grids)
    by_grid: Mapping[str, list[int]] = {
        name: np.bincount(open_at.answering_grid[mask], minlength=count).tolist()
        for name, mask in {
            "open": np.ones(len(open_at), bool),
            **{state: states == list(CLOCK_STATES).index(state) for state in ("due_today", "yellow", "red")},
        }.items()
    }
    code_of = {grid: code for code, grid in enumerate(grids)}
    in_office = (DUTY.c.role == role, DUTY.c.from_day <= day, sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day))
    query = sa.select(DUTY.c.person, DUTY.c.grid, PERSON.c.name).outerjoin(PERSON, PERSON.c.code == DUTY.c.person)
    found: dict[str, Load] = {}
    for row in connection.execute(query.where(*in_office)):
        if counts_grid is not None and not counts_grid(row.grid):
            continue
        before = found.get(row.person, Load(row.person, row.name or "", role, 0, 0, 0, 0, 0))
        code = code_of.get(row.grid)
        more = {name: counts[code] if code is not None else 0 for name, counts in by_grid.items()}
        found[row.person] = Load(
            row.person, before.name, role, before.grids + 1, before.open + more["open"],
            before.due_today + more["due_today"], before.yellow + more["yellow"], before.red + more["red"],
        )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda load: (-load.red, -load.yellow, -load.open, load.person)))
