"""The 1515 clocks of an incident: when it must be responded to, done, and done at the very latest; cards when it was not."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

from gisgrid.errors import BadOption
from gisgrid.local_days import date_of, day_number, end_of, local_days
from gisgrid.workdays import WorkCalendar

MINUTE_MS: Final = 60_000

CARDS: Final[dict[str, tuple[str, str]]] = {
    "": ("", ""),
    "yellow": ("Yellow card", "黄牌"),
    "red": ("Red card", "红牌"),
}
"""Cards from none to the worst, with their labels in English and Chinese."""

NEVER: Final = 2**62
"""Among instants in ms: it has not happened."""

CLOCK_STATES: Final[dict[str, tuple[str, str]]] = {
    "settled": ("Settled", "已了结"),
    "calm": ("In time", "正常"),
    "at_risk": ("At risk", "临期"),
    "due_today": ("Due today", "今日到期"),
    "yellow": ("Yellow card", "黄牌"),
    "red": ("Red card", "红牌"),
}
"""How the clocks of an incident stand, the worst last, with labels in English and Chinese."""

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAYS_ZH: Final = tuple(f"星期{day}" for day in "一二三四五六日")
_HOLIDAYS_ZH: Final = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
_FEWEST_WORKDAYS_IN: Final = 3
"""A stretch of so many days per workday, and a month more, holds as many workdays as are asked for, unless many were set off."""

_LONGEST_SPAN: Final = 20_000


@dataclass(frozen=True)
class ClockRules:
    """The clocks: workdays after the day of the report (the seed's 1, 5, 15), and minutes for urgent incidents.

    `at_risk_workdays`: an open incident whose next clock ends within so many workdays after today is at risk.
    """

    response_workdays: int = 1
    done_workdays: int = 5
    most_workdays: int = 15
    urgent_response_minutes: int = 15
    urgent_done_minutes: int = 120
    at_risk_workdays: int = 1

    def __post_init__(self) -> None:
        for rule in fields(self):
            value = getattr(self, rule.name)
            if not 0 < value <= 100_000:
                raise BadOption(
                    f"rule {rule.name} is {value}; expected a whole number above 0",
                    zh=f"规则 {rule.name} 为 {value}；应为大于 0 的整数",
                )
        if not self.response_workdays <= self.done_workdays <= self.most_workdays <= 250:
            raise BadOption(
                "the clocks contradict each other; expected response <= done <= most <= 250 workdays",
                zh="时限互相矛盾；应满足 响应 <= 完成 <= 最长 <= 250 个工作日",
            )
        if self.urgent_response_minutes > self.urgent_done_minutes:
            raise BadOption(
                "the clocks of urgent incidents contradict each other; expected response <= done",
                zh="紧急事件的时限互相矛盾；应满足 响应 <= 完成",
            )


@dataclass(frozen=True, eq=False)
class Deadlines:
    """Columns (n,): the instants (ms since 1970 UTC) at which clocks have passed, exclusive; whether they are provisional."""

    response_ms: NDArray[np.int64]
    done_ms: NDArray[np.int64]
    most_ms: NDArray[np.int64]
    is_provisional: NDArray[np.bool_]

    def extended(self, until_ms: NDArray[np.int64]) -> "Deadlines":
        """The deadlines with approved extensions (n,), `NEVER` for none: they move the completion clock, and the last one
        where they lie beyond it.
        """
        is_set = until_ms != NEVER
        return Deadlines(
            self.response_ms,
            np.where(is_set, until_ms, self.done_ms),
            np.where(is_set, np.maximum(self.most_ms, until_ms), self.most_ms),
            self.is_provisional,
        )

    def at(self, places: NDArray[np.int64] | slice) -> "Deadlines":
        """Those of some incidents."""
        return Deadlines(*(getattr(self, part.name)[places] for part in fields(self)))


@dataclass(frozen=True)
class CountedDay:
    """A day after the report: which workday it is (0 for none) and why it counts or not, in English and Chinese."""

    day: dt.date
    workday: int
    why: tuple[str, str]


@dataclass(frozen=True)
class Explanation:
    """How a deadline came about: the day of the start, every day after it, and the last, at whose end the clock ends."""

    start: dt.date
    workdays: int
    days: tuple[CountedDay, ...]
    is_provisional: bool

    @property
    def last(self) -> dt.date:
        """The day at whose end the clock ends."""
        return self.days[-1].day

    def skipped(self) -> tuple[CountedDay, ...]:
        """The days that do not count."""
        return tuple(day for day in self.days if not day.workday)


class Workdays:
    """The workdays of a calendar in a span of local days, counted fast."""

    def __init__(self, calendar: WorkCalendar, first: dt.date, last: dt.date) -> None:
        self._days, self._guessed = calendar.days(first, last)

    @classmethod
    def enough(cls, calendar: WorkCalendar, first: dt.date, last: dt.date, count: int) -> "Workdays":
        """Those from `first` until `count` workdays after `last` are among them; `BadOption` where years have none."""
        span = _FEWEST_WORKDAYS_IN * count + 31
        while span < _LONGEST_SPAN:
            found = cls(calendar, first, last + dt.timedelta(days=span))
            if len(found._days) - np.searchsorted(found._days, day_number(last), side="right") >= count:
                return found
            span *= 2
        raise BadOption(
            f"the calendar has fewer than {count} workdays in the years after {last}; look at its days off",
            zh=f"日历在 {last} 之后的几年里不足 {count} 个工作日；请检查放假安排",
        )

    def after(self, days: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """The `count`-th workday strictly after each of `days` (n,), as days since 1970."""
        place = np.searchsorted(self._days, days, side="right") + count - 1
        return np.asarray(self._days[place], np.int64)

    def between(self, from_ms: int, to_ms: int) -> int:
        """How many workdays there are after the local day of `from_ms`, up to and with that of `to_ms`."""
        first, last = local_days(np.array([from_ms, to_ms], np.int64)).tolist()
        ends = np.searchsorted(self._days, [first, max(first, last)], side="right")
        return int(ends[1] - ends[0])

    def guessed(self, days: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether between each of `days` (exclusive) and `last` (inclusive) lies one whose calendar is not published."""
        before, until = (np.searchsorted(self._guessed, at, side="right") for at in (days, last))
        return np.asarray(until > before, bool)


def deadlines(
    from_ms: NDArray[np.int64], is_urgent: NDArray[np.bool_], calendar: WorkCalendar, rules: ClockRules | None = None
) -> Deadlines:
    """The deadlines of incidents whose clocks started at `from_ms` (n,).

    The n-th workday is the n-th working day strictly after the local day of the start; its clock ends with that day
    (design section 8). Urgent ones run on minutes, day and night; the last clock stays in workdays.
    """
    rules = rules or ClockRules()
    if len(from_ms) == 0:
        none = np.zeros(0, np.int64)
        return Deadlines(none, none, none, np.zeros(0, bool))
    days, day_of = np.unique(local_days(from_ms), return_inverse=True)
    counted = Workdays.enough(calendar, date_of(int(days[0])), date_of(int(days[-1])), rules.most_workdays)
    ends = [counted.after(days, count) for count in (rules.response_workdays, rules.done_workdays, rules.most_workdays)]
    response_ms, done_ms, most_ms = (end_of(last)[day_of] for last in ends)
    response_ms = np.where(is_urgent, from_ms + rules.urgent_response_minutes * MINUTE_MS, response_ms)
    done_ms = np.where(is_urgent, from_ms + rules.urgent_done_minutes * MINUTE_MS, done_ms)
    return Deadlines(response_ms, done_ms, most_ms, counted.guessed(days, ends[2])[day_of])


def explain(
    start: dt.date, workdays: int, calendar: WorkCalendar, notes: Mapping[dt.date, str] | None = None
) -> Explanation:
    """Count the workdays after `start` one by one and say of every day why it counts or not."""
    days: list[CountedDay] = []
    counted = 0
    day = start
    while counted < workdays:
        day += dt.timedelta(days=1)
        works = calendar.is_workday(day)
        counted += works
        days.append(CountedDay(day, counted if works else 0, why_it_counts(day, works, calendar, notes or {})))
    return Explanation(start, workdays, tuple(days), any(calendar.is_provisional(one.day) for one in days))


def earned_cards(
    now_ms: int,
    is_open: NDArray[np.bool_],
    responded_ms: NDArray[np.int64],
    done_ms: NDArray[np.int64],
    due: Deadlines,
    extended_due_ms: NDArray[np.int64],
) -> NDArray[np.int8]:
    """The cards (places in `CARDS`) that incidents (n,) have earned by `now_ms`: red beyond the last clock, yellow another.

    `NEVER` stands for what has not happened or is not set. What is no longer open and does not say when it was done has earned none.
    """
    until = np.where(is_open, now_ms, -1)
    responded = np.where(responded_ms == NEVER, until, responded_ms)
    done = np.where(done_ms == NEVER, until, done_ms)
    due_then = due.extended(extended_due_ms)
    late = (responded >= due.response_ms) | (done >= due_then.done_ms)
    return np.where(done >= due_then.most_ms, 2, np.where(late, 1, 0)).astype(np.int8)


def clock_states(
    now_ms: int,
    is_open: NDArray[np.bool_],
    responded_ms: NDArray[np.int64],
    done_ms: NDArray[np.int64],
    due: Deadlines,
    extended_due_ms: NDArray[np.int64],
    calendar: WorkCalendar,
    rules: ClockRules | None = None,
) -> NDArray[np.int8]:
    """How the clocks of incidents (n,) stand at `now_ms`, as places in `CLOCK_STATES`; arguments as of `earned_cards`."""
    rules = rules or ClockRules()
    cards = earned_cards(now_ms, is_open, responded_ms, done_ms, due, extended_due_ms)
    completion = np.where(done_ms == NEVER, due.extended(extended_due_ms).done_ms, NEVER)
    following = np.where(responded_ms == NEVER, np.minimum(due.response_ms, completion), completion)
    today = local_days(np.array([now_ms]))
    day = date_of(int(today[0]))
    soon = end_of(Workdays.enough(calendar, day, day, rules.at_risk_workdays).after(today, rules.at_risk_workdays))[0]
    states = np.where(following <= end_of(today)[0], 3, np.where(following <= soon, 2, 1))
    return np.where(is_open, np.where(cards > 0, cards + 3, states), 0).astype(np.int8)


def instants(values: Iterable[int | None]) -> NDArray[np.int64]:
    """Instants (n,) of which some have not happened (None): there `NEVER`."""
    return np.array([NEVER if at_ms is None else at_ms for at_ms in values], np.int64)


def card_of(
    now_ms: int,
    *,
    is_open: bool,
    responded_ms: int | None,
    done_ms: int | None,
    due: Deadlines,
    extended_due_ms: int | None,
) -> str:
    """The card that one incident has earned by `now_ms`, by the rules of `earned_cards`; `due` has one row."""
    responded, done, extended = (instants((at_ms,)) for at_ms in (responded_ms, done_ms, extended_due_ms))
    return tuple(CARDS)[int(earned_cards(now_ms, np.array([is_open]), responded, done, due, extended)[0])]


def why_it_counts(day: dt.date, works: bool, calendar: WorkCalendar, notes: Mapping[dt.date, str]) -> tuple[str, str]:
    """Why a day is a workday (`works`) or not, in English and Chinese; `notes` are those of days that were set."""
    weekday, weekday_zh = _WEEKDAYS[day.weekday()], _WEEKDAYS_ZH[day.weekday()]
    if day in calendar.overrides:
        note = f": {notes[day]}" if notes.get(day) else ""
        kind, kind_zh = ("working day", "工作日") if works else ("day off", "休息日")
        return f"{weekday}, set as a {kind}{note}", f"{weekday_zh}，另定为{kind_zh}{note}"
    if calendar.is_provisional(day):
        guess = " (calendar not yet published)", "（日历尚未公布）"
        return f"{weekday}{guess[0]}", f"{weekday_zh}{guess[1]}"
    _, holiday = chinese_calendar.get_holiday_detail(day)
    if works and day.weekday() >= 5:
        return f"{weekday}, make-up workday", f"{weekday_zh}，调休上班"
    if not works and holiday is not None:
        return f"{weekday}, {holiday}", f"{weekday_zh}，{_HOLIDAYS_ZH.get(holiday, holiday)}"
    return weekday, weekday_zh
