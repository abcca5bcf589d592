"""The figures page in a real browser: what it shows is what the service counts; period, unit, tables, files, both languages."""

import csv

import pytest

from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES

MAY = "/figures?kind=month&from=2018-05-01"
READY = "#figures-charts[aria-busy=false] .figure-card"
CARDS = [
    "trend", "categories", "on_time_units", "load_units", "overdue_now", "on_time_departments", "load_departments",
    "per_patroller", "satisfaction", "reopened",
]  # fmt: skip


@pytest.fixture(scope="module")
def counted(service):
    """A district in which something was reported, closed, re-opened and handed to a department."""
    for place in ((50, 150), (350, 150), (50, 50), (250, 50)):
        service.district.report(place, category="disputes", sub_category="", reporter="P1")
    service.clock.now_ms += 3_600_000
    for move in ("accept", "feed_back", "close"):
        service.district.step(1, move, VILLAGES["A"])
    service.clock.now_ms += 3_600_000
    service.district.step(1, "re_open", VILLAGES["A"], reason="again")
    service.clock.now_ms += 20 * 86_400_000
    return service


def figure(page, name):
    return page.locator(f"[data-figure={name}] b").inner_text()


def wait_reported(page, text):
    page.wait_for_selector(f"[data-figure=reported] b:text-is('{text}')")


def cards(page):
    return page.eval_on_selector_all("[data-card]", "all => all.map(one => one.dataset.card)")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_figures__are_those_of_the_service_and_fit(counted, open_tab, language, size):
    tab = open_tab("li.na", language=language, size=size)
    page = tab.go(MAY)
    page.wait_for_selector(READY)
    assert cards(page) == CARDS
    assert (figure(page, "reported"), figure(page, "reopened"), figure(page, "overdue_now")) == ("4", "1", "4")
    heading = page.locator("#card-load_units h2").inner_text()
    assert heading == {"zh": "各镇街事件量", "en": "Load by township"}[language]
    for chart in page.locator("svg.chart").all():
        assert chart.locator("title").first.text_content()
        assert chart.locator("desc").text_content()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    tab.picture(f"figures-{language}-{size}")
    page.click("#figures-tables")
    assert page.locator("[data-shows=table] table").count() == len(CARDS)
    tab.axe()


def test_figures__period_and_unit_stand_in_the_address(counted, open_tab):
    page = open_tab("li.na", language="en").go(MAY)
    page.wait_for_selector(READY)
    assert page.locator("#figures-period").inner_text() == "May 2018"
    page.click("#figures-earlier")
    wait_reported(page, "0")
    assert "from=2018-04-01" in page.url
    page.select_option("#figures-township", TOWNSHIPS["A"])
    page.click("#figures-later")
    wait_reported(page, "2")
    assert f"unit={TOWNSHIPS['A']}" in page.url
    page.reload()
    page.wait_for_selector(READY)
    assert figure(page, "reported") == "2"
    assert page.locator("#card-load_units h2").inner_text() == "Load by village or community"
    page.go_back()
    wait_reported(page, "0")


def test_figures__a_chart_has_its_table_its_file_and_what_it_means(counted, open_tab, tmp_path):
    page = open_tab("li.na", language="zh").go(MAY)
    page.wait_for_selector(READY)
    card = page.locator("#card-load_units")
    card.get_by_role("button").click()
    cells = card.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[0] == "海门街道"
    with page.expect_download() as download:
        card.get_by_role("link", name="CSV").click()
    path = tmp_path / "figures.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig") as file:
        (row,) = [one for one in csv.DictReader(file) if one["镇街"] == "海门街道"]
    assert cells[1:4] == [row[name] for name in ("上报", "有效", "办结")]
    term = page.locator("[data-figure=on_time_rate] .term")
    term.focus()
    assert page.locator("[data-figure=on_time_rate] .tip").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("[data-figure=on_time_rate] .tip").is_visible()


def test_figures__wrong_days_are_said_and_a_failure_can_be_tried_again(counted, open_tab):
    tab = open_tab("li.na", language="en")
    page = tab.go("/figures?kind=span&from=2018-05-01&to=2018-05-31")
    page.wait_for_selector(READY)
    page.fill("[name=to]", "2018-04-01")
    assert page.locator("#figures-problem").inner_text() == "The last day lies before the first. Choose a later one."
    tab.allow("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    page.click("#figures-earlier")
    page.locator("#figures-problem button").wait_for()
    page.context.set_offline(False)
    page.click("#figures-problem button")
    page.wait_for_selector(READY)
    assert page.locator("#figures-problem").is_hidden()


def test_figures__on_paper_without_what_can_be_pressed(counted, open_tab):
    page = open_tab("li.na", language="zh").go(MAY)
    page.wait_for_selector(READY)
    page.emulate_media(media="print")
    assert page.locator("#figures-form").is_hidden()
    assert page.locator(".bar").is_hidden()
    assert page.locator("#figures-told").inner_text().startswith("全区 · 2018年5月1日 至 2018年5月31日")
    assert page.locator(".figures-foot").is_visible()
