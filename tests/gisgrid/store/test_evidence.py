"""Evidence as a table: what lay where at whom, those in office then, both languages, a sheet; people decide."""

import datetime as dt
import zipfile

import numpy as np
import pytest

from gisgrid.clocks import NEVER, explain
from gisgrid.duty import FOREVER_DAY, Duty
from gisgrid.flow import Request
from gisgrid.local_days import start_of
from gisgrid.store.editions import Editions
from gisgrid.store.evidence import EVIDENCE_HEADINGS, evidence_table
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import take_step
from gisgrid.store.ticking import tick
from gisgrid.table_files import read_table, write_table
from gisgrid.workdays import WorkCalendar
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.gisgrid.store.test_incidents import rows_of

HOUR, DAY = 3_600_000, 86_400_000
A, B, E = (CODES[letter] for letter in "ABE")
VILLAGE, TOWNSHIP, FIRE = A[:12], A[:9] + "000", "department:fire"
REGISTERS = {
    "people": "code,name,telephone\nP12,王一,1\nL1,李二,2\nL2,孙四,3\n",
    "units": f"code,level,name\n{TOWNSHIP},,海门街道\n{VILLAGE},,东门社区\n",
}


class Evidence:
    """A store with an edition and people, whose clock starts on Monday 7 May at eight."""

    def __init__(self, database, folder):
        self.clock, self.store, self.folder = database.clock, database.open(), folder
        self.editions = Editions(self.store)
        self.editions.publish(network_of(1), FIRST_DAY, author="planner")
        for name, text in REGISTERS.items():
            self.register(name, text)
        self.duties(("P12", "patroller", 1, None), ("L1", "leader", 1, 17), ("L2", "leader", 17, None))

    def register(self, name, text):
        (self.folder / f"{name}.csv").write_text(text, encoding="utf-8")
        import_register(self.store, name, self.folder / f"{name}.csv", author="clerk")

    def duties(self, *told, grid=A):
        may = (dt.date(2018, 4, 30) - dt.date(1970, 1, 1)).days
        spans = [
            (person, role, may + first, FOREVER_DAY if last is None else may + last)
            for person, role, first, last in told
        ]
        held = [Duty(person, grid, role, first, last) for person, role, first, last in spans]
        assert Staffing(self.store).take_in_duties(held, author="clerk").refused == {}

    def report(self, **changes):
        told = {"category": "disputes", "stated": A, "grade": "simple", "reporter": "P12"} | changes
        return report_incident(self.store, self.editions, Report(**told), author="Li Na").incident.id

    def step(self, number, move, office=VILLAGE, *, hours=0, **more):
        self.clock.now_ms += hours * HOUR
        take_step(self.store, self.editions, number, Request(move, office, "because", **more), author="Li Na")

    def at(self, text):
        """Move the clock to a local time of May."""
        day, hour = text.split("T")
        self.clock.now_ms = start_of(dt.date(2018, 5, 1)) + (int(day) - 1) * DAY + int(hour) * HOUR

    def table(self, **changes):
        columns = IncidentMirror(self.store).refresh()
        told = {"from_ms": 0, "to_ms": NEVER, "now_ms": self.clock.now_ms} | changes
        with self.store.reading() as connection:
            return evidence_table(connection, columns, rulebook_of(connection), **told)

    def rows(self, *names, **changes):
        return [tuple(row[name] for name in names) for row in self.table(**changes).to_pylist()]


@pytest.fixture
def world(database, tmp_path):
    return Evidence(database, tmp_path)


@pytest.fixture
def embedded(make_database, tmp_path):
    return Evidence(make_database("sqlite"), tmp_path)


def test_evidence_table__a_row_in_english_and_in_chinese(world):
    world.report()
    world.at("11T12")
    told = {
        "incident": 1, "office": VILLAGE, "office_name": "东门社区", "from": "2018-05-09 00:00", "to": "", "workdays": 3,
        "times": 1, "grid": A, "reporter": "P12", "points_at": "L1 李二", "patroller": "P12 王一", "leader": "L1 李二",
        "instructor": "", "business_instructor": "", "area_leader": "", "way": "", "degree": "", "decided_by": "", "note": "",
    }  # fmt: skip
    assert world.table().to_pylist() == [told | {"case": "No response in time"}]
    assert world.table(language="zh").to_pylist() == [told | {"case": "未按时响应"}]
    assert world.table().column_names == list(EVIDENCE_HEADINGS)


def test_evidence_table__points_at_the_leader_only_for_what_the_patroller_reported_and_the_village_left(world):
    world.report()
    world.report(reporter="X9")
    world.report(reporter="")
    world.report(grade="prominent")
    world.report(stated=B)  # nobody holds a duty there
    world.at("11T12")
    assert world.rows("incident", "office", "points_at") == [
        (1, VILLAGE, "L1 李二"), (2, VILLAGE, "东门社区"), (3, VILLAGE, "东门社区"), (4, TOWNSHIP, "海门街道"),
        (5, B[:12], B[:12]),
    ]  # fmt: skip


def test_evidence_table__each_office_with_those_in_office_when_it_began(world):
    number = world.report()
    world.step(number, "accept", hours=2)
    world.at("17T09")
    world.step(number, "hand_up")
    world.step(number, "hand_across", TOWNSHIP, to=FIRE, hours=26)
    world.at("24T12")
    expected = [
        ("Not done in time", VILLAGE, "2018-05-15 00:00", "2018-05-17 09:00", 3, "L1 李二", "L1 李二"),
        ("Not done in time", TOWNSHIP, "2018-05-17 09:00", "2018-05-18 11:00", 1, "L2 孙四", "海门街道"),
        ("Not done in time", FIRE, "2018-05-18 11:00", "", 4, "L2 孙四", "Fire"),
    ]
    names = ("case", "office", "from", "to", "workdays", "leader", "points_at")
    assert world.rows(*names) == expected
    assert world.rows("case", "points_at", language="zh")[2] == ("未按时办结", "消防")
    world.step(number, "handle", FIRE)
    world.step(number, "feed_back", FIRE, hours=1)
    world.step(number, "close", TOWNSHIP, hours=30)
    world.at("31T12")
    assert world.rows(*names) == [*expected[:2], (*expected[2][:3], "2018-05-24 13:00", *expected[2][4:])]


def test_evidence_table__sent_round_and_urged(world):
    number = world.report()
    world.step(number, "urge", TOWNSHIP, hours=1)
    world.step(number, "hand_up", hours=1)
    world.step(number, "return", TOWNSHIP, hours=1)
    world.step(number, "hand_up", hours=1)
    assert world.rows("case") == []
    world.step(number, "return", TOWNSHIP, hours=1)
    world.step(number, "urge", TOWNSHIP, hours=24)
    assert world.rows("case", "office", "from", "to", "times") == [
        ("Sent round", TOWNSHIP, "2018-05-07 11:00", "2018-05-07 13:00", 2),
        ("Urged in vain", VILLAGE, "2018-05-07 09:00", "2018-05-08 13:00", 2),
    ]


def test_evidence_table__nothing_of_what_is_in_time(world):
    number = world.report()
    world.report(is_handled=True)
    world.step(number, "handle", hours=3)
    world.step(number, "feed_back", hours=3)
    world.step(number, "close")
    world.at("31T12")
    assert world.table().num_rows == 0
    assert world.table().column_names == list(EVIDENCE_HEADINGS)


def test_evidence_table__of_a_period_and_as_it_stood(world):
    for day in ("07T09", "08T09", "09T09"):
        world.at(day)
        world.report()
    second, third = (start_of(dt.date(2018, 5, day)) for day in (8, 9))
    world.at("11T12")
    assert world.rows("incident") == [(1,), (2,), (3,)]
    assert world.rows("incident", from_ms=second, to_ms=third) == [(2,)]
    assert world.rows("incident", from_ms=second + 9 * HOUR, to_ms=second + 9 * HOUR) == []
    assert world.rows("incident", now_ms=third) == []
    assert world.rows("incident", now_ms=third + DAY) == [(1,)]
    assert world.rows("incident", now_ms=third + DAY + 1) == [(1,), (2,)]


def test_evidence_table__by_the_rules_of_the_district(world):
    number = world.report()
    world.report(is_urgent=True)
    world.step(number, "accept", hours=2)
    world.at("16T12")
    assert world.rows("incident", "case") == [
        (1, "Not done in time"),
        (2, "No response in time"),
        (2, "Not done in time"),
    ]
    world.register("rules", "rule,value\nlay_workdays,4\nurged_times,1\n")
    assert world.rows("incident", "case") == [(2, "No response in time"), (2, "Not done in time")]
    world.step(number, "urge", TOWNSHIP)
    assert world.rows("incident", "case")[0] == (1, "Urged in vain")


def test_evidence_table__a_sheet_with_chinese_headings(world):
    world.report()
    world.report(reporter="", is_urgent=True)
    world.at("11T12")
    path = world.folder / "evidence.xlsx"
    write_table(path, world.table(language="zh"), headings=EVIDENCE_HEADINGS)
    sheet = read_table(path)
    assert sheet.columns == (
        "事件编号", "情形", "责任单位", "单位名称", "起", "止", "工作日数", "次数", "网格编号", "上报人", "指向", "专职网格员", "网格长",
        "网格指导员", "网格业务指导员", "网格工作片领导", "处理方式", "程度", "决定人", "备注",
    )  # fmt: skip
    assert sheet.texts("情形").tolist() == ["未按时响应", "未按时响应", "未按时办结"]
    assert set(sheet.texts("责任单位")) == {VILLAGE}
    assert set(sheet.texts("网格编号")) == {A}
    assert sheet.texts("指向").tolist() == ["L1 李二", "东门社区", "东门社区"]
    assert set(sheet.texts("处理方式")) == {""}


def test_evidence_table__a_sheet_of_no_cases_has_its_headings(embedded):
    path = embedded.folder / "evidence.xlsx"
    write_table(path, embedded.table(), headings=EVIDENCE_HEADINGS)
    with zipfile.ZipFile(path) as parts:
        assert any("事件编号" in parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def test_evidence_table__what_nobody_moved_as_by_a_plain_loop(world):
    random, count = np.random.default_rng(11), 90
    state = random.choice(np.array(["reported", "handling", "fed_back", "closed"], dtype=object), count)
    reported = start_of(dt.date(2018, 4, 20)) + random.integers(0, 16 * 24, count) * HOUR
    steps = np.sort(random.integers(0, 900, (3, count)), axis=0) * HOUR + reported
    reached = [
        np.isin(state, states) for states in (("handling", "fed_back", "closed"), ("fed_back", "closed"), ("closed",))
    ]
    world.at("31T12")
    instants = [
        np.where(known, np.minimum(at, world.clock.now_ms), NEVER) for known, at in zip(reached, steps, strict=True)
    ]
    rows = rows_of(
        count, lon=np.full(count, np.nan), lat=np.full(count, np.nan), state=state, reported_ms=reported,
        stated=np.full(count, A, dtype=object), responded_ms=instants[0], done_ms=instants[1], closed_ms=instants[2],
    )  # fmt: skip
    incidents = Incidents(world.store, world.editions)
    assert incidents.take_in(rows, "hotline", author="import").new == count
    expected = []
    for number in range(1, count + 1):
        expected += plain_cases(incidents.get(number), world.clock.now_ms)
    assert world.rows("incident", "case", "from", "to", "workdays") == expected
    assert {case for _, case, *_ in expected} == {"No response in time", "Not done in time", "Beyond the last clock"}


def plain_cases(one, now_ms):
    """The cases of an incident that nobody has moved, counted day by day."""
    calendar = WorkCalendar()

    def day_of(at_ms):
        return dt.date(1970, 1, 1) + dt.timedelta(days=(at_ms + 8 * HOUR) // DAY)

    def told(at_ms):
        return f"{dt.datetime.fromtimestamp(at_ms / 1000, dt.timezone(dt.timedelta(hours=8))):%Y-%m-%d %H:%M}"

    response, done, most = (
        start_of(explain(day_of(one.reported_ms), days, calendar).last + dt.timedelta(days=1)) for days in (1, 5, 15)
    )
    if one.is_urgent:
        response, done = one.reported_ms + 15 * 60_000, one.reported_ms + 120 * 60_000
    found = []
    for case, clock, happened, least in (
        ("No response in time", response, one.responded_ms, 0),
        ("Not done in time", done, one.done_ms, 0 if one.is_urgent else 1),
        ("Beyond the last clock", most, one.done_ms, 0),
    ):
        end = now_ms if happened is None else happened
        # The day on which the clock ended is the last one in time; a day counts once it has begun.
        first, last = day_of(clock - 1), day_of(end - 1)
        days = [first + dt.timedelta(days=past) for past in range(1, (last - first).days + 1)]
        workdays = sum(calendar.is_workday(day) for day in days)
        if end > clock and workdays >= least:
            found.append((one.id, case, told(clock), "" if happened is None else told(happened), workdays))
    return found


def test_evidence_table__another_person_whose_code_begins_alike(embedded):
    embedded.report(reporter="P1")
    embedded.at("11T12")
    assert embedded.rows("patroller", "points_at") == [("P12 王一", "东门社区")]


def test_evidence_table__the_patroller_who_reported_it_has_left_since(embedded):
    embedded.duties(("P7", "patroller", 1, 9), grid=B)
    embedded.duties(("L7", "leader", 1, None), grid=B)
    embedded.report(reporter="P7", stated=B)
    embedded.at("11T12")
    assert embedded.rows("points_at") == [("L7",)]


def test_evidence_table__as_it_stood_before_it_was_late(embedded):
    number = embedded.report()
    embedded.at("10T09")
    embedded.step(number, "handle")
    assert embedded.rows("case", now_ms=start_of(dt.date(2018, 5, 8))) == []


def test_evidence_table__as_it_stood_before_it_was_urged(embedded):
    number = embedded.report()
    for _ in range(2):
        embedded.step(number, "urge", TOWNSHIP, hours=2)
    assert embedded.rows("case", now_ms=embedded.clock.now_ms - HOUR) == []


def test_evidence_table__an_ended_incident_that_somebody_comments_on(embedded):
    nowhere, closed = np.full(1, np.nan), np.array(["closed"], dtype=object)
    rows = rows_of(1, lon=nowhere, lat=nowhere, state=closed, stated=np.array([A], dtype=object))
    Incidents(embedded.store, embedded.editions).take_in(rows, "hotline", author="import")
    embedded.at("31T12")
    assert embedded.rows("case") == []
    embedded.step(1, "comment", TOWNSHIP)
    assert embedded.rows("case") == []


def test_evidence_table__what_the_village_did_before_a_reopening_is_not_the_townships(embedded):
    number = embedded.report()
    for _ in range(2):
        embedded.step(number, "urge", TOWNSHIP, hours=1)
    embedded.step(number, "hand_up", hours=1)
    assert embedded.rows("case", "office") == [("Urged in vain", VILLAGE)]
    for move in ("handle", "feed_back", "close", "re_open"):
        embedded.step(number, move, TOWNSHIP, hours=1)
    embedded.step(number, "hand_up", hours=1)
    assert embedded.rows("case", "office") in ([], [("Urged in vain", VILLAGE)])


def test_evidence_table__what_lay_before_an_edition_is_not_the_new_leaders(embedded):
    for grid, who in ((E, "E"), (B, "B")):
        embedded.duties((f"P{who}", "patroller", 1, None), (f"L{who}", "leader", 1, None), grid=grid)
    number = embedded.report(stated=E, reporter="PE")
    embedded.at("10T12")
    assert embedded.rows("office", "leader", "points_at") == [(E[:12], "LE", "LE")]
    embedded.editions.publish(network_of(2), dt.date(2018, 5, 11), author="planner", based_on=1)
    embedded.at("11T12")
    assert number in tick(embedded.store, embedded.editions).passed_on
    embedded.at("14T12")
    assert embedded.rows("office", "leader") == [(E[:12], "LE"), (B[:12], "LB")]
