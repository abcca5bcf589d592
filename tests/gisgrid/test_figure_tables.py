"""Figures as a table: headings in both languages, per cent, nothing where there is no base, the row of last year."""

import pytest

from gisgrid.duty import ROLES
from gisgrid.figure_tables import SHOWN, figure_table, headings, label_of
from gisgrid.figures import DEFINITIONS, GROUPINGS, Figures, FigureTable
from gisgrid.offices import DEPARTMENTS
from gisgrid.table_files import read_table, write_table

SOME = Figures(
    reported=9, valid=8, open=2, closed=6, responded=7, responded_on_time=6, done=6, done_on_time=5, overdue=1,
    yellow=2, red=1, evaluated=3, satisfied=2, self_handled=4, reopened=1, repeats=1, response_hours=1.25, handling_hours=20.5,
)  # fmt: skip
EMPTY = Figures()
RATES = ("closing_rate", "response_rate", "on_time_rate", "satisfaction", "self_handled_share")


def test_figure_table__rates_in_per_cent_hours_and_counts_as_they_are():
    table = figure_table(FigureTable(SOME, {}), None, 0)
    assert table.column_names == ["key", "group", *DEFINITIONS]
    assert table.to_pylist() == [
        {
            "key": "", "group": "All", "reported": 9, "valid": 8, "open": 2, "closed": 6, "closing_rate": 75.0,
            "response_rate": 85.7, "response_hours": 1.25, "on_time_rate": 71.4, "handling_hours": 20.5, "overdue": 1,
            "yellow": 2, "red": 1, "evaluated": 3, "satisfaction": 66.7, "self_handled_share": 66.7, "reopened": 1,
            "repeats": 1,
        }
    ]  # fmt: skip


def test_figure_table__null_where_there_is_no_base():
    (row,) = figure_table(FigureTable(EMPTY, {}), None, 0).to_pylist()
    assert {name for name in SHOWN if row[name] is None} == {*RATES, "response_hours", "handling_hours"}
    assert all(row[name] == 0 for name in SHOWN if row[name] is not None)


def test_figure_table__groups_in_their_order_then_all_then_last_year():
    found = FigureTable(SOME, {"331002002000": SOME, "331002001000": EMPTY})
    names = {"331002001000": "海门街道"}
    table = figure_table(found, "township", 1, last_year=FigureTable(EMPTY, {"331002001000": SOME}), names=names)
    rows = [(row["key"], row["group"], row["reported"]) for row in table.to_pylist()]
    assert rows == [
        ("331002002000", "331002002000", 9),
        ("331002001000", "海门街道", 0),
        ("", "合计", 9),
        ("", "去年同期", 0),
    ]
    english = figure_table(found, "township", 0, last_year=FigureTable(EMPTY, {}))
    assert english["group"].to_pylist()[2:] == ["All", "Same period last year"]


@pytest.mark.parametrize("language", [0, 1])
@pytest.mark.parametrize("by", [None, *GROUPINGS])
def test_headings__name_every_column_and_none_twice(by, language):
    found = headings(by, language)
    assert list(found) == figure_table(FigureTable(SOME, {}), by, language).column_names
    assert len(set(found.values())) == len(found)
    assert {name for name, heading in found.items() if heading.endswith(" %")} == set(RATES)
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in "".join(found.values()))
    assert chinese == bool(language)
    if by:
        assert found["group"]


@pytest.mark.parametrize("language", [0, 1])
def test_headings__of_figures_that_are_not_grouped(language):
    assert all(headings(None, language).values())


@pytest.mark.parametrize(
    ("by", "key", "labels"),
    [
        ("category", "disputes", ("Disputes", "矛盾纠纷")),
        ("state", "fed_back", ("Fed back", "已反馈")),
        ("grade", "major", ("Major", "重大")),
        ("level", "department", ("Department", "部门")),
        ("level", "village", ("Village or community", "村社")),
        ("department", "fire", ("Fire", "消防")),
        ("department", "", ("No department", "未流转部门")),
        ("role", "leader", ("Grid leader", "网格长")),
        ("role", "nobody", ("Others", "其他人员")),
        ("grid", "", ("none", "无")),
        ("month", "2018-05", ("2018-05", "2018-05")),
        (None, "anything", ("anything", "anything")),
    ],
)  # fmt: skip
def test_label_of__in_both_languages(by, key, labels):
    assert tuple(label_of(by, key, language, {}) for language in (0, 1)) == labels


def test_label_of__every_role_and_department():
    assert all(label_of("role", role, 1, {}) != role for role in ROLES)
    assert all(label_of("department", code, 1, {}) != code for code in DEPARTMENTS)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_figure_table__as_a_file_with_chinese_headings(tmp_path, ending):
    path = tmp_path / f"figures.{ending}"
    rows = figure_table(FigureTable(SOME, {"disputes": SOME, "other": EMPTY}), "category", 1)
    write_table(path, rows, headings=headings("category", 1))
    table = read_table(path)
    assert table.columns[:4] == ("编号", "事件类别", "上报", "有效")
    assert table.texts("事件类别").tolist() == ["矛盾纠纷", "其他", "合计"]
    numbers, bad = table.numbers("办结率 %")
    assert numbers.tolist()[0] == numbers.tolist()[2] == 75.0
    assert numbers.tolist()[1] != numbers.tolist()[1]
    assert not bad.any()
