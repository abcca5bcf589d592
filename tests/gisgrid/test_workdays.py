"""Workdays: holidays, make-up days, overrides, and years not published yet."""

import datetime as dt

from gisgrid.workdays import WorkCalendar


def test_is_workday__holidays_and_days_worked_instead():
    calendar = WorkCalendar()
    assert calendar.is_workday(dt.date(2018, 5, 7))
    assert not calendar.is_workday(dt.date(2018, 5, 13))
    assert not calendar.is_workday(dt.date(2018, 5, 1))
    assert calendar.is_workday(dt.date(2018, 4, 28))
    assert calendar.is_workday(dt.date(2026, 2, 14))


def test_is_workday__250_in_2018():
    calendar = WorkCalendar()
    assert sum(calendar.is_workday(dt.date(2018, 1, 1) + dt.timedelta(days=day)) for day in range(365)) == 250


def test_is_workday__beyond_the_published_years_monday_to_friday_provisionally():
    calendar = WorkCalendar()
    day = dt.date(2031, 10, 1)
    assert calendar.is_provisional(day)
    assert calendar.is_workday(day)
    assert not calendar.is_provisional(dt.date(2018, 10, 1))


def test_is_workday__an_override_wins_and_is_not_provisional():
    calendar = WorkCalendar({dt.date(2031, 10, 1): False})
    assert not calendar.is_workday(dt.date(2031, 10, 1))
    assert not calendar.is_provisional(dt.date(2031, 10, 1))
