"""The cell table against GEOS and a slow exact twin, on vertices, on edges and one step beside them."""

import itertools
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid.cell_table import CellTable
from gisgrid.exact_side import exact_side, side
from gisgrid.grid import read_network
from gisgrid.sample import build_district
from tests.worlds import draw_network

ROOT = Path(__file__).resolve().parent.parent.parent
NETWORKS = [
    ("incidents_uk/lsoa_merseyside.gpkg", "LSOA11CD"),
    ("grids_taiwan/keelung.gpkg", "CODEBASE"),
    ("grids_taiwan/penghu.gpkg", "CODEBASE"),
    ("boundaries_messy/rhode_island_precincts.zip", "JOINID"),
    ("boundaries_messy/denver_2016_as_found.zip", "NAMELSAD"),
]


def geos(geometry, lon, lat):
    """The smallest position that GEOS says touches each point."""
    shapely.prepare(geometry)
    points, grids = shapely.STRtree(shapely.points(lon, lat)).query(geometry, predicate="intersects")[::-1]
    found = np.full(len(lon), len(geometry))
    np.minimum.at(found, points, grids)
    return np.where(found == len(geometry), -1, found)


def twin(geometry, x, y):
    """Even-odd by exact fractions, borders included."""
    px, py = Fraction(x), Fraction(y)
    for position, shape in enumerate(geometry):
        odd = touched = False
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            points = [(Fraction(float(a)), Fraction(float(b))) for a, b in shapely.get_coordinates(ring)]
            for (ax, ay), (bx, by) in itertools.pairwise(points):
                cross = (ax - px) * (by - py) - (ay - py) * (bx - px)
                touched |= cross == 0 and min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by)
                odd ^= (ay > py) != (by > py) and (cross > 0) == (by > ay)
        if odd or touched:
            return position
    return -1


def hostile_points(geometry, count, seed):
    """Random points, vertices, one step beside them, points on edges and beside them."""
    rng = np.random.default_rng(seed)
    corners = shapely.get_coordinates(geometry)
    chosen = rng.integers(0, len(corners) - 1, count)
    share = rng.random((count, 1))
    between = corners[chosen] * share + corners[chosen + 1] * (1 - share)
    west, south, east, north = shapely.total_bounds(geometry)
    return np.concatenate(
        (
            rng.uniform((west, south), (east, north), (count, 2)),
            corners[chosen],
            np.nextafter(corners[chosen], np.inf),
            np.nextafter(corners[chosen], -np.inf),
            np.column_stack((corners[chosen, 0], corners[chosen - 1, 1])),
            between,
            np.nextafter(between, -np.inf),
            (corners[chosen] + corners[chosen + 1]) / 2,
        )
    )


def seam_points(table, geometry, count, seed):
    """Points on the seams of the table's cells and one step beside them."""
    rng = np.random.default_rng(seed)
    x0, y0, per_x, per_y = table.frame
    corners = shapely.get_coordinates(geometry)
    chosen = corners[rng.integers(0, len(corners), count)]
    column, row = np.floor((chosen[:, 0] - x0) * per_x), np.floor((chosen[:, 1] - y0) * per_y)
    on_column = np.column_stack((x0 + column / per_x, chosen[:, 1]))
    on_row = np.column_stack((chosen[:, 0], y0 + row / per_y))
    on_both = np.column_stack((on_column[:, 0], on_row[:, 1]))
    exact = np.concatenate((on_column, on_row, on_both))
    return np.concatenate((exact, np.nextafter(exact, np.inf), np.nextafter(exact, -np.inf)))


def columns(points):
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])


@pytest.mark.parametrize(("path", "code"), NETWORKS)
def test_locate__equals_geos_on_real_networks(shared_data, path, code):
    geometry = read_network(shared_data / path, code=code).geometry.copy()
    table = CellTable.build(geometry)
    points = np.concatenate((hostile_points(geometry, 12_000, 1), seam_points(table, geometry, 10_000, 2)))
    lon, lat = columns(points)
    valid = shapely.is_valid(geometry)
    expected = geos(geometry, lon, lat)
    found = table.locate(lon, lat)
    differing = np.flatnonzero(found != expected)
    # GEOS promises nothing for invalid rings: there the exact even-odd rule decides.
    for place in differing:
        assert not valid.all()
        assert found[place] == twin(geometry, lon[place], lat[place])


def test_locate__equals_geos_on_the_sample():
    geometry = build_district().network.geometry.copy()
    table = CellTable.build(geometry)
    lon, lat = columns(np.concatenate((hostile_points(geometry, 50_000, 3), seam_points(table, geometry, 20_000, 4))))
    found = table.locate(lon, lat)
    assert (found == geos(geometry, lon, lat)).all()
    some = np.random.default_rng(5).integers(0, len(lon), 3000)
    assert [table.locate_one(lon[k], lat[k]) for k in some] == found[some].tolist()
    assert table.locate(lon[:1000], lat[:1000]).tolist() == found[:1000].tolist()


def polygons(*shapes):
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


WHOLE_WORLD = shapely.box(-180, -90, 180, 90)


@pytest.mark.parametrize(
    "geometry",
    [
        polygons(shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.MultiPolygon()),
        polygons(None, shapely.box(0, 0, 1, 1)),
        polygons(WHOLE_WORLD, shapely.box(-180, -90, 0, 0)),
        polygons(shapely.box(10, 89, 20, 90), shapely.box(20, 89, 30, 90)),
        polygons(shapely.box(121, 28, 121 + 1e-12, 28 + 1e-12)),
        polygons(shapely.box(0, 0, 1e-300, 1e-300)),
        polygons(shapely.Polygon([(0, 0), (1, 0), (2, 0)]), shapely.box(0, 0, 1, 1)),
        polygons(shapely.box(0, 0, 0.001, 0.001), shapely.box(100, 50, 100.001, 50.001)),
        polygons(shapely.Point(0, 0).buffer(1, quad_segs=2000), shapely.box(2, 2, 2.001, 2.001)),
        polygons(*(shapely.box(0, 0, 1 + k * 1e-3, 1 + k * 1e-3) for k in range(60))),
    ],
    ids=["empty", "none", "world", "pole", "tiny", "denormal", "flat", "far apart", "giant", "sixty deep"],
)
def test_locate__equals_geos_in_odd_worlds(geometry):
    table = CellTable.build(geometry)
    present = geometry[~shapely.is_missing(geometry)]
    lon, lat = columns(hostile_points(present, 300, 1))
    assert (table.locate(lon, lat) == geos(geometry, lon, lat)).all()
    assert [table.locate_one(x, y) for x, y in zip(lon[:300], lat[:300], strict=True)] == table.locate(lon, lat)[
        :300
    ].tolist()


def test_locate__a_network_without_any_land_is_nowhere():
    for geometry in (polygons(), polygons(shapely.Polygon(), shapely.MultiPolygon())):
        assert CellTable.build(geometry).locate(np.array([0.0, np.nan]), np.array([0.0, 1.0])).tolist() == [-1, -1]


@pytest.mark.parametrize("points_per_strip", [1_000, 40_000])
def test_build__in_strips_is_the_same_table(points_per_strip):
    geometry = build_district().network.geometry.copy()
    whole, strips = CellTable.build(geometry), CellTable.build(geometry, points_per_strip=points_per_strip)
    lon, lat = columns(np.concatenate((hostile_points(geometry, 5_000, 6), seam_points(whole, geometry, 5_000, 7))))
    assert (whole.locate(lon, lat) == strips.locate(lon, lat)).all()
    assert whole.nbytes == strips.nbytes


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_locate__equals_geos_on_a_million_hostile_points(seed):
    geometry = build_district().network.geometry.copy()
    table = CellTable.build(geometry)
    lon, lat = columns(
        np.concatenate((hostile_points(geometry, 120_000, seed), seam_points(table, geometry, 20_000, seed)))
    )
    assert (table.locate(lon, lat) == geos(geometry, lon, lat)).all()


coordinate = st.integers(0, 12).map(float)
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=7)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(ring, min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(-2, 26), st.integers(-2, 26)), min_size=1, max_size=40),
    st.sampled_from([0.1, 1.0, 1e-5]),
)
def test_locate__equals_the_exact_twin_on_rings_of_any_kind(rings, places, scale):
    # Crossing themselves, overlapping, degenerate, touching: the even-odd rule decides all of them.
    geometry = np.array(
        [shapely.Polygon([(x * scale, y * scale) for x, y in points]) for points in rings], dtype=object
    )
    table = CellTable.build(geometry)
    for x, y in places:
        lon, lat = x * scale / 2, y * scale / 2
        assert table.locate_one(lon, lat) == twin(geometry, lon, lat)


def test_locate__more_than_thirty_grids_at_one_point():
    angles = np.linspace(0, 2 * np.pi, 101)
    spokes = np.column_stack((np.cos(angles), np.sin(angles)))
    spokes[-1] = spokes[0]
    geometry = np.array([shapely.Polygon([(0, 0), spokes[k], spokes[k + 1]]) for k in range(100)], dtype=object)
    table = CellTable.build(geometry)
    rng = np.random.default_rng(0)
    points = np.concatenate((rng.normal(0, 0.01, (3000, 2)), rng.normal(0, 1e-6, (3000, 2)), [[0.0, 0.0]], spokes))
    assert (table.locate(*columns(points)) == geos(geometry, *columns(points))).all()
    assert table.locate_one(0.0, 0.0) == 0


def test_locate__overlapping_grids_give_the_smallest():
    geometry = np.array([shapely.box(1, 1, 3, 3), shapely.box(0, 0, 2, 2), shapely.box(-5, -5, 9, 9)], dtype=object)
    table = CellTable.build(geometry)
    points = np.random.default_rng(1).uniform(-6, 10, (4000, 2))
    assert (table.locate(*columns(points)) == geos(geometry, *columns(points))).all()


def test_locate__islands_far_away_stay_small():
    here = np.array([shapely.box(k * 0.001, 0, (k + 1) * 0.001, 0.001) for k in range(50)], dtype=object)
    geometry = np.append(here, shapely.box(60.0, 30.0, 60.001, 30.001))
    table = CellTable.build(geometry)
    assert table.nbytes < 40_000_000
    assert table.locate_one(60.0005, 30.0005) == 50
    assert table.locate_one(0.0105, 0.0005) == 10
    assert table.locate_one(30.0, 15.0) == -1


def test_locate__what_is_no_place_is_nowhere():
    table = CellTable.build(np.array([shapely.box(0, 0, 1, 1)], dtype=object))
    huge = np.finfo(float).max
    for x, y in ((np.nan, 0.5), (0.5, np.nan), (np.inf, 0.5), (-np.inf, 0.5), (huge, -huge), (-huge, huge)):
        assert table.locate_one(x, y) == -1
        assert table.locate(np.array([x]), np.array([y])).tolist() == [-1]
    assert table.locate_one(-0.0, 5e-324) == 0
    assert table.locate_one(-5e-324, 0.5) == -1
    assert CellTable.build(np.array([shapely.Polygon()], dtype=object)).locate_one(0.0, 0.0) == -1


wide = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: 0.0 if abs(value) < 1e-140 else value)


@settings(max_examples=500, deadline=None)
@given(st.tuples(wide, wide, wide, wide), st.floats(0, 1), st.integers(-2, 2))
def test_side__is_exact_near_the_line(line, share, steps):
    ax, ay, bx, by = line
    px, py = ax + share * (bx - ax), ay + share * (by - ay)
    for _ in range(abs(steps)):
        px = float(np.nextafter(px, np.inf if steps > 0 else -np.inf))
    cross = (Fraction(ax) - Fraction(px)) * (Fraction(by) - Fraction(py)) - (Fraction(ay) - Fraction(py)) * (
        Fraction(bx) - Fraction(px)
    )
    sign = (cross > 0) - (cross < 0)
    assert np.sign(side(ax, ay, bx, by, px, py)) == sign
    assert np.sign(exact_side(ax, ay, bx, by, px, py)) == sign


def test_command_line__a_second_run_compiles_nothing(tmp_path):
    network = draw_network("AB\nCD")
    network.write(tmp_path / "grids.gpkg")
    (tmp_path / "points.csv").write_text("lon,lat\n121.40005,28.60005\n121.3,28.6\n", encoding="utf-8")
    kept = tmp_path / "kernels"
    command = [sys.executable, "-m", "gisgrid", "incidents", "assign", "points.csv", "--grids", "grids.gpkg", "--out"]

    def run(name):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(kept), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*command, name], cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return sorted((path, path.stat().st_mtime_ns) for path in kept.rglob("*.nb*"))

    first = run("one.csv")
    assert first
    assert run("two.csv") == first
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_import__compiles_nothing_and_survives_a_cache_that_cannot_be_written(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code = (
        "import numpy as np, shapely\nfrom gisgrid.cell_locate import place_few\nfrom gisgrid.cell_table import CellTable\nassert not place_few.signatures\n"
        "print(CellTable.build(np.array([shapely.box(0, 0, 1, 1)], dtype=object)).locate_one(0.5, 0.5))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(blocked / "below")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.strip() == "0", done.stderr
