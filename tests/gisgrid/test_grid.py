"""Networks: reading, order, units, errors, and back to files."""

import geopandas
import numpy as np
import pytest
import shapely

from gisgrid.errors import (
    BadColumn,
    DuplicateCodes,
    EmptyInput,
    MissingColumn,
    MissingCrs,
    MissingGeometry,
    UnknownGrid,
    UnreadableFile,
    UnsupportedCrs,
)
from gisgrid.grid import GridNetwork, read_network
from tests.worlds import draw_network

SQUARES = [shapely.box(121.4 + k * 0.01, 28.6, 121.41 + k * 0.01, 28.61) for k in range(3)]
CODES = ["331002001001002", "331002001001001", "331002007200901"]


def frame(codes=CODES, crs="EPSG:4490", **columns):
    return geopandas.GeoDataFrame({"code": codes, **columns}, geometry=SQUARES[: len(codes)], crs=crs)


def test_from_geodataframe__codes_are_in_order_and_units_follow_from_them():
    network = GridNetwork.from_geodataframe(frame(name=["two", "one", "three"], kind=["社区网格", "community", None]))
    assert network.codes == tuple(sorted(CODES))
    assert network.names == ("one", "two", "three")
    assert network.kinds == ("community", "community", "exclusive")
    assert network.code_scheme == "official"
    assert network.villages[2] == "331002007200"
    assert network.townships == ("331002001000", "331002001000", "331002007000")
    assert abs(network.plane.lon0 - 121.415) < 0.0051
    assert network.plane.lat0 == 28.6
    assert network.position_of("331002001001002") == 1


def test_network__is_immutable():
    network = draw_network("AB")
    with pytest.raises(ValueError, match="read-only"):
        network.geometry[0] = None
    with pytest.raises(AttributeError):
        network.codes = ()  # type: ignore[misc]


def test_network__opaque_codes_have_no_units():
    network = draw_network("AB")
    assert network.code_scheme == "opaque"
    assert network.villages == (None, None)


def test_position_of__unknown_code_is_told():
    with pytest.raises(UnknownGrid, match="no grid 'Z'"):
        draw_network("AB").position_of("Z")


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "fgb", "parquet"])
def test_write__reads_back_the_same(tmp_path, ending):
    network = GridNetwork.from_arrays(CODES, np.array(SQUARES, dtype=object), names=["甲", "乙", "丙"], is_sample=True)
    path = tmp_path / f"grids.{ending}"
    network.write(path)
    again = read_network(path)
    assert (again.codes, again.names, again.kinds, again.is_sample) == (
        network.codes,
        network.names,
        network.kinds,
        True,
    )
    assert shapely.equals_exact(again.geometry, network.geometry, tolerance=1e-9).all()


def test_read_network__other_systems_become_degrees(tmp_path):
    metres = frame().to_crs("EPSG:4549")
    metres.to_file(tmp_path / "metres.gpkg")
    again = read_network(tmp_path / "metres.gpkg")
    assert shapely.hausdorff_distance(again.geometry[1], SQUARES[0]) < 1e-9


def test_read_network__numbers_become_text_without_a_fraction(tmp_path):
    frame(codes=[331002001001001.0, 331002001001002.0]).to_file(tmp_path / "numbers.gpkg")
    assert read_network(tmp_path / "numbers.gpkg").codes == ("331002001001001", "331002001001002")


def test_read_network__declared_gcj02_is_shifted_back(tmp_path):
    frame().to_file(tmp_path / "grids.gpkg")
    moved = read_network(tmp_path / "grids.gpkg", datum="gcj02")
    shift_m = (np.array(moved.bounds[:2]) - (121.4, 28.6)) * 111_000
    assert 300 < np.hypot(*shift_m) < 700


def no_crs(path):
    geopandas.GeoDataFrame({"code": CODES}, geometry=SQUARES).to_file(path)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_read_network__no_crs_is_refused_and_can_be_stated(tmp_path):
    no_crs(tmp_path / "bare.shp")
    with pytest.raises(MissingCrs, match="--crs"):
        read_network(tmp_path / "bare.shp")
    assert len(read_network(tmp_path / "bare.shp", crs="EPSG:4326")) == 3
    assert len(read_network(tmp_path / "bare.shp", datum="wgs84")) == 3


@pytest.mark.parametrize("crs", ["EPSG:4214", "EPSG:2437", "EPSG:4610", "EPSG:2385"])
def test_read_network__old_datums_need_control_points(tmp_path, crs):
    geopandas.GeoDataFrame({"code": ["1"]}, geometry=[SQUARES[0]], crs="EPSG:4326").set_crs(
        crs, allow_override=True
    ).to_file(tmp_path / "old.gpkg")
    with pytest.raises(UnsupportedCrs, match="control points"):
        read_network(tmp_path / "old.gpkg")


def test_read_network__unusable_files_are_told(tmp_path):
    (tmp_path / "text.gpkg").write_text("no database")
    with pytest.raises(UnreadableFile):
        read_network(tmp_path / "text.gpkg")
    with pytest.raises(UnreadableFile, match="does not exist"):
        read_network(tmp_path / "none.gpkg")
    frame().to_file(tmp_path / "grids.gpkg")
    with pytest.raises(MissingColumn, match="its columns are code"):
        read_network(tmp_path / "grids.gpkg", code="GRID")
    frame().iloc[:0].to_file(tmp_path / "empty.gpkg")
    with pytest.raises(EmptyInput):
        read_network(tmp_path / "empty.gpkg")
    frame(codes=["1", "1"]).to_file(tmp_path / "twice.gpkg")
    with pytest.raises(DuplicateCodes, match="code 1"):
        read_network(tmp_path / "twice.gpkg")
    frame(codes=[1.5, 2.0]).to_file(tmp_path / "fractions.gpkg")
    with pytest.raises(BadColumn, match="fractions"):
        read_network(tmp_path / "fractions.gpkg")


def test_from_arrays__what_is_no_polygon_is_refused():
    for shape in (None, shapely.Polygon(), shapely.Point(0, 0)):
        with pytest.raises(MissingGeometry, match="grid X"):
            GridNetwork.from_arrays(["X"], np.array([shape], dtype=object))


def test_read_network__unknown_kind_names_the_row(tmp_path):
    frame(codes=["1", "2"], kind=["village", "castle"]).to_file(tmp_path / "kinds.gpkg")
    with pytest.raises(BadColumn, match="row 2: kind 'castle'"):
        read_network(tmp_path / "kinds.gpkg")
