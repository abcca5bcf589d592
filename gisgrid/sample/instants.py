"""When the sample's incidents are responded to, done and closed: by the clocks, mostly in office hours; all made up."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import NEVER, ClockRules, Workdays
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, date_of, end_of, local_days
from gisgrid.offices import LEVELS
from gisgrid.workdays import WorkCalendar

_AT_ONCE_SHARE: Final = 0.55
_OFF_HOURS_SHARE: Final = 0.12
"""How many respond at once, and how many of these at night and on days off too."""

_RESPONSE_TURNS: Final = (0.975, 0.016, 0.006, 0.003)
"""On which workday after the report those respond who do not at once: the first, the second and so on."""

_DONE_TURNS: Final = (0.28, 0.30, 0.18, 0.12, 0.08, 0.04)
"""On which workday after the report it is done in time, from the day itself."""

_LATE_SHARES: Final = (0.030, 0.085, 0.120, 0.160)
_VERY_LATE_SHARE: Final = 0.075
"""How many are done late in a village, a township, the district, a department; how many of these beyond the last clock."""

_CLOSED_AT_ONCE_SHARE: Final = 0.65
_STUCK_SHARE: Final = 0.006
_STUCK_FOR_MS: Final = 60 * DAY_MS
"""How many of the newest are not done by the end whatever the clocks say; with age they get fewer."""

_UNANSWERED_SHARE: Final = 0.15
"""Of the stuck."""

_OPENS_S: Final = 8 * 3_600
_OFFICE_S: Final = 10 * 3_600
_MOST_TURNS: Final = 60
_AFTERWARDS: Final = 120
"""Days after the sample's end that still are looked up."""


@dataclass(frozen=True, eq=False)
class Instants:
    """Columns (n,) in ms since 1970 UTC, each not before the one above; `NEVER` where it has not happened."""

    responded: NDArray[np.int64]
    done: NDArray[np.int64]
    closed: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_], other: "Instants") -> "Instants":
        """These in some rows, those of `other` elsewhere."""
        ours, theirs = (self.responded, self.done, self.closed), (other.responded, other.done, other.closed)
        return Instants(*(np.where(rows, one, another) for one, another in zip(ours, theirs, strict=True)))

    def until(self, end_ms: int) -> "Instants":
        """What has happened before the end."""
        return Instants(*(np.where(at < end_ms, at, NEVER) for at in (self.responded, self.done, self.closed)))


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
        second = (at_ms + EAST_OF_UTC_MS) % DAY_MS // 1_000 - _OPENS_S
        return np.asarray((self._turns[days - self._first, 0] == days) & (second >= 0) & (second < _OFFICE_S), bool)


def office_instants(
    reported: NDArray[np.int64], level: NDArray[np.int64], end_ms: int, random: np.random.Generator
) -> Instants:
    """By the clocks of workdays, for incidents (n,) that lie at a `level` (place in `LEVELS`; beyond: a department).

    About 97.5 % are responded to in time and 96 % done in time, 0.3 % beyond the last clock. What would happen after
    `end_ms` is told as well, except that a few of the newest and fewer old ones are left open.
    """
    days, end_day = local_days(reported), int(local_days(np.array([end_ms]))[0])
    office = _Office(int(days.min(initial=end_day)), end_day + _AFTERWARDS)
    responded = _responses(reported, days, office, random)
    done = _completions(responded, office.day(days, _done_turns(level, random)), random)
    instants = Instants(responded, done, _closings(done, office, random))
    count = len(reported)
    is_stuck = random.random(count) < _STUCK_SHARE * np.exp((reported - end_ms) / _STUCK_FOR_MS)
    never = np.full(count, NEVER)
    answered = np.where(random.random(count) < _UNANSWERED_SHARE, never, responded)
    return Instants(answered, never, never).where(is_stuck, instants)


def urgent_instants(reported: NDArray[np.int64], random: np.random.Generator) -> Instants:
    """By the clocks of minutes, day and night; about 97 % are responded to and 93 % done in time."""
    count = len(reported)
    responded = reported + 60_000 + _whole_ms(random.gamma(2.0, 150.0, count))
    done = responded + 300_000 + _whole_ms(random.gamma(2.0, 1_400.0, count))
    return Instants(responded, done, done + 60_000 + _whole_ms(random.exponential(1_800.0, count)))


def _responses(
    reported: NDArray[np.int64], days: NDArray[np.int64], office: _Office, random: np.random.Generator
) -> NDArray[np.int64]:
    """Within the hour or so, or on a workday after the day of the report."""
    count, first = len(reported), ClockRules().response_workdays
    turn = first + random.choice(len(_RESPONSE_TURNS), count, p=_RESPONSE_TURNS)
    soon = reported + 120_000 + _whole_ms(random.exponential(2_700.0, count))
    is_there = office.is_open(soon) | (random.random(count) < _OFF_HOURS_SHARE)
    at_once = is_there & (random.random(count) < _AT_ONCE_SHARE) & (turn == first)
    return np.where(at_once, soon, _in_office(office.day(days, turn), random.beta(1.2, 2.2, count)))


def _done_turns(level: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """On which workday after the report it is done."""
    count, rules = len(level), ClockRules()
    late = np.minimum(rules.done_workdays + random.geometric(0.25, count), rules.most_workdays)
    very_late = np.minimum(rules.most_workdays + random.geometric(0.12, count), _MOST_TURNS - 1)
    late = np.where(random.random(count) < _VERY_LATE_SHARE, very_late, late)
    is_late = random.random(count) < np.array(_LATE_SHARES)[np.minimum(level, len(LEVELS))]
    return np.where(is_late, late, random.choice(len(_DONE_TURNS), count, p=_DONE_TURNS))


def _completions(
    responded: NDArray[np.int64], days: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """On local days, or soon after the response where that comes on such a day or later."""
    count = len(responded)
    soon = responded + 600_000 + _whole_ms(random.exponential(4_500.0, count))
    return np.where(days <= local_days(responded), soon, _in_office(days, random.beta(1.6, 1.4, count)))


def _closings(done: NDArray[np.int64], office: _Office, random: np.random.Generator) -> NDArray[np.int64]:
    """Within minutes, or on one of the next workdays."""
    count = len(done)
    soon = done + 60_000 + _whole_ms(random.exponential(1_500.0, count))
    day = office.day(local_days(done), np.minimum(random.geometric(0.6, count), 5))
    later = _in_office(day, random.random(count))
    return np.where(random.random(count) < _CLOSED_AT_ONCE_SHARE, soon, later)


def _in_office(days: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Instants on local days (n,) at a share of the office hours."""
    return np.asarray(end_of(days - 1) + _whole_ms(_OPENS_S + share * _OFFICE_S), np.int64)


def _whole_ms(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(seconds.astype(np.int64) * 1_000, np.int64)
