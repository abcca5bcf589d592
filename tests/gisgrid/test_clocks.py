"""The 1515 clocks: workdays counted, minutes of urgent ones, cards, every deadline explained."""

import datetime as dt
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.clocks import (
    CLOCK_STATES,
    MINUTE_MS,
    NEVER,
    ClockRules,
    Deadlines,
    Workdays,
    card_of,
    clock_states,
    deadlines,
    explain,
)
from gisgrid.errors import BadOption
from gisgrid.local_days import date_of, day_number, local_days
from gisgrid.workdays import WorkCalendar

_CHINA = ZoneInfo("Asia/Shanghai")


def _ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=_CHINA).timestamp() * 1000)


def _last_days(text: str, calendar: WorkCalendar | None = None) -> tuple[list[str], bool]:
    found = deadlines(np.array([_ms(text)]), np.array([False]), calendar or WorkCalendar())
    ends = (found.response_ms, found.done_ms, found.most_ms)
    return [str(date_of(int(local_days(end - 1)[0]))) for end in ends], bool(found.is_provisional[0])


@pytest.mark.parametrize(
    ("reported", "last"),
    [
        ("2018-02-14T10:00", ["2018-02-22", "2018-02-27", "2018-03-13"]),
        ("2026-02-13T10:00", ["2026-02-14", "2026-02-27", "2026-03-12"]),
        ("2018-09-29T10:00", ["2018-09-30", "2018-10-11", "2018-10-25"]),
        ("2018-05-07T00:00", ["2018-05-08", "2018-05-14", "2018-05-28"]),
        ("2018-05-07T23:59:59.999", ["2018-05-08", "2018-05-14", "2018-05-28"]),
    ],
)
def test_deadlines__examples(reported: str, last: list[str]) -> None:
    assert _last_days(reported) == (last, False)


def test_deadlines__end_with_the_local_day() -> None:
    found = deadlines(np.array([_ms("2018-05-07T09:00")]), np.array([False]), WorkCalendar())
    assert found.response_ms[0] == _ms("2018-05-09T00:00")


def test_deadlines__urgent_ones_run_on_minutes_at_night_too() -> None:
    start = _ms("2018-02-15T23:55")
    found = deadlines(np.array([start]), np.array([True]), WorkCalendar())
    assert found.response_ms[0] == start + 15 * MINUTE_MS
    assert found.done_ms[0] == start + 120 * MINUTE_MS
    assert found.most_ms[0] == _ms("2018-03-14T00:00")


def test_deadlines__beyond_the_published_years_are_provisional() -> None:
    assert _last_days("2026-12-11T10:00")[1]
    assert not _last_days("2026-12-10T10:00")[1]
    days = {dt.date(2027, 1, day): day not in {1, 2, 3} for day in range(1, 32)}
    assert not _last_days("2026-12-11T10:00", WorkCalendar(days))[1]


def test_deadlines__an_override_moves_them() -> None:
    day_off = WorkCalendar({dt.date(2018, 5, 8): False})
    assert _last_days("2018-05-07T10:00", day_off)[0] == ["2018-05-09", "2018-05-15", "2018-05-29"]


def test_deadlines__through_a_long_stretch_of_days_off() -> None:
    off = {dt.date(2018, 5, 8) + dt.timedelta(days=past): False for past in range(200)}
    assert _last_days("2018-05-07T10:00", WorkCalendar(off))[0] == ["2018-11-26", "2018-11-30", "2018-12-14"]


def test_deadlines__without_any_workday_are_refused() -> None:
    off = {dt.date(2018, 5, 8) + dt.timedelta(days=past): False for past in range(20_100)}
    with pytest.raises(BadOption, match="fewer than 15 workdays"):
        _last_days("2018-05-07T10:00", WorkCalendar(off))


def test_deadlines__none_for_no_incident() -> None:
    assert len(deadlines(np.zeros(0, np.int64), np.zeros(0, bool), WorkCalendar()).done_ms) == 0


@given(
    st.lists(st.dates(dt.date(2004, 1, 1), dt.date(2027, 6, 1)), min_size=1, max_size=20),
    st.integers(1, 5),
    st.integers(5, 9),
    st.integers(9, 30),
)
def test_deadlines__equal_the_explanation_counted_day_by_day(
    days: list[dt.date], response: int, done: int, most: int
) -> None:
    calendar, rules = WorkCalendar(), ClockRules(response, done, most)
    starts = np.array([_ms(f"{day}T12:00") for day in days])
    found = deadlines(starts, np.zeros(len(days), bool), calendar, rules)
    for place, day in enumerate(days):
        for ends, count in ((found.response_ms, response), (found.done_ms, done), (found.most_ms, most)):
            told = explain(day, count, calendar)
            assert date_of(int(local_days(ends - 1)[place])) == told.last
            assert sum(1 for one in told.days if one.workday) == count
            assert len(told.skipped()) + count == (told.last - day).days
        assert bool(found.is_provisional[place]) == explain(day, most, calendar).is_provisional


def test_explain__says_why_each_day_counts_or_not() -> None:
    told = explain(dt.date(2018, 2, 14), 3, WorkCalendar())
    assert [day.why[0] for day in told.skipped()] == [
        "Thursday, Spring Festival", "Friday, Spring Festival", "Saturday, Spring Festival", "Sunday, Spring Festival",
        "Monday, Spring Festival", "Tuesday, Spring Festival", "Wednesday, Spring Festival",
    ]  # fmt: skip
    assert [(str(day.day), day.workday, day.why[1]) for day in told.days if day.workday] == [
        ("2018-02-22", 1, "星期四"),
        ("2018-02-23", 2, "星期五"),
        ("2018-02-24", 3, "星期六，调休上班"),
    ]


def test_explain__names_overrides_and_guesses() -> None:
    day = dt.date(2027, 1, 4)
    told = explain(dt.date(2027, 1, 1), 2, WorkCalendar({day: False}), {day: "notice 12"})
    assert [one.why[0] for one in told.days[2:]] == [
        "Monday, set as a day off: notice 12",
        "Tuesday (calendar not yet published)",
        "Wednesday (calendar not yet published)",
    ]
    assert told.is_provisional


# The State Council moved Labour Day 2019 by a second notice (22 March 2019, content_5375877), which `holidays` has from
# 0.92 on; that one needs another python-dateutil than pandas does.
_LATER_NOTICE = {
    dt.date(2019, 4, 28): True, dt.date(2019, 5, 2): False, dt.date(2019, 5, 3): False, dt.date(2019, 5, 5): True,
}  # fmt: skip


def test_workdays__every_day_from_2004_to_2026_as_a_second_library_has_it() -> None:
    other = holidays.country_holidays("CN", years=range(2004, 2027))
    calendar = WorkCalendar()
    days = [dt.date(2004, 1, 1) + dt.timedelta(days=past) for past in range(8_401)]
    assert days[-1] == dt.date(2026, 12, 31)
    differing = {day: calendar.is_workday(day) for day in days if calendar.is_workday(day) != other.is_working_day(day)}
    assert differing.items() <= _LATER_NOTICE.items()
    assert all(calendar.is_workday(day) == works for day, works in _LATER_NOTICE.items())


@given(st.dates(dt.date(2004, 1, 1), dt.date(2026, 6, 1)), st.integers(1, 30))
def test_workdays_after__counts_workdays_strictly_after(day: dt.date, count: int) -> None:
    calendar = WorkCalendar()
    counted = Workdays(calendar, day, day + dt.timedelta(days=150))
    last = date_of(int(counted.after(np.array([day_number(day)]), count)[0]))
    between = [day + dt.timedelta(days=past) for past in range(1, (last - day).days + 1)]
    assert sum(calendar.is_workday(one) for one in between) == count
    assert calendar.is_workday(last)


@pytest.mark.parametrize(
    ("now", "responded", "done", "extended", "is_open", "card"),
    [
        (9, None, None, None, True, ""),
        (10, None, None, None, True, "yellow"),
        (49, 9, None, None, True, ""),
        (50, 9, None, None, True, "yellow"),
        (149, 9, None, None, True, "yellow"),
        (150, 9, None, None, True, "red"),
        (999, 9, 49, None, False, ""),
        (999, 9, 50, None, False, "yellow"),
        (999, 10, 49, None, False, "yellow"),
        (150, 9, None, 200, True, ""),
        (200, 9, None, 200, True, "red"),
        (120, 9, None, 100, True, "yellow"),
        (999, None, None, None, False, ""),
    ],
)
def test_card_of__the_instant_of_the_deadline_is_late(  # one row of the table above
    now: int, responded: int | None, done: int | None, extended: int | None, is_open: bool, card: str
) -> None:
    due = Deadlines(np.array([10]), np.array([50]), np.array([150]), np.array([False]))
    found = card_of(now, is_open=is_open, responded_ms=responded, done_ms=done, due=due, extended_due_ms=extended)
    assert found == card


@pytest.mark.parametrize(
    ("now", "responded", "done", "extended", "is_open", "state"),
    [
        # Reported on Monday: response by Tuesday night, done by Monday in a week.
        ("2018-05-07T10:00", None, None, None, True, "at_risk"),
        ("2018-05-08T00:00", None, None, None, True, "due_today"),
        ("2018-05-09T00:00", None, None, None, True, "yellow"),
        ("2018-05-08T12:00", "2018-05-08T11:00", None, None, True, "calm"),
        ("2018-05-10T23:59", "2018-05-08T11:00", None, None, True, "calm"),
        ("2018-05-11T00:00", "2018-05-08T11:00", None, None, True, "at_risk"),
        ("2018-05-13T00:00", "2018-05-08T11:00", None, None, True, "at_risk"),
        ("2018-05-14T00:00", "2018-05-08T11:00", None, None, True, "due_today"),
        ("2018-05-14T00:00", "2018-05-08T11:00", None, "2018-05-20T00:00", True, "calm"),
        ("2018-05-16T00:00", "2018-05-08T11:00", "2018-05-09T11:00", None, True, "calm"),
        ("2018-05-29T00:00", "2018-05-08T11:00", None, None, True, "red"),
        ("2018-05-29T00:00", "2018-05-08T11:00", None, None, False, "settled"),
    ],
)
def test_clock_states__from_calm_to_red(
    now: str, responded: str | None, done: str | None, extended: str | None, is_open: bool, state: str
) -> None:
    due = deadlines(np.array([_ms("2018-05-07T09:00")]), np.array([False]), WorkCalendar())
    instants = [np.array([NEVER if text is None else _ms(text)]) for text in (responded, done, extended)]
    found = clock_states(_ms(now), np.array([is_open]), *instants[:2], due, instants[2], WorkCalendar())
    assert tuple(CLOCK_STATES)[found[0]] == state


@pytest.mark.parametrize("rules", [{"done_workdays": 0}, {"done_workdays": 16}, {"urgent_response_minutes": 121}])
def test_clock_rules__that_contradict_each_other_are_refused(rules: dict[str, int]) -> None:
    with pytest.raises(BadOption, match="expected"):
        ClockRules(**rules)
