"""Pace: a minute's worth at once, then as it comes back; nobody pays for another."""

from hypothesis import given
from hypothesis import strategies as st

from web.pace import Pace


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def test_take__a_minutes_worth_and_then_by_the_second():
    clock = Clock()
    pace = Pace(60, clock)
    assert [pace.take("a") for _ in range(60)] == [0] * 60
    assert pace.take("a") == 1
    assert pace.take("b") == 0
    clock.now_s += 1.0
    assert [pace.take("a"), pace.take("a")] == [0, 1]
    clock.now_s += 3_600.0
    assert [pace.take("a") for _ in range(61)] == [0] * 60 + [1]


def test_take__more_than_a_minutes_worth_passes_and_is_paid_back():
    clock = Clock()
    pace = Pace(60, clock)
    assert pace.take("a", 180) == 0
    wait_s = pace.take("a")
    assert wait_s == 121
    clock.now_s += wait_s
    assert pace.take("a") == 0


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 100)), max_size=40))
def test_take__never_more_than_allowed_and_never_wrong_about_when(asked):
    clock = Clock()
    pace = Pace(60, clock)
    passed = biggest = 0.0
    for pause_s, amount in asked:
        clock.now_s += pause_s
        biggest = max(biggest, amount)
        wait_s = pace.take("a", amount)
        if wait_s:
            clock.now_s += wait_s
            assert pace.take("a", amount) == 0
        passed += amount
        assert passed <= 60 + clock.now_s + biggest + 1e-6
