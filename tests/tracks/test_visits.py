"""Visits: what parts two runs, what joins them, and when a visit counts."""

import pytest

from tests.tracks.walks import at_ms, judge, straight, stroll
from tests.worlds import draw_network
from tracks.policy import Policy

WORLD = draw_network("AB", square_m=1000)
H = 3_600_000


def visits(points, policy=None):
    return [visit for _, visit in judge(WORLD, points, policy=policy).visits]


def inside(start, end):
    return stroll(start, end, 100.0, 500.0, 900.0, 500.0)


def away(start, end):
    return stroll(start, end, 1100.0, 500.0, 1900.0, 500.0)


@pytest.mark.parametrize(("minutes", "count"), [(20, 1), (40, 2)])
def test_find_visits__known_absence_of_half_an_hour_parts(minutes, count):
    start = at_ms("08:00")
    back = start + H // 2 + minutes * 60_000
    points = inside(start, start + H // 2 - 10_000) + away(start + H // 2, back) + inside(back + 10_000, back + H // 2)
    found = visits(points)
    assert len(found) == count
    assert all(visit.counts == "certain" for visit in found)


@pytest.mark.parametrize(
    ("minutes", "counts"), [(25, ["certain"]), (45, ["certain", "possible"]), (61, ["certain", "certain"])]
)
def test_find_visits__silence_parts_doubtfully_until_twice_the_break(minutes, counts):
    start = at_ms("08:00")
    back = start + H + minutes * 60_000
    found = visits(inside(start, start + H) + inside(back, back + H))
    assert [visit.counts for visit in found] == counts
    assert [visit.after_silence for visit in found][1:] == [minutes < 60] * (len(found) - 1)


def test_find_visits__standing_does_not_count():
    points = [(at_ms("08:00") + k * 10_000, 500.0 + k % 2, 500.0) for k in range(200)]
    (found,) = visits(points)
    assert found.counts == "no"
    assert found.walked_m == 0.0


def test_find_visits__too_few_seconds_do_not_count():
    (found,) = visits(stroll(at_ms("08:00"), at_ms("08:09"), 100.0, 500.0, 900.0, 500.0))
    assert found.certain_ms == 540_000
    assert found.counts == "no"


def test_find_visits__driving_adds_no_walked_metres():
    start = at_ms("08:00")
    # 60 km/h straight through a large grid for a quarter of an hour.
    points = straight(start, start + H // 4, 1000.0, 9000.0, 16000.0, 9000.0)
    ((_, found),) = judge(draw_network("A", square_m=18_000), points).visits
    assert found.walked_m == 0.0
    assert found.certain_ms == 0
    assert found.possible_ms == H // 4
    assert found.counts == "no"


def test_find_visits__anchors_are_twenty_metres_apart():
    start = at_ms("08:00")
    points = [(start + k * 60_000, 100.0 + k * 9.0, 500.0) for k in range(31)]
    (found,) = visits(points)
    # Every third fix is the first at least 20 m on: ten steps of 27 m.
    assert found.walked_m == pytest.approx(270.0, abs=0.1)


def test_find_visits__the_night_parts_visits_when_the_whole_day_is_on_duty():
    start = at_ms("08:00")
    found = visits(inside(start, start + H) + inside(start + 14 * H, start + 15 * H), Policy(duty_window="00:00-24:00"))
    assert len(found) == 2


def test_find_visits__a_visit_over_midnight_belongs_to_the_day_it_begins():
    start = at_ms("23:30")
    points = inside(start, start + H)
    result = judge(WORLD, points, policy=Policy(duty_window="00:00-24:00"))
    ((_, visit),) = result.visits
    assert visit.certain_ms == H
    assert result.days[0].ledger.own_certain_ms == H // 2
