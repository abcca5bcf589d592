"""Reports of figures over HTTP: the figures of the list, beside the span before, of one's own unit only; and as files."""

import csv
import io

import pytest

from gisgrid.figures import DEFINITIONS
from gisgrid.local_days import DAY_MS
from gisgrid.mapping.colours import CATEGORY_COLOURS
from tests.conftest import ROOT
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES
from tests.web.staffed import A, C, staffed
from tests.web.test_grid_routes import NOON

WEEK = {"from": "2018-05-07", "to": "2018-05-13"}


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path, legal_basis="网格治理条例（样例）") as service:
        service.clock.now_ms = NOON
        for place, category in (((50, 150), "disputes"), ((350, 150), "other"), ((50, 50), "disputes")):
            service.district.report(place, category=category, sub_category="", reporter="P1")
        service.clock.now_ms += 3_600_000
        for move in ("accept", "feed_back", "close"):
            service.district.step(1, move, VILLAGES["A"])
        yield service


def report(service, name="li.na", **params):
    answer = service.ask(name, "GET", "/figures/report", params=WEEK | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_report__as_the_figures_count(service):
    told = report(service)
    total = service.ask("li.na", "GET", "/figures", params=WEEK).json()["total"]
    assert {name: total[name] for name in told["total"]} == told["total"]
    assert (told["grain"], told["by_unit"], told["before_first"], told["before_last"]) == (
        "day",
        "township",
        "2018-04-30",
        "2018-05-06",
    )
    assert [(row["key"], row["figures"]["reported"], row["before"]["reported"]) for row in told["trend"]] == [
        ("2018-05-07", 3, 0)
    ]
    assert {row["key"]: row["figures"]["reported"] for row in told["categories"]} == {"disputes": 2, "other": 1}
    units = {row["key"]: (row["figures"]["reported"], row["patrollers"]) for row in told["units"]}
    assert units == {TOWNSHIPS["A"]: (2, 1), TOWNSHIPS["C"]: (1, 1)}
    assert report(service, language="zh", unit=TOWNSHIPS["A"])["unit_name"] == "海门街道"


def test_report__a_week_later_they_are_those_before(service):
    service.clock.now_ms += 7 * DAY_MS
    told = report(service, **{"from": "2018-05-14", "to": "2018-05-20"})
    assert (told["total"]["reported"], told["before"]["reported"], told["before"]["closed"]) == (0, 3, 1)
    assert told["trend"][0]["key_before"] == "2018-05-07"


def test_report__of_an_area_and_a_grid(service):
    told = report(service, unit="area:A1", language="zh")
    assert (told["unit_name"], told["by_unit"], {row["key"] for row in told["units"]}) == ("海门一片", "grid", {A, C})
    assert report(service, unit=A)["units"] == []


def test_report__only_of_the_own_unit_or_within_it(service):
    assert report(service, "east")["unit"] == TOWNSHIPS["C"]
    for unit in (A, TOWNSHIPS["A"], "331002000000"):
        for path in ("/figures/report", "/exports/figures.csv"):
            assert service.ask("east", "GET", path, params=WEEK | {"unit": unit}).status_code == 403


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"from": "2018-05-14"}, "before from"),
        ({"from": "2014-01-01", "to": "2018-01-01"}, "at most 1100, three years"),
        ({"from": "2018-05"}, "YYYY-MM-DD"),
        ({"to": None}, "to"),
        ({"span": "week"}, "span"),
    ],
)
def test_report__says_why_not(service, params, told):
    sent = {name: value for name, value in (WEEK | params).items() if value is not None}
    answer = service.ask("li.na", "GET", "/figures/report", params=sent)
    assert answer.status_code == 422
    assert told in answer.text


def test_export__by_unit_with_chinese_headings(service):
    answer = service.ask("li.na", "GET", "/exports/figures.csv", params=WEEK | {"by": "township", "language": "zh"})
    assert answer.headers["content-disposition"] == 'attachment; filename="figures-township-2018-05-07-2018-05-13.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["镇街"], row["上报"], row["专职网格员"], row["人均有效事件"]) for row in rows] == [
        ("海门街道", "2", "1", "2"), (TOWNSHIPS["C"], "1", "1", "1"), ("合计", "3", "2", "1.5"), ("上期", "0", "", ""),
    ]  # fmt: skip


def test_export__every_grouping_of_the_page(service):
    for by in ("day", "category", "department", "village", "role", "sub_category"):
        answer = service.ask("li.na", "GET", "/exports/figures.xlsx", params=WEEK | {"by": by})
        assert answer.status_code == 200, answer.text
        assert answer.content[:2] == b"PK"


def test_page__tells_what_figures_mean_and_on_which_basis(service):
    service.ask("li.na", "GET", "/units")  # makes the account
    signed = service.client.post("/api/v1/sessions", json={"name": "li.na", "password": "Grid-by-grid 7!"})
    assert signed.status_code in {200, 201}
    page = service.client.get("/figures", headers={"accept-language": "zh"}).text
    assert "网格治理条例（样例）" in page
    assert all(meaning[1] in page for _, meaning in DEFINITIONS.values())


def test_colours__of_categories_are_those_of_the_maps():
    tokens = (ROOT / "web" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    for category, colour in CATEGORY_COLOURS.items():
        assert f"--category-{category.replace('_', '-')}: {colour};" in tokens
