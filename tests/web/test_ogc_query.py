"""Queries of map programs: windows, times and limits as the standard has them, all else refused."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.errors import BadQuery
from gisgrid.local_days import start_of
from web.ogc_query import MOST_LIMIT, Span, read_boxes, read_items, read_limit, read_span

DAY_MS = 86_400_000
AT_MS = 1_525_656_600_250
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("121.4,28.6,121.5,28.7", ((121.4, 28.6, 121.5, 28.7),)),
        (" 1 , -2 ,+3e0, .5", ((1.0, -2.0, 3.0, 0.5),)),
        ("1,2,-50,3,4,50", ((1.0, 2.0, 3.0, 4.0),)),
        ("-200,-95,200,95", ((-200.0, -95.0, 200.0, 95.0),)),
        ("170,-10,-170,10", ((170.0, -10.0, 180.0, 10.0), (-180.0, -10.0, -170.0, 10.0))),
        ("5,5,5,5", ((5.0, 5.0, 5.0, 5.0),)),
    ],
)
def test_read_boxes(text, boxes):
    assert read_boxes(text) == boxes


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "1,2,3,4,5,6,7", "1,2,3,x", "1,2,3,nan", "1,2,3,inf", "1,2,3,1e999", "1,5,2,4", "1,2,9,3,4,8",
     "1_0,2,30,4", "１,2,3,4", "1;drop table incident,2,3,4", "200,0,190,1", "0,0,-190,1"],
)  # fmt: skip
def test_read_boxes__anything_else_is_refused(text):
    with pytest.raises(BadQuery, match="bbox is"):
        read_boxes(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2018-05-07T01:30:00.250Z", (AT_MS, AT_MS + 1)),
        ("2018-05-07t01:30:00.250z", (AT_MS, AT_MS + 1)),
        ("2018-05-07T09:30:00.25+08:00", (AT_MS, AT_MS + 1)),
        ("2018-05-07T09:30:00.25 08:00", (AT_MS, AT_MS + 1)),
        ("2018-05-07", (start_of(dt.date(2018, 5, 7)), start_of(dt.date(2018, 5, 8)))),
        ("2018-05-07/2018-05-08", (start_of(dt.date(2018, 5, 7)), start_of(dt.date(2018, 5, 9)))),
        ("2018-05-07T01:30:00.250Z/..", (AT_MS, None)),
        ("/2018-05-07T01:30:00.250Z", (None, AT_MS + 1)),
        ("2018-05-07T01:30:00.250Z/2018-05-07T01:30:00.250Z", (AT_MS, AT_MS + 1)),
        # Finer than a millisecond: narrower, never wider.
        ("2018-05-07T01:30:00.2500001Z/2018-05-07T01:30:00.2519Z", (AT_MS + 1, AT_MS + 2)),
        ("2018-05-07T01:30:00.2500001Z", (AT_MS + 1, AT_MS + 1)),
        # The end belongs to the day in which the beginning lies.
        ("2018-05-07T01:30:00.250Z/2018-05-07", (AT_MS, start_of(dt.date(2018, 5, 8)))),
    ],
)  # fmt: skip
def test_read_span(text, span):
    assert read_span(text) == Span(*span)


@pytest.mark.parametrize(
    "text",
    ["", "..", "2018", "2018-13-01", "2018-05-07T01:30Z", "2018-05-07T01:30:00", "2018-05-07 01:30:00Z", "1/2/3", "0001-01-01",
     "9999-12-31T23:59:59-12:00", "2018-05-07/2018-05-06", "2018-05-07T00:00:01Z/2018-05-07T00:00:00Z", "2018-05-07T01:30:61Z",
     "2018-05-07T01:30:00+99:00", "2018-05-07' or 1=1 --"],
)  # fmt: skip
def test_read_span__anything_else_is_refused(text):
    with pytest.raises(BadQuery, match="datetime is"):
        read_span(text)


@given(
    ends_us=st.tuples(*[st.integers(0, 4 * 10**15)] * 2),
    hours=st.integers(-14, 14),
    at_ms=st.integers(0, 10**13),
)
def test_read_span__holds_the_instants_of_the_closed_interval(ends_us, hours, at_ms):
    zone = dt.timezone(dt.timedelta(hours=hours))
    start, end = ((EPOCH + dt.timedelta(microseconds=at_us)).astimezone(zone) for at_us in sorted(ends_us))
    span = read_span(f"{start.isoformat()}/{end.isoformat()}")
    for near_ms in (at_ms, span.from_ms - 1, span.from_ms, span.to_ms - 1, span.to_ms):
        at = EPOCH + dt.timedelta(milliseconds=near_ms)
        assert (span.from_ms <= near_ms < span.to_ms) == (start <= at <= end)


def test_read_limit__too_large_is_the_most_not_an_error():
    assert [read_limit(text) for text in ("1", "007", "10000", "10001", "9" * 18)] == [1, 7, *[MOST_LIMIT] * 3]
    for text in ("0", "-1", "1.0", "", "x", "１", "9" * 19):
        with pytest.raises(BadQuery, match="limit is"):
            read_limit(text)


def test_read_items__unknown_and_repeated_parameters_are_refused():
    query = read_items([("limit", "5"), ("state", ""), ("f", "json"), ("grid", "x")], ("state", "grid"))
    assert (query.limit, query.filter("state"), query.filter("grid"), query.filter("other")) == (5, "", "x", "")
    for given_ in (
        [("offset", "1")],
        [("limit", "1"), ("limit", "2")],
        [("f", "html")],
        [("edition", "1")],
        [("LIMIT", "1")],
    ):
        with pytest.raises(BadQuery):
            read_items(given_, ("state",))
