"""The map of the command page in a browser: what it shows, what pressing it does, the filter, search, play-back, keys."""

import re

import numpy as np
import pytest

from gisgrid.store.fixes import FixBatch
from tests.gisgrid.store.incident_places import CODES
from tests.worlds import at

CLUSTERED = 450


@pytest.fixture
def board(service, open_tab):
    """The command page of command staff, with some incidents in grid C."""
    for x in (20, 50, 80):
        service.district.report((x, 50))
    tab = open_tab("li.na", language="en")
    page = tab.go("/command")
    tab.wait_live()
    # The first question of all waits for what is compiled.
    page.wait_for_selector("#map-total", timeout=60_000)
    return tab


def count(page, name="map-total"):
    return int(page.get_attribute(f"#{name}", "data-count"))


def press(page, x_m, y_m):
    """Press the map at a place in metres."""
    lon, lat = at(x_m, y_m)
    # The map knows its new size a moment after what stood beside it has gone.
    page.evaluate(
        "new Promise((done) => { const look = () => gisgridMap.getSize().x === gisgridMap.getContainer().clientWidth"
        " ? requestAnimationFrame(() => requestAnimationFrame(() => done())) : requestAnimationFrame(look); look(); })"
    )
    spot = page.evaluate(
        f"(() => {{ const p = gisgridMap.latLngToContainerPoint([{lat}, {lon}]); return [p.x, p.y]; }})()"
    )
    box = page.locator("#map-place").bounding_box()
    page.mouse.click(box["x"] + spot[0], box["y"] + spot[1])


def wait_total(page, wanted):
    page.wait_for_selector(f"#map-total[data-count='{wanted}']")


def test_map__totals_agree_and_what_is_new_arrives(service, board):
    page = board.page
    before = count(page)
    page.wait_for_selector(f"#side-total[data-count='{before}']")
    service.district.report((150, 50))
    wait_total(page, before + 1)
    page.wait_for_selector(f"#side-total[data-count='{before + 1}']")
    service.district.report(None)
    wait_total(page, before + 2)
    assert count(page, "map-in-view") < before + 2
    board.axe()
    board.picture("map")


def test_map__a_pressed_incident_opens_its_card(service, board):
    page = board.page
    told = service.district.report((150, 150)).incident
    page.fill("#search", f"#{told.id}")
    page.wait_for_selector("#found-0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail:not([hidden])")
    assert f"#{told.id}" in page.inner_text("#detail")
    page.keyboard.press("Escape")
    page.wait_for_selector("#detail", state="hidden")
    page.wait_for_selector("html:not(.map-waits)")
    press(page, 150, 150)
    page.wait_for_selector("#detail:not([hidden])")


def test_map__pressed_ground_says_who_answers(board):
    page = board.page
    press(page, 50, 10)
    page.wait_for_selector(".ground-card .counts b")
    card = page.inner_text(".ground-card")
    assert CODES["C"] in card
    assert "王一" in card
    assert "13800000001" in card
    page.evaluate(
        "Promise.all(document.querySelector('.leaflet-popup').getAnimations().map((one) => one.finished)).then(() => null)"
    )
    board.axe()
    page.get_by_role("button", name="Only this grid").click()
    page.wait_for_url(re.compile(rf"unit={CODES['C']}"))
    page.wait_for_selector(".chip")


def test_map__the_filter_is_kept_in_the_address(service, board):
    page = board.page
    all_open = count(page)
    urgent = service.district.report((50, 80), is_urgent=True).incident.id
    wait_total(page, all_open + 1)
    page.click("#filter-form > summary")
    page.check("[data-flag=is_urgent]")
    page.wait_for_url(re.compile("is_urgent=true"))
    page.wait_for_selector(f"#map-total:not([data-count='{all_open + 1}'])")
    some = count(page)
    assert some >= 1
    page.reload()
    wait_total(page, some)
    page.go_back()
    wait_total(page, all_open + 1)
    page.go_forward()
    wait_total(page, some)
    page.click("#filter-reset")
    wait_total(page, all_open + 1)
    assert urgent


def test_map__search_by_initials_narrows_to_a_unit(board):
    page = board.page
    page.keyboard.press("/")
    page.keyboard.type("dmsq")
    page.wait_for_selector("#found-0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("unit="))
    assert "东门社区" in page.inner_text(".chips")
    page.fill("#search", "wangyi")
    page.wait_for_selector("#found-0")
    assert "王一" in page.inner_text("#search-found")
    page.fill("#search", "nothing is called so")
    page.wait_for_selector("#search-found [aria-disabled]")
    board.axe()


def test_map__layers_shades_and_people_with_the_age_of_their_place(service, board):
    page = board.page
    lon, lat = at(150, 150)
    who = np.array(["P1"], dtype=object)
    now = np.array([service.clock.now_ms - 60_000], np.int64)
    service.services.inbox.add(
        FixBatch(who, who, now, np.array([lon]), np.array([lat]), np.array([5.0]), now), author="phones"
    )
    page.click("#layer-menu > summary")
    page.select_option("[data-layer=figure]", "open")
    page.wait_for_selector(".legend li")
    page.check("[data-layer=people]")
    page.locator("#people-state", has_text="1 with a position").wait_for()
    board.axe()
    page.uncheck("[data-layer=incidents]")
    page.click("#layer-menu > summary")
    press(page, 150, 150)
    page.wait_for_selector(".ground-card")
    assert "1 min ago" in page.inner_text(".ground-card")


def test_map__plays_back_and_returns(board):
    page = board.page
    before = count(page)
    page.click("#play-open")
    page.wait_for_url(re.compile("reported_from="))
    latest = page.inner_text("#play-when")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(",")
    page.locator("#play-when").filter(has_not_text=latest).wait_for()
    wait_total(page, 0)
    board.axe()
    page.keyboard.press("b")
    wait_total(page, before)
    assert "reported_from" not in page.url


@pytest.mark.parametrize(("language", "size"), [("zh", "phone"), ("en", "wide")])
def test_map__on_every_screen(service, open_tab, language, size):
    tab = open_tab("li.na", language=language, size=size)
    page = tab.go("/command")
    page.wait_for_selector("#map-total")
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    tab.axe()
    page.keyboard.press("Escape")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    tab.picture(f"map-{language}-{size}")


def test_map__of_a_wall_tells_no_names_and_no_places_of_people(open_tab):
    tab = open_tab("wall", language="en")
    page = tab.go("/command")
    page.wait_for_selector("#map-total")
    page.click("#layer-menu > summary")
    assert page.locator("[data-layer=people]").count() == 0
    page.click("#layer-menu > summary")
    press(page, 50, 10)
    page.wait_for_selector(".ground-card .counts b")
    assert "王一" not in page.inner_text(".ground-card")
