"""Marks: each kind, their order, and that only the set of fixes matters."""

import datetime as dt

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracks.walks import MONDAY, at_ms, duty, stroll
from tests.worlds import PLANE, draw_network
from tracks.fixes import UNSTATED, Fixes, collect_fixes
from tracks.marks import DUPLICATE, FUTURE, JUMP, LATE, USED, VAGUE, find_marks
from tracks.own_zones import Edition
from tracks.policy import Policy
from tracks.verify import verify_tracks

H = 3_600_000


def fixes(rows, received=None):
    """Fixes of P from (ms, x, y, accuracy) rows, received at the given instants."""
    table = np.array(rows, np.float64).reshape(-1, 4)
    lon, lat = PLANE.to_lonlat(table[:, 1], table[:, 2])
    arrived = None if received is None else np.array(received, np.int64)
    return collect_fixes(
        np.full(len(table), "P", dtype=object), table[:, 0].astype(np.int64), lon, lat, table[:, 3], arrived
    )


def marks_of(found: Fixes, policy=None):
    x, y = PLANE.to_xy(found.lon, found.lat)
    return find_marks(found, x, y, policy or Policy()).tolist()


NAN = float("nan")
T = at_ms("08:00")


def test_find_marks__future_and_late_need_a_time_of_arrival():
    rows = [(T, 0, 0, NAN), (T + 10_000, 0, 0, NAN), (T + 20_000, 0, 0, NAN), (T + 30_000, 0, 0, NAN)]
    received = [T - 300_001, T + 10_000 - 300_000, T + 20_000 + 72 * H + 1, UNSTATED]
    assert marks_of(fixes(rows, received)) == [FUTURE, USED, LATE, USED]


def test_find_marks__vague_is_worse_than_the_limit_and_unknown_is_not_vague():
    rows = [(T, 0, 0, 100.0), (T + 10_000, 0, 0, 100.1), (T + 20_000, 0, 0, -1.0), (T + 30_000, 0, 0, 0.0)]
    assert marks_of(fixes(rows)) == [USED, VAGUE, USED, USED]


def test_find_marks__duplicate_keeps_the_most_accurate_then_the_westernmost():
    assert marks_of(fixes([(T, 5, 0, 30.0), (T, 9, 0, 10.0), (T, 1, 0, NAN)])) == [DUPLICATE, DUPLICATE, USED]
    assert marks_of(fixes([(T, 5, 0, NAN), (T, 1, 7, NAN), (T, 1, 3, 0.0)])) == [USED, DUPLICATE, DUPLICATE]


def test_find_marks__vague_goes_before_duplicate():
    # The only accurate of two at one instant stays even if the vague one would come first.
    assert marks_of(fixes([(T, 0, 0, 500.0), (T, 5, 0, NAN)])) == [VAGUE, USED]


def test_find_marks__jump_in_the_middle_at_the_start_and_at_the_end():
    def line(*xs):
        return fixes([(T + k * 10_000, x, 0, NAN) for k, x in enumerate(xs)])

    assert marks_of(line(0, 10, 5000, 20, 30)) == [USED, USED, JUMP, USED, USED]
    assert marks_of(line(5000, 10, 20, 30)) == [JUMP, USED, USED, USED]
    assert marks_of(line(0, 10, 20, 5000)) == [USED, USED, USED, JUMP]
    # Two fixes contradict each other and nobody can say which is wrong.
    assert marks_of(line(0, 5000)) == [USED, USED]
    # A move to another place that stays there is no jump.
    assert marks_of(line(0, 10, 5000, 5010, 5020)) == [USED] * 5


def test_find_marks__a_place_on_the_other_side_of_the_world_is_a_jump():
    found = collect_fixes(
        np.array(["P"] * 4, dtype=object),
        np.array([T, T + 10_000, T + 20_000, T + 30_000]),
        np.array([121.4, 0.0, 121.4, 121.4]),
        np.array([28.6, 0.0, 28.6, 28.6]),
    )
    assert marks_of(found) == [USED, JUMP, USED, USED]


def test_find_marks__days_are_marked_apart():
    night = at_ms("23:59")
    found = fixes(
        [(night, 0, 0, NAN), (night + 10_000, 0, 0, NAN), (night + 70_000, 9000, 0, NAN), (night + 80_000, 0, 0, NAN)]
    )
    assert marks_of(found) == [USED, USED, USED, USED]


NETWORK = draw_network("AB", square_m=400)
messy = st.lists(
    st.tuples(
        st.integers(0, 40).map(lambda k: T + k * 30_000),
        st.integers(-100, 900),
        st.integers(-100, 500),
        st.sampled_from([NAN, 0.0, 5.0, 20.0, 400.0]),
        st.sampled_from([UNSTATED, T, T + H, T + 80 * H]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(messy, st.randoms(use_true_random=False), st.integers(1, 3))
def test_verify__shuffling_and_sending_again_changes_nothing(rows, random, times):
    def verdicts(entries):
        found = fixes([entry[:4] for entry in entries], [entry[4] for entry in entries])
        return verify_tracks(found, [Edition(NETWORK)], [duty("A")], MONDAY, MONDAY + dt.timedelta(days=1))

    again = list(rows) * times
    random.shuffle(again)
    once, more = verdicts(rows), verdicts(again)
    assert once.days == more.days
    assert once.visits == more.visits


@settings(max_examples=20, deadline=None)
@given(messy, st.integers(1, 60))
def test_verify__moving_all_by_weeks_moves_only_the_dates(rows, weeks):
    def verdicts(shift_days):
        shift = shift_days * 24 * H
        received = [arrived if arrived == UNSTATED else arrived + shift for *_, arrived in rows]
        found = fixes([(t + shift, x, y, a) for t, x, y, a, _ in rows], received)
        day = MONDAY + dt.timedelta(days=shift_days)
        return verify_tracks(found, [Edition(NETWORK)], [duty("A")], day, day)

    (here,), (there,) = verdicts(0).days, verdicts(7 * weeks).days
    assert here.ledger == there.ledger
    assert (here.visits_certain, here.visits_possible, here.marked) == (
        there.visits_certain,
        there.visits_possible,
        there.marked,
    )


def test_collect_fixes__equal_fixes_are_one_received_at_the_earliest():
    lon, lat = np.array([121.4, 121.4, 121.4]), np.array([28.6, 28.6, 28.6])
    found = collect_fixes(
        np.array(["P", "P", "P"], dtype=object), np.array([T, T, T]), lon, lat, None, np.array([T + 9, T + 2, T + 5])
    )
    assert len(found) == 1
    assert found.copies == 2
    assert found.received_ms.tolist() == [T + 2]


def test_verify__two_visits_of_a_day():
    points = (
        stroll(T, T + H, 50, 200, 350, 200)
        + stroll(T + H + 60_000, T + 2 * H, 500, 200, 750, 200)
        + stroll(T + 2 * H + 60_000, T + 3 * H + 120_000, 50, 200, 350, 200)
    )
    result = verify_tracks(fixes([(*p, NAN) for p in points]), [Edition(NETWORK)], [duty("A")], MONDAY, MONDAY)
    assert result.days[0].visits_certain == 2
    assert result.days[0].patrol_verdict == "pass"
