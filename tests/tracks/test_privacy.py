"""Which fixes are not kept: against a plain twin, and at the edges of day, window and span."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.duty import FOREVER_DAY, ROLES, Duty, Leave
from gisgrid.local_days import DAY_MS, date_of, day_number, start_of
from tracks.policy import Policy
from tracks.privacy import NO_DUTY, OFF_HOURS, ON_LEAVE, find_private, make_on_duty

DAY = day_number(dt.date(2018, 5, 8))
HOUR = 3_600_000
PEOPLE = ["P1", "P2", "P3", ""]


def found(times, duties=(), leave=(), *, person="P1", policy=None):
    """The reasons for each time, in their order."""
    masks = find_private(
        np.full(len(times), person, dtype=object), np.array(times, np.int64), make_on_duty(duties, leave),
        policy or Policy(),
    )  # fmt: skip
    return [[reason for reason, mask in masks.items() if mask[place]] for place in range(len(times))]


def at(day, hours=12.0):
    return start_of(date_of(day)) + int(hours * HOUR)


def test_find_private__the_window_begins_with_its_first_millisecond_and_ends_before_its_last():
    duties = [Duty("P1", "g", "patroller", DAY, DAY + 1)]
    times = [at(DAY, 6.0) - 1, at(DAY, 6.0), at(DAY, 23.0) - 1, at(DAY, 23.0), at(DAY, 0.0), at(DAY, 24.0) - 1]
    assert found(times, duties) == [[OFF_HOURS], [], [], [OFF_HOURS], [OFF_HOURS], [OFF_HOURS]]
    assert found(times, duties, policy=Policy(duty_window="00:00-24:00")) == [[]] * 6


def test_find_private__duties_and_leave_end_before_their_last_day():
    duties = [Duty("P1", "g", "substitute", DAY, DAY + 2)]
    leave = [Leave("P1", DAY + 1, DAY + 3, "ill")]
    times = [at(DAY + step) for step in (-1, 0, 1, 2, 3)]
    assert found(times, duties, leave) == [[NO_DUTY], [], [ON_LEAVE], [ON_LEAVE, NO_DUTY], [NO_DUTY]]
    assert found(times, duties, leave, person="P2") == [[NO_DUTY]] * 5


@pytest.mark.parametrize("role", ROLES)
def test_find_private__only_those_who_patrol_are_tracked(role):
    kept = found([at(DAY)], [Duty("P1", "g", role, DAY, FOREVER_DAY)]) == [[]]
    assert kept == (role in {"patroller", "substitute"})


def test_find_private__nothing_of_nobody():
    assert found([], [Duty("P1", "g", "patroller", DAY, FOREVER_DAY)]) == []
    assert found([at(DAY)]) == [[NO_DUTY]]


span = st.tuples(st.sampled_from(PEOPLE), st.integers(0, 20), st.integers(-2, 9) | st.just(FOREVER_DAY))


@given(
    duties=st.lists(st.tuples(span, st.sampled_from(ROLES)), max_size=8),
    leave=st.lists(span, max_size=6),
    fixes=st.lists(
        st.tuples(st.sampled_from([*PEOPLE, "stranger"]), st.integers(-2, 24), st.integers(0, DAY_MS - 1)), max_size=25
    ),
)
def test_find_private__as_a_plain_look_through_all_spans_says(duties, leave, fixes):
    held = [
        Duty(person, "g", role, DAY + start, min(DAY + start + length, FOREVER_DAY))
        for (person, start, length), role in duties
    ]
    away = [Leave(person, DAY + start, min(DAY + start + length, FOREVER_DAY), "") for person, start, length in leave]
    person = np.array([who for who, _, _ in fixes], dtype=object)
    times = np.array([at(DAY + day, 0.0) + ms for _, day, ms in fixes], np.int64)
    masks = find_private(person, times, make_on_duty(held, away), Policy())
    for place, (who, day, ms) in enumerate(fixes):
        today = DAY + day
        on_duty = any(
            duty.person == who and duty.role in {"patroller", "substitute"} and duty.from_day <= today < duty.to_day
            for duty in held
        )
        assert masks[NO_DUTY][place] != on_duty
        assert masks[ON_LEAVE][place] == any(
            entry.person == who and entry.from_day <= today < entry.to_day for entry in away
        )
        assert masks[OFF_HOURS][place] != (6 * HOUR <= ms < 23 * HOUR)
