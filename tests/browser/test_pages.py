"""The demonstration in a real browser: nothing from another origin, no error in the console, one press to the command map."""

import datetime as dt
import socket
import threading
import time

import pytest
import uvicorn

from gisgrid.store.editions import Editions
from tests.browser.conftest import Tab
from tests.worlds import draw_network
from web.demo_app import create_demo_app
from web.services import open_services
from web.settings import make_settings

SIZES = [(1440, 900), (390, 844)]


@pytest.fixture(scope="module")
def address(demo_folder, tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    services = open_services(make_settings({"data": tmp_path_factory.mktemp("demo"), "port": port}))
    network = draw_network("AB", square_m=500, is_sample=True)
    Editions(services.store).publish(network, dt.date(2018, 1, 1), author="test")
    app = create_demo_app(services, demo_folder)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def open_page(address, browser):
    tabs = []

    def open_(size=SIZES[0], language="en"):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN" if language == "zh" else "en-GB"
        )
        tabs.append((context, Tab(context.new_page(), address)))
        return tabs[-1][1]

    yield open_
    for context, tab in tabs:
        tab.check()
        context.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("path", ["/demo", "/help", "/demo/maps/incidents.zh.html"])
def test_page__fits_and_has_no_errors(open_page, path, size):
    tab = open_page(size, "zh")
    page = tab.go(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if not path.startswith("/demo/maps"):
        tab.axe()
    else:
        assert page.locator(".leaflet-container path, .leaflet-container canvas").count() > 0


def test_help__is_searched(open_page):
    page = open_page(language="zh").go("/help")
    page.fill("#help-search", "红牌")
    assert page.locator("#clocks").is_visible()
    assert page.locator("#admin").is_hidden()
    page.fill("#help-search", "没有这个词")
    page.wait_for_selector("#help-nothing:not([hidden])")
    page.keyboard.press("Escape")
    assert page.locator("#admin").is_visible()


def test_demo__one_press_to_the_command_map_and_back(open_page):
    tab = open_page()
    page = tab.go("/")
    page.click("#switch-language")
    page.wait_for_selector("html[lang=zh-CN]")
    page.click(".guest >> nth=0 >> button")
    page.wait_for_url("**/command*")
    tab.wait_live()
    assert page.locator(".bar .sample").count() == 1
    page.click(".brand")
    page.wait_for_url("**/demo")
