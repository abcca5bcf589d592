"""The whole check: bad rows are defects, never errors; and the real networks."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from boundaries.checks import CheckReport, check_network, check_rows, count_by_kind
from boundaries.gaps import find_gaps
from boundaries.overlaps import find_overlaps
from boundaries.rings import find_invalid_rings
from gisgrid.errors import BadOption, UnsupportedCrs
from gisgrid.grid import read_network
from gisgrid.grid_rows import GridKind, GridRows, read_grid_rows
from tests.worlds import PLANE, draw_network

BOW_TIE = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])


def rows_of(
    codes: list[str], metres: list[shapely.Geometry | None], kinds: list[GridKind | None] | None = None
) -> GridRows:
    geometry = np.empty(len(metres), dtype=object)
    geometry[:] = metres
    geometry = PLANE.unproject(geometry)
    return GridRows("drawn.gpkg", tuple(codes), ("",) * len(codes), tuple(kinds or [None] * len(codes)), geometry)


def kinds_of(report: CheckReport) -> dict[str, int]:
    return {kind: count for kind, count in report.defects_by_kind.items() if count}


def test_check_rows__clean_world():
    report = check_network(draw_network("AAB\nABB"))
    assert report.is_clean
    assert report.area_m2 == pytest.approx(600.0, rel=1e-6)
    assert report.as_json()["clean"] is True


def test_check_rows__missing_geometry_missing_and_double_codes_are_told():
    rows = rows_of(
        ["A", "B", "", "A", "P", "E"],
        [shapely.box(0, 0, 10, 10), None, shapely.box(10, 0, 20, 10), shapely.box(20, 0, 30, 10), shapely.Point(1, 1), shapely.Polygon()],
    )  # fmt: skip
    report = check_rows(rows)
    assert kinds_of(report) == {"missing_geometry": 3, "missing_code": 1, "double_code": 1}
    assert [defect.sentence() for defect in report.defects] == [
        "Grid B has no geometry.",
        "Grid P is a Point, not a polygon.",
        "Grid E has no geometry.",
        "Row 3 has no code.",
        "Code A stands in rows 1, 4.",
    ]
    assert [defect.sentence("zh") for defect in report.defects][-1] == "编码A出现在第1、4行。"
    assert all(entry["lon"] is None for entry in report.as_json()["defects"])


def test_check_rows__rows_of_one_code_can_overlap():
    report = check_rows(rows_of(["A", "A"], [shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)]))
    assert kinds_of(report) == {"double_code": 1, "overlap": 1}
    assert report.defects[-1].grids == ("A", "A (2)")


def test_check_rows__bow_tie_is_told_and_read_even_odd():
    report = check_rows(rows_of(["A", "B"], [BOW_TIE, shapely.box(20, 0, 30, 10)]))
    (defect,) = report.defects
    assert defect.kind == "invalid_ring"
    assert defect.sentence() == "The border of grid A is invalid: it crosses itself."
    assert defect.sentence("zh") == "网格A的边界无效:边界自相交。"
    x, y = PLANE.to_xy(np.array([defect.lon]), np.array([defect.lat]))
    assert (x[0], y[0]) == pytest.approx((5.0, 5.0), abs=1e-3)
    assert report.area_m2 == pytest.approx(150.0, rel=1e-5)


@pytest.mark.parametrize(
    "shape",
    [
        BOW_TIE,
        shapely.Polygon([(0, 0), (10, 0), (0, 0)]),
        shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(20, 20), (30, 20), (30, 30)]]),
        shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(2, 2, 5, 5)]),
        shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(0, 0), (10, 0), (10, 10), (0, 10)]]),
    ],
    ids=["bow tie", "no area", "hole outside", "part in part", "hole as shell"],
)
def test_find_invalid_rings__whatever_the_ring_nothing_breaks(shape: shapely.Geometry):
    rows = rows_of(["A", "B"], [shape, shapely.box(0, 10, 10, 20)])
    assert [defect.grids for defect in find_invalid_rings(rows)] == [("A",)]
    report = check_rows(rows)
    assert kinds_of(report)["invalid_ring"] == 1
    assert report.defects[0].has_place


def test_check_rows__nothing_usable_is_still_a_report():
    report = check_rows(rows_of(["A"], [None]))
    assert kinds_of(report) == {"missing_geometry": 1}
    assert report.area_m2 == 0.0


def test_check_rows__order_of_rows_changes_nothing():
    network = draw_network("AAB\nA.B\nCCB")
    rows = GridRows("x", network.codes, network.names, network.kinds, network.geometry)
    turned = GridRows("x", rows.codes[::-1], rows.names, rows.kinds, rows.geometry[::-1])
    assert (
        check_rows(rows, plane=PLANE).defects[0].grids
        == check_rows(turned, plane=PLANE).defects[0].grids
        == ("A", "B", "C")
    )


def test_check_rows__limit_out_of_range_is_refused():
    for limit in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadOption):
            check_rows(rows_of(["A"], [shapely.box(0, 0, 1, 1)]), larger_than_m2=limit)


def test_check_rows__coordinates_that_are_no_degrees_are_refused():
    for west, south, words in ((500_000.0, 3_000_000.0, "no degrees"), (28.6, 121.4, "exchanged")):
        shapes = np.array([shapely.box(west, south, west + 0.01, south + 0.01)], dtype=object)
        with pytest.raises(UnsupportedCrs, match=words):
            check_rows(GridRows("x", ("A",), ("",), (None,), shapes))


def test_count_by_kind__in_order_with_the_unstated_last():
    boxes: list[shapely.Geometry | None] = [shapely.box(x, 0, x + 1, 1) for x in range(4)]
    rows = rows_of(list("ABCD"), boxes, ["village", None, "community", "village"])
    assert list(count_by_kind(rows).items()) == [("community", 1), ("village", 2), (None, 1)]


def test_check__rhode_island_has_9_overlaps_and_28_gaps(shared_data: Path):
    path = shared_data / "boundaries_messy" / "rhode_island_precincts.zip"
    report = check_rows(read_grid_rows(path, code="NAME"))
    assert kinds_of(report) == {"overlap": 9, "gap": 28}
    assert sum(defect.area_m2 for defect in report.defects if defect.kind == "overlap") == pytest.approx(
        70.04, abs=0.01
    )
    # The holes measure 219,521 m2; 8,247 m2 of the second largest are an island that a grid does claim.
    assert sum(defect.area_m2 for defect in report.defects if defect.kind == "gap") == pytest.approx(211_274, abs=1.0)
    network = read_network(path, code="NAME")
    assert (len(find_overlaps(network)), len(find_gaps(network))) == (9, 28)
    assert all(gap.grids for gap in find_gaps(network))


@pytest.mark.parametrize(("name", "grids"), [("keelung", 1750), ("penghu", 1455)])
def test_check__taiwan_is_clean(shared_data: Path, name: str, grids: int):
    report = check_rows(read_grid_rows(shared_data / "grids_taiwan" / f"{name}.gpkg", code="CODEBASE"))
    assert report.grids == grids
    assert report.is_clean


def test_check__merseyside_has_four_invalid_rings(shared_data: Path):
    rows = read_grid_rows(shared_data / "incidents_uk" / "lsoa_merseyside.gpkg", code="LSOA11CD")
    assert kinds_of(check_rows(rows)) == {"invalid_ring": 4}
