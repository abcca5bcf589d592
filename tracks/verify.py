"""Verification: from fixes, duties and editions to the days, visits and weeks of every patroller."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.duty import Duty, Leave
from gisgrid.errors import BadOption
from gisgrid.leg_parts import LEAST_REACH_M, find_parts
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, date_of, day_number, local_days
from gisgrid.workdays import WorkCalendar
from tracks.filed_reports import FiledReports
from tracks.fixes import Fixes
from tracks.marks import MARK_NAMES, USED, find_marks
from tracks.own_zones import Edition, OwnZones, make_own_zones
from tracks.policy import Policy
from tracks.presence import CERTAIN, ELSEWHERE, NO_ZONE, POSSIBLE, Stretches, Walk, find_presence, make_walk
from tracks.verdicts import DayDue, DayLedger, DayVerdict, WeekVerdict, judge_day, judge_week
from tracks.visits import Visit, find_visits

_DAYS_PER_WEEK: Final = 7


@dataclass(frozen=True)
class PatrollerTrace:
    """The way from one patroller's fixes to visits: `rows` are places in the fixes, `marks` and `x_m`, `y_m` theirs."""

    patroller: str
    rows: slice
    marks: NDArray[np.int8]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    walk: Walk
    presence: Stretches
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Verification:
    """Verdicts of a period, days and weeks sorted by patroller and date; `strangers` are fixes of people without a duty."""

    days: tuple[DayVerdict, ...]
    visits: tuple[tuple[str, Visit], ...]
    weeks: tuple[WeekVerdict, ...]
    strangers: dict[str, int]
    marked: dict[str, int]


def verify_tracks(
    fixes: Fixes,
    editions: Sequence[Edition],
    duties: Iterable[Duty],
    first_date: dt.date,
    last_date: dt.date,
    *,
    policy: Policy | None = None,
    leave: Iterable[Leave] = (),
    reports: FiledReports | None = None,
    calendar: WorkCalendar | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Judge every day from `first_date` to `last_date` (both included) on which a person holds a patrolling duty.

    Fixes outside the period are read too where they are given: a leg or a visit may reach across its ends. The result
    depends on the set of fixes alone, not on their order or batches. Raises `BadOption` for a period that ends before
    it begins or has no edition in force.
    """
    if last_date < first_date:
        raise BadOption(f"the period ends on {last_date}, before it begins on {first_date}")
    policy = policy or Policy()
    own = make_own_zones(editions, duties)
    first_day, last_day = day_number(first_date), day_number(last_date)
    own.edition_on(first_day)
    calendar = calendar or WorkCalendar()
    leave_of = _leave_by_person(leave)
    report_rows = reports.by_patroller() if reports is not None else {}
    x_m, y_m = own.plane.to_xy(fixes.lon, fixes.lat)
    marks = find_marks(fixes, x_m, y_m, policy)
    people = sorted(
        person for person in own.duties_of if any(own.holds_duty(person, day) for day in range(first_day, last_day + 1))
    )
    days: list[DayVerdict] = []
    visits: list[tuple[str, Visit]] = []
    weeks: list[WeekVerdict] = []
    for count, person in enumerate(people, start=1):
        trace = trace_patroller(person, fixes, x_m, y_m, marks, own, first_day, last_day, policy)
        visits += [(person, visit) for visit in trace.visits if first_day <= visit.day <= last_day]
        filed = None if reports is None else _FiledByDay(reports, report_rows.get(person), own)
        due = {
            day: DayDue(calendar.is_workday(date_of(day)), _leave_on(leave_of.get(person, ()), day))
            for day in range(first_day, last_day + 1)
        }
        judged = _judge_days(trace, own, first_day, last_day, due, filed, fixes, policy)
        days += judged
        weeks += _judge_weeks(person, judged, first_day, last_day, policy)
        if on_progress is not None:
            on_progress(count, len(people))
    known = set(own.duties_of)
    amounts = np.bincount(fixes.patroller, minlength=len(fixes.patrollers))
    strangers = {name: int(amount) for name, amount in zip(fixes.patrollers, amounts, strict=True) if name not in known}
    counted = np.bincount(marks, minlength=len(MARK_NAMES))
    return Verification(
        tuple(days),
        tuple(visits),
        tuple(weeks),
        strangers,
        {name: int(amount) for name, amount in zip(MARK_NAMES, counted, strict=True)},
    )


def trace_patroller(
    person: str,
    fixes: Fixes,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    marks: NDArray[np.int8],
    own: OwnZones,
    first_day: int,
    last_day: int,
    policy: Policy,
) -> PatrollerTrace:
    """The walk, presence and visits of one person from marked fixes in metres of the plane."""
    rows = _rows_of(fixes, person)
    mine = marks[rows]
    used = mine == USED
    time_ms = fixes.time_ms[rows][used]
    walk = make_walk(time_ms, x_m[rows][used], y_m[rows][used], policy)
    if len(time_ms):
        seen = local_days(time_ms[[0, -1]])
        first_day, last_day = min(first_day, int(seen[0])), max(last_day, int(seen[1]))
    presence = find_presence(
        walk, first_day, own.zones_on(person, first_day, last_day), own.zones, _base_xy(own, policy), policy
    )
    return PatrollerTrace(person, rows, mine, x_m[rows], y_m[rows], walk, presence, find_visits(walk, presence, policy))


def ledger_of_day(presence: Stretches, day: int, policy: Policy) -> DayLedger:
    """The ledger of a local day: what no stretch covers within the duty window is unknown."""
    window_start, window_end = policy.window_ms
    midnight = day * DAY_MS - EAST_OF_UTC_MS
    first, last = np.searchsorted(presence.start_ms, (midnight, midnight + DAY_MS))
    spent = np.zeros(4, np.int64)
    np.add.at(spent, presence.state[first:last], presence.end_ms[first:last] - presence.start_ms[first:last])
    window = window_end - window_start
    certain, possible, elsewhere = int(spent[CERTAIN]), int(spent[POSSIBLE]), int(spent[ELSEWHERE])
    return DayLedger(certain, possible, elsewhere, window - certain - possible - elsewhere, DAY_MS - window)


class _FiledByDay:
    """One person's reports, as (certain, possible) of a day."""

    def __init__(self, reports: FiledReports, rows: NDArray[np.int64] | None, own: OwnZones) -> None:
        self._own = own
        places = rows if rows is not None else np.empty(0, np.int64)
        self._day = local_days(reports.time_ms[places])
        self._x, self._y = own.plane.to_xy(reports.lon[places], reports.lat[places])
        self._room = np.empty((own.zones.most_edges + 2, 2))

    def count(self, zone: int, day: int, reach_m: float) -> tuple[int, int]:
        certain = possible = 0
        for row in np.flatnonzero(self._day == day):
            if np.isnan(self._x[row]):
                possible += 1
            elif zone != NO_ZONE and self._in_reach(zone, float(self._x[row]), float(self._y[row]), reach_m):
                certain += 1
        return certain, possible

    def _in_reach(self, zone: int, x: float, y: float, reach_m: float) -> bool:
        zones = self._own.zones
        found = find_parts(
            x, y, x, y, max(reach_m, LEAST_REACH_M), zone, zones.zone_start, zones.zone_grids, zones.grid_start, zones.edges,
            zones.boxes, self._room,
        )  # fmt: skip
        return bool(found > 0)


def _judge_days(
    trace: PatrollerTrace,
    own: OwnZones,
    first_day: int,
    last_day: int,
    due: dict[int, DayDue],
    filed: _FiledByDay | None,
    fixes: Fixes,
    policy: Policy,
) -> list[DayVerdict]:
    day_of_fix = local_days(fixes.time_ms[trace.rows])
    judged = []
    for day in range(first_day, last_day + 1):
        if not own.holds_duty(trace.patroller, day):
            continue
        zone = own.zone_on(trace.patroller, day)
        of_day = [visit for visit in trace.visits if visit.day == day]
        marked = np.bincount(trace.marks[day_of_fix == day], minlength=len(MARK_NAMES))
        judged.append(
            judge_day(
                trace.patroller,
                day,
                ledger_of_day(trace.presence, day, policy),
                (
                    sum(visit.counts == "certain" for visit in of_day),
                    sum(visit.counts == "possible" for visit in of_day),
                ),
                None if filed is None else filed.count(zone, day, policy.tolerance_m),
                due[day],
                policy,
                fixes_used=int(marked[USED]),
                marked=tuple(int(count) for count in marked),
                without_grid=zone == NO_ZONE,
            )
        )
    return judged


def _judge_weeks(
    person: str, days: list[DayVerdict], first_day: int, last_day: int, policy: Policy
) -> list[WeekVerdict]:
    weeks = []
    monday = first_day + (-date_of(first_day).weekday()) % _DAYS_PER_WEEK
    while monday + _DAYS_PER_WEEK - 1 <= last_day:
        within = [day for day in days if monday <= day.day < monday + _DAYS_PER_WEEK]
        if within:
            weeks.append(judge_week(person, monday, within, policy))
        monday += _DAYS_PER_WEEK
    return weeks


def _rows_of(fixes: Fixes, person: str) -> slice:
    if person not in fixes.patrollers:
        return slice(0, 0)
    place = fixes.patrollers.index(person)
    first, last = np.searchsorted(fixes.patroller, (place, place + 1))
    return slice(int(first), int(last))


def _base_xy(own: OwnZones, policy: Policy) -> NDArray[np.float64]:
    if not policy.base_places:
        return np.empty((0, 2))
    lon = np.array([place.lon for place in policy.base_places])
    lat = np.array([place.lat for place in policy.base_places])
    return np.column_stack(own.plane.to_xy(lon, lat))


def _leave_by_person(leave: Iterable[Leave]) -> dict[str, tuple[Leave, ...]]:
    of_person: dict[str, list[Leave]] = {}
    for entry in leave:
        of_person.setdefault(entry.person, []).append(entry)
    return {person: tuple(entries) for person, entries in of_person.items()}


def _leave_on(entries: tuple[Leave, ...], day: int) -> str | None:
    return next((entry.reason for entry in entries if entry.from_day <= day < entry.to_day), None)
