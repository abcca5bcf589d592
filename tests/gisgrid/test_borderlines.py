"""Borders as they are drawn: each once, closed around every grid, at the level of what they separate."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid.borderlines import DIGITS, GRID, LAND, TOWNSHIP, VILLAGE, find_borderlines
from gisgrid.grid import GridNetwork
from tests.worlds import PLANE, draw_network

DRAWN = """
    AAB
    A.B
    AAB"""


def polygons(found):
    """The grids put together again from their lines."""
    made = []
    for rings in found.rings:
        shape = shapely.Polygon()
        for ring in rings:
            walk = [found.lines[line] if line >= 0 else found.lines[-1 - line][::-1] for line in ring]
            for one, after in zip(walk, [*walk[1:], walk[0]], strict=True):
                assert one[-1].tolist() == after[0].tolist(), "the lines of a ring do not meet"
            shape = shape.symmetric_difference(shapely.Polygon(np.concatenate(walk) / 10**DIGITS))
        made.append(shape)
    return made


def test_find_borderlines__a_shared_border_is_one_line():
    found = find_borderlines(draw_network(DRAWN, square_m=100.0), (0, 1))
    shared = set(map(abs_line, flat(found.rings[0]))) & set(map(abs_line, flat(found.rings[1])))
    # Above and below the hole.
    assert len(shared) == 2
    assert all(found.level[line] == GRID for line in shared)
    assert sorted(found.level) == [LAND, LAND, LAND, LAND, GRID, GRID]


def flat(rings):
    return [line for ring in rings for line in ring]


def abs_line(line):
    return line if line >= 0 else -1 - line


def test_find_borderlines__levels_by_codes():
    codes = ["331002001001001", "331002001001002", "331002001002001", "331002002001001"]
    squares = np.array([shapely.box(120 + x, 28, 121 + x, 29) for x in range(4)], dtype=object)
    network = GridNetwork.from_arrays(codes, squares)
    found = find_borderlines(network, range(4), tolerance_m=0)
    assert sorted(found.level) == sorted([LAND] * 6 + [GRID, VILLAGE, TOWNSHIP])


def test_find_borderlines__of_some_grids_only():
    network = draw_network(DRAWN, square_m=100.0)
    found = find_borderlines(network, (1,))
    assert found.level == (LAND,)
    assert shapely.area(polygons(found)[0]) == pytest.approx(shapely.area(network.geometry[1]), rel=0.02)


def test_find_borderlines__an_island_within_and_a_grid_in_a_grid():
    network = draw_network(
        """
        AAA.C
        ABA..
        AAA.C""",
        square_m=100.0,
    )
    found = find_borderlines(network, (0, 1, 2))
    for made, was in zip(polygons(found), network.geometry, strict=True):
        assert shapely.area(shapely.symmetric_difference(made, was)) < 0.02 * shapely.area(was)
    assert sorted(found.level) == [LAND, LAND, LAND, GRID]


def test_find_borderlines__nothing_of_nothing():
    found = find_borderlines(draw_network("A"), ())
    assert (found.lines, found.rings) == ((), ())


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.text("ABC.", min_size=4, max_size=4), min_size=3, max_size=4).filter(
        lambda rows: set("".join(rows)) - {"."}
    )
)
def test_find_borderlines__put_together_again_is_the_network(rows):
    network = draw_network("\n".join(rows), square_m=100.0)
    found = find_borderlines(network, range(len(network)))
    assert len({line.tobytes() for line in found.lines}) == len(found.lines)
    for made, was in zip(polygons(found), network.geometry, strict=True):
        made_m, was_m = PLANE.project(np.array([made, was], dtype=object))
        assert shapely.area(shapely.symmetric_difference(made_m, was_m)) < 0.05 * shapely.area(was_m)
