"""`gisgrid incidents assign` from file to file, and what bad input gets."""

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gisgrid.cli import main
from gisgrid.datum import wgs84_to_gcj02
from gisgrid.incident_files import ADDED_COLUMNS
from tests.worlds import at, draw_network

WORLD = """
    AAAABBBB
    AAAABBBB"""
HEADER = "id,category,time,lon,lat,accuracy_m"


@pytest.fixture
def grids(tmp_path: Path) -> Path:
    path = tmp_path / "grids.gpkg"
    draw_network(WORLD, square_m=50.0).write(path)
    return path


def row(number: int, x_m: float, y_m: float, rest: str = "") -> str:
    lon, lat = at(x_m, y_m)
    return f"{number},disputes,2018-05-07T09:30:00+08:00,{lon:.7f},{lat:.7f},{rest}"


def write(path: Path, lines: Sequence[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def run(file: Path, grids: Path, *options: str) -> tuple[int, Path]:
    out = file.parent / "out.csv"
    return main(["incidents", "assign", str(file), "--grids", str(grids), "--out", str(out), *options]), out


def test_assign__adds_four_columns_to_those_of_the_input(tmp_path: Path, grids: Path, capfd):
    file = write(
        tmp_path / "in.csv", [row(1, 100.0, 50.0), row(2, 195.0, 50.0, "20"), row(3, -20.0, 50.0), row(4, -40.0, 50.0)]
    )
    code, out = run(file, grids, "--time", "time")
    assert code == 0
    found = read(out)
    assert list(found[0]) == [*HEADER.split(","), *ADDED_COLUMNS]
    assert [(line["id"], line["grid"], line["how"]) for line in found] == [
        ("1", "A", "inside"), ("2", "A", "inside"), ("3", "A", "snapped"), ("4", "", "unassigned"),
    ]  # fmt: skip
    assert [float(line["border_distance_m"]) for line in found] == pytest.approx([50.0, 5.0, 20.0, 40.0], abs=0.02)
    assert found[0]["alternatives"] == ""
    assert found[1]["alternatives"].startswith("B:0.3")
    assert not (tmp_path / "out.rejects.csv").exists()
    told = capfd.readouterr()
    assert "4 incidents, 2 grids" in told.out
    assert "unstated accuracy taken as 30 m" in told.err.replace("\n", " ")


def test_assign__gz_and_parquet_give_the_same(tmp_path: Path, grids: Path):
    lines = [row(1, 100.0, 50.0, "5"), row(2, 199.0, 50.0, "5")]
    plain = write(tmp_path / "in.csv", lines)
    _, out = run(plain, grids)
    expected = out.read_text(encoding="utf-8-sig")
    packed = tmp_path / "in.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert run(packed, grids)[0] == 0
    assert out.read_text(encoding="utf-8-sig") == expected
    columns = list(zip(*(line.split(",") for line in lines), strict=True))
    typed = {
        name: pa.array([float(value) for value in column] if name in {"lon", "lat", "accuracy_m"} else list(column))
        for name, column in zip(HEADER.split(","), columns, strict=True)
    }
    pq.write_table(pa.table({**typed, "shape": pa.array([b"1", b"2"])}), tmp_path / "in.parquet")
    assert run(tmp_path / "in.parquet", grids)[0] == 0
    assert [line["alternatives"] for line in read(out)] == [
        line.rsplit(",", 1)[1] for line in expected.splitlines()[1:]
    ]
    assert "shape" not in read(out)[0]


def test_assign__rows_that_cannot_be_used_go_beside_the_result(tmp_path: Path, grids: Path, capfd):
    lines = [
        row(1, 100.0, 50.0),
        "2,disputes,2018-05-07T09:30:00+08:00,NaN,28.6,",
        "3,disputes,2018-05-07T09:30:00+08:00,,,",
        "4,disputes,yesterday,121.4,28.6,",
        "5,disputes,,121.4,28.6,",
        "6,disputes,2018-05-07T09:30:00+08:00,121.4,28.6,good",
        "7,disputes,2018-05-07T09:30:00+08:00,28.6,121.4,",
    ]
    code, out = run(write(tmp_path / "in.csv", lines), grids, "--time", "time")
    assert code == 0
    assert [line["id"] for line in read(out)] == ["1"]
    rejects = read(tmp_path / "out.rejects.csv")
    assert [(line["id"], line["reject_line"]) for line in rejects] == [(str(n), str(n + 1)) for n in range(2, 8)]
    reasons = [line["reject_reason"] for line in rejects]
    for reason, words in zip(
        reasons, ("not a number", "not a number", "not a time", "empty", "metres", "exchanged"), strict=True
    ):
        assert words in reason
    assert "6 rows set aside" in capfd.readouterr().err
    # Without --time the time is nobody's business.
    assert run(tmp_path / "in.csv", grids)[0] == 0
    assert [line["id"] for line in read(out)] == ["1", "4", "5"]


def test_assign__gcj02_positions_are_converted(tmp_path: Path, grids: Path):
    lon, lat = at(100.0, 50.0)
    x, y = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    file = write(tmp_path / "in.csv", [f"1,{x[0]:.8f},{y[0]:.8f}"], "id,lng,latitude")
    code, out = run(file, grids, "--lon", "lng", "--lat", "latitude", "--datum", "gcj02")
    assert code == 0
    assert read(out)[0]["grid"] == "A"
    assert float(read(out)[0]["border_distance_m"]) == pytest.approx(50.0, abs=0.05)


def test_assign__source_says_what_an_unstated_accuracy_is_worth(tmp_path: Path, grids: Path):
    file = write(tmp_path / "in.csv", [row(1, 180.0, 50.0)])
    assert run(file, grids, "--source", "map")[0] == 0
    assert read(tmp_path / "out.csv")[0]["alternatives"] == ""
    assert run(file, grids, "--source", "address")[0] == 0
    assert read(tmp_path / "out.csv")[0]["alternatives"].startswith("B:0.2")
    lines = [
        row(1, 180.0, 50.0, ",map_click"),
        row(2, 180.0, 50.0, ",address"),
        row(3, 180.0, 50.0, "4,address"),
        row(4, 180.0, 50.0, ",fax"),
    ]
    file = write(tmp_path / "in.csv", lines, HEADER + ",source")
    assert run(file, grids, "--source-column", "source")[0] == 0
    assert [line["alternatives"][:5] for line in read(tmp_path / "out.csv")] == ["", "B:0.2", "", "B:0.1"]


def test_assign__map_stands_on_its_own(tmp_path: Path, grids: Path):
    lines = [row(number, 10.0 * number, 50.0) for number in range(1, 30)] + [row(99, -60.0, 50.0)]
    page = tmp_path / "maps" / "incidents.html"
    assert run(write(tmp_path / "in.csv", lines), grids, "--map", str(page), "--language", "zh")[0] == 0
    html = page.read_text(encoding="utf-8")
    assert json.dumps("矛盾纠纷 (29)") in html
    assert "1 件未归属" in html
    assert "https://" not in html.replace("https://leafletjs.com", "")
    assert (page.parent / "map-assets" / "leaflet" / "leaflet.js").is_file()


def test_assign__again_on_its_own_result_replaces_the_four_columns(tmp_path: Path, grids: Path, capfd):
    file = write(tmp_path / "in.csv", [row(1, 100.0, 50.0)])
    _, out = run(file, grids)
    again = tmp_path / "again.csv"
    assert main(["incidents", "assign", str(out), "--grids", str(grids), "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    assert "not repeated" in capfd.readouterr().err


def told(capfd) -> str:
    """What stands on stderr: one line, no stack trace."""
    error = capfd.readouterr().err
    assert "Traceback" not in error
    assert error.count("error:") == 1
    return " ".join(error.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lon", "longitude"], "has no column 'longitude'; its columns are id, category, time, lon, lat, accuracy_m"),
        (["--accuracy", "radius"], "has no column 'radius'"),
        (["--time", "when"], "has no column 'when'"),
        (["--source-column", "from"], "has no column 'from'"),
        (["--category", "kind"], "has no column 'kind'"),
        (["--code", "id"], "has no column 'id'; its columns are code"),
        (["--source", "radio"], "expected one of map, phone, address"),
        (["--datum", "beijing54"], "unknown datum 'beijing54'"),
        (["--language", "fr"], "expected en or zh"),
    ],
)
def test_assign__wrong_options_are_told(tmp_path: Path, grids: Path, capfd, options: list[str], words: str):
    code, out = run(write(tmp_path / "in.csv", [row(1, 100.0, 50.0)]), grids, *options)
    assert code == 2
    assert words in told(capfd)
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"id,lon,lat\n", "no rows"),
        (b"\x00\x01\x02\x00binary", "not a text file"),
        (b"id,lon,lat\n1,abc,def\n", "none of its 1 rows can be used"),
        (b"id,lon,lat\n1,NaN,NaN\n2,,\n", "none of its 2 rows can be used"),
        (b"id,lon,lat\n1,28.6005,121.4005\n", "look exchanged"),
    ],
    ids=["missing", "empty", "header only", "binary", "words", "nan", "swapped"],
)
def test_assign__bad_files_are_told(tmp_path: Path, grids: Path, capfd, content: bytes | None, words: str):
    file = tmp_path / "in.csv"
    if content is not None:
        file.write_bytes(content)
    code, out = run(file, grids)
    assert code == 2
    assert words in told(capfd)
    assert not out.exists()


def test_assign__swapped_columns_away_from_china_are_told(tmp_path: Path, shared_data: Path, capfd):
    file = tmp_path / "in.csv"
    file.write_text("lon,lat\n53.4,-2.98\n53.41,-2.97\n", encoding="utf-8")
    grids = shared_data / "incidents_uk" / "lsoa_merseyside.gpkg"
    code, _ = run(file, grids, "--code", "LSOA11CD")
    assert code == 2
    assert "look exchanged" in told(capfd)


def test_assign__result_that_would_overwrite_its_input_is_refused(tmp_path: Path, grids: Path, capfd):
    file = write(tmp_path / "out.csv", [row(1, 100.0, 50.0)])
    before = file.read_bytes()
    assert run(file, grids)[0] == 2
    assert "would be overwritten" in told(capfd)
    assert file.read_bytes() == before
    rejects = write(tmp_path / "out.rejects.csv", [row(1, 100.0, 50.0)])
    assert run(rejects, grids)[0] == 2
    assert main(["incidents", "assign", str(file), "--grids", str(grids), "--out", str(tmp_path / "out.xlsx")]) == 2


def test_assign__incidents_far_from_all_grids_are_kept_and_remarked_on(tmp_path: Path, grids: Path, capfd):
    file = write(tmp_path / "in.csv", ["1,disputes,x,2.35,48.85,"])
    code, out = run(file, grids)
    assert code == 0
    assert read(out)[0]["how"] == "unassigned"
    assert "no incident lies at these grids" in capfd.readouterr().err.replace("\n", " ")
