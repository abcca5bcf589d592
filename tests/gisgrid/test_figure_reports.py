"""Reports of figures: what counting each part alone gives; nothing left out of a trend; what is overdue now."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.figure_reports import ReportQuery, count_report
from gisgrid.figure_tables import UNIT_HEADINGS, figure_table, with_units
from gisgrid.figures import Figures, FiguresQuery, count_figures
from gisgrid.local_days import DAY_MS, start_of
from gisgrid.spans import Span
from gisgrid.units import EVERYWHERE, unit_meant
from tests.gisgrid.test_figures import GRIDS, HOUR, START, STEP, columns_of, incident, incidents

FIRST = dt.date(2018, 12, 29)
DAY = dt.timedelta(days=1)
PATROL = (("P1", GRIDS[0]), ("P2", GRIDS[1]), ("P2", GRIDS[2]), ("P3", GRIDS[3]), ("P4", GRIDS[4]))


def asked(days=7, *, at_ms=START + 30 * STEP, unit=EVERYWHERE, first=FIRST):
    return ReportQuery(Span(first, first + (days - 1) * DAY), at_ms, unit)


def alone(columns, query, by=None):
    return count_figures(columns, dataclasses.replace(query, by=by), np.zeros(len(columns), bool))


@given(
    told=st.lists(incidents(), max_size=12),
    first=st.integers(-2, 4).map(lambda days: FIRST + days * DAY),
    days=st.sampled_from((1, 2, 5, 50)),
    steps=st.integers(-1, 20),
    unit=st.sampled_from(("", "331002000000", "331002001000", "331002001001", GRIDS[0])),
)
def test_count_report__as_each_part_counted_alone(told, first, days, steps, unit):
    columns = columns_of(told)
    query = asked(days, at_ms=START + steps * STEP, unit=unit_meant(unit), first=first)
    report = count_report(columns, query, PATROL)
    now, before = alone(columns, query.query()), alone(columns, query.query_before())
    assert (report.total, report.before) == (now.total, before.total)
    for rows, by in ((report.categories, "category"), (report.departments, "department")):
        assert {row.key: row.figures for row in rows if row.figures.reported} == alone(
            columns, query.query(), by
        ).groups
        assert {row.key: row.before for row in rows if row.before.reported} == alone(
            columns, query.query_before(), by
        ).groups
    trend = alone(columns, query.query(), report.grain).groups
    assert {row.key: row.figures for row in report.trend if row.figures.reported} == trend
    assert [row.key for row in report.trend] == sorted({row.key for row in report.trend})
    late = count_figures(columns, FiguresQuery(query.as_of_ms, unit=query.unit), np.zeros(len(columns), bool)).total
    assert report.overdue_now == late.overdue
    if query.by_unit is not None:
        units = alone(columns, query.query(), query.by_unit).groups
        assert {unit.key: unit.figures for unit in report.units if unit.figures.reported} == units
        assert sum(unit.overdue_now for unit in report.units) == report.overdue_now


def test_count_report__a_trend_has_every_day_up_to_now_beside_the_day_before():
    told = [incident(reported_ms=START + hours * HOUR) for hours in (0, 1, 50, -24 * 7, -24 * 5)]
    report = count_report(columns_of(told), asked(at_ms=START + 4 * DAY_MS), ())
    assert [(row.key[5:], row.figures.reported, row.key_before[5:], row.before.reported) for row in report.trend] == [
        ("12-29", 2, "12-22", 1), ("12-30", 0, "12-23", 0), ("12-31", 1, "12-24", 1), ("01-01", 0, "12-25", 0), ("01-02", 0, "12-26", 0),
    ]  # fmt: skip


def test_count_report__a_longer_month_has_days_without_a_day_before():
    report = count_report(columns_of([]), asked(31, first=dt.date(2018, 3, 1), at_ms=START), ())
    assert [row.key_before for row in report.trend][27:] == ["2018-02-28", None, None, None]


@pytest.mark.parametrize(
    ("at", "before"),
    [
        (start_of(dt.date(2018, 3, 10)), start_of(dt.date(2018, 2, 10))),
        (start_of(dt.date(2018, 3, 31)) + HOUR, start_of(dt.date(2018, 3, 1))),
        (start_of(dt.date(2018, 4, 1)), start_of(dt.date(2018, 3, 1))),
        (start_of(dt.date(2018, 4, 9)) + HOUR, start_of(dt.date(2018, 3, 9)) + HOUR),
    ],
)
def test_query_before__is_as_far_through_or_as_long_over(at, before):
    query = asked(31, first=dt.date(2018, 3, 1), at_ms=at)
    assert query.query_before().as_of_ms == before


@pytest.mark.parametrize(
    ("unit", "by_unit", "patrollers"),
    [
        ("", "township", {"331002001000": 2, "331002002000": 1, "331081001000": 1}),
        ("331002000000", "township", {"331002001000": 2, "331002002000": 1}),
        ("331002001000", "village", {"331002001001": 2, "331002001002": 1}),
        ("331002001001", "grid", {GRIDS[0]: 1, GRIDS[1]: 1}),
        (GRIDS[1], None, {}),
    ],
)
def test_count_report__units_below_with_those_who_patrol_them(unit, by_unit, patrollers):
    query = asked(unit=unit_meant(unit))
    report = count_report(columns_of([]), query, PATROL)
    assert query.by_unit == by_unit
    assert {one.key: one.patrollers for one in report.units} == patrollers
    assert report.patrollers == len({person for person, grid in PATROL if unit_meant(unit).has_grid(grid)})


def test_count_report__an_area_is_made_of_grids():
    query = asked(unit=unit_meant("area:A1", GRIDS[:2]))
    report = count_report(columns_of([incident(grid=grid) for grid in GRIDS]), query, PATROL)
    assert query.by_unit == "grid"
    assert {one.key: (one.figures.reported, one.patrollers) for one in report.units} == {
        GRIDS[0]: (1, 1),
        GRIDS[1]: (1, 1),
    }


def test_count_report__overdue_now_whenever_reported():
    told = [incident(reported_ms=START - 90 * DAY_MS), incident(), incident(done_ms=START + STEP)]
    report = count_report(columns_of(told), asked(), PATROL)
    (unit, *others) = report.units
    assert (report.total.overdue, report.overdue_now, unit.overdue_now, {one.overdue_now for one in others}) == (
        1,
        2,
        2,
        {0},
    )


@pytest.mark.parametrize("language", [0, 1])
def test_with_units__what_only_units_have(language):
    told = [incident(grid=grid) for grid in GRIDS]
    columns, query = columns_of(told), asked()
    report = count_report(columns, query, PATROL)
    found = alone(columns, query.query(), "township")
    rows, heads = with_units(figure_table(found, "township", language, before=Figures()), report, language)
    assert heads == {name: labels[language] for name, labels in UNIT_HEADINGS.items()}
    assert [tuple(row[name] for name in ("key", "overdue_now", "patrollers", "per_patroller")) for row in rows.to_pylist()] == [
        ("", 1, 0, None), ("331002001000", 3, 2, 1.5), ("331002002000", 1, 1, 1.0), ("331081001000", 1, 1, 1.0),
        ("", 6, 4, 1.5), ("", None, None, None),
    ]  # fmt: skip
