"""How the sample's incidents were handled up to its end: grades, responses and completions, levels, who reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gisgrid.clocks import DAY_MS, EAST_OF_UTC_MS, NEVER, ClockRules, Workdays, date_of, deadlines, end_of, local_days
from gisgrid.flow import FIRST_LEVEL, GRADES, STATES
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, LEVELS
from gisgrid.sample.district import SampleDistrict
from gisgrid.sample.duties import patroller_ids
from gisgrid.workdays import WorkCalendar

GRADE_SHARES: Final = {
    # category: simple, ordinary, prominent, major
    "public_security_hazards": (0.575, 0.401, 0.0215, 0.0025),
    "livelihood_services": (0.615, 0.370, 0.0140, 0.0010),
    "disputes": (0.280, 0.652, 0.0600, 0.0080),
    "central_tasks": (0.550, 0.423, 0.0240, 0.0030),
    "other": (0.600, 0.388, 0.0100, 0.0020),
}
URGENT_SHARES: Final = {
    "fire_hazard": 0.006,
    "rental_housing": 0.002,
    "traffic_hazard": 0.008,
    "workplace_safety": 0.006,
    "food_safety": 0.003,
    "flood_and_typhoon": 0.012,
    "family": 0.020,
    "labour": 0.016,
    "neighbours": 0.003,
    "water_and_power": 0.002,
    "help_for_residents": 0.001,
}
"""Sub-categories in which something is urgent now and then, and how often."""

LEADING: Final = {
    "fire_hazard": ("fire",),
    "rental_housing": ("housing", "public_security"),
    "traffic_hazard": ("traffic_police",),
    "workplace_safety": ("law_enforcement", "fire"),
    "food_safety": ("market_supervision",),
    "flood_and_typhoon": ("water", "ocean_fishery"),
    "public_facilities": ("housing", "law_enforcement"),
    "environment": ("law_enforcement",),
    "help_for_residents": ("human_resources",),
    "water_and_power": ("water", "housing"),
    "stray_animals": ("law_enforcement", "public_security"),
    "neighbours": ("public_security",),
    "labour": ("human_resources",),
    "family": ("public_security",),
    "land_and_housing": ("housing",),
    "consumers": ("market_supervision",),
    "five_water_treatment": ("water",),
    "illegal_construction": ("law_enforcement", "housing"),
    "waste_sorting": ("law_enforcement",),
    "other": ("public_security", "law_enforcement"),
}
"""The departments to which incidents of a sub-category go, one as often as the other."""

_LEVEL_SHARES: Final = (
    # by grade: village, township, district, a department
    (0.962, 0.030, 0.000, 0.008),
    (0.870, 0.102, 0.003, 0.025),
    (0.000, 0.700, 0.050, 0.250),
    (0.000, 0.000, 0.350, 0.650),
)
_URGENT_GRADES: Final = (0.10, 0.45, 0.32, 0.13)
_PATROLLER_SHARE: Final = 0.88
_LEADER_SHARE: Final = 0.05
_ON_THE_SPOT_SHARE: Final = 0.69
"""Of simple ones that a patroller or leader reported."""

_INVALID_SHARE: Final = 0.0185
_STUCK_SHARE: Final = 0.006
_STUCK_FOR_MS: Final = 60 * DAY_MS
"""Of what was not handled on the spot: ended as invalid; still open when fresh, which wears off with age."""

_UNANSWERED_SHARE: Final = 0.15
"""Of the stuck."""

_AT_ONCE_SHARE: Final = 0.55
_OFF_HOURS_SHARE: Final = 0.12
"""How many respond at once, and how many of these at night and on days off too."""

_RESPONSE_TURNS: Final = (0.975, 0.016, 0.006, 0.003)
"""On which workday after the report those respond who do not at once: the first, the second and so on."""

_DONE_TURNS: Final = (0.28, 0.30, 0.18, 0.12, 0.08, 0.04)
"""On which workday after the report it is done in time, from the day itself."""

_LATE_SHARES: Final = (0.030, 0.085, 0.120, 0.160)
_VERY_LATE_SHARE: Final = 0.075
"""How many are done late by where they lie, and how many of these beyond the last clock."""

_CLOSED_AT_ONCE_SHARE: Final = 0.65
_EVALUATED_SHARE: Final = 0.22
_SATISFIED_SHARES: Final = (0.996, 0.94)
"""When done in time, when late."""

_OPENS_S: Final = 8 * 3_600
_OFFICE_S: Final = 10 * 3_600
_MOST_TURNS: Final = 60
_AFTERWARDS: Final = 120
"""Days after the sample's end that still are looked up."""


@dataclass(frozen=True, eq=False)
class _Instants:
    """Columns (n,) in ms since 1970 UTC; `NEVER` where it has not happened."""

    responded: NDArray[np.int64]
    done: NDArray[np.int64]
    closed: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_], other: "_Instants") -> "_Instants":
        """These in some rows, those of `other` elsewhere."""
        ours, theirs = (self.responded, self.done, self.closed), (other.responded, other.done, other.closed)
        return _Instants(*(np.where(rows, one, another) for one, another in zip(ours, theirs, strict=True)))

    def until(self, end_ms: int) -> "_Instants":
        """What has happened before the end."""
        return _Instants(*(np.where(at < end_ms, at, NEVER) for at in (self.responded, self.done, self.closed)))


class _Office:
    """When the offices are open, day by day from `first` to `last`: workdays, 08:00 to 18:00."""

    def __init__(self, first: int, last: int) -> None:
        month, year = 31, 366
        counted = Workdays(WorkCalendar(), date_of(first - month), date_of(last + year))
        days = np.arange(first, last + 1)
        self._first = first
        self._turns = np.column_stack([counted.after(days, turn) for turn in range(_MOST_TURNS)])

    def day(self, days: NDArray[np.int64], turns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The workdays so many turns after `days` (n,); at 0 the day itself, or the workday before it."""
        return np.asarray(self._turns[days - self._first, turns], np.int64)

    def is_open(self, at_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether somebody is there."""
        days = local_days(at_ms)
        second = (at_ms + EAST_OF_UTC_MS) // 1_000 % 86_400 - _OPENS_S
        return np.asarray((self._turns[days - self._first, 0] == days) & (second >= 0) & (second < _OFFICE_S), bool)


def build_handling(
    rows: pa.Table, district: SampleDistrict, end_ms: int, random: np.random.Generator
) -> dict[str, pa.Array]:
    """What became of incidents (category, sub_category, time, grid) before `end_ms`: the columns added to them, by name.

    `grade`, `urgent`, `state`; `responded`, `done`, `closed` (ms in Asia/Shanghai, whole seconds, null where it has not
    happened); `satisfied` (null unless evaluated); `level` (of `LEVELS` or `department:CODE`); `reporter` (patroller or
    leader of the true grid, empty for residents). From the seed article is only that over 99 % of those who said so were
    satisfied; all other shares are made up.
    """
    reported = np.asarray(rows["time"].cast("int64").to_numpy(), np.int64)
    category, sub = _positions(rows["category"], list(GRADE_SHARES)), _positions(rows["sub_category"], list(LEADING))
    grid = _positions(rows["grid"], district.network.codes)
    count = len(reported)
    urgent = random.random(count) < np.array([URGENT_SHARES.get(name, 0.0002) for name in LEADING])[sub]
    grade = _drawn((*GRADE_SHARES.values(), _URGENT_GRADES), np.where(urgent, len(GRADE_SHARES), category), random)
    reporter, reporters = _reporters(district, grid, random)
    is_named = reporter < len(reporters) - 1
    on_spot = (grade == 0) & ~urgent & is_named & (random.random(count) < _ON_THE_SPOT_SHARE)
    level = _levels(grade, sub, random)
    level = np.where(on_spot, 0, np.where(grid < 0, list(LEVELS).index("district"), level))
    instants = _Instants(reported, reported, reported).where(
        on_spot, _urgent_instants(reported, random).where(urgent, _office_instants(reported, level, end_ms, random))
    )
    is_invalid = ~on_spot & (random.random(count) < _INVALID_SHARE)
    stuck = random.random(count) < _STUCK_SHARE * np.exp((reported - end_ms) / _STUCK_FOR_MS)
    instants = _left_open(instants, stuck & ~on_spot & ~urgent & ~is_invalid, random)
    instants = _ended(instants, is_invalid, random).until(end_ms)
    untouched = (instants.responded == NEVER) | (instants.responded == instants.done)
    first_level = np.array([list(LEVELS).index(FIRST_LEVEL[name]) for name in GRADES])[grade]
    level = np.where(untouched & (grid >= 0), first_level, level)
    state = _states(instants, is_invalid, random)
    is_late = instants.done >= deadlines(reported, urgent, WorkCalendar()).done_ms
    satisfied = random.random(count) < np.where(is_late, _SATISFIED_SHARES[1], _SATISFIED_SHARES[0])
    return {
        "grade": _words(grade, GRADES),
        "urgent": pa.array(urgent),
        "state": _words(state, STATES),
        "responded": _times(instants.responded),
        "done": _times(instants.done),
        "closed": _times(instants.closed),
        "satisfied": pa.array(satisfied, mask=state != list(STATES).index("evaluated")),
        "level": _words(level, (*LEVELS, *(DEPARTMENT + code for code in DEPARTMENTS))),
        "reporter": _words(reporter, reporters),
    }


def _positions(column: pa.ChunkedArray, words: Sequence[str]) -> NDArray[np.int64]:
    """Where the texts stand among `words`, -1 for none of them."""
    return np.asarray(pc.index_in(column, value_set=pa.array(words)).fill_null(-1).to_numpy(), np.int64)


def _words(which: NDArray[np.int64], words: Iterable[str]) -> pa.Array:
    return pa.array(list(words)).take(pa.array(which))


def _times(at_ms: NDArray[np.int64]) -> pa.Array:
    return pa.array(at_ms, mask=at_ms == NEVER).cast(pa.timestamp("ms", tz="Asia/Shanghai"))


def _drawn(
    shares: Sequence[Sequence[float]], which: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """For every row of `which` (n,) a position, drawn by the shares `which[k]`."""
    edges = np.cumsum(np.array(shares), axis=1)[:, :-1]
    return np.asarray((random.random(len(which))[:, None] >= edges[which]).sum(axis=1), np.int64)


def _whole_ms(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(seconds.astype(np.int64) * 1_000, np.int64)


def _in_office(days: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Instants on local days (n,) at a share of the office hours."""
    return np.asarray(end_of(days - 1) + _whole_ms(_OPENS_S + share * _OFFICE_S), np.int64)


def _reporters(
    district: SampleDistrict, grid: NDArray[np.int64], random: np.random.Generator
) -> tuple[NDArray[np.int64], list[str]]:
    """Who reported, as positions in the list of people; the last of it is nobody."""
    codes = district.network.codes
    duties = district.duties
    leaders = duties[duties["role"] == "leader"].set_index("grid")["patroller"].loc[list(codes)].tolist()
    people = [*patroller_ids(len(codes)), *leaders, ""]
    who = _drawn(
        ((_PATROLLER_SHARE, _LEADER_SHARE, 1.0 - _PATROLLER_SHARE - _LEADER_SHARE),), np.zeros_like(grid), random
    )
    return np.where((grid < 0) | (who == 2), len(people) - 1, who * len(codes) + grid), people


def _levels(grade: NDArray[np.int64], sub: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Where it comes to lie: positions in the levels, then the departments."""
    codes = list(DEPARTMENTS)
    leading = np.array([[codes.index(names[0]), codes.index(names[-1])] for names in LEADING.values()])
    kind = _drawn(_LEVEL_SHARES, grade, random)
    return np.where(kind < len(LEVELS), kind, len(LEVELS) + leading[sub, random.integers(0, 2, len(sub))])


def _office_instants(
    reported: NDArray[np.int64], level: NDArray[np.int64], end_ms: int, random: np.random.Generator
) -> _Instants:
    """By the clocks of workdays, mostly in office hours; beyond the sample's end too."""
    days, end_day = local_days(reported), int(local_days(np.array([end_ms]))[0])
    office = _Office(int(days.min(initial=end_day)), end_day + _AFTERWARDS)
    count, rules = len(reported), ClockRules()
    turn = rules.response_workdays + _drawn((_RESPONSE_TURNS,), np.zeros(count, np.int64), random)
    at_once = reported + 120_000 + _whole_ms(random.exponential(2_700.0, count))
    is_there = office.is_open(at_once) | (random.random(count) < _OFF_HOURS_SHARE)
    prompt = is_there & (random.random(count) < _AT_ONCE_SHARE) & (turn == rules.response_workdays)
    responded = np.where(prompt, at_once, _in_office(office.day(days, turn), random.beta(1.2, 2.2, count)))
    answered = local_days(responded)
    day = np.maximum(office.day(days, _done_turns(level, rules, random)), answered)
    soon = responded + 600_000 + _whole_ms(random.exponential(4_500.0, count))
    done = np.where(day == answered, soon, _in_office(day, random.beta(1.6, 1.4, count)))
    at_once = done + 60_000 + _whole_ms(random.exponential(1_500.0, count))
    turn = np.minimum(random.geometric(0.6, count), rules.done_workdays)
    later = _in_office(office.day(local_days(done), turn), random.random(count))
    return _Instants(responded, done, np.where(random.random(count) < _CLOSED_AT_ONCE_SHARE, at_once, later))


def _done_turns(level: NDArray[np.int64], rules: ClockRules, random: np.random.Generator) -> NDArray[np.int64]:
    """On which workday after the report it is done, by where it lies."""
    count = len(level)
    late = rules.done_workdays + random.geometric(0.25, count)
    very_late = rules.most_workdays + random.geometric(0.12, count)
    late = np.where(random.random(count) < _VERY_LATE_SHARE, very_late, np.minimum(late, rules.most_workdays))
    is_late = random.random(count) < np.array(_LATE_SHARES)[np.minimum(level, len(LEVELS))]
    in_time = _drawn((_DONE_TURNS,), np.zeros(count, np.int64), random)
    return np.where(is_late, np.minimum(late, _MOST_TURNS - 1), in_time)


def _urgent_instants(reported: NDArray[np.int64], random: np.random.Generator) -> _Instants:
    """By the clocks of minutes, day and night."""
    count = len(reported)
    responded = reported + 60_000 + _whole_ms(random.gamma(2.0, 150.0, count))
    done = responded + 300_000 + _whole_ms(random.gamma(2.0, 1_400.0, count))
    return _Instants(responded, done, done + 60_000 + _whole_ms(random.exponential(1_800.0, count)))


def _left_open(instants: _Instants, stuck: NDArray[np.bool_], random: np.random.Generator) -> _Instants:
    """The stuck are not done, some of them not even responded to."""
    never = np.full(len(stuck), NEVER)
    unanswered = random.random(len(stuck)) < _UNANSWERED_SHARE
    return _Instants(np.where(unanswered, never, instants.responded), never, never).where(stuck, instants)


def _ended(instants: _Instants, is_invalid: NDArray[np.bool_], random: np.random.Generator) -> _Instants:
    """The invalid are terminated when they are first looked at, or when they would have been done."""
    at = np.where(random.random(len(is_invalid)) < 0.5, instants.responded, instants.done)
    return _Instants(instants.responded, at, at).where(is_invalid, instants)


def _states(instants: _Instants, is_invalid: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.int64]:
    """Positions in `STATES` by what has happened."""
    names, count = list(STATES), len(is_invalid)
    begun = np.where(random.random(count) < 0.3, names.index("accepted"), names.index("handling"))
    over = np.where(random.random(count) < _EVALUATED_SHARE, names.index("evaluated"), names.index("closed"))
    over = np.where(is_invalid, names.index("invalid"), over)
    open_ = np.where(instants.responded == NEVER, names.index("reported"), begun)
    open_ = np.where(instants.done == NEVER, open_, names.index("fed_back"))
    return np.where(instants.closed == NEVER, open_, over)
