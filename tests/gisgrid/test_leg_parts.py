"""Parts of legs within reach of grids, against buffered polygons and by hand."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid.leg_parts import make_zones, parts_of_leg, parts_of_legs

SQUARE = shapely.box(0, 0, 100, 100)
RING = SQUARE.difference(shapely.box(30, 30, 70, 70))


def lengths(shapes, members, leg, reach):
    zones = make_zones(np.array(shapes, dtype=object), [members])
    parts = parts_of_leg(zones, 0, leg, reach)
    assert (np.diff(parts.ravel()) >= 0).all()
    return float((parts[:, 1] - parts[:, 0]).sum()) * np.hypot(leg[2] - leg[0], leg[3] - leg[1])


def test_parts_of_leg__straight_through_a_square():
    parts = parts_of_leg(make_zones(np.array([SQUARE], dtype=object), [(0,)]), 0, (-100.0, 50.0, 200.0, 50.0), 20.0)
    assert parts == pytest.approx(np.array([[80 / 300, 220 / 300]]))


def test_parts_of_leg__hole_counts_only_within_reach():
    assert lengths([RING], (0,), (-50.0, 50.0, 150.0, 50.0), 5.0) == pytest.approx(80.0)


def test_parts_of_leg__touching_a_corner_of_the_reach():
    # 12 m above the upper right corner: half a chord of 16 m past it.
    assert lengths([SQUARE], (0,), (100.0, 112.0, 200.0, 112.0), 20.0) == pytest.approx(16.0)


def test_parts_of_leg__no_reach_at_all_still_sees_the_border():
    assert lengths([SQUARE], (0,), (-50.0, 50.0, 150.0, 50.0), 1e-6) == pytest.approx(100.0, abs=1e-4)


def test_parts_of_leg__a_point_is_wholly_inside_or_not():
    zones = make_zones(np.array([SQUARE], dtype=object), [(0,)])
    assert len(parts_of_leg(zones, 0, (50.0, 50.0, 50.0, 50.0), 1.0)) == 1
    assert len(parts_of_leg(zones, 0, (100.9, 50.0, 100.9, 50.0), 1.0)) == 1
    assert len(parts_of_leg(zones, 0, (101.1, 50.0, 101.1, 50.0), 1.0)) == 0


coordinates = st.floats(-150, 250, allow_nan=False)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10_000),
    st.tuples(coordinates, coordinates, coordinates, coordinates),
    st.sampled_from([0.5, 5.0, 20.0]),
)
def test_parts_of_leg__equals_the_buffer_to_a_millimetre(seed, leg, reach):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 24))
    radius = 100 * rng.uniform(0.3, 1, 24)
    star = shapely.Polygon(np.column_stack((radius * np.cos(angle), radius * np.sin(angle))))
    other = shapely.box(80, -40, 160, 60)
    # A fine buffer lies inside the true one by reach * (1 - cos(pi / 4096)); grazing chords feel its root.
    inner = shapely.union(star, other).buffer(reach, quad_segs=1024)
    outer = shapely.union(star, other).buffer(reach + 1e-4, quad_segs=1024)
    line = shapely.LineString([leg[:2], leg[2:]])
    found = lengths([star, other], (0, 1), leg, reach)
    assert line.intersection(inner).length - 1e-3 <= found <= line.intersection(outer).length + 1e-3


def test_parts_of_legs__each_leg_as_if_alone():
    random = np.random.default_rng(9)
    zones = make_zones(np.array([SQUARE, RING, shapely.box(120, 0, 150, 60)], dtype=object), [(0,), (1, 2), ()])
    legs, zone = random.uniform(-60.0, 200.0, (300, 4)), random.integers(0, 3, 300)
    parts, starts = parts_of_legs(zones, zone, legs, 12.5)
    for leg in range(300):
        alone = parts_of_leg(zones, int(zone[leg]), tuple(legs[leg]), 12.5)
        np.testing.assert_array_equal(parts[starts[leg] : starts[leg + 1]], alone)
    assert (np.diff(starts) > 1).any()


def test_parts_of_legs__a_leg_that_is_not_finite_has_none():
    zones = make_zones(np.array([SQUARE], dtype=object), [(0,)])
    legs = np.array([[np.nan, 50.0, 50.0, 50.0], [10.0, 50.0, 50.0, 50.0], [0.0, 0.0, np.inf, 0.0]])
    parts, starts = parts_of_legs(zones, np.zeros(3, np.int64), legs, 1.0)
    assert starts.tolist() == [0, 0, 1, 1]
    assert parts.tolist() == [[0.0, 1.0]]
    assert parts_of_legs(zones, np.zeros(0, np.int64), np.empty((0, 4)), 1.0)[1].tolist() == [0]
