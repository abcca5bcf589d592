"""Duties given for many grids at once: one row each, others end where that is meant, twice is once."""

import datetime as dt

import pytest

from gisgrid.duty import Duty
from gisgrid.errors import BadOption
from gisgrid.local_days import day_number
from gisgrid.store.assigning import Given, Giving, foresee_duties, give_duties
from gisgrid.store.editions import Editions
from gisgrid.store.staffing import Staffing
from tests.worlds import draw_network

FIRST, MAY, END = dt.date(2018, 1, 1), dt.date(2018, 5, 7), dt.date(2018, 5, 14)


@pytest.fixture
def staffed(store):
    """An open store in which P1 patrols A and B, P2 patrols C."""
    Editions(store).publish(draw_network("ABC"), FIRST, author="planner")
    duties = [
        Duty(person, grid, "patroller", day_number(FIRST), 2**31)
        for person, grid in (("P1", "A"), ("P1", "B"), ("P2", "C"))
    ]
    Staffing(store).take_in_duties(duties, author="clerk")
    return store


def give(store, person, role, from_day=MAY, to_day=None, grids=("A", "B", "C"), **more):
    giving = Giving(person, role, grids, from_day, to_day, **more)
    seen = foresee_duties(store, giving)
    done = give_duties(store, giving, author="clerk")
    assert seen == done
    return done


def in_force(store, day):
    return {(duty.person, duty.grid, duty.role) for duty in Staffing(store).duties(day)}


def test_give_duties__a_substitute_for_a_week(staffed):
    assert give(staffed, "P2", "substitute", to_day=END) == Given(3, 0, 0, 0)
    substitutes = {("P2", grid, "substitute") for grid in "ABC"}
    before, after = in_force(staffed, MAY - dt.timedelta(1)), in_force(staffed, END)
    assert before == after == {("P1", "A", "patroller"), ("P1", "B", "patroller"), ("P2", "C", "patroller")}
    assert in_force(staffed, MAY) == before | substitutes
    assert give(staffed, "P2", "substitute", to_day=END) == Given(0, 0, 3, 0)
    assert give(staffed, "P2", "substitute", to_day=dt.date(2018, 5, 10)) == Given(0, 3, 0, 0)
    assert in_force(staffed, dt.date(2018, 5, 10)) == before


def test_give_duties__in_place_of_others(staffed):
    assert give(staffed, "P2", "patroller", in_place=True) == Given(2, 0, 1, 2)
    assert in_force(staffed, MAY - dt.timedelta(1)) == {
        ("P1", "A", "patroller"),
        ("P1", "B", "patroller"),
        ("P2", "C", "patroller"),
    }
    assert in_force(staffed, MAY) == {("P2", grid, "patroller") for grid in "ABC"}
    assert give(staffed, "P2", "patroller", in_place=True) == Given(0, 0, 3, 0)


def test_give_duties__others_stay_where_nothing_is_said(staffed):
    assert give(staffed, "P2", "patroller", grids=("A",)) == Given(1, 0, 0, 0)
    assert {person for person, grid, _ in in_force(staffed, MAY) if grid == "A"} == {"P1", "P2"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"person": "P9"}, "no person 'P9'"),
        ({"role": "king"}, "no role 'king'"),
        ({"to_day": MAY}, "would end on 2018-05-07"),
        ({"grids": ()}, "has no grids"),
        ({"to_day": END, "in_place": True}, "takes nobody's place"),
        ({"role": "substitute", "in_place": True}, "takes nobody's place"),
    ],
)
def test_give_duties__a_sentence_for_what_cannot_be(staffed, options, told):
    giving = Giving(**{"person": "P2", "role": "patroller", "grids": ("A",), "from_day": MAY, **options})
    for do in (foresee_duties, lambda store, giving: give_duties(store, giving, author="clerk")):
        with pytest.raises(BadOption, match=told) as caught:
            do(staffed, giving)
        assert caught.value.zh
    assert len(Staffing(staffed).duties()) == 3
