"""The sample district: its counts, its area, its coverage and its people."""

import hashlib
from collections import Counter

import numpy as np
import pyproj
import pytest
import shapely

from gisgrid.codes import village_of
from gisgrid.sample import SampleDistrict, build_district
from gisgrid.sample.outline import PLANE
from gisgrid.sample.territory import reading_order


def fingerprint(district: SampleDistrict) -> str:
    digest = hashlib.sha256()
    for shape in district.network.geometry:
        digest.update(shapely.to_wkb(shape))
    digest.update("".join(district.network.codes).encode())
    for frame in (district.dwellings, district.places.drop(columns="geometry"), district.duties, district.leave):
        digest.update(frame.to_csv(index=False).encode())
    digest.update(b"".join(shapely.to_wkb(district.places["geometry"].to_numpy())))
    digest.update("".join(district.roster.kinds.ravel().tolist()).encode())
    return digest.hexdigest()


def test_build_district__same_seed_same_bytes(district: SampleDistrict) -> None:
    assert fingerprint(build_district(2018)) == fingerprint(district)


def test_build_district__another_seed_another_district_as_valid(district: SampleDistrict) -> None:
    other = build_district(7)
    assert fingerprint(other) != fingerprint(district)
    assert len(other.network) == 659
    assert shapely.coverage_is_valid(other.network.geometry)


def test_network__242_community_and_417_village_grids_marked_as_sample(district: SampleDistrict) -> None:
    assert Counter(district.network.kinds) == {"community": 242, "village": 417}
    assert district.network.is_sample
    assert district.network.code_scheme == "official"
    assert all(name.endswith("网格") for name in district.network.names)
    assert district.network.plane == PLANE


def test_network__valid_coverage_without_gaps_or_overlaps(district: SampleDistrict) -> None:
    shapes = district.network.geometry
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(district.land.area, rel=1e-12)
    assert shapely.union_all(shapes).area == pytest.approx(district.land.area, rel=1e-9)
    assert all(not part.interiors for part in shapely.get_parts(district.land))


def test_network__coordinates_are_rounded_to_1e_7(district: SampleDistrict) -> None:
    xy = shapely.get_coordinates(district.network.geometry)
    assert np.array_equal(xy, np.round(xy, 7))


def test_network__about_200_vertices_and_crooked(district: SampleDistrict) -> None:
    vertices = shapely.get_num_coordinates(district.network.geometry)
    assert 190.0 < vertices.mean() < 215.0
    assert vertices.min() > 100
    shapes = PLANE.project(district.network.geometry)
    compactness = 4.0 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2
    assert compactness.mean() < 0.6


def test_land__280_square_kilometres_in_the_plane_and_on_the_ellipsoid(district: SampleDistrict) -> None:
    assert shapely.area(PLANE.project(district.network.geometry)).sum() / 1e6 == pytest.approx(280.1, rel=0.005)
    geod = pyproj.Geod(ellps="GRS80")
    assert abs(geod.geometry_area_perimeter(district.land)[0]) / 1e6 == pytest.approx(280.1, rel=0.005)


def test_land__two_banks_and_three_islands(district: SampleDistrict) -> None:
    parts = shapely.get_parts(district.land)
    assert len(parts) == 5
    assert sum(part.centroid.x > 121.75 for part in parts) == 3


def test_units__nested_grids_in_villages_in_townships(district: SampleDistrict) -> None:
    villages = dict(zip(district.villages.codes, district.villages.geometry, strict=True))
    grown = {code: shapely.buffer(shape, 1e-9) for code, shape in villages.items()}
    assert {village_of(code) for code in district.network.codes} == set(villages)
    for code, shape in zip(district.network.codes, district.network.geometry, strict=True):
        assert grown[village_of(code)].covers(shape)
    for table in (district.villages, district.townships):
        assert shapely.coverage_is_valid(table.geometry)
        assert shapely.area(table.geometry).sum() == pytest.approx(district.land.area, rel=1e-12)
    for code, shape in zip(district.townships.codes, district.townships.geometry, strict=True):
        own = [villages[village] for village in villages if village[:9] == code[:9]]
        assert shapely.union_all(own).symmetric_difference(shape).area < 1e-12


def test_units__every_grid_in_one_piece_but_on_the_islands(district: SampleDistrict) -> None:
    pieces = shapely.get_num_geometries(district.network.geometry)
    apart = [code for code, count in zip(district.network.codes, pieces, strict=True) if count > 1]
    assert len(apart) <= 2
    assert all(code.startswith("331002101") for code in apart)


def test_units__communities_are_small_and_the_fishery_company_owns_little(district: SampleDistrict) -> None:
    area_km2 = shapely.area(PLANE.project(district.network.geometry)) / 1e6
    community = np.array([kind == "community" for kind in district.network.kinds])
    assert np.median(area_km2[community]) < 0.2 < 0.4 < np.median(area_km2[~community])
    fishery = [code.startswith("331002499") for code in district.network.codes]
    assert 0.0 < area_km2[fishery].sum() < 1.0


def test_reading_order__rows_north_to_south_each_west_to_east() -> None:
    places = np.array([[1.0, 0.0], [0.0, 9.0], [0.0, 0.0], [1.0, 10.0]])
    assert reading_order(places).tolist() == [1, 3, 2, 0]


def test_dwellings__people_add_up_and_live_in_their_grids(district: SampleDistrict) -> None:
    people = district.dwellings
    assert people["residents"].sum() == 542_800
    assert people["migrants"].sum() == 225_600
    households = people.groupby("grid")["households"].sum()
    assert len(households) == 659
    assert households.between(300, 500).all()
    assert (people[["households", "residents"]] > 0).all(axis=None)
    position = people["grid"].map({code: k for k, code in enumerate(district.network.codes)}).to_numpy()
    shapes = district.network.geometry[position]
    assert shapely.contains_xy(shapes, people["lon"].to_numpy(), people["lat"].to_numpy()).all()


def test_places__named_as_samples_inside_their_grids(district: SampleDistrict) -> None:
    places = district.places
    assert set(places["kind"]) == {"centre", "school", "market", "compound", "road"}
    assert (places["kind"] == "centre").sum() == 312
    assert places["name"].str.contains("样例").all()
    assert places["place"].is_unique
    roads = places[places["kind"] == "road"]["geometry"].to_numpy()
    assert 300 < len(roads) < 312
    assert shapely.length(PLANE.project(shapely.difference(roads, district.land))).max() < 1_500.0, (
        "no road over the sea"
    )
    placed = places[places["grid"] != ""]
    shapes = district.network.geometry[[district.network.position_of(code) for code in placed["grid"]]]
    assert shapely.contains(shapes, placed["geometry"].to_numpy()).all(), "compounds too lie in one grid"


def test_duties__five_roles_a_grid_and_substitutes_for_leave(district: SampleDistrict) -> None:
    duties = district.duties
    assert list(duties.columns) == ["patroller", "grid", "role", "from", "to", "person", "telephone"]
    regular = duties[duties["role"] != "substitute"]
    assert (regular.groupby("grid")["role"].nunique() == 5).all()
    assert len(regular) == 5 * 659
    patrollers = duties[duties["role"] == "patroller"]
    assert patrollers["patroller"].tolist() == [f"P{number:04d}" for number in range(1, 660)]
    grid_of = dict(zip(patrollers["patroller"], patrollers["grid"], strict=True))
    # Numbers that nobody has: none begins like one in China; one for each person.
    assert duties["telephone"].str.fullmatch(r"10\d{9}").all()
    assert duties["telephone"].nunique() == duties["patroller"].nunique()
    stands_in = duties[duties["role"] == "substitute"]
    assert stands_in["grid"].tolist() == [grid_of[name] for name in district.leave["patroller"]]
    assert (stands_in["to"].to_numpy() == district.leave["to"].to_numpy()).all()
