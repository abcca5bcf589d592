"""The wall screen in a real browser: entered by its link, and through a dropped line, a restart and a revoked link."""

import pytest

from gisgrid.store.accounts import Accounts

SCOPES = ("read_grids", "read_incidents", "read_figures")
PAST = "html.is-past"


def link(service, label):
    return Accounts(service.services.store).make_token("wall", label, SCOPES, author="test")


def shown(page, figure):
    return int(page.get_attribute(f"[data-figure={figure}]", "data-count"))


def wait_for(page, figure, count):
    page.wait_for_selector(f"[data-figure={figure}][data-count='{count}']", timeout=20_000)


@pytest.fixture
def wall(open_tab, service, request):
    tab = open_tab(size="wide", window=request.node.name)
    tab.go(f"/wall#{link(service, request.node.name)}")
    tab.page.wait_for_selector("#wall-units tbody tr")
    tab.wait_live()
    # The ground is there: units are called by their names.
    tab.page.wait_for_selector("#wall-unit:not(:empty)")
    return tab


def test_wall__is_entered_by_its_link_and_shows_what_comes(wall, service):
    page = wall.page
    assert "gg_" not in page.url
    assert not page.locator(".bar").count()
    wall.axe()
    before = shown(page, "open")
    service.district.report((100, 200), description="楼道堆物", grade="major", is_urgent=True, author="王一")
    wait_for(page, "open", before + 1)
    page.wait_for_selector("#wall-newest li[data-number]")
    assert "楼道堆物" not in page.content()
    assert "王一" not in page.content()
    wall.picture("wall")


def test_wall__a_dropped_line_and_a_restart_are_loud_and_overcome(wall, service):
    page = wall.page
    wall.allow("net::ERR_", "Failed to load resource")
    page.context.set_offline(True)
    service.stop()
    page.wait_for_selector(PAST)
    assert page.inner_text("#wall-alarm")
    page.context.set_offline(False)
    service.start()
    page.wait_for_selector(f"{PAST}", state="detached", timeout=40_000)
    before = shown(page, "open")
    service.district.report((100, 200))
    wait_for(page, "open", before + 1)
    assert page.locator("#wall-alarm").is_hidden()


def test_wall__a_revoked_link_is_said(wall, service, request):
    page = wall.page
    wall.allow("401", "Failed to load resource", "403")
    Accounts(service.services.store).revoke_token("wall", request.node.name, author="test")
    service.services.callers.forget()
    service.district.report((100, 200))
    page.wait_for_selector("#wall-alarm:not([hidden])")
    assert "链接" in page.inner_text("#wall-alarm")
    assert page.locator(PAST).count() == 1
    page.reload()
    page.wait_for_url("**/sign-in?next=/wall")
    wall.go("/wall#gg_nothing")
    page.wait_for_selector("#sign-in-problem:not([hidden])")
    assert "gg_" not in page.url
