"""Who answers: five roles by day, substitutes, leave, vacancies; the roster over midnight; who has how much to do."""

import datetime as dt

import numpy as np
import pytest

from gisgrid.duty import ANSWERING_ROLES, FOREVER_DAY, Duty, Leave
from gisgrid.flow import Request
from gisgrid.incident_filters import IncidentFilter
from gisgrid.local_days import start_of
from gisgrid.store.answering import Answering, grids_to_alert, loads, office_names, on_call, who_answers
from gisgrid.store.editions import Editions
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import take_step
from gisgrid.store.ticking import tick
from gisgrid.store.waiting import find_waiting
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.gisgrid.store.test_incidents import rows_of
from tests.worlds import at
from web.incident_card import incident_card

HOUR, DAY = 3_600_000, 86_400_000
A, B, C = (CODES[letter] for letter in "ABC")
TOWNSHIP, FIRE = A[:9] + "000", "department:fire"
PEOPLE = "code,name,telephone\nP1,王一,13800000001\nL1,李二,\nS1,赵三,13800000003\n"


def day_of(text):
    return (dt.date.fromisoformat(f"2018-{text}") - dt.date(1970, 1, 1)).days


def duty(person, role, first="05-01", last=None, grid=A):
    return Duty(person, grid, role, day_of(first), FOREVER_DAY if last is None else day_of(last))


@pytest.fixture
def staffed(store, tmp_path):
    """A store with an edition, people, duties of grid A, leave."""
    Editions(store).publish(network_of(1), FIRST_DAY, author="planner")
    register(store, tmp_path, "people", PEOPLE)
    Staffing(store).take_in_duties(
        [
            duty("P1", "patroller", "05-01", "05-20"),
            duty("P2", "patroller", "05-20"),
            duty("S1", "substitute", "05-08", "05-11"),
            duty("L1", "leader"),
            duty("I1", "instructor", "05-01", "05-09"),
            duty("I2", "instructor", "05-01"),
            duty("B1", "business_instructor", grid=B),
        ],
        author="clerk",
    )
    Staffing(store).take_in_leave([Leave("P1", day_of("05-08"), day_of("05-11"), "病假")], author="clerk")
    return store


def register(store, tmp_path, name, text):
    path = tmp_path / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    import_register(store, name, path, author="clerk")


def answer(store, text, grid=A):
    with store.reading() as connection:
        return who_answers(connection, [grid], dt.date.fromisoformat(f"2018-{text}"))[grid]


def test_who_answers__by_day_in_the_order_of_roles(staffed):
    rest = ("business_instructor", "area_leader")
    days = {
        "04-30": ([], ANSWERING_ROLES),
        "05-01": (["P1", "L1", "I1", "I2"], rest),
        "05-07": (["P1", "L1", "I1", "I2"], rest),
        "05-08": (["P1 away", "L1", "I1", "I2", "S1"], rest),
        "05-09": (["P1 away", "L1", "I2", "S1"], rest),
        "05-10": (["P1 away", "L1", "I2", "S1"], rest),
        "05-11": (["P1", "L1", "I2"], rest),
        "05-19": (["P1", "L1", "I2"], rest),
        "05-20": (["P2", "L1", "I2"], rest),
    }
    for day, (people, vacant) in days.items():
        found = answer(staffed, day)
        assert [one.person + (" away" if one.is_away else "") for one in found.people] == people, day
        assert found.vacant == vacant, day
        assert (found.grid, str(found.day)) == (A, f"2018-{day}")


def test_who_answers__names_and_telephones_where_they_are_known(staffed):
    people = {one.person: one for one in answer(staffed, "05-08").people}
    assert people["P1"] == Answering("patroller", "P1", "王一", "13800000001", is_away=True)
    assert people["L1"] == Answering("leader", "L1", "李二", "")
    assert people["I2"] == Answering("instructor", "I2", "", "")


def test_who_answers__a_substitute_fills_no_vacancy(staffed):
    Staffing(staffed).take_in_duties([duty("S1", "substitute", grid=C)], author="clerk")
    found = answer(staffed, "05-09", C)
    assert [(one.role, one.person) for one in found.people] == [("substitute", "S1")]
    assert found.vacant == ANSWERING_ROLES


def test_who_answers__each_grid_that_was_asked_for_once(staffed):
    with staffed.reading() as connection:
        found = who_answers(connection, [B, A, "", B, "nowhere"], dt.date(2018, 5, 2))
        assert who_answers(connection, [], dt.date(2018, 5, 2)) == {}
    assert list(found) == [B, A, "nowhere"]
    assert [one.person for one in found[B].people] == ["B1"]
    assert found["nowhere"].vacant == ANSWERING_ROLES


def test_incident_card__a_closed_incident_names_those_in_office_then(database, staffed):
    editions = Editions(staffed)
    for _ in range(2):
        report_incident(staffed, editions, Report("disputes", stated=A, grade="simple"), author="Li Na")
    for move in ("handle", "feed_back", "close"):
        take_step(staffed, editions, 1, Request(move, A[:12], "done"), author="Li Na")
    report_incident(staffed, editions, Report("disputes", stated=A, is_handled=True), author="Li Na")
    database.clock.now_ms += 30 * DAY
    with staffed.reading() as connection:
        cards = [incident_card(connection, number, database.clock.now_ms) for number in (1, 2, 3)]
    assert [[one.person for one in card.answers[A].people] for card in cards] == [
        ["P1", "L1", "I1", "I2"], ["P2", "L1", "I2"], ["P1", "L1", "I1", "I2"],
    ]  # fmt: skip
    assert [str(card.answers[A].day) for card in cards] == ["2018-05-07", "2018-06-06", "2018-05-07"]


ROSTER = f"""day,shift,unit,patroller,note
2018-05-06,night,{TOWNSHIP},P1,
2018-05-07,day,{TOWNSHIP},L1,前台
2018-05-07,night,{TOWNSHIP},S1,
2018-05-07,night,{TOWNSHIP},P1,
2018-05-07,day,{FIRE},X1,
2018-05-08,day,{TOWNSHIP},P1,
"""


def test_on_call__by_day_and_by_night_over_midnight(staffed, tmp_path):
    register(staffed, tmp_path, "roster", ROSTER)
    by_night, by_day = ["P1 night", "S1 night"], ["L1 day", "X1 day"]
    clocks = {
        "07T00:00": ["P1 night"], "07T07:59": ["P1 night"], "07T08:00": by_day, "07T17:59": by_day, "07T18:00": by_night,
        "07T23:59": by_night, "08T00:00": by_night, "08T07:59": by_night, "08T08:00": ["P1 day"], "08T18:00": [],
    }  # fmt: skip
    with staffed.reading() as connection:
        for clock, people in clocks.items():
            now_ms = start_of(dt.date(2018, 5, int(clock[:2]))) + int(clock[3:5]) * HOUR + int(clock[6:]) * 60_000
            found = on_call(connection, [TOWNSHIP, FIRE, TOWNSHIP], now_ms)
            assert sorted(f"{one.person} {one.shift}" for one in found) == people, clock
            # Offices in code point order, people in theirs.
            assert [(one.unit, one.person) for one in found] == sorted((one.unit, one.person) for one in found)
        (leader,) = on_call(connection, [TOWNSHIP], start_of(dt.date(2018, 5, 7)) + 8 * HOUR)
        assert (leader.name, leader.telephone, leader.note) == ("李二", "", "前台")
        assert on_call(connection, [A[:12]], start_of(dt.date(2018, 5, 7)) + 8 * HOUR) == ()
        assert on_call(connection, [], start_of(dt.date(2018, 5, 7)) + 8 * HOUR) == ()


@pytest.mark.parametrize(
    ("grid", "alternatives", "is_urgent", "grids"),
    [
        (A, f"{B}:0.300;{C}:0.100", True, (A, B, C)),
        (A, f"{B}:0.300;{C}:0.100", False, (A,)),
        (A, "", True, (A,)),
        ("", f"{B}:0.300", True, (B,)),
        (B, f"{B}:0.300", True, (B,)),
        ("", "", True, ()),
    ],
)
def test_grids_to_alert__across_the_border_only_for_urgent_ones(grid, alternatives, is_urgent, grids):
    assert grids_to_alert(grid, alternatives, is_urgent) == grids


def test_incident_card__an_urgent_incident_at_a_border_alerts_both_grids_and_those_on_call(staffed, tmp_path):
    register(staffed, tmp_path, "roster", ROSTER)
    editions = Editions(staffed)
    lon, lat = at(195.0, 150.0)  # 5 m from the border of A and B
    for is_urgent in (True, False):
        report = Report("disputes", lon=lon, lat=lat, accuracy_m=20.0, is_urgent=is_urgent)
        report_incident(staffed, editions, report, author="Li Na")
    with staffed.reading() as connection:
        urgent, other = (incident_card(connection, number, staffed.now_ms() + HOUR) for number in (1, 2))
    assert list(urgent.answers) == [A, B]
    assert list(other.answers) == [A]
    assert urgent.incident.alternatives == other.incident.alternatives != ""
    assert [(one.unit, one.person) for one in urgent.on_call] == [(TOWNSHIP, "L1")]
    assert other.on_call == ()


def test_office_names__units_and_departments(staffed, tmp_path):
    register(staffed, tmp_path, "units", f"code,level,name\n{TOWNSHIP},,海门街道\n{A[:12]},,东门社区\n")
    register(staffed, tmp_path, "departments", "code,name,telephone\nfire,消防大队,119\nflood,防汛办,\n")
    with staffed.reading() as connection:
        assert office_names(connection) == {
            TOWNSHIP: "海门街道", A[:12]: "东门社区", FIRE: "消防大队", "department:flood": "防汛办",
        }  # fmt: skip


def test_loads__per_person_as_by_a_plain_loop(staffed):
    Staffing(staffed).take_in_duties(
        [
            duty("P1", "patroller", grid=B),
            duty("P3", "patroller", grid=C),
            duty("P4", "patroller", "05-01", "05-02", C),
        ],
        author="clerk",
    )
    count, random = 60, np.random.default_rng(3)
    nowhere = np.full(count, np.nan)
    now_ms = staffed.now_ms() + 9 * DAY
    rows = rows_of(
        count, lon=nowhere, lat=nowhere, stated=random.choice(np.array([A, B, C, ""], dtype=object), count),
        reported_ms=staffed.now_ms() - random.integers(0, 25 * 24, count) * HOUR,
    )  # fmt: skip
    Incidents(staffed).take_in(rows, "hotline", author="import")
    columns = IncidentMirror(staffed).refresh()
    with staffed.reading() as connection:
        rulebook = rulebook_of(connection)
        waiting = find_waiting(connection, IncidentFilter(), now_ms)
        found = {
            role: loads(connection, columns, rulebook, now_ms, role) for role in ("patroller", "leader", "area_leader")
        }

    def plainly(person, grids):
        states = [one.clock_state for one in waiting if one.incident.grid in grids]
        return (person, len(grids), len(states), *(states.count(state) for state in ("due_today", "yellow", "red")))

    expected = [plainly("P1", {A, B}), plainly("P3", {C})]
    assert sorted(plain(one) for one in found["patroller"]) == expected
    worst = [(-one.red, -one.yellow, -one.open, one.person) for one in found["patroller"]]
    assert worst == sorted(worst)
    assert [plain(one) for one in found["leader"]] == [plainly("L1", {A})]
    assert (found["leader"][0].name, found["leader"][0].role) == ("李二", "leader")
    assert found["area_leader"] == ()
    assert sum(one.red for one in found["patroller"]) > 0 < sum(one.yellow for one in found["patroller"])


def plain(load):
    return (load.person, load.grids, load.open, load.due_today, load.yellow, load.red)


def test_loads__an_incident_counts_for_the_grid_that_answers_now(database, staffed):
    Staffing(staffed).take_in_duties(
        [duty("PE", "patroller", grid=CODES["E"]), duty("PB", "patroller", grid=B)], author="clerk"
    )
    editions = Editions(staffed)
    report_incident(staffed, editions, Report("disputes", stated=CODES["E"]), author="Li Na")

    def open_now():
        columns = IncidentMirror(staffed).refresh()
        with staffed.reading() as connection:
            found = loads(connection, columns, rulebook_of(connection), database.clock.now_ms)
        return {one.person: one.open for one in found}

    assert open_now() == {"P1": 0, "PE": 1, "PB": 0}
    # The second edition gives the ground of E to B.
    editions.publish(network_of(2), dt.date(2018, 5, 8), author="planner", based_on=1)
    database.clock.now_ms += DAY
    tick(staffed, editions)
    assert open_now() == {"P1": 0, "PE": 0, "PB": 1}
