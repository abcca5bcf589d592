"""Figures of incidents: what a plain loop over dicts counts, by whatever they are grouped."""

import dataclasses
import datetime as dt
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import NEVER, Deadlines
from gisgrid.duty import ROLES, Duty
from gisgrid.errors import BadOption
from gisgrid.figures import (
    DEFINITIONS,
    GROUPINGS,
    Figures,
    FiguresQuery,
    count_figures,
    roles_of_reporters,
    year_before,
)
from gisgrid.flow import GRADES, STATES
from gisgrid.incident_columns import FIXED_WORDS, OPEN_WORDS, IncidentColumns
from gisgrid.units import unit_meant

ZONE = dt.timezone(dt.timedelta(hours=8))
HOUR = 3_600_000
STEP = 8 * HOUR
# Around a new year: steps of eight hours from here meet several days, two ISO years, weeks and months.
START = int(dt.datetime(2018, 12, 29, tzinfo=ZONE).timestamp() * 1000)
GRIDS = ("331002001001001", "331002001001002", "331002001002001", "331002002001001", "331081001001001", "")
COUNTS = tuple(field.name for field in dataclasses.fields(Figures) if not field.name.endswith("_hours"))
WORDS_IN_ORDER = {
    "category": CATEGORIES, "state": STATES, "grade": GRADES, "role": (*ROLES, "nobody"),
    "level": ("village", "township", "district", "department"),
}  # fmt: skip

instants = st.integers(0, 15).map(lambda steps: START + steps * STEP)
maybe = st.none() | instants


def incident(**changes):
    """An incident that nobody has touched yet, as a dict."""
    grid = changes.pop("grid", GRIDS[0])
    return {
        "category": "disputes", "state": "reported", "grade": "ordinary", "card": "", "level": "village",
        "sub_category": "family", "grid": grid, "village": grid[:12], "township": grid[:9] + "000" if grid else "",
        "department": "", "reporter": "P1", "how": "inside", "holder": grid[:12], "offices": grid[:12],
        "reported_ms": START, "started_ms": START, "responded_ms": None, "done_ms": None, "closed_ms": None, "extended_due_ms": None,
        "satisfied": -1, "is_urgent": False, "response_due": START + 3 * STEP, "done_due": START + 6 * STEP,
        "most_due": START + 9 * STEP, "repeats": False, "role": "patroller",
    } | changes  # fmt: skip


@st.composite
def incidents(draw):
    reported = draw(instants)
    return incident(
        category=draw(st.sampled_from(tuple(CATEGORIES))),
        state=draw(st.sampled_from(tuple(STATES))),
        grade=draw(st.sampled_from(tuple(GRADES))),
        level=draw(st.sampled_from(WORDS_IN_ORDER["level"])),
        sub_category=draw(st.sampled_from(("theft", "family", ""))),
        grid=draw(st.sampled_from(GRIDS)),
        department=draw(st.sampled_from(("", "fire", "water"))),
        how=draw(st.sampled_from(("inside", "snapped", "stated", "manual", "unassigned"))),
        role=draw(st.sampled_from((*ROLES, "nobody"))),
        reported_ms=reported,
        started_ms=reported + draw(st.sampled_from((0, 0, STEP))),
        responded_ms=draw(maybe),
        done_ms=draw(maybe),
        closed_ms=draw(maybe),
        extended_due_ms=draw(maybe),
        satisfied=draw(st.sampled_from((-1, 0, 1))),
        response_due=draw(instants),
        done_due=draw(instants),
        most_due=draw(instants),
        repeats=draw(st.booleans()),
    )


def columns_of(told):
    """The incidents as the mirror keeps them; the codes of open words are in no order."""
    words = {name: FIXED_WORDS[name] for name in FIXED_WORDS}
    words |= {name: ("", *sorted({one[name] for one in told if one[name]}, reverse=True)) for name in OPEN_WORDS}

    def coded(name, kind):
        return np.array([words[name].index(one[name]) for one in told], kind)

    def times(name):
        return np.array([NEVER if one[name] is None else one[name] for one in told], np.int64)

    due = (times(name) for name in ("response_due", "done_due", "most_due"))
    return IncidentColumns(
        words=words,
        number=np.arange(1, len(told) + 1),
        **{name: coded(name, np.int8) for name in FIXED_WORDS},
        **{name: coded(name, np.int32) for name in OPEN_WORDS},
        answering_grid=coded("grid", np.int32),
        **{f"{name}_ms": times(f"{name}_ms") for name in ("reported", "started", "responded", "done", "closed")},
        extended_due_ms=times("extended_due_ms"),
        lon=np.full(len(told), np.nan),
        lat=np.full(len(told), np.nan),
        satisfied=np.array([one["satisfied"] for one in told], np.int8),
        is_urgent=np.array([one["is_urgent"] for one in told], bool),
        due=Deadlines(*due, np.zeros(len(told), bool)),
    )


def counted(told, query):
    """The figures of incidents by the code under test."""
    repeats = np.array([one["repeats"] for one in told], bool)
    roles = np.array([ROLES.index(one["role"]) if one["role"] in ROLES else -1 for one in told], np.int8)
    return count_figures(columns_of(told), query, repeats, roles)


def plain_figures(told, as_of_ms):
    """The figures of incidents by their definitions, one incident after the other."""
    found, response_h, handling_h = dict.fromkeys(COUNTS, 0), [], []
    for one in told:
        responded, done, closed = (
            at if at is not None and at <= as_of_ms else None
            for at in (one["responded_ms"], one["done_ms"], one["closed_ms"])
        )
        # An end that does not say when it came had come then.
        ended = one["state"] in ("closed", "evaluated", "invalid") and (one["closed_ms"] is None or closed is not None)
        completion = one["extended_due_ms"] or one["done_due"]
        last = max(one["most_due"], one["extended_due_ms"] or 0)
        found["reported"] += 1
        if ended and one["state"] == "invalid":
            continue
        found["valid"] += 1
        found["closed" if ended else "open"] += 1
        is_late = False
        if responded is not None:
            in_time = responded < one["response_due"]
            found["responded"] += 1
            found["responded_on_time"] += in_time
            is_late |= not in_time
            response_h.append((responded - one["started_ms"]) / HOUR)
        elif not ended and one["response_due"] <= as_of_ms:
            found["responded"] += 1
            is_late = True
        if done is not None:
            in_time = done < completion
            found["done"] += 1
            found["done_on_time"] += in_time
            is_late |= not in_time
            handling_h.append((done - one["started_ms"]) / HOUR)
        elif not ended and completion <= as_of_ms:
            found["overdue"] += 1
            is_late = True
        is_red = done >= last if done is not None else not ended and last <= as_of_ms
        found["red"] += is_red
        found["yellow"] += is_late and not is_red
        if ended:
            found["evaluated"] += one["satisfied"] >= 0
            found["satisfied"] += one["satisfied"] == 1
            found["self_handled"] += one["level"] == "village"
        found["reopened"] += one["reported_ms"] < one["started_ms"] <= as_of_ms
        found["repeats"] += one["repeats"]
    hours = {"response_hours": response_h, "handling_hours": handling_h}
    return found | {name: round(statistics.median(values), 2) if values else None for name, values in hours.items()}


def is_asked_for(one, query):
    units = (one["township"][:6] + "000000", one["township"], one["village"], one["grid"])
    return (
        one["reported_ms"] <= query.as_of_ms
        and (query.from_ms is None or query.from_ms <= one["reported_ms"])
        and (query.to_ms is None or one["reported_ms"] < query.to_ms)
        and (not query.unit.code or query.unit.code in units)
        and (query.category is None or one["category"] == query.category)
    )


def group_of(one, by):
    day = dt.datetime.fromtimestamp(one["reported_ms"] / 1000, ZONE).date()
    times = {"day": f"{day}", "week": f"{day:%G-W%V}", "month": f"{day:%Y-%m}"}
    return times[by] if by in times else one[by]


@given(
    told=st.lists(incidents(), min_size=1, max_size=10),
    as_of_ms=st.integers(-1, 16).map(lambda steps: START + steps * STEP),
    period=st.none() | st.tuples(maybe, maybe),
    unit=st.sampled_from(
        ("", "331002000000", "331002001000", "331002001001", *GRIDS[:-1], "331002009000", "331099000000")
    ),
    category=st.none() | st.sampled_from(tuple(CATEGORIES)),
)
def test_count_figures__as_by_a_plain_loop(told, as_of_ms, period, unit, category):
    query = FiguresQuery(as_of_ms, *(period or (None, None)), unit_meant(unit), category)
    asked = [one for one in told if is_asked_for(one, query)]
    assert vars(counted(told, query).total) == plain_figures(asked, as_of_ms)


@given(told=st.lists(incidents(), min_size=1, max_size=10), steps=st.integers(2, 16))
def test_count_figures__groups_as_by_a_plain_loop(told, steps):
    as_of_ms = START + steps * STEP
    asked = [one for one in told if one["reported_ms"] <= as_of_ms]
    for by in GROUPINGS:
        groups = {}
        for one in asked:
            groups.setdefault(group_of(one, by), []).append(one)
        found = counted(told, FiguresQuery(as_of_ms, by=by))
        assert {key: vars(figures) for key, figures in found.groups.items()} == {
            key: plain_figures(some, as_of_ms) for key, some in groups.items()
        }
        order = WORDS_IN_ORDER.get(by)
        assert list(found.groups) == sorted(groups, key=tuple(order).index if order else None)
        for name in COUNTS:
            assert sum(getattr(figures, name) for figures in found.groups.values()) == getattr(found.total, name), name


@given(told=st.lists(incidents(), max_size=12), steps=st.integers(0, 16))
def test_figures__rates_are_shares(told, steps):
    figures = counted(told, FiguresQuery(START + steps * STEP)).total
    bases = {
        "closing_rate": figures.valid, "response_rate": figures.responded, "satisfaction": figures.evaluated,
        "on_time_rate": figures.done + figures.overdue, "self_handled_share": figures.closed,
    }  # fmt: skip
    for name, base in bases.items():
        rate = getattr(figures, name)
        assert (rate is None) == (base == 0), name
        assert rate is None or 0.0 <= rate <= 1.0, name
    assert figures.open + figures.closed == figures.valid <= figures.reported
    assert figures.supervised == figures.yellow + figures.red <= figures.valid


def test_count_figures__as_things_stood_then():
    one = incident(
        state="evaluated", satisfied=1, responded_ms=START + 4 * STEP, done_ms=START + 10 * STEP,
        closed_ms=START + 11 * STEP,
    )  # fmt: skip
    seen = {}
    for steps in (-1, 0, 2, 3, 5, 6, 9, 10, 11):
        figures = counted([one], FiguresQuery(START + steps * STEP)).total
        seen[steps] = {name for name in COUNTS if getattr(figures, name)} - {"reported", "valid"}
    assert seen == {
        -1: set(),
        0: {"open"},
        2: {"open"},
        3: {"open", "responded", "yellow"},  # the response clock has just ended
        5: {"open", "responded", "yellow"},  # answered, too late
        6: {"open", "responded", "overdue", "yellow"},
        9: {"open", "responded", "overdue", "red"},
        10: {"open", "responded", "done", "red"},
        11: {"closed", "responded", "done", "red", "evaluated", "satisfied", "self_handled"},
    }


@pytest.mark.parametrize(
    ("steps", "extended", "late"),
    [
        (6, None, {"overdue", "yellow"}),
        (6, 7, set()),
        (7, 7, {"overdue", "yellow"}),
        (8, 7, {"overdue", "yellow"}),  # the last clock ends after nine steps still
        (9, 7, {"overdue", "red"}),
        (9, 10, set()),
        (10, 10, {"overdue", "red"}),
    ],
)
def test_count_figures__an_extension_moves_the_clocks(steps, extended, late):
    extended_ms = None if extended is None else START + extended * STEP
    one = incident(responded_ms=START, extended_due_ms=extended_ms)
    figures = counted([one], FiguresQuery(START + steps * STEP)).total
    assert {name for name in ("overdue", "yellow", "red") if getattr(figures, name)} == late


def test_count_figures__an_end_that_does_not_say_when_it_came():
    told = [incident(state="closed"), incident(state="invalid"), incident(state="handling")]
    figures = counted(told, FiguresQuery(START + 15 * STEP)).total
    assert (figures.closed, figures.valid, figures.open) == (1, 2, 1)
    assert (figures.responded, figures.overdue, figures.yellow, figures.red) == (1, 1, 0, 1)


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("331002000000", 4), ("331002001000", 3), ("331002001001", 2), ("331002001001002", 1), ("331081000000", 1),
        ("331002009000", 0), ("331002001009", 0), ("331002001001009", 0), ("", 6),
    ],
)  # fmt: skip
def test_count_figures__of_a_unit_of_each_level(unit, count):
    told = [incident(grid=grid) for grid in GRIDS]
    assert counted(told, FiguresQuery(START, unit=unit_meant(unit))).total.reported == count


def test_count_figures__a_period_holds_its_first_instant_and_not_its_end():
    told = [incident(reported_ms=START + hours * HOUR) for hours in (0, 24, 48)]
    query = FiguresQuery(START + 99 * STEP, START + 24 * HOUR, START + 48 * HOUR, by="day")
    assert list(counted(told, query).groups) == ["2018-12-30"]


def test_count_figures__weeks_and_months_are_local():
    # A quarter of an hour before and after the midnight that begins 2019, a Tuesday; and the Sunday before.
    midnight = int(dt.datetime(2019, 1, 1, tzinfo=ZONE).timestamp() * 1000)
    told = [incident(reported_ms=midnight + minutes * 60_000) for minutes in (-15, 15, -2 * 1_440)]
    groups = {by: list(counted(told, FiguresQuery(midnight + STEP, by=by)).groups) for by in ("day", "week", "month")}
    assert groups == {
        "day": ["2018-12-30", "2018-12-31", "2019-01-01"],
        "week": ["2018-W52", "2019-W01"],
        "month": ["2018-12", "2019-01"],
    }


@pytest.mark.parametrize(
    ("hours", "median"),
    [([], None), ([5], 5.0), ([1, 4], 2.5), ([9, 1, 3], 3.0), ([1, 2, 4, 100], 3.0), ([1 / 3], 0.33)],
)
def test_count_figures__medians(hours, median):
    told = [incident(responded_ms=START + round(each * HOUR), grid=GRIDS[0]) for each in hours]
    told += [incident(grid=GRIDS[3]), incident(responded_ms=START + 7 * HOUR, state="invalid")]
    found = counted(told, FiguresQuery(START + 99 * STEP, by="township"))
    assert found.total.response_hours == median
    assert found.groups["331002002000"].response_hours is None
    assert found.groups["331002001000"].response_hours == median


def test_count_figures__a_median_from_the_reopening():
    told = [incident(started_ms=START + 5 * HOUR, responded_ms=START + 7 * HOUR, done_ms=START + 8 * HOUR)]
    figures = counted(told, FiguresQuery(START + STEP)).total
    assert (figures.response_hours, figures.handling_hours) == (2.0, 3.0)


@pytest.mark.parametrize("by", GROUPINGS)
def test_count_figures__of_nothing(by):
    empty = Figures()
    found = counted([], FiguresQuery(START, by=by))
    assert (found.total, found.groups) == (empty, {})
    assert (empty.closing_rate, empty.satisfaction, empty.supervised) == (None, None, 0)


@pytest.mark.parametrize("by", ["description", "card", "reporter", "Category", ""])
def test_count_figures__an_unknown_grouping_is_refused(by):
    with pytest.raises(BadOption, match=rf"grouped by '{by}'; expected one of category, .*, month"):
        counted([incident()], FiguresQuery(START, by=by))


def test_count_figures__roles_need_the_duties():
    with pytest.raises(BadOption, match="need the duties"):
        count_figures(columns_of([incident()]), FiguresQuery(START, by="role"), np.zeros(1, bool))


def ms(text):
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("2020-02-29T00:00", "2019-02-28T00:00"),
        ("2020-02-29T23:59:59.999", "2019-02-28T23:59:59.999"),
        ("2021-02-28T07:59", "2020-02-28T07:59"),
        ("2020-03-01T00:00", "2019-03-01T00:00"),
        ("2021-03-01T08:00", "2020-03-01T08:00"),
        ("2019-01-01T00:00", "2018-01-01T00:00"),
    ],
)
def test_year_before__examples(now, before):
    assert year_before(ms(now)) == ms(before)


@given(st.dates(dt.date(1971, 1, 2), dt.date(2100, 1, 1)), st.integers(0, 86_399_999))
def test_year_before__the_same_date_and_time_of_day(day, past_midnight):
    found = year_before(ms(day.isoformat()) + past_midnight)
    leap = (day.month, day.day) == (2, 29)
    assert found == ms(day.replace(year=day.year - 1, day=28 if leap else day.day).isoformat()) + past_midnight


@given(
    told=st.lists(st.tuples(st.sampled_from(("", "P1", "P2", "P3")), st.integers(0, 15)), max_size=8),
    duties=st.lists(
        st.tuples(st.sampled_from(("P1", "P2", "P9")), st.sampled_from(ROLES), st.integers(-1, 6), st.integers(1, 6)),
        max_size=6,
    ),
)
def test_roles_of_reporters__as_by_a_plain_loop(told, duties):
    first_day = (dt.date(2018, 12, 29) - dt.date(1970, 1, 1)).days
    held = [
        Duty(person, "A", role, first_day + first, first_day + first + length) for person, role, first, length in duties
    ]
    expected = []
    for person, steps in told:
        day = first_day + steps * STEP // (24 * HOUR)
        roles = [ROLES.index(d.role) for d in held if d.person == person and d.from_day <= day < d.to_day]
        expected.append(min(roles, default=-1))
    columns = columns_of([incident(reporter=person, reported_ms=START + steps * STEP) for person, steps in told])
    assert roles_of_reporters(columns, held).tolist() == expected


def test_roles_of_reporters__of_several_the_first():
    first_day = (dt.date(2018, 12, 29) - dt.date(1970, 1, 1)).days
    held = [Duty("P1", grid, role, first_day, first_day + 9) for grid, role in zip("ABC", ROLES[3:0:-1], strict=True)]
    columns = columns_of([incident(), incident(reporter="P2")])
    for duties in (held, held[::-1]):
        assert roles_of_reporters(columns, duties).tolist() == [1, -1]


def test_definitions__say_of_every_figure_what_it_means_in_both_languages():
    properties = {name for name, value in vars(Figures).items() if isinstance(value, property)}
    known = {field.name for field in dataclasses.fields(Figures)} | properties
    # What rates are made of is not shown, and so needs no words.
    bases = {"responded", "responded_on_time", "done", "done_on_time", "satisfied", "self_handled", "supervised"}
    assert known - bases == set(DEFINITIONS)
    for language in (0, 1):
        labels = [labels[language] for labels, _ in DEFINITIONS.values()]
        meanings = [meaning[language] for _, meaning in DEFINITIONS.values()]
        assert all(labels)
        assert all(meanings)
        assert len(set(labels)) == len(labels)
        assert len(set(meanings)) == len(meanings)
    assert all(labels[1] != labels[0] and meaning[1] != meaning[0] for labels, meaning in DEFINITIONS.values())
