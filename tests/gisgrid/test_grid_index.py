"""The index: one grid for every point, borders, distances, windows."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid.borders import Borders
from gisgrid.cell_table import CellTable
from gisgrid.grid import GridNetwork, read_network
from gisgrid.grid_index import GridIndex
from gisgrid.plane import MetricPlane
from gisgrid.sample import build_district
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


def test_within__touching_grids_in_code_order():
    west, south = at(11, 11)
    east, north = at(19, 19)
    assert RING.index.within((west, south, east, north)).tolist() == []
    east, north = at(21, 19)
    assert RING.index.within((west, south, east, north)).tolist() == [1]
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


# --- nearest, borders, windows against shapely ---------------------------------------------------------------------


def nearest_by_shapely(network, lon, lat):
    """The smallest position within a micrometre of the least distance, edge by edge."""
    x, y = network.plane.to_xy(lon, lat)
    away = shapely.distance(network.index.plane_geometry()[:, None], shapely.points(x, y)[None, :])
    return (away <= away.min(axis=0) + 1e-6).argmax(axis=0), away.min(axis=0)


@settings(max_examples=60, deadline=None)
@given(drawings(), st.lists(st.tuples(st.integers(-40, 120), st.integers(-40, 120)), min_size=1, max_size=30))
def test_nearest__agrees_with_shapely_on_drawn_worlds(drawing, places):
    network = draw_network(drawing)
    lon, lat = np.array([at(x / 2, y / 2) for x, y in places]).T
    positions, metres = network.index.nearest(lon, lat)
    expected, away = nearest_by_shapely(network, lon, lat)
    assert metres == pytest.approx(away, abs=1e-6)
    located = network.index.locate(lon, lat)
    assert positions.tolist() == np.where(located >= 0, located, expected).tolist()


@pytest.mark.parametrize("path", ["grids_taiwan/penghu.gpkg", "grids_taiwan/keelung.gpkg"])
def test_nearest__agrees_with_shapely_among_islands(shared_data, path):
    network = read_network(shared_data / path, code="CODEBASE")
    rng = np.random.default_rng(7)
    west, south, east, north = network.bounds
    lon, lat = rng.uniform(west - 0.3, east + 0.3, 300), rng.uniform(south - 0.3, north + 0.3, 300)
    positions, metres = network.index.nearest(lon, lat)
    expected, away = nearest_by_shapely(network, lon, lat)
    assert metres == pytest.approx(away, abs=1e-3)
    far = away > 0.01
    assert positions[far].tolist() == expected[far].tolist()
    borders = shapely.boundary(network.index.plane_geometry()[positions])
    x, y = network.plane.to_xy(lon, lat)
    found = network.index.border_distance_m(lon, lat, positions)
    assert found == pytest.approx(shapely.distance(borders, shapely.points(x, y)), abs=1e-6)


def test_nearest__what_is_no_place_has_no_nearest():
    positions, metres = RING.index.nearest(np.array([np.nan, np.inf, 121.4]), np.array([28.6, 28.6, -np.inf]))
    assert positions.tolist() == [-1, -1, -1]
    assert np.isnan(metres).all()
    assert RING.index.nearest(np.array([]), np.array([]))[0].tolist() == []


def test_borders__a_grid_without_edges_is_nowhere_near():
    borders = Borders.of(np.array([shapely.Polygon(), shapely.box(0, 0, 1, 1)], dtype=object))
    positions, metres = borders.nearest(np.array([3.0]), np.array([1.0]))
    assert (positions.tolist(), metres.tolist()) == ([1], [2.0])
    assert np.isnan(borders.distances(np.array([3.0]), np.array([1.0]), np.array([0], np.int32))).all()
    nothing = Borders.of(np.array([], dtype=object)).nearest(np.array([3.0]), np.array([1.0]))
    assert nothing[0].tolist() == [-1]


@pytest.mark.parametrize("seed", range(3))
def test_within__agrees_with_geos_for_windows_and_polygons(seed):
    network = build_district().network
    rng = np.random.default_rng(seed)
    corners = shapely.get_coordinates(network.geometry)
    for _ in range(40):
        (west, south), (east, north) = np.sort(corners[rng.integers(0, len(corners), 2)], axis=0)
        expected = np.flatnonzero(shapely.intersects(network.geometry, shapely.box(west, south, east, north)))
        assert network.index.within((west, south, east, north)).tolist() == expected.tolist()
        area = shapely.Point(*corners[rng.integers(0, len(corners))]).buffer(rng.uniform(0.0005, 0.02))
        expected = np.flatnonzero(shapely.intersects(network.geometry, area))
        assert network.index.within(area).tolist() == expected.tolist()


# --- a changed network ---------------------------------------------------------------------------------------------


def probes(*geometries):
    """Vertices of all polygons, one step beside them, their middles, and places all around."""
    corners = shapely.get_coordinates(np.concatenate(geometries))
    west, south, east, north = shapely.total_bounds(np.concatenate(geometries))
    around = np.random.default_rng(1).uniform((west, south), (east, north), (500, 2))
    points = np.concatenate((corners, np.nextafter(corners, np.inf), (corners[1:] + corners[:-1]) / 2, around))
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])


def assert_same_answers(rebuilt, network, *earlier):
    fresh = GridIndex(network.geometry, network.plane)
    lon, lat = probes(network.geometry, *earlier)
    assert (rebuilt.locate(lon, lat) == fresh.locate(lon, lat)).all()
    for one, two in zip(rebuilt.nearest(lon, lat), fresh.nearest(lon, lat), strict=True):
        np.testing.assert_array_equal(one, two)
    assert rebuilt.within(network.bounds).tolist() == list(range(len(network)))


@settings(max_examples=120, deadline=None)
@given(st.lists(drawings(), min_size=2, max_size=4), st.booleans())
def test_rebuilt__answers_as_if_built_anew_when_grids_come_go_and_move(drawn, with_borders):
    networks = [draw_network(drawing) for drawing in drawn]
    last = networks[0]
    if with_borders:
        last.index.borders()
    for network in networks[1:]:
        changed = network.with_index_of(last)
        assert_same_answers(changed.index, network, last.geometry)
        last = changed


def moved_border(network, seed, by=1e-5):
    """The network with one of its grids' borders moved, its neighbours following."""
    rng = np.random.default_rng(seed)
    chosen = network.geometry[rng.integers(len(network))]
    corners = shapely.get_coordinates(chosen)
    some = {tuple(corner) for corner in corners[: rng.integers(1, len(corners))].tolist()}
    near = network.index.within(chosen)
    geometry = network.geometry.copy()

    def move(points):
        return np.array([(x + by, y + by) if (x, y) in some else (x, y) for x, y in points.tolist()])

    geometry[near] = shapely.transform(geometry[near], move)
    return GridNetwork.from_arrays(network.codes, geometry, plane=network.plane)


def test_rebuilt__one_border_after_the_other_in_the_sample_district():
    first = network = build_district().network
    network.index.borders()
    for seed in range(12):
        changed = moved_border(network, seed).with_index_of(network)
        lon, lat = probes(changed.geometry[changed.index.within(changed.geometry[seed])], first.geometry)
        fresh = GridIndex(changed.geometry, changed.plane)
        assert (changed.index.locate(lon, lat) == fresh.locate(lon, lat)).all()
        network = changed
    # The first index has not noticed.
    lon, lat = probes(first.geometry)
    assert (first.index.locate(lon, lat) == GridIndex(first.geometry, first.plane).locate(lon, lat)).all()


def test_rebuilt__two_drafts_from_one_edition_do_not_disturb_each_other():
    edition = build_district().network
    drafts = [moved_border(edition, seed).with_index_of(edition) for seed in (1, 2)]
    drafts = [moved_border(draft, seed).with_index_of(draft) for draft, seed in zip(drafts, (3, 4), strict=True)]
    for network in (edition, *drafts):
        lon, lat = probes(network.geometry)
        assert (network.index.locate(lon, lat) == GridIndex(network.geometry, network.plane).locate(lon, lat)).all()


@pytest.mark.parametrize("came_from", [[1, 0], [0, 7], [-2, 0], [0], [0.5, 1.0]])
def test_rebuilt__refuses_positions_that_cannot_be(came_from):
    with pytest.raises(ValueError, match="rising"):
        RING.index.rebuilt(RING.geometry, RING.plane, np.array(came_from))


@pytest.mark.parametrize("positions", [[0], [0, 2], [0, -2], [0, 2**32], [0, 2**31 - 1]])
def test_border_distance_m__refuses_positions_that_cannot_be(positions):
    with pytest.raises(ValueError, match="positions must be 2 numbers from -1 to 1"):
        RING.index.border_distance_m(np.full(2, 121.4), np.full(2, 28.6), np.array(positions))
    with pytest.raises(ValueError, match="2 longitudes and 1 latitudes"):
        RING.index.locate(np.full(2, 121.4), np.full(1, 28.6))


def test_rebuilt__many_empty_polygons_come_and_go():
    plane = MetricPlane(0.0, 0.0)
    empty = np.array([shapely.Polygon()] * 100, dtype=object)
    index = GridIndex(SQUARES, plane)
    index.borders()
    more = index.rebuilt(np.concatenate((SQUARES, empty)), plane, np.r_[np.arange(36), np.full(100, -1)])
    assert more.nearest(np.array([7.0]), np.array([0.5]))[0].tolist() == [30]
    fewer = more.rebuilt(SQUARES, plane, np.arange(36))
    assert fewer.locate_one(5.5, 0.5) == 30


def test_locate__from_many_threads_on_all_cores():
    network = build_district().network
    lon, lat = np.random.default_rng(2).uniform(network.bounds[:2], network.bounds[2:], (120_000, 2)).T
    expected = network.index.locate(lon, lat)
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda _: network.index.locate(lon, lat), range(40)):
            assert (found == expected).all()


def test_rebuilt__a_spike_that_goes_takes_its_border_with_it():
    # The spike has each of its edges twice: it bounds nothing, but touches what lies on it.
    with_spike = shapely.Polygon([(0, 0), (4, 0), (4, 4), (9, 4), (4, 4), (0, 4)])
    one = np.array([with_spike], dtype=object)
    plain = GridNetwork.from_arrays(["A"], np.array([shapely.box(0, 0, 4, 4)], dtype=object))
    index = GridIndex(one, plain.plane)
    assert index.locate_one(7.0, 4.0) == 0
    assert index.rebuilt(plain.geometry, plain.plane).locate_one(7.0, 4.0) == -1


SQUARES = np.array([shapely.box(i, j, i + 1, j + 1) for i in range(6) for j in range(6)], dtype=object)


@pytest.mark.parametrize(
    "changed",
    [
        {14: shapely.box(2, 2, 20, 20)},  # beyond what the table covers
        dict.fromkeys(range(36), shapely.box(0.2, 0.3, 3.1, 3.3)),  # more in one cell than a record holds
        dict(enumerate(shapely.buffer(SQUARES, -0.01))),  # everything
        {0: shapely.Polygon(), 35: shapely.Polygon()},  # emptied
    ],
)
def test_rebuilt__there_and_back_again(changed):
    plane = MetricPlane(0.0, 0.0)
    geometry = SQUARES.copy()
    geometry[list(changed)] = list(changed.values())
    index = GridIndex(SQUARES, plane).rebuilt(geometry, plane)
    back = index.rebuilt(SQUARES, plane)
    lon, lat = probes(SQUARES, geometry)
    assert (index.locate(lon, lat) == GridIndex(geometry, plane).locate(lon, lat)).all()
    assert (back.locate(lon, lat) == GridIndex(SQUARES, plane).locate(lon, lat)).all()


def test_rebuilt__to_nothing_and_from_nothing():
    plane = MetricPlane(0.0, 0.0)
    nothing = GridIndex(SQUARES, plane).rebuilt(SQUARES[:0], plane, np.empty(0, np.int32))
    assert nothing.locate_one(0.5, 0.5) == -1
    all_of_it = nothing.rebuilt(SQUARES, plane, np.full(36, -1, np.int32))
    assert all_of_it.locate_one(0.5, 0.5) == 0


def test_rebuilt__a_long_chain_of_edits_does_not_grow_for_ever():
    plane = MetricPlane(0.0, 0.0)
    index = GridIndex(SQUARES, plane)
    first = index._table.nbytes
    rng = np.random.default_rng(8)
    for _ in range(300):
        geometry = SQUARES.copy()
        geometry[rng.integers(36)] = shapely.box(1, 1, 1.5 + rng.random(), 2)
        index = index.rebuilt(geometry, plane)
    lon, lat = probes(geometry)
    assert (index.locate(lon, lat) == GridIndex(geometry, plane).locate(lon, lat)).all()
    assert index._table.nbytes < 8 * first + 1_000_000


def test_rebuilt__from_many_threads_while_others_read():
    plane = MetricPlane(0.0, 0.0)
    index = GridIndex(SQUARES, plane)
    lon, lat = probes(SQUARES)
    expected = index.locate(lon, lat)

    def edit(seed):
        rng = np.random.default_rng(seed)
        latest = index
        for step in range(25):
            geometry = SQUARES.copy()
            geometry[rng.integers(36)] = shapely.box(1, 1, 1.5 + rng.random(), 2)
            latest = (latest if step % 3 else index).rebuilt(geometry, plane)
            assert (latest.locate(lon, lat) == CellTable.build(geometry).locate(lon, lat)).all()
            assert (index.locate(lon, lat) == expected).all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(edit, seed) for seed in range(4)]:
            done.result()
