"""A report of figures: a span beside the one before it, by time, category, unit and department, and what is overdue now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from gisgrid.clocks import NEVER
from gisgrid.codes import is_grid_code, township_of, village_of
from gisgrid.figures import Figures, FiguresQuery, FigureTable, count_by, count_figures
from gisgrid.incident_columns import IncidentColumns
from gisgrid.local_days import DAY_MS, local_day, start_of
from gisgrid.spans import Grain, Span
from gisgrid.units import Unit

UnitLevel = Literal["township", "village", "grid"]

_NOTHING: Final = Figures()


@dataclass(frozen=True)
class ReportQuery:
    """What was reported in a unit during a span of local days, as it stands at `as_of_ms`."""

    span: Span
    as_of_ms: int
    unit: Unit

    @property
    def before(self) -> Span:
        """The span to compare with."""
        return self.span.before()

    @property
    def by_unit(self) -> UnitLevel | None:
        """The level below the unit; None for a grid."""
        if self.unit.is_area:
            return "grid"
        below: dict[str, UnitLevel | None] = {"": "township", "township": "village", "village": "grid", "grid": None}
        return "township" if self.unit.prefix else below[self.unit.column]

    def query(self) -> FiguresQuery:
        """What is counted."""
        return self._of(self.span, self.as_of_ms)

    def query_before(self) -> FiguresQuery:
        """What is counted of the span before: as it stood when it was as old, as far through or as long over, as this one is."""
        (first_ms, end_ms), (first_before_ms, end_before_ms) = _instants(self.span), _instants(self.before)
        through_ms = min(first_before_ms + self.as_of_ms - first_ms, end_before_ms)
        over_ms = end_before_ms + self.as_of_ms - end_ms
        return self._of(self.before, through_ms if self.as_of_ms < end_ms else over_ms)

    def _of(self, days: Span, as_of_ms: int) -> FiguresQuery:
        return FiguresQuery(as_of_ms, *_instants(days), self.unit)


@dataclass(frozen=True)
class Compared:
    """A group: its figures, and those of the same group (of a trend: of the part in the same place) in the span before.

    `key_before` is the key of that part, None where the span before has no such part.
    """

    key: str
    figures: Figures
    before: Figures
    key_before: str | None


@dataclass(frozen=True)
class UnitFigures:
    """A unit: its figures, how many of its incidents are overdue now, whenever they were reported, and who patrols it."""

    key: str
    figures: Figures
    before: Figures
    overdue_now: int
    patrollers: int

    @property
    def valid(self) -> int:
        """How many are valid."""
        return self.figures.valid


@dataclass(frozen=True)
class FigureReport:
    """The whole report; the `trend` goes up to the day of the query, without gaps."""

    grain: Grain
    total: Figures
    before: Figures
    overdue_now: int
    patrollers: int
    trend: tuple[Compared, ...]
    categories: tuple[Compared, ...]
    departments: tuple[Compared, ...]
    units: tuple[UnitFigures, ...]

    @property
    def valid(self) -> int:
        """How many are valid."""
        return self.total.valid


def count_report(columns: IncidentColumns, asked: ReportQuery, patrollers: Iterable[tuple[str, str]]) -> FigureReport:
    """Count a report; `patrollers` are who patrols which grid, on the day of which it tells.

    The span before is counted as it stood when it was as old as this one is now: a week of three days is compared with
    three days. Repeats are not counted.
    """
    by_unit, grain = asked.by_unit, asked.span.grain
    groupings = (grain, "category", "department", *((by_unit,) if by_unit else ()))
    now, then = (count_by(columns, query, groupings) for query in (asked.query(), asked.query_before()))
    overdue = _overdue_now(columns, asked)
    patrol = _by_unit(patrollers, asked)
    known = now[0].total, then[0].total
    return FigureReport(
        grain, *known, overdue.total.overdue, len(set().union(*patrol.values())),
        _trend(now[0], then[0], asked), _compared(now[1], then[1]), _compared(now[2], then[2]),
        _units(now[3], then[3], overdue, patrol) if by_unit else (),
    )  # fmt: skip


def _instants(days: Span) -> tuple[int, int]:
    return start_of(days.first), start_of(days.last) + DAY_MS


def _overdue_now(columns: IncidentColumns, asked: ReportQuery) -> FigureTable:
    """The figures of all that are open, whenever they were reported."""
    is_open = columns.is_open() | ((columns.closed_ms > asked.as_of_ms) & (columns.closed_ms != NEVER))
    query = FiguresQuery(asked.as_of_ms, unit=asked.unit, by=asked.by_unit)
    open_ones = columns.at(np.flatnonzero(is_open))
    return count_figures(open_ones, query, np.zeros(len(open_ones), bool))


def _by_unit(patrollers: Iterable[tuple[str, str]], asked: ReportQuery) -> dict[str, set[str]]:
    """The people who patrol each unit below; of a grid, under its own code."""
    found: dict[str, set[str]] = {}
    for person, grid in patrollers:
        if asked.unit.has_grid(grid):
            found.setdefault(_unit_of(grid, asked.by_unit), set()).add(person)
    return found


def _unit_of(grid: str, level: UnitLevel | None) -> str:
    if level == "township":
        return township_of(grid) if is_grid_code(grid) else ""
    if level == "village":
        return village_of(grid) if is_grid_code(grid) else ""
    return grid


def _trend(now: FigureTable, then: FigureTable, asked: ReportQuery) -> tuple[Compared, ...]:
    span = asked.span
    keys = span.until(local_day(asked.as_of_ms)).keys(span.grain)
    before = asked.before.keys(span.grain)
    earlier = [*before, *(None for _ in range(len(keys) - len(before)))]
    return tuple(
        Compared(key, now.groups.get(key, _NOTHING), then.groups.get(key_before or "", _NOTHING), key_before)
        for key, key_before in zip(keys, earlier, strict=False)
    )


def _compared(now: FigureTable, then: FigureTable) -> tuple[Compared, ...]:
    return tuple(
        Compared(key, now.groups.get(key, _NOTHING), then.groups.get(key, _NOTHING), key)
        for key in dict.fromkeys((*now.groups, *then.groups))
    )


def _units(
    now: FigureTable, then: FigureTable, overdue: FigureTable, patrol: dict[str, set[str]]
) -> tuple[UnitFigures, ...]:
    late = {key: figures.overdue for key, figures in overdue.groups.items() if figures.overdue}
    return tuple(
        UnitFigures(
            key,
            now.groups.get(key, _NOTHING),
            then.groups.get(key, _NOTHING),
            late.get(key, 0),
            len(patrol.get(key, ())),
        )
        for key in sorted({*now.groups, *then.groups, *late, *patrol})
    )
