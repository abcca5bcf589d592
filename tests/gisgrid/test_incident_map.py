"""The map of incidents: grows with the grids, in both languages, never with the incidents."""

import json

import numpy as np
import pytest

from gisgrid.categories import CATEGORIES
from gisgrid.incident_map import display_geometry, incident_map
from gisgrid.mapping import served_html
from tests.worlds import at, draw_network

WORLD = """
    AAABBB
    AACCBB"""


def page_of(count: int, categories: list[str] | None, language: str = "en") -> str:
    network = draw_network(WORLD)
    position = (np.arange(count) % 3).astype(np.int32)
    named = None if categories is None else [categories[row % len(categories)] for row in range(count)]
    return served_html(incident_map(network, position, named, title="Drawn", language=language))  # type: ignore[arg-type]


def test_incident_map__size_does_not_follow_the_incidents():
    few, many = page_of(300, list(CATEGORIES)), page_of(300_000, list(CATEGORIES))
    assert len(many) < 1.05 * len(few)


def test_incident_map__counts_stand_in_every_popup():
    page = page_of(300, ["disputes", "other"])
    assert page.count("100 incidents") == 3
    assert page.count("Disputes: 50") == 3
    assert json.dumps("Disputes (150)") in page


def test_incident_map__speaks_chinese():
    page = page_of(30, ["disputes"], "zh")
    assert 'lang="zh-CN"' in page
    assert "每网格事件数" in page
    assert json.dumps("矛盾纠纷 (30)") in page


def test_incident_map__small_categories_are_joined():
    page = page_of(3_000, [f"kind {number:02d}" for number in range(20)])
    assert "kind 06" in page
    assert "kind 07" not in page
    assert "all others" in page


def test_incident_map__text_of_the_file_is_escaped():
    page = page_of(3, ["<script>alert(1)</script>"])
    assert "<script>alert(1)" not in page


def test_incident_map__without_categories_and_without_incidents():
    assert "Incidents per grid" in page_of(30, None)
    assert "0 incidents" in page_of(0, None)
    assert "0 incidents" in page_of(0, [])


def test_incident_map__what_has_no_grid_stands_in_cells():
    network = draw_network(WORLD)
    near, far = at(200.0, 10.0), at(90_000.0, 10.0)
    lon, lat = (np.array(values) for values in zip(*([near] * 50 + [far]), strict=True))
    page = served_html(incident_map(network, np.full(51, -1, np.int32), None, lon=lon, lat=lat, title="Drawn"))
    assert "50 without a grid" in page
    assert "51 without a grid" in page
    assert "1 without a grid, outside this map" in page


@pytest.mark.parametrize("square_m", [5.0, 500.0])
def test_display_geometry__keeps_every_grid(square_m: float):
    network = draw_network(WORLD, square_m=square_m)
    assert all(not shape.is_empty for shape in display_geometry(network))
