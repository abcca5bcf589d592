"""The shell in a real browser: signing in and out, languages, workbenches, the badge of the live stream."""

import pytest

from tests.browser.conftest import PASSWORD


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sign_in__and_on_to_where_one_wanted_to_go(open_tab, language):
    tab = open_tab(language=language)
    page = tab.go("/command?state=reported")
    assert "/sign-in?next=" in page.url
    tab.axe()
    tab.allow("401")
    page.fill("input[name=name]", "li.na")
    page.fill("input[name=password]", "not this one")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-problem:not([hidden])")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/command?state=reported*")
    tab.wait_live()
    page.click("#account-menu summary")
    page.click("#sign-out")
    page.wait_for_url("**/sign-in*")


def test_language__is_kept(open_tab):
    tab = open_tab("li.na", language="en")
    page = tab.go("/command")
    assert page.locator("html").get_attribute("lang") == "en"
    page.click("#switch-language")
    page.wait_for_selector("html[lang=zh-CN]")
    tab.go("/command")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_errors__are_pages(open_tab):
    tab = open_tab("auditor", language="zh")
    tab.allow("403")
    page = tab.go("/command")
    assert "无权" in page.inner_text("h1")
    tab.axe()


def test_live__a_restart_is_shown_and_overcome(open_tab, service):
    tab = open_tab("li.na")
    page = tab.go("/command")
    tab.wait_live()
    tab.allow("net::ERR_", "Failed to load resource")
    service.stop()
    page.wait_for_selector("#live-badge[data-state=stale]")
    service.start()
    page.wait_for_selector("#live-badge[data-state=live]", timeout=30_000)


def test_live__six_tabs_share_one_stream(open_tab, service):
    tabs = [open_tab("li.na", window="six") for _ in range(6)]
    for tab in tabs:
        tab.go("/command")
    for tab in tabs:
        tab.wait_live()
    assert service.services.meters.streams._value.get() == 1
