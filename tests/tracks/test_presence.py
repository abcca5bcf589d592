"""Presence against drawn worlds, against shapely, and its conservation laws."""

import datetime as dt

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid.local_days import DAY_MS
from tests.tracks.walks import MONDAY, at_ms, duty, judge, straight, stroll
from tests.worlds import at, draw_network
from tracks.policy import BasePlace, Policy

PAIR = draw_network("AB", square_m=1000)
INTAKE_MS = 15
"""Intake rounds positions to 1e-7 degree, about 1 cm: that much time at walking speed."""
WHOLE_DAY = Policy(duty_window="00:00-24:00")


def ledger(points, policy=None, **options):
    (day,) = judge(PAIR, points, policy=policy, **options).days
    return day.ledger


def test_find_presence__crossing_is_exact_to_the_millisecond():
    # From x = 500 to x = 1500 in 250 s: the tolerance ends at 1020, after 130 s.
    points = [(at_ms("08:00"), 500.0, 500.0), (at_ms("08:00") + 250_000, 1500.0, 500.0)]
    spent = ledger(points, Policy(driving_kmh=100.0))
    assert spent.own_certain_ms == 130_000
    assert spent.elsewhere_ms == 120_000


def test_find_presence__corner_cut_counts_its_seconds():
    # Across the corner of A's tolerance: a chord of the quarter circle of 20 m around (1000, 1000).
    world = draw_network("B.\nAB", square_m=1000)
    y = 1000.0 + 12.0
    points = [(at_ms("08:00"), 990.0, y), (at_ms("08:00") + 40_000, 1030.0, y)]
    (day,) = judge(world, points, policy=Policy(driving_kmh=100.0)).days
    assert day.ledger.own_certain_ms == pytest.approx(10_000 + 16_000, abs=INTAKE_MS)


def test_find_presence__border_walker_within_tolerance_is_present():
    points = straight(at_ms("08:00"), at_ms("08:10"), 1015.0, 100.0, 1015.0, 900.0)
    assert ledger(points).own_certain_ms == 600_000


@pytest.mark.parametrize(
    ("gap_s", "state"),
    [(300, "own_certain_ms"), (301, "own_possible_ms"), (900, "own_possible_ms"), (901, None)],
)
def test_find_presence__gap_decides_what_a_leg_is_worth(gap_s, state):
    start = at_ms("08:00")
    spent = ledger([(start, 500.0, 500.0), (start + gap_s * 1000, 510.0, 500.0)])
    for name in ("own_certain_ms", "own_possible_ms", "elsewhere_ms"):
        assert getattr(spent, name) == (gap_s * 1000 if name == state else 0)


def test_find_presence__longer_leg_with_one_end_outside_is_unknown():
    start = at_ms("08:00")
    spent = ledger([(start, 500.0, 500.0), (start + 600_000, 1500.0, 500.0)])
    assert (spent.own_certain_ms, spent.own_possible_ms, spent.elsewhere_ms) == (0, 0, 0)


def test_find_presence__driving_is_possible_and_elsewhere_stays_elsewhere():
    points = straight(at_ms("08:00"), at_ms("08:03"), 0.0, 500.0, 2000.0, 500.0)
    spent = ledger(points)
    assert spent.own_certain_ms == 0
    assert spent.own_possible_ms == 91_800
    assert spent.elsewhere_ms == 88_200


def test_find_presence__jitter_at_one_fix_a_second_is_not_driving():
    start = at_ms("08:00")
    points = [(start + k * 1000, 500.0 + (8.0 if k % 2 else 0.0), 500.0) for k in range(120)]
    # The very last leg has no later fix to be measured against.
    assert ledger(points).own_possible_ms == 1000


def test_find_presence__long_stop_becomes_possible():
    points = [(at_ms("08:00") + k * 60_000, 500.0 + k % 3, 500.0) for k in range(121)]
    spent = ledger(points)
    assert spent.own_certain_ms == 3_600_000
    assert spent.own_possible_ms == 3_600_000


def test_find_presence__base_place_is_possible_from_the_first_second():
    lon, lat = at(500.0, 500.0)
    policy = Policy(base_places=(BasePlace("village centre", lon, lat),))
    # 150 m at 1 m/s straight through the circle of 50 m around the centre.
    points = straight(at_ms("08:00"), at_ms("08:02:30"), 425.0, 500.0, 575.0, 500.0)
    spent = ledger(points, policy)
    assert spent.own_possible_ms == pytest.approx(100_000, abs=2)
    assert spent.own_certain_ms == pytest.approx(50_000, abs=2)


def test_find_presence__nothing_counts_outside_the_duty_window():
    points = straight(at_ms("22:30"), at_ms("23:30"), 100.0, 500.0, 900.0, 500.0)
    spent = ledger(points)
    assert spent.own_certain_ms == 1_800_000
    assert spent.off_duty_ms == 7 * 3_600_000


def test_find_presence__leg_over_midnight_is_cut_and_judged_by_each_day():
    tuesday = MONDAY + dt.timedelta(days=1)
    start = at_ms("23:58")
    points = [(start, 500.0, 500.0), (start + 240_000, 700.0, 500.0)]
    days = judge(PAIR, points, policy=WHOLE_DAY, last=tuesday).days
    assert [day.ledger.own_certain_ms for day in days] == [120_000, 120_000]
    moved = (day_of(tuesday),)
    days = judge(
        PAIR, points, policy=WHOLE_DAY, last=tuesday, duties=[duty("A", to_day=moved[0]), duty("B", from_day=moved[0])]
    ).days
    assert [day.ledger.own_certain_ms for day in days] == [120_000, 0]
    assert days[1].ledger.elsewhere_ms == 120_000


def day_of(date):
    return date.toordinal() - dt.date(1970, 1, 1).toordinal()


def test_find_presence__several_grids_count_together():
    points = straight(at_ms("08:00"), at_ms("08:20"), 500.0, 500.0, 1500.0, 500.0)
    both = judge(PAIR, points, duties=[duty("A"), duty("B", role="substitute")]).days[0]
    assert both.ledger.own_certain_ms == 1_200_000
    leader = judge(PAIR, points, duties=[duty("A"), duty("B", role="leader")]).days[0]
    assert leader.ledger.own_certain_ms == pytest.approx(624_000, abs=INTAKE_MS)


steps = st.tuples(st.integers(1, 1200), st.integers(-400, 400), st.integers(-400, 400))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(steps, min_size=1, max_size=40),
    st.integers(0, 86_000),
    st.sampled_from(["06:00-23:00", "00:00-24:00", "09:00-10:00"]),
)
def test_ledger__always_adds_up_to_the_day(moves, start_s, window):
    policy = Policy(duty_window=window, hours_per_day=0.5)
    now, x, y = at_ms("00:00") + start_s * 1000, 500.0, 500.0
    points = [(now, x, y)]
    for seconds, dx, dy in moves:
        now, x, y = now + seconds * 1000, x + dx, y + dy
        points.append((now, x, y))
    result = judge(PAIR, points, policy=policy, last=MONDAY + dt.timedelta(days=2))
    for day in result.days:
        spent = day.ledger
        parts = (spent.own_certain_ms, spent.own_possible_ms, spent.elsewhere_ms, spent.unknown_ms, spent.off_duty_ms)
        assert min(parts) >= 0
        assert sum(parts) == DAY_MS


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_find_presence__agrees_with_shapely_on_walks_without_gaps(seed):
    rng = np.random.default_rng(seed)
    world = draw_network("AAB\nABB\nAAB", square_m=100)
    steps = rng.normal(0.0, 25.0, (400, 2))
    xy = np.array([150.0, 150.0]) + np.cumsum(steps, axis=0) * 0.4
    start = at_ms("08:00")
    points = [(start + k * 20_000, *place) for k, place in enumerate(xy)]
    policy = Policy(max_stop_s=86_400.0, driving_kmh=119.0)
    (day,) = judge(world, points, policy=policy).days
    own = world.plane.project(world.geometry[:1])[0].buffer(20.0, quad_segs=256)
    legs = shapely.linestrings(np.stack((xy[:-1], xy[1:]), axis=1))
    share = shapely.length(shapely.intersection(legs, own)) / shapely.length(legs)
    assert day.ledger.own_certain_ms / 1000 == pytest.approx(float(share.sum() * 20.0), abs=1.0)
    assert day.ledger.own_possible_ms == 0


def test_find_presence__standing_still_inside_counts():
    points = [(at_ms("08:00") + k * 10_000, 500.0, 500.0) for k in range(61)]
    assert ledger(points).own_certain_ms == 600_000


def test_find_presence__a_stroll_is_all_certain():
    assert ledger(stroll(at_ms("08:00"), at_ms("09:00"), 100.0, 500.0, 900.0, 500.0)).own_certain_ms == 3_600_000
