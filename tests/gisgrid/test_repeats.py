"""Repeats: exactly those that a plain comparison of all pairs finds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.repeats import find_repeats


def _plainly(x, y, time, kind, within_m, within_ms):
    return [
        any(
            kind[i] == kind[j] >= 0
            and np.hypot(x[i] - x[j], y[i] - y[j]) <= within_m
            and 0 <= time[i] - time[j] <= within_ms
            and (time[j] < time[i] or j < i)
            for j in range(len(x))
            if j != i
        )
        for i in range(len(x))
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 12), st.integers(-1, 1)),
        min_size=0,
        max_size=60,
    )
)
def test_find_repeats__as_by_comparing_all_pairs(points):
    # Off the round metres, so that no distance is a tie that rounding decides.
    x = np.array([10.0 * p[0] + 0.013 * k for k, p in enumerate(points)])
    y = np.array([10.0 * p[1] - 0.017 * k for k, p in enumerate(points)])
    time, kind = (np.array([p[part] for p in points], np.int64) for part in (2, 3))
    found = find_repeats(x, y, time, kind, 50.0, 5)
    assert found.tolist() == _plainly(x, y, time, kind, 50.0, 5)


def test_find_repeats__nothing_without_a_place():
    x, y = np.array([np.nan, 3.0, 3.0]), np.array([np.nan, 7.0, 7.0])
    found = find_repeats(x, y, np.array([1, 2, 3]), np.array([0, 0, 0]), 50.0, 10)
    assert found.tolist() == [False, False, True]
    assert find_repeats(x[:1], y[:1], np.array([1]), np.array([0]), 50.0, 10).tolist() == [False]
