"""What the incident loop goes by in this district: rules, calendar, departments, sub-categories, as the store has them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.categories import SubCategories, SubCategory
from gisgrid.clocks import Deadlines, deadlines
from gisgrid.offices import DEPARTMENTS
from gisgrid.rules import LoopRules, make_rules
from gisgrid.store.tables import CALENDAR_DAY, DEPARTMENT, RULE, SUB_CATEGORY
from gisgrid.workdays import WorkCalendar


@dataclass(frozen=True)
class Rulebook:
    """Rules, calendar with the notes of the days that were set, codes of departments, sub-categories."""

    rules: LoopRules
    calendar: WorkCalendar
    calendar_notes: Mapping[dt.date, str]
    departments: frozenset[str]
    sub_categories: SubCategories

    def deadlines(self, from_ms: NDArray[np.int64], is_urgent: NDArray[np.bool_]) -> Deadlines:
        """The deadlines of incidents (n,) whose clocks started at `from_ms`."""
        return deadlines(from_ms, is_urgent, self.calendar, self.rules.clocks)

    def deadlines_of(self, from_ms: int, is_urgent: bool) -> Deadlines:
        """The deadlines of one incident, as columns of one row."""
        return self.deadlines(np.array([from_ms], np.int64), np.array([is_urgent]))


def rulebook_of(connection: sa.Connection) -> Rulebook:
    """What holds as a transaction sees it."""
    days = connection.execute(sa.select(CALENDAR_DAY)).all()
    rules = connection.execute(sa.select(RULE)).all()
    own = connection.execute(sa.select(SUB_CATEGORY)).all()
    departments = connection.execute(sa.select(DEPARTMENT.c.code)).scalars()
    return Rulebook(
        make_rules({row.name: row.value for row in rules}),
        WorkCalendar({row.day: row.is_workday for row in days}),
        {row.day: row.note for row in days},
        frozenset(DEPARTMENTS) | frozenset(departments),
        SubCategories(
            SubCategory(row.category, row.code, (row.name_en or row.name, row.name), row.from_day, row.to_day)
            for row in own
        ),
    )
