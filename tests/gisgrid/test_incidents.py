"""Incidents at their grids: the border rule, the 30 m, and exact shares of the accuracy disc."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gisgrid.borders import Borders, disc_shares, read_even_odd
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork, read_network
from gisgrid.incidents import Assignments, AssignOptions, assign
from gisgrid.table_files import read_table
from tests.worlds import PLANE, at, draw_network

WORLD = """
    AAAABBBB
    AAAABBBB
    AAAA.CCC
    AAAA.CCC"""


def assign_at(network: GridNetwork, *places: tuple[float, float], accuracy_m: float | None = None) -> Assignments:
    lon, lat = (np.array(values) for values in zip(*(at(x, y) for x, y in places), strict=True))
    radius = None if accuracy_m is None else np.full(len(lon), accuracy_m)
    return assign(network, lon, lat, radius)


def test_assign__inside_takes_its_grid_and_the_distance_to_its_border():
    network = draw_network(WORLD)
    found = assign_at(network, (13.0, 20.0), accuracy_m=5.0)
    assert list(found.codes(network)) == ["A"]
    assert list(found.how) == ["inside"]
    assert found.border_distance_m[0] == pytest.approx(13.0, abs=1e-4)
    assert list(found.alternatives) == [""]
    assert found.position.dtype == np.int32


def test_assign__point_on_a_shared_corner_goes_to_the_smallest_code():
    network = draw_network(WORLD)
    lon, lat = (np.array([value]) for value in shapely.get_coordinates(network.geometry[1])[0])
    corners = {tuple(pair) for pair in shapely.get_coordinates(network.geometry[0])} & {
        tuple(pair) for pair in shapely.get_coordinates(network.geometry[1])
    }
    lon, lat = (np.array(values) for values in zip(*sorted(corners), strict=True))
    found = assign(network, lon, lat)
    assert set(found.codes(network)) == {"A"}
    assert set(found.how) == {"inside"}
    assert found.border_distance_m == pytest.approx(0.0, abs=1e-6)


def test_assign__snaps_up_to_30_m_inclusive_and_no_farther():
    network = draw_network("A")
    found = assign_at(network, (-29.9, 5.0), (-30.0, 5.0), (-30.001, 5.0), accuracy_m=1.0)
    assert list(found.how) == ["snapped", "snapped", "unassigned"]
    assert list(found.position) == [0, 0, -1]
    assert list(found.codes(network)) == ["A", "A", ""]
    assert found.border_distance_m == pytest.approx([29.9, 30.0, 30.001], abs=1e-5)


def test_assign__tie_between_grids_goes_to_the_smallest_code():
    network = draw_network("B....A")
    assert list(assign_at(network, (30.0, 5.0)).codes(network)) == ["A"]
    assert list(assign_at(network, (29.9, 5.0)).codes(network)) == ["B"]


def test_assign__point_in_a_hole_of_the_network_is_snapped():
    network = draw_network(WORLD)
    found = assign_at(network, (44.0, 5.0), accuracy_m=2.0)
    assert list(found.how) == ["snapped"]
    assert list(found.codes(network)) == ["A"]
    assert found.border_distance_m[0] == pytest.approx(4.0, abs=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_assign__coordinates_that_are_not_finite_stay_unassigned(bad: float):
    found = assign(draw_network("AB"), np.array([bad, 121.4]), np.array([28.6, bad]))
    assert list(found.how) == ["unassigned"] * 2
    assert list(found.alternatives) == [""] * 2
    assert np.isnan(found.border_distance_m).all()


def test_assign__half_the_disc_over_a_straight_border():
    network = draw_network(WORLD, square_m=100.0)
    found = assign_at(network, (400.0 - 1e-7, 300.0), accuracy_m=50.0)
    assert list(found.alternatives) == ["B:0.500"]


def test_assign__alternatives_come_largest_first_then_by_code():
    network = draw_network(
        """
        CA
        DB""",
        square_m=100.0,
    )
    at_middle = assign_at(network, (100.0 + 1e-6, 100.0 + 1e-6), accuracy_m=40.0)
    assert list(at_middle.codes(network)) == ["A"]
    assert list(at_middle.alternatives) == ["B:0.250;C:0.250;D:0.250"]
    off_middle = assign_at(network, (110.0, 105.0), accuracy_m=40.0)
    shares = [part.split(":") for part in off_middle.alternatives[0].split(";")]
    assert [code for code, _ in shares] == ["B", "C", "D"]
    assert sum(float(share) for _, share in shares) < 1.0


def test_assign__snapped_incident_names_the_other_grid_within_its_disc():
    network = draw_network("A..B")
    found = assign_at(network, (14.0, 5.0), accuracy_m=30.0)
    assert list(found.codes(network)) == ["A"]
    assert [part.split(":")[0] for part in found.alternatives[0].split(";")] == ["B"]


def test_assign__disc_that_only_reaches_beyond_the_network_has_no_alternative():
    network = draw_network("AB")
    assert list(assign_at(network, (2.0, 5.0), accuracy_m=4.0).alternatives) == [""]


def test_assign__unstated_accuracy_takes_the_default():
    network = draw_network(WORLD)
    lon, lat = at(35.0, 30.0)
    lon, lat = np.full(5, lon), np.full(5, lat)
    accuracy = np.array([np.nan, 0.0, -3.0, np.inf, 4.0])
    found = assign(network, lon, lat, accuracy, options=AssignOptions(default_accuracy_m=10.0))
    assert len(set(found.alternatives[:4])) == 1
    assert found.alternatives[0].startswith("B:")
    assert found.alternatives[4] == ""


def test_assign__options_out_of_range_are_refused():
    for options in ({"snap_m": -1.0}, {"snap_m": np.nan}, {"default_accuracy_m": 0.0}, {"default_accuracy_m": np.inf}):
        with pytest.raises(BadOption):
            AssignOptions(**options)
    with pytest.raises(BadOption, match="one length"):
        assign(draw_network("A"), np.zeros(2), np.zeros(3))


def test_assign__nothing_in_nothing_out():
    found = assign(draw_network("A"), np.empty(0), np.empty(0))
    assert len(found) == 0
    assert found.count_by_how() == {"inside": 0, "snapped": 0, "unassigned": 0}


def test_assign__shuffling_changes_nothing():
    network = draw_network(WORLD)
    random = np.random.default_rng(5)
    lon, lat = PLANE.to_lonlat(random.uniform(-50.0, 130.0, 500), random.uniform(-50.0, 90.0, 500))
    accuracy = random.choice([np.nan, 5.0, 20.0], 500)
    whole = assign(network, lon, lat, accuracy)
    order = random.permutation(500)
    again = assign(network, lon[order], lat[order], accuracy[order])
    assert (again.position == whole.position[order]).all()
    assert (again.alternatives == whole.alternatives[order]).all()
    assert (again.border_distance_m == whole.border_distance_m[order]).all()


# --- the area of a disc inside a polygon --------------------------------------------------------------------------

# To the micrometre: GEOS divides by zero where metres differ by 1e-168.
coordinate = st.floats(-60.0, 60.0, allow_nan=False).map(lambda value: round(value, 6))
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9)


def share_by_slices(shape: shapely.Geometry, x: float, y: float, radius: float) -> float:
    disc = shapely.buffer(shapely.Point(x, y), radius, quad_segs=256)
    return float(shapely.area(shapely.intersection(disc, shape)) / shapely.area(disc))


def measured(shape: shapely.Geometry, x: float, y: float, radius: float) -> float:
    edges = Borders.of(np.array([shape], dtype=object))
    return float(disc_shares(edges, *(np.array([value]) for value in (x, y, radius)), np.array([0]))[0])


@settings(deadline=None, max_examples=300)
@given(st.lists(ring, min_size=1, max_size=3), coordinate, coordinate, st.floats(0.5, 80.0))
def test_disc_shares__any_polygon_equals_shapely(
    rings: list[list[tuple[float, float]]], x: float, y: float, radius: float
):
    shape = shapely.unary_union([shapely.make_valid(shapely.Polygon(points)) for points in rings])
    parts = shapely.get_parts(shape)
    shape = shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])
    assert measured(shape, x, y, radius) == pytest.approx(share_by_slices(shape, x, y, radius), abs=3e-5)


@settings(deadline=None, max_examples=150)
@given(ring, coordinate, coordinate, st.floats(0.5, 80.0))
def test_disc_shares__rings_that_cross_themselves_are_read_even_odd(
    points: list[tuple[float, float]], x: float, y: float, radius: float
):
    (shape,) = read_even_odd(np.array([shapely.Polygon(points)], dtype=object))
    assert shapely.is_valid(shape)
    assert measured(shapely.Polygon(points), x, y, radius) == pytest.approx(
        share_by_slices(shape, x, y, radius), abs=3e-5
    )


@pytest.mark.parametrize(
    ("shape", "share"),
    [
        (shapely.box(-100.0, -100.0, 100.0, 100.0), 1.0),
        (shapely.box(100.0, 100.0, 200.0, 200.0), 0.0),
        (shapely.box(0.0, -100.0, 100.0, 100.0), 0.5),
        (shapely.box(0.0, 0.0, 100.0, 100.0), 0.25),
        (shapely.box(10.0, -100.0, 100.0, 100.0), 0.0),
        (shapely.box(-1.0, -1.0, 1.0, 1.0), 4.0 / (100.0 * np.pi)),
        (shapely.difference(shapely.box(-100.0, -100.0, 100.0, 100.0), shapely.box(-1.0, -1.0, 1.0, 1.0)), 1.0 - 4.0 / (100.0 * np.pi)),
        (shapely.union(shapely.box(0.0, 0.0, 50.0, 50.0), shapely.box(-50.0, -50.0, 0.0, 0.0)), 0.5),
        (shapely.Polygon([(-50.0, -50.0), (50.0, 50.0), (50.0, -50.0), (-50.0, 50.0)]), 0.5),
    ],
    ids=["around", "away", "half", "quarter", "touching", "within", "hole", "two parts", "bow tie"],
)  # fmt: skip
def test_disc_shares__known_areas(shape: shapely.Geometry, share: float):
    assert measured(shape, 0.0, 0.0, 10.0) == pytest.approx(share, abs=1e-12)


def test_disc_shares__parts_of_a_plane_add_up_to_the_whole_disc():
    network = draw_network("ABCD\nEFGH\nIJKL", square_m=20.0)
    random = np.random.default_rng(11)
    x, y, radius = random.uniform(30.0, 50.0, 50), random.uniform(25.0, 35.0, 50), random.uniform(1.0, 24.0, 50)
    edges = network.index.borders()
    whole = sum(disc_shares(edges, x, y, radius, np.full(50, grid)) for grid in range(len(network)))
    assert whole == pytest.approx(np.ones(50), abs=1e-9)


# --- real data -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def merseyside(shared_data: Path) -> tuple[GridNetwork, NDArray[np.float64], NDArray[np.float64], NDArray[np.object_]]:
    network = read_network(shared_data / "incidents_uk" / "lsoa_merseyside.gpkg", code="LSOA11CD")
    table = read_table(shared_data / "incidents_uk" / "police_uk_merseyside_2018-2021.csv.gz")
    return network, table.numbers("Longitude")[0], table.numbers("Latitude")[0], table.texts("LSOA code")


def test_assign__merseyside_agrees_with_the_police(merseyside):
    network, lon, lat, official = merseyside
    assert (len(network), len(lon)) == (910, 627_122)
    found = assign(network, lon, lat)
    assert found.count_by_how() == {"inside": 626_806, "snapped": 91, "unassigned": 225}
    known = np.isin(official, network.codes)
    assert known.sum() == 626_807
    within = (found.how == "inside") & (found.codes(network) == official)
    assert within[known].mean() >= 0.955
    own = np.array([network.position_of(code) for code in official[known]])
    x, y = network.plane.to_xy(lon[known], lat[known])
    assert shapely.distance(network.index.plane_geometry()[own], shapely.points(x, y)).max() < 60.0


def test_assign__merseyside_borders_and_shares_agree_with_shapely(merseyside):
    network, lon, lat, _ = merseyside
    some = np.random.default_rng(3).choice(len(lon), 400, replace=False)
    found = assign(network, lon[some], lat[some])
    x, y = network.plane.to_xy(lon[some], lat[some])
    grids = read_even_odd(network.index.plane_geometry())
    tree = shapely.STRtree(grids)
    code_of: Callable[[int], str] = network.codes.__getitem__
    for row, point in enumerate(shapely.points(x, y)):
        if found.position[row] >= 0:
            border = shapely.boundary(grids[found.position[row]])
            assert found.border_distance_m[row] == pytest.approx(shapely.distance(border, point), abs=1e-6)
        disc = shapely.buffer(point, 30.0, quad_segs=256)
        crosses = found.border_distance_m[row] < 30.0
        expected = {
            code_of(grid): shapely.area(shapely.intersection(disc, grids[grid])) / shapely.area(disc)
            for grid in tree.query(disc, predicate="intersects")
            if grid != found.position[row] and crosses
        }
        told = {part.split(":")[0]: float(part.split(":")[1]) for part in found.alternatives[row].split(";") if part}
        assert told == pytest.approx({code: share for code, share in expected.items() if code in told}, abs=6e-4)
        assert all(share < 6e-4 for code, share in expected.items() if code not in told)
