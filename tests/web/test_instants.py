"""Instants as programs say and are told them: exact to the millisecond, both ways."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.instants import instant, ms_of, utc


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_instants__there_and_back(at_ms):
    assert ms_of(instant(at_ms)) == at_ms
    assert ms_of(dt.datetime.fromisoformat(utc(at_ms))) == at_ms
    assert utc(at_ms)[19] == "."


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_525_657_800_250, "2018-05-07T01:50:00.250Z"),
    ],
)
def test_utc__always_with_milliseconds(at_ms, text):
    assert utc(at_ms) == text


def test_instants__none_stays_none_and_what_is_finer_is_cut_off():
    assert instant(None) is ms_of(None) is utc(None) is None
    assert ms_of(dt.datetime(2018, 5, 7, 9, 50, 0, 250_999, dt.timezone(dt.timedelta(hours=8)))) == 1_525_657_800_250
