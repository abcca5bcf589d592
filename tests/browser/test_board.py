"""The side panel of the command page in a real browser: board, list and queue, which say what the map says."""

import pytest

from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import DAY, DISTRICT, TOWNSHIPS, VILLAGES

IN_A, IN_C, OUTSIDE = (100.0, 200.0), (50.0, 50.0), (700.0, 600.0)


@pytest.fixture(scope="module")
def district(service):
    """Three incidents in one township, one of them late, and one in the other."""
    made = service.district
    late = service.clock() - 5 * DAY
    for place, more in ((IN_A, {}), (IN_A, {"is_urgent": True}), (IN_A, {"reported_ms": late}), (IN_C, {})):
        made.report(place, category="disputes", sub_category="family", **more)
    return made


def opened(open_tab, path="/command", name="li.na", **options):
    tab = open_tab(name, **options)
    tab.go(path)
    tab.wait_live()
    return tab


def wait_total(page, count):
    """Until side panel and map say that there are so many."""
    for place in ("#side-total", "#map-total"):
        page.wait_for_selector(f"{place}[data-count='{count}']")


def listed(page):
    return [int(row.get_attribute("data-number")) for row in page.locator(".worklist > li").all()]


def test_board__leads_down_to_the_grid_and_back(open_tab, district):
    tab = opened(open_tab)
    page = tab.page
    wait_total(page, 4)
    tab.axe()
    page.click("table.board .unit:has-text('海门街道')")
    page.wait_for_selector("#board-unit:has-text('村社')")
    wait_total(page, 3)
    assert page.inner_text("#tab-list .count") == "3"
    page.click("table.board .unit:has-text('东门社区')")
    page.wait_for_selector("#board-unit:has-text('网格')")
    assert [step.strip() for step in page.locator(".board-path > *").all_inner_texts()] == [
        "全部",
        "海门街道",
        "东门社区",
    ]
    assert f"unit={VILLAGES['A']}" in page.url
    page.click(".board-path button:has-text('全部')")
    wait_total(page, 4)
    page.go_back()
    wait_total(page, 3)


def test_board__a_number_leads_to_those_incidents_in_list_and_map(open_tab, district):
    tab = opened(open_tab, language="en")
    page = tab.page
    wait_total(page, 4)
    page.click(f"tr[data-unit='{TOWNSHIPS['A']}'] [data-at=yellow]")
    wait_total(page, 1)
    page.wait_for_selector(".worklist > li")
    assert listed(page) == [3]
    assert "clock_state=yellow" in page.url
    assert "response late by" in page.inner_text(".worklist > li .due")
    tab.axe()
    page.reload()
    wait_total(page, 1)
    page.wait_for_selector(".worklist > li")
    link = page.get_attribute("a[data-ending=csv]", "href")
    exported = page.request.get(tab.address + link).text()
    assert exported.count("\n") == 2
    assert VILLAGES["A"] in exported


def test_list__goes_by_keys_and_hears_of_what_is_new(open_tab, district):
    tab = opened(open_tab, "/command?side=list")
    page = tab.page
    wait_total(page, 4)
    page.wait_for_selector(".worklist > li >> nth=3")
    assert listed(page)[0] == 3
    page.focus(".worklist > li[tabindex='0']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    before = listed(page)
    number = district.report(IN_C, category="disputes", sub_category="family").incident.id
    # Whoever stands in the list is not moved: what is new waits behind a button.
    page.click(".pill:not([hidden])")
    page.wait_for_selector(f".worklist > li[data-number='{number}'].is-new")
    wait_total(page, 5)
    assert set(listed(page)) == {*before, number}
    page.focus(".worklist > li[tabindex='0']")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    assert page.get_attribute(".worklist > li:last-child", "aria-selected") == "true"
    tab.picture("list")
    district.step(number, "terminate", DISTRICT)
    wait_total(page, 4)


def test_queue__is_emptied_under_any_filter(open_tab, district):
    near = district.report(OUTSIDE, category="disputes", sub_category="family").incident.id
    nowhere = district.report(None, category="disputes", sub_category="family", description="桥边有人争吵").incident.id
    tab = opened(open_tab, f"/command?unit={TOWNSHIPS['A']}")
    page = tab.page
    wait_total(page, 3)
    page.wait_for_selector("#tab-queue .count.loud:has-text('2')")
    page.click("#tab-queue")
    first = f".queue > li[data-number='{near}']"
    page.click(f"{first} .queue-actions button >> nth=0")
    tab.axe()
    page.click(f"{first} button[type=submit]")
    page.wait_for_selector(first, state="detached")
    second = f".queue > li[data-number='{nowhere}']"
    assert "桥边有人争吵" in page.inner_text(second)
    page.click(f"{second} .queue-actions button")
    page.fill(f"{second} input[role=combobox]", "南门")
    page.click(f"{second} [role=option]:has-text('南门村')")
    page.click(f"{second} button[type=submit]")
    page.wait_for_selector("#side-queue .empty.good:not([hidden])")
    assert page.locator(".given-list > li").count() == 2
    page.wait_for_selector("#tab-queue .count.loud", state="detached")
    tab.picture("queue-empty")
    assert (district.get(near).grid, district.get(near).how) == (CODES["B"], "manual")
    assert (district.get(nowhere).village, district.get(nowhere).how) == (VILLAGES["C"], "manual")
    # What was given may be given otherwise: the card has the same move.
    page.click(".given-list button >> nth=0")
    page.wait_for_selector(".card [data-move=reassign]")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_side__fits(open_tab, district, size):
    tab = opened(open_tab, size=size)
    page = tab.page
    for name in ("board", "list", "queue"):
        page.click(f"#tab-{name}")
        page.wait_for_selector(f"#side-{name}:not([hidden])")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(
            "document.getElementById('side').scrollWidth <= document.getElementById('side').clientWidth + 1"
        )
        tab.picture(f"side-{name}-{size}")
