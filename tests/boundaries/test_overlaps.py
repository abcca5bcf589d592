"""Overlaps: land of two grids, one defect for each pair."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.gaps import find_gaps
from boundaries.overlaps import find_overlaps
from gisgrid.grid import GridNetwork
from tests.worlds import PLANE, draw_network


def network_of(**shapes: shapely.Geometry) -> GridNetwork:
    """A network of shapes in metres."""
    metres = np.array(list(shapes.values()), dtype=object)
    return GridNetwork.from_arrays(list(shapes), PLANE.unproject(metres), plane=PLANE)


def test_find_overlaps__clean_world_has_none():
    assert find_overlaps(draw_network("AAB\nABB")) == ()


def test_find_overlaps__one_for_each_pair():
    network = network_of(C=shapely.box(0, 0, 10, 10), A=shapely.box(8, 0, 20, 10), B=shapely.box(9, 0, 30, 10))
    found = find_overlaps(network)
    assert [(defect.grids, round(defect.area_m2, 3)) for defect in found] == [
        (("A", "B"), 110.0),
        (("A", "C"), 20.0),
        (("B", "C"), 10.0),
    ]


def test_find_overlaps__pieces_of_one_pair_count_together():
    comb = shapely.union(shapely.box(0, 0, 40, 4), shapely.union(shapely.box(5, 4, 6, 7), shapely.box(30, 4, 31, 7)))
    (found,) = find_overlaps(network_of(A=comb, B=shapely.box(0, 5, 40, 20)))
    assert found.area_m2 == pytest.approx(4.0, rel=1e-5)
    assert len(shapely.get_parts(found.geometry)) == 2
    x, y = PLANE.to_xy(np.array([found.lon]), np.array([found.lat]))
    assert shapely.intersects_xy(shapely.box(5, 5, 31, 7), x[0], y[0])


def test_find_overlaps__only_larger_ones_count():
    network = network_of(A=shapely.box(0, 0, 10, 10), B=shapely.box(9.95, 0, 20, 10))
    assert find_overlaps(network) == ()
    (found,) = find_overlaps(network, larger_than_m2=0.4)
    assert found.area_m2 == pytest.approx(0.5, rel=1e-4)


def test_find_overlaps__sentences():
    (found,) = find_overlaps(network_of(A=shapely.box(0, 0, 10, 10), B=shapely.box(9, 0, 20, 10)))
    assert found.sentence() == "Grids A and B both claim 10.0 m²."
    assert found.sentence("zh") == "网格A和B重叠10.0 m²。"


box = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6))


@settings(deadline=None, max_examples=60)
@given(st.lists(box, min_size=2, max_size=6))
def test_find_overlaps__areas_of_grids_and_gaps_add_up(boxes: list[tuple[int, int, int, int]]):
    shapes = {f"G{place}": shapely.box(x, y, x + w, y + h) for place, (x, y, w, h) in enumerate(boxes)}
    metres = list(shapes.values())
    network = network_of(**shapes)
    expected = [
        shapely.area(shapely.intersection(one, other))
        for place, one in enumerate(metres)
        for other in metres[place + 1 :]
    ]
    found = [defect.area_m2 for defect in find_overlaps(network, larger_than_m2=0.01)]
    assert found == pytest.approx(sorted((area for area in expected if area), reverse=True), rel=1e-5, abs=1e-5)
    union = shapely.union_all(metres)
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(union)])
    gaps = sum(defect.area_m2 for defect in find_gaps(network, larger_than_m2=0.01))
    assert gaps == pytest.approx(shapely.area(filled) - shapely.area(union), abs=1e-4)
