"""`gisgrid grids check`: what it prints, its exit code, and what bad input gets."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from gisgrid.cli import main
from tests.worlds import draw_network

HOLED = """
    AAB
    A.B
    AAB"""


def written(path: Path, drawing: str) -> Path:
    draw_network(drawing).write(path)
    return path


def test_check__clean_is_0(tmp_path: Path, capfd):
    assert main(["grids", "check", str(written(tmp_path / "net.gpkg", "AAB\nABB"))]) == 0
    told = " ".join(capfd.readouterr().out.split())
    assert "2 grids of unstated kind" in told
    assert "clean: no gaps, overlaps or invalid rings" in told


def test_check__wanting_is_1_with_place_size_and_sentence(tmp_path: Path, capfd):
    path = written(tmp_path / "net.gpkg", HOLED)
    assert main(["grids", "check", str(path)]) == 1
    told = " ".join(capfd.readouterr().out.split())
    assert "found wanting: 1 × gap" in told
    assert "100.0 121.400" in told
    assert main(["grids", "check", str(path), "--language", "zh"]) == 1
    assert "1 × 空隙" in capfd.readouterr().out
    assert main(["grids", "check", str(path), "--larger-than", "101"]) == 0


def test_check__json_is_nothing_but_json(tmp_path: Path, capfd):
    page = tmp_path / "map.html"
    assert main(["grids", "check", str(written(tmp_path / "net.gpkg", HOLED)), "--json", "--map", str(page)]) == 1
    report = json.loads(capfd.readouterr().out)
    assert (report["clean"], report["grids"], report["count_by_kind"]) == (False, 2, {"unstated": 2})
    assert report["defects_by_kind"]["gap"] == 1
    (defect,) = report["defects"]
    assert defect["grids"] == ["A", "B"]
    assert defect["area_m2"] == pytest.approx(100.0, rel=1e-5)
    assert defect["sentence"] == "100.0 m² between grids A and B belong to no grid."
    assert "between grids A and B belong to no grid" in page.read_text(encoding="utf-8")


def test_check__rows_that_are_no_grid_are_defects(tmp_path: Path, capfd):
    shapes = [
        shapely.box(121.4, 28.6, 121.401, 28.601),
        None,
        shapely.Polygon([(121.4, 28.6), (121.41, 28.61), (121.41, 28.6), (121.4, 28.61)]),
    ]
    frame = geopandas.GeoDataFrame({"code": ["A", "A", "C"]}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(tmp_path / "net.gpkg")
    page = tmp_path / "map.html"
    assert main(["grids", "check", str(tmp_path / "net.gpkg"), "--json", "--map", str(page)]) == 1
    report = json.loads(capfd.readouterr().out)
    assert {kind for kind, count in report["defects_by_kind"].items() if count} >= {
        "missing_geometry",
        "double_code",
        "invalid_ring",
    }
    assert page.is_file()


def told(capfd) -> str:
    """What stands on stderr: one line, no stack trace; nothing on stdout."""
    streams = capfd.readouterr()
    assert streams.out == ""
    assert "Traceback" not in streams.err
    assert streams.err.count("error:") == 1
    return " ".join(streams.err.split())


def test_check__missing_file_and_damaged_file_are_2(tmp_path: Path, capfd):
    assert main(["grids", "check", str(tmp_path / "none.gpkg")]) == 2
    assert "does not exist" in told(capfd)
    (tmp_path / "bad.gpkg").write_bytes(b"this is no database")
    assert main(["grids", "check", str(tmp_path / "bad.gpkg")]) == 2
    assert "cannot be read" in told(capfd)
    (tmp_path / "empty.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    assert main(["grids", "check", str(tmp_path / "empty.geojson")]) == 2
    told(capfd)


def test_check__missing_column_lists_those_there_are(tmp_path: Path, capfd):
    assert main(["grids", "check", str(written(tmp_path / "net.gpkg", "AB")), "--code", "CODEBASE"]) == 2
    error = told(capfd)
    assert "no column 'CODEBASE'; its columns are code, name, kind" in error
    assert "--code" in error


def test_check__without_crs_it_asks_for_one(tmp_path: Path, capfd):
    frame = geopandas.GeoDataFrame({"code": ["A"]}, geometry=[shapely.box(121.4, 28.6, 121.41, 28.61)])
    path = tmp_path / "net.shp"
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        frame.to_file(path)
    assert main(["grids", "check", str(path)]) == 2
    assert "--crs" in told(capfd)
    assert main(["grids", "check", str(path), "--crs", "EPSG:4490"]) == 0
    assert main(["grids", "check", str(path), "--datum", "gcj02"]) == 0


@pytest.mark.parametrize(
    ("west", "south", "words"), [(28.6, 121.4, "exchanged"), (354_000.0, 3_165_000.0, "no degrees")]
)
def test_check__coordinates_that_cannot_be_degrees(tmp_path: Path, capfd, west: float, south: float, words: str):
    frame = geopandas.GeoDataFrame(
        {"code": ["A"]}, geometry=[shapely.box(west, south, west + 1, south + 1)], crs="EPSG:4326"
    )
    frame.to_parquet(tmp_path / "net.parquet")
    assert main(["grids", "check", str(tmp_path / "net.parquet")]) == 2
    assert words in told(capfd)


@pytest.mark.filterwarnings("ignore:invalid value encountered in from_wkb:RuntimeWarning")
def test_check__vertex_that_is_not_finite_is_a_defect(tmp_path: Path, capfd):
    with np.errstate(invalid="ignore"):
        shape = shapely.Polygon([(121.4, 28.6), (np.nan, 28.61), (121.41, 28.6), (121.4, 28.6)])
    frame = geopandas.GeoDataFrame({"code": ["A"]}, geometry=[shape], crs="EPSG:4326")
    frame.to_parquet(tmp_path / "net.parquet")
    assert main(["grids", "check", str(tmp_path / "net.parquet")]) == 1
    assert "1 × missing geometry" in capfd.readouterr().out


@pytest.mark.parametrize(
    "options",
    [["--larger-than", "-1"], ["--larger-than", "nan"], ["--language", "fr"], ["--datum", "x"], ["--crs", "EPSG:0"]],
)
def test_check__wrong_options_are_told(tmp_path: Path, capfd, options: list[str]):
    assert main(["grids", "check", str(written(tmp_path / "net.gpkg", "AB")), *options]) == 2
    told(capfd)


def test_check__rhode_island(shared_data: Path, capfd):
    path = shared_data / "boundaries_messy" / "rhode_island_precincts.zip"
    assert main(["grids", "check", str(path), "--code", "NAME"]) == 1
    assert "9 × overlap, 28 × gap" in capfd.readouterr().out
