"""The index: one grid for every point, borders, distances, windows."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid.grid import read_network
from tests.strategies import drawings
from tests.worlds import at, draw_network

RING = draw_network("AAB\nA.B\nAAB")


def locate(network, *places):
    lon, lat = np.array([at(x, y) for x, y in places]).T
    return network.index.locate(lon, lat).tolist()


def test_locate__inside_outside_and_in_the_hole():
    assert locate(RING, (5, 5), (25, 5), (15, 15), (-1, 5)) == [0, 1, -1, -1]


def test_locate__a_corner_belongs_to_the_smallest_code():
    network = draw_network("CD\nAB")
    corners = shapely.get_coordinates(network.geometry)
    for lon, lat in corners:
        touching = np.flatnonzero(shapely.intersects(network.geometry, shapely.Point(lon, lat)))
        assert network.index.locate_one(lon, lat) == touching[0]


def test_locate__what_is_no_place_is_nowhere():
    bad = np.array([np.nan, np.inf, -np.inf, 121.4, 1e300])
    assert RING.index.locate(bad, np.full(5, 28.6)).tolist() == [-1, -1, -1, RING.index.locate_one(121.4, 28.6), -1]
    assert RING.index.locate(np.array([]), np.array([])).tolist() == []


@settings(max_examples=40, deadline=None)
@given(drawings(), st.lists(st.tuples(st.integers(-10, 90), st.integers(-10, 90)), min_size=1, max_size=50))
def test_locate__every_point_in_the_network_has_exactly_one_grid(drawing, places):
    network = draw_network(drawing)
    lon, lat = np.array([at(x / 2, y / 2) for x, y in places]).T
    touching = shapely.intersects(network.geometry[:, None], shapely.points(lon, lat)[None, :])
    expected = np.where(touching.any(axis=0), touching.argmax(axis=0), -1)
    assert network.index.locate(lon, lat).tolist() == expected.tolist()


def test_nearest__distance_in_metres_and_ties_to_the_smallest_code():
    lon, lat = np.array([at(35, 5), at(15, 15), at(5, 5)]).T
    positions, metres = RING.index.nearest(lon, lat)
    assert positions.tolist() == [1, 0, 0]
    assert metres == pytest.approx([5.0, 5.0, 0.0], abs=1e-6)


def test_border_distance_m__from_inside_and_outside():
    lon, lat = np.array([at(5, 3), at(35, 5), at(0, 0)]).T
    metres = RING.index.border_distance_m(lon, lat, np.array([0, 1, -1], np.int32))
    assert metres[:2] == pytest.approx([3.0, 5.0], abs=1e-6)
    assert np.isnan(metres[2])


def test_window_and_within__touching_grids_in_code_order():
    west, south = at(11, 11)
    east, north = at(19, 19)
    assert RING.index.window(west, south, east, north).tolist() == []
    east, north = at(21, 19)
    assert RING.index.window(west, south, east, north).tolist() == [1]
    assert RING.index.within(shapely.box(*at(-5, -5), *at(50, 50))).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("grids_taiwan/keelung.gpkg", "CODEBASE"),
        ("grids_taiwan/penghu.gpkg", "CODEBASE"),
        ("incidents_uk/lsoa_merseyside.gpkg", "LSOA11CD"),
    ],
)
def test_locate__agrees_with_geos_on_real_networks(shared_data, path, code):
    network = read_network(shared_data / path, code=code)
    rng = np.random.default_rng(5)
    west, south, east, north = network.bounds
    corners = rng.choice(shapely.get_coordinates(network.geometry), 3000)
    lon = np.concatenate((rng.uniform(west, east, 3000), corners[:, 0], np.nextafter(corners[:, 0], 180)))
    lat = np.concatenate((rng.uniform(south, north, 3000), corners[:, 1], corners[:, 1]))
    points, grids = shapely.STRtree(shapely.points(lon, lat)).query(network.geometry, predicate="intersects")[::-1]
    expected = np.full(len(lon), len(network))
    np.minimum.at(expected, points, grids)
    assert network.index.locate(lon, lat).tolist() == np.where(expected == len(network), -1, expected).tolist()
