"""Registers by single entries: found by words and names, added, changed and taken back only as they were seen."""

import datetime as dt

import pandas as pd
import pyogrio
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.errors import BadOption, Conflict, NotThere, Overtaken
from gisgrid.store.editions import Editions
from gisgrid.store.events import events_from
from gisgrid.store.register_files import foresee_register, import_register
from gisgrid.store.register_rows import find_entries, put_entry, remove_entry
from gisgrid.store.registers import REGISTERS
from gisgrid.store.tables import AUDIT
from tests.gisgrid.store.test_registers import CONTENT, rows_of, written
from tests.worlds import draw_network


@pytest.fixture
def filled(store, tmp_path):
    """An open store with an edition and something in every register."""
    Editions(store).publish(draw_network("AB"), dt.date(2018, 1, 1), author="planner")
    for name, text in CONTENT.items():
        import_register(store, name, written(tmp_path, text), author="clerk")
    return store


def put(store, name, entry, before=None):
    return put_entry(store, name, entry, before, author="clerk", origin="10.0.0.1")


def first(store, name):
    return find_entries(store, name).entries[0]


def last_audit(store):
    with store.reading() as connection:
        row = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(1)).one()
    return row.author, row.action, row.subject, row.result


@pytest.mark.parametrize("name", REGISTERS)
def test_find_entries__of_every_register_are_what_it_holds_and_can_be_kept_again(filled, name):
    found = find_entries(filled, name)
    before = rows_of(filled, REGISTERS[name].table)
    assert found.total == len(found.entries) == len(before)
    for entry in found.entries:
        assert put(filled, name, entry, entry) == entry
    assert rows_of(filled, REGISTERS[name].table) == before
    one_by_one = [find_entries(filled, name, skip=place, most=1).entries[0] for place in range(found.total)]
    assert one_by_one == list(found.entries)


@pytest.mark.parametrize(
    ("name", "words", "count"),
    [
        ("duties", "样例网格员", 2),
        ("duties", "substitute", 1),
        ("duties", "p1 SUBST", 1),
        ("duties", "P1 nobody", 0),
        ("people", "13800", 1),
        ("people", "%", 0),
        ("people", "_", 0),
        ("roster", "海门街道", 2),
        ("roster", "海门街道 前台", 1),
        ("dwellings", "121.4", 1),
        ("units", "", 3),
    ],
)
def test_find_entries__by_words(filled, name, words, count):
    found = find_entries(filled, name, words=words)
    assert (found.total, len(found.entries)) == (count, count)


def test_find_entries__names_of_people_and_units(filled):
    assert find_entries(filled, "roster").names == {"P1": "样例网格员", "331002001000": "海门街道"}


def test_find_entries__in_force_on_a_day(filled):
    def grids(day):
        return [entry["grid"] for entry in find_entries(filled, "duties", day=day).entries]

    assert grids(dt.date(2017, 12, 31)) == []
    assert grids(dt.date(2018, 2, 2)) == ["A", "B"]
    assert grids(dt.date(2018, 2, 3)) == ["A"]
    assert find_entries(filled, "people", day=dt.date(2018, 1, 1)).total == 1


def test_put_entry__one_telephone_number(filled):
    before = first(filled, "people")
    after = before | {"telephone": "13811111111"}
    assert put(filled, "people", after, before) == after
    assert find_entries(filled, "people").entries == (after,)
    assert last_audit(filled) == ("clerk", "change_entry", "people/P1", "telephone")
    with filled.reading() as connection:
        assert events_from(connection, (0, 0))[-1].kind == "people_changed"


def test_put_entry__a_new_one_with_words_of_either_language(filled):
    kept = put(filled, "duties", {"patroller": " P1 ", "grid": "B", "role": "网格长", "from": "2018/6/1", "to": ""})
    assert kept == {"patroller": "P1", "grid": "B", "role": "leader", "from": "2018-06-01", "to": ""}
    assert last_audit(filled) == ("clerk", "add_entry", "duties/P1/B/leader/2018-06-01", "done")


@pytest.mark.parametrize(
    ("name", "entry", "told", "zh"),
    [
        ("people", {"code": "", "name": "x"}, "Code is empty", "人员编号为空"),
        ("people", {"code": "P9", "king": "x"}, "no field 'king'", "没有字段 'king'"),
        ("people", {"code": "P9\0", "name": "x"}, "NUL", "NUL"),
        ("leave", {"patroller": "P1", "from": "soon"}, "First day is 'soon'; expected a day", "开始日期为 'soon'"),
        ("leave", {"patroller": "P1", "from": "2018-05-03", "to": "2018-05-03"}, "not after", "须晚于"),
        ("leave", {"patroller": "P9", "from": "2018-05-03"}, "no person 'P9'", "没有编号为 'P9' 的人员"),
        ("duties", {"patroller": "P1", "grid": "Z", "role": "leader", "from": "2018-05-03"}, "no edition has a grid 'Z'", "没有网格 'Z'"),
        ("duties", {"patroller": "P1", "grid": "A", "role": "king", "from": "2018-02-30"}, "2018-02-30", "网格长"),
        ("rules", {"rule": "response_workdays", "value": "9"}, "contradict", ""),
        ("dwellings", {"code": "D9", "lon": "1", "lat": "1", "households": "9" * 30, "residents": "1"}, "whole number", "整数"),
    ],
)  # fmt: skip
def test_put_entry__a_sentence_for_what_cannot_be_kept(filled, name, entry, told, zh):
    before = rows_of(filled, REGISTERS[name].table)
    with pytest.raises(BadOption) as caught:
        put(filled, name, entry)
    assert told in str(caught.value)
    assert zh in caught.value.told(1)
    assert rows_of(filled, REGISTERS[name].table) == before


def test_put_entry__only_as_it_was_seen(filled):
    seen = first(filled, "people")
    put(filled, "people", seen | {"name": "改名"}, seen)
    with pytest.raises(Overtaken):
        put(filled, "people", seen | {"telephone": "1"}, seen)
    with pytest.raises(Conflict):
        put(filled, "people", seen)
    with pytest.raises(NotThere):
        put(filled, "people", seen | {"code": "P9"}, seen | {"code": "P9"})
    assert first(filled, "people") == seen | {"name": "改名"}


def test_remove_entry__only_where_nothing_hangs_on_it(filled):
    for name in ("areas", "calendar", "roster", "rules", "translations"):
        count = find_entries(filled, name).total
        gone = first(filled, name)
        remove_entry(filled, name, gone, author="clerk")
        assert last_audit(filled)[:2] == ("clerk", "remove_entry")
        found = find_entries(filled, name)
        assert found.total == count - 1
        assert gone not in found.entries
    for name in ("units", "places", "people", "departments", "sub_categories", "dwellings"):
        with pytest.raises(BadOption, match="stays"):
            remove_entry(filled, name, first(filled, name), author="clerk")


def test_remove_entry__a_duty_until_its_first_day(filled, database):
    planned = put(filled, "duties", {"patroller": "P1", "grid": "B", "role": "leader", "from": "2018-05-09"})
    database.clock.now_ms = 1_525_795_200_000  # 2018-05-09T00:00:00+08:00
    with pytest.raises(BadOption, match="stays"):
        remove_entry(filled, "duties", planned, author="clerk")
    database.clock.now_ms -= 1
    with pytest.raises(Overtaken):
        remove_entry(filled, "duties", planned | {"to": "2018-06-01"}, author="clerk")
    remove_entry(filled, "duties", planned, author="clerk")
    with pytest.raises(NotThere):
        remove_entry(filled, "duties", planned, author="clerk")


def test_remove_entry__a_rule_that_others_need(filled):
    put(filled, "rules", {"rule": "response_workdays", "value": "6"})
    with pytest.raises(BadOption, match="contradict"):
        remove_entry(filled, "rules", {"rule": "done_workdays", "value": "7"}, author="clerk")


def test_foresee_register__says_what_an_import_then_does(filled, tmp_path):
    text = CONTENT["people"].replace("13800000000", "13900000000") + "P2,新,1\n,无编号,2\nP3,三\n"
    path = written(tmp_path, text)
    before = rows_of(filled, REGISTERS["people"].table)
    seen = foresee_register(filled, "people", path)
    assert rows_of(filled, REGISTERS["people"].table) == before
    assert dict(seen.found.new) == {("P2",): {"name": "新", "telephone": "1"}}
    assert seen.found.before[("P1",)]["telephone"] == "13800000000"
    assert dict(seen.lines) == {("P1",): 2, ("P2",): 3}
    assert list(seen.rejects.lines) == [4, 5]
    done = import_register(filled, "people", path, author="clerk")
    assert (done.taken.new, done.taken.changed, done.taken.same) == (1, 1, 0)
    assert done.rejects.reasons == seen.rejects.reasons
    assert foresee_register(filled, "people", path).found.same == 2


@given(
    st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)),
    st.sampled_from(["{}-{}-{}", "{}/{}/{}", "{}.{}.{}", "{}年{}月{}日"]),
)
def test_days__as_people_write_them(day, form):
    (field,) = [field for field in REGISTERS["calendar"].fields if field.name == "day"]
    assert field.read(form.format(day.year, day.month, day.day)) == day
    assert field.read(f"{day} 00:00:00.000") == day


def test_import__cells_that_a_spreadsheet_took_for_dates_and_numbers(filled, tmp_path):
    day = pd.Timestamp("2018-06-01")
    sheet = pd.DataFrame(
        {"人员编号": ["P1"], "网格编号": ["B"], "角色": ["专职网格员"], "开始日期": [day], "结束日期": [pd.NaT]}
    )
    pyogrio.write_dataframe(sheet, tmp_path / "duties.xlsx", driver="XLSX")
    assert import_register(filled, "duties", tmp_path / "duties.xlsx", author="clerk").taken.new == 1
    assert find_entries(filled, "duties", words="patroller B").entries == (
        {"patroller": "P1", "grid": "B", "role": "patroller", "from": "2018-06-01", "to": ""},
    )
    people = pd.DataFrame({"人员编号": [1001, 1002], "姓名": ["甲", "乙"], "电话": [13800000001, 13800000002]})
    pyogrio.write_dataframe(people, tmp_path / "people.xlsx", driver="XLSX")
    assert import_register(filled, "people", tmp_path / "people.xlsx", author="clerk").taken.new == 2
    assert find_entries(filled, "people", words="1001").entries == (
        {"code": "1001", "name": "甲", "telephone": "13800000001"},
    )
