"""Gaps: enclosed land of nobody, with the grids around it."""

import numpy as np
import pytest
import shapely

from boundaries.gaps import find_gaps
from gisgrid.grid import GridNetwork
from tests.worlds import PLANE, draw_network


def test_find_gaps__ring_leaves_one_hole():
    network = draw_network("""
        AAB
        A.B
        AAB""")
    (gap,) = find_gaps(network, larger_than_m2=1.0)
    assert gap.kind == "gap"
    assert gap.area_m2 == pytest.approx(100.0, rel=1e-6)
    assert set(gap.grids) == {"A", "B"}
    x, y = PLANE.to_xy(np.array([gap.lon]), np.array([gap.lat]))
    assert 10.0 < x[0] < 20.0
    assert 10.0 < y[0] < 20.0


def test_find_gaps__names_also_the_grid_at_a_corner():
    network = draw_network("""
        ABC
        D.F
        GHI""")
    (gap,) = find_gaps(network)
    assert gap.grids == ("A", "B", "C", "D", "F", "G", "H", "I")


def test_find_gaps__two_pieces_are_two_gaps_the_largest_first():
    network = draw_network("""
        AAAAAA
        A.AB.B
        AAAB.B
        AAABBB""")
    assert [round(gap.area_m2) for gap in find_gaps(network)] == [200, 100]


def test_find_gaps__what_is_open_to_the_outside_is_none():
    assert find_gaps(draw_network("A.B\nA.B\nAAB")) == ()
    assert find_gaps(draw_network("A..B")) == ()


def test_find_gaps__island_in_a_hole_is_not_counted():
    network = draw_network("""
        AAAAA
        A...A
        A.B.A
        A...A
        AAAAA""")
    (gap,) = find_gaps(network)
    assert gap.area_m2 == pytest.approx(800.0, rel=1e-6)
    assert gap.grids == ("A", "B")


def test_find_gaps__only_larger_ones_count():
    network = draw_network("AAB\nA.B\nAAB")
    assert len(find_gaps(network, larger_than_m2=99.9)) == 1
    assert find_gaps(network, larger_than_m2=100.1) == ()


def test_find_gaps__vertex_in_the_middle_of_a_long_edge_opens_nothing():
    # A straight edge of 3 km with the neighbours' corner half-way: straight in degrees, so nothing lies between.
    west, south = 121.40, 28.60
    boxes = [(0.0, 0.0, 0.04, 0.01), (0.0, 0.01, 0.02, 0.02), (0.02, 0.01, 0.04, 0.02), (0.0, 0.02, 0.04, 0.03)]
    shapes = np.array([shapely.box(west + a, south + b, west + c, south + d) for a, b, c, d in boxes], dtype=object)
    assert find_gaps(GridNetwork.from_arrays(list("ABCD"), shapes), larger_than_m2=0.001) == ()


def test_find_gaps__sentences():
    (gap,) = find_gaps(draw_network("AAB\nA.B\nAAB"))
    assert gap.sentence() == "100.0 m² between grids A and B belong to no grid."
    assert gap.sentence("zh") == "网格A和B之间有100.0 m²不属于任何网格。"
    (hole,) = find_gaps(draw_network("AAA\nA.A\nAAA"))
    assert hole.sentence() == "A hole of 100.0 m² in grid A belongs to no grid."
