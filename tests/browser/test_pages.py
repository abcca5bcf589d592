"""The pages in a real browser: nothing from another origin, no error in the console."""

import shutil
import socket
import threading
import time

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from tests.conftest import missing
from web.demo_app import create_demo_app

SIZES = [(1440, 900), (390, 844)]


@pytest.fixture(scope="module")
def address(demo_folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(create_demo_app(demo_folder), host="127.0.0.1", port=port, log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("no Chromium on this machine")
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("path", ["/?lang=en", "/?lang=zh", "/maps/incidents.en.html", "/maps/incidents.zh.html"])
def test_page__asks_nothing_outside_and_has_no_errors(address, browser, path, size):
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    outside, complaints = [], []
    page.on(
        "request",
        lambda request: outside.append(request.url) if not request.url.startswith((address, "data:")) else None,
    )
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address + path, wait_until="networkidle")
    assert outside == []
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if path.startswith("/maps/"):
        assert page.locator(".leaflet-container path, .leaflet-container canvas").count() > 0
    page.close()


def test_home__the_switch_changes_the_language(address, browser):
    page = browser.new_page()
    page.goto(address + "/?lang=en")
    page.click("text=中文")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.click("a.button >> nth=1")
    assert page.url.endswith("/maps/incidents.zh.html")
    page.close()
