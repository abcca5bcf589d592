"""Duties, leave and calendar on both databases: taken in again they are the same, what cannot be is refused."""

import datetime as dt

import pytest
import sqlalchemy as sa

from gisgrid.duty import FOREVER_DAY, Duty, Leave
from gisgrid.errors import BadOption
from gisgrid.store.editions import Editions
from gisgrid.store.events import events_after
from gisgrid.store.staffing import Staffing
from gisgrid.store.tables import AUDIT
from tests.worlds import draw_network

MAY = (dt.date(2018, 5, 1) - dt.date(1970, 1, 1)).days
DUTIES = (Duty("P1", "A", "patroller", MAY, MAY + 30), Duty("P2", "B", "patroller", MAY, FOREVER_DAY))


@pytest.fixture
def staffing(store):
    Editions(store).publish(draw_network("AB"), dt.date(2018, 5, 1), author="test")
    return Staffing(store)


def test_take_in_duties__new_changed_and_the_same(store, staffing):
    assert staffing.take_in_duties(DUTIES, author="Li Na").new == 2
    assert staffing.duties() == DUTIES
    again = staffing.take_in_duties(DUTIES, author="Li Na")
    assert (again.new, again.changed, again.same) == (0, 0, 2)
    longer = (Duty("P1", "A", "patroller", MAY, MAY + 60), DUTIES[1])
    found = staffing.take_in_duties(longer, author="Li Na")
    assert (found.new, found.changed, found.same) == (0, 1, 1)
    assert staffing.duties() == longer
    with store.reading() as connection:
        assert [event.kind for event in events_after(connection, 1)] == ["duties_changed"] * 2
        results = connection.execute(sa.select(AUDIT.c.result).where(AUDIT.c.subject == "duties").order_by(AUDIT.c.id))
        assert results.scalars().all() == [
            "2 new, 0 changed, 0 refused", "0 new, 0 changed, 0 refused", "0 new, 1 changed, 0 refused",
        ]  # fmt: skip


def test_duties__in_force_on_a_day(staffing):
    staffing.take_in_duties(DUTIES, author="test")
    on = [
        tuple(duty.person for duty in staffing.duties(dt.date(2018, month, day)))
        for month, day in ((4, 30), (5, 1), (5, 30), (5, 31))
    ]
    assert on == [(), ("P1", "P2"), ("P1", "P2"), ("P2",)]


def test_take_in_duties__the_rest_goes_on(staffing):
    found = staffing.take_in_duties(
        (
            Duty("P1", "Z", "patroller", MAY, FOREVER_DAY),
            DUTIES[0],
            Duty("P1", "A", "king", MAY, FOREVER_DAY),
            Duty("P1", "A", "leader", MAY, MAY),
        ),
        author="test",
    )
    assert found.new == 1
    assert found.refused == {
        0: "no edition has a grid 'Z'",
        2: "role 'king' is unknown; expected one of patroller, leader, instructor, business_instructor, area_leader, substitute",
        3: "the duty ends before it begins",
    }
    assert staffing.duties() == DUTIES[:1]


def test_take_in_duties__needs_a_network(store):
    with pytest.raises(BadOption, match="publish a network first"):
        Staffing(store).take_in_duties(DUTIES, author="test")


def test_leave__comes_back_as_it_went_in(staffing):
    leave = (Leave("P1", MAY, MAY + 3, "年假"), Leave("P2", MAY, FOREVER_DAY, ""))
    assert staffing.take_in_leave(leave, author="test").new == 2
    assert staffing.take_in_leave((*leave, Leave("P3", MAY, MAY - 1, "")), author="test").refused == {
        2: "the leave ends before it begins"
    }
    assert staffing.leave() == leave


def test_calendar__days_that_were_set_win(staffing):
    saturday, monday = dt.date(2018, 5, 12), dt.date(2018, 5, 14)
    assert (staffing.calendar().is_workday(saturday), staffing.calendar().is_workday(monday)) == (False, True)
    staffing.set_workdays({saturday: True, monday: False}, author="test", note="flood")
    assert (staffing.calendar().is_workday(saturday), staffing.calendar().is_workday(monday)) == (True, False)
    assert staffing.set_workdays({monday: True}, author="test", note="flood over").changed == 1
    assert staffing.calendar().is_workday(monday)
