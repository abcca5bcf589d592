"""Figures over HTTP: as the list counts, of the own unit only, beside last year's, each with its meaning."""

import datetime as dt

import pytest

from gisgrid.figures import DEFINITIONS, GROUPINGS
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES
from tests.web.staffed import A, B, C, D, pages, staffed
from tests.web.test_grid_routes import NOON

YEAR_MS = 365 * 86_400_000


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        service.clock.now_ms = NOON
        for place, category in (
            ((50, 150), "disputes"),
            ((350, 150), "other"),
            ((50, 50), "disputes"),
            ((250, 50), "disputes"),
        ):
            service.district.report(place, category=category, sub_category="", reporter="P1")
        service.clock.now_ms += 3_600_000
        service.district.step(1, "accept", VILLAGES["A"])
        service.district.step(1, "feed_back", VILLAGES["A"])
        service.district.step(1, "close", VILLAGES["A"])
        yield service


def figures(service, name="li.na", **params):
    answer = service.ask(name, "GET", "/figures", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("by", GROUPINGS)
def test_show_figures__groups_add_up(service, by):
    told = figures(service, by=by)
    counts = ("reported", "valid", "open", "closed", "responded", "yellow", "red", "repeats")
    for name in counts:
        assert told["total"][name] == sum(group["figures"][name] for group in told["groups"])
    assert told["total"]["reported"] == 4
    assert all(group["label"] for group in told["groups"])


def test_show_figures__by_grid_as_the_list_counts(service):
    found = {group["key"]: group["figures"]["reported"] for group in figures(service, by="grid")["groups"]}
    listed = [one["grid"] for one in pages(service, "li.na", "/incidents", "incidents")]
    assert found == {grid: listed.count(grid) for grid in set(listed)} == {A: 1, B: 1, C: 1, D: 1}
    total = figures(service)["total"]
    assert (total["closed"], total["open"], total["closing_rate"], total["response_hours"]) == (1, 3, 0.25, 1.0)
    assert total["satisfaction"] is None


def test_show_figures__of_a_unit_category_and_period(service):
    assert figures(service, unit=TOWNSHIPS["C"])["total"]["reported"] == 2
    assert figures(service, category="disputes")["total"]["reported"] == 3
    assert figures(service, **{"from": "2018-05-08"})["total"]["reported"] == 0
    assert figures(service, **{"from": "2018-05-07", "to": "2018-05-07"})["total"]["reported"] == 4
    assert figures(service, as_of="2018-05-06")["total"]["reported"] == 0
    assert figures(service, by="township", language="zh")["groups"][0]["label"] == "海门街道"


def test_show_figures__only_of_the_own_unit_or_within_it(service):
    own = figures(service, "east")
    assert (own["unit"], own["total"]["reported"]) == (TOWNSHIPS["C"], 2)
    assert figures(service, "half", unit=C)["total"]["reported"] == 1
    for unit in (A, TOWNSHIPS["A"], "331002000000"):
        assert service.ask("east", "GET", "/figures", params={"unit": unit}).status_code == 403
    assert figures(service, "wall")["total"]["reported"] == 4
    for name in ("worker", "fire", "auditor", "admin"):
        assert service.ask(name, "GET", "/figures").status_code == 403


def test_show_figures__beside_last_year(service):
    service.clock.now_ms += YEAR_MS
    service.district.report((50, 150))
    told = figures(service, last_year=True, **{"from": "2019-05-01", "to": "2019-05-31"})
    assert (told["total"]["reported"], told["last_year"]["reported"]) == (1, 4)
    alone = figures(service, as_of="2018-05-07", **{"from": "2018-05-01", "to": "2018-05-31"})
    assert told["last_year"] == alone["total"] == told["last_year"]
    assert dt.datetime.fromisoformat(alone["as_of"]).isoformat() == "2018-05-07T16:00:00+00:00"
    assert alone["last_year"] is None


def test_show_figures__says_why_not(service):
    for params, status in (
        ({"unit": "nowhere"}, 404),
        ({"unit": "A1"}, 404),
        ({"unit": "area:A2"}, 404),
        ({"by": "reporter"}, 422),
        ({"from": "2018-05-08", "to": "2018-05-07"}, 422),
        ({"from": "0001-01-01"}, 422),
    ):
        assert service.ask("li.na", "GET", "/figures", params=params).status_code == status, params


def test_definitions__of_every_figure_in_both_languages(service):
    found = service.ask("wall", "GET", "/figures/definitions").json()
    assert [one["name"] for one in found] == list(DEFINITIONS)
    assert all(one["label_zh"] and one["meaning_en"] and one["meaning_zh"] for one in found)
    total = figures(service)["total"]
    assert set(DEFINITIONS) <= set(total)
