"""Duties and leave: who holds which role for which grid, and who is away, from when to when."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from gisgrid.table_files import read_table
from gisgrid.tables import InputTable, Rejects, keep_rows, local_dates

ROLES: Final = ("patroller", "leader", "instructor", "business_instructor", "area_leader", "substitute")
ANSWERING_ROLES: Final = ROLES[:5]
"""The five roles that answer for a grid."""

PATROLLING_ROLES: Final = ("patroller", "substitute")

ROLE_LABELS: Final[dict[str, tuple[str, str]]] = {
    "patroller": ("Patroller", "专职网格员"),
    "leader": ("Grid leader", "网格长"),
    "instructor": ("Instructor", "网格指导员"),
    "business_instructor": ("Business instructor", "网格业务指导员"),
    "area_leader": ("Area leader", "网格工作片领导"),
    "substitute": ("Substitute", "代班"),
}
"""Roles with their labels in English and Chinese; the first five answer for every grid."""

SHIFTS: Final[dict[str, tuple[str, str]]] = {"day": ("Day", "白班"), "night": ("Night", "夜班")}
"""Shifts of the roster with their labels."""

FOREVER_DAY: Final = 2**31
"""The end of what has no end, as a day since 1970."""


@dataclass(frozen=True)
class Duty:
    """A role of a person for a grid on local days [from_day, to_day), counted since 1970."""

    person: str
    grid: str
    role: str
    from_day: int
    to_day: int


@dataclass(frozen=True)
class Leave:
    """A person's leave on local days [from_day, to_day), counted since 1970."""

    person: str
    from_day: int
    to_day: int
    reason: str


def read_duties(path: str | Path) -> tuple[tuple[Duty, ...], Rejects]:
    """Read `patroller,grid,role,from,to` (`to` exclusive or empty); rows that cannot be used come back as rejects."""
    table = read_table(path)
    for column in ("patroller", "grid", "role", "from", "to"):
        table.need(column)
    people, grids, roles = table.texts("patroller"), table.texts("grid"), table.texts("role")
    spans = _Spans(table)
    unknown = np.array([role not in ROLES for role in roles], bool)
    usable, rejects = keep_rows(
        table,
        {
            "patroller is empty": people == "",
            "grid is empty": grids == "",
            f"role is unknown; expected one of {', '.join(ROLES)}": unknown,
            **spans.problems,
        },
    )
    duties = tuple(
        Duty(str(people[row]), str(grids[row]), str(roles[row]), int(spans.from_day[row]), int(spans.to_day[row]))
        for row in np.flatnonzero(usable)
    )
    return duties, rejects


def read_leave(path: str | Path) -> tuple[tuple[Leave, ...], Rejects]:
    """Read `patroller,from,to,reason` (`to` exclusive or empty); rows that cannot be used come back as rejects."""
    table = read_table(path)
    for column in ("patroller", "from", "to"):
        table.need(column)
    people = table.texts("patroller")
    reasons = table.texts("reason") if "reason" in table.columns else np.full(len(table), "", dtype=object)
    spans = _Spans(table)
    usable, rejects = keep_rows(table, {"patroller is empty": people == "", **spans.problems})
    leave = tuple(
        Leave(str(people[row]), int(spans.from_day[row]), int(spans.to_day[row]), str(reasons[row]))
        for row in np.flatnonzero(usable)
    )
    return leave, rejects


def own_grids(duties: Iterable[Duty], person: str, day: int) -> tuple[str, ...]:
    """The codes of a person's own grids on a local day: all of the `patroller` and `substitute` duties, in code order."""
    return tuple(
        sorted(
            {
                duty.grid
                for duty in duties
                if duty.person == person and duty.role in PATROLLING_ROLES and duty.from_day <= day < duty.to_day
            }
        )
    )


class _Spans:
    """The columns `from` and `to` of a table as local days."""

    def __init__(self, table: InputTable) -> None:
        starts, ends = table.texts("from"), table.texts("to")
        self.from_day, bad_start = local_dates(starts)
        self.to_day, bad_end = local_dates(ends)
        self.to_day = np.where(ends == "", FOREVER_DAY, self.to_day)
        self.problems = {
            "from is empty or no date; expected YYYY-MM-DD": bad_start | (starts == ""),
            "to is no date; expected YYYY-MM-DD or nothing": bad_end,
            "to is not after from (to is exclusive)": ~bad_end & ~bad_start & (self.to_day <= self.from_day),
        }
