"""Spans of local days: what comes before, and the parts of a trend."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.spans import GRAINS, Span, time_key

DAY = dt.timedelta(days=1)
days = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))
spans = st.builds(lambda first, more: Span(first, first + more * DAY), days, st.integers(0, 800))


def span(first, last):
    return Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2018-10-01", "2018-10-31", ("2018-09-01", "2018-09-30")),
        ("2018-03-01", "2018-03-31", ("2018-02-01", "2018-02-28")),
        ("2018-01-01", "2018-01-31", ("2017-12-01", "2017-12-31")),
        ("2018-01-01", "2018-03-31", ("2017-10-01", "2017-12-31")),
        ("2020-01-01", "2020-12-31", ("2019-01-01", "2019-12-31")),
        ("2018-05-07", "2018-05-13", ("2018-04-30", "2018-05-06")),
        ("2018-05-07", "2018-05-07", ("2018-05-06", "2018-05-06")),
        ("2018-10-01", "2018-10-30", ("2018-09-01", "2018-09-30")),
        ("2018-10-02", "2018-10-31", ("2018-09-02", "2018-10-01")),
    ],
)
def test_before__of_months_as_many_months_else_as_many_days(first, last, before):
    assert span(first, last).before() == span(*before)


@given(spans)
def test_before__ends_where_the_span_begins_and_is_about_as_long(one):
    before = one.before()
    assert before.last + DAY == one.first
    assert before.days == one.days or (before.first.day == 1 and abs(before.days - one.days) <= 4)


@given(spans, st.sampled_from(GRAINS))
def test_keys__name_every_day_once_in_order(one, grain):
    keys = one.keys(grain)
    assert len(set(keys)) == len(keys)
    assert {time_key(one.first, grain), time_key(one.last, grain)} <= set(keys)
    assert list(keys) == sorted(keys)
    if grain == "day":
        assert len(keys) == one.days


@given(spans)
def test_grain__a_trend_has_few_parts(one):
    assert len(one.keys(one.grain)) <= 60


@given(spans, days)
def test_until__is_a_beginning_of_the_span(one, day):
    shorter = one.until(day)
    assert (shorter.first, shorter.last) == (one.first, max(one.first, min(one.last, day)))
