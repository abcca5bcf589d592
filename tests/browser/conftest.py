"""The service in a real browser: windows that are signed in, whose every outside request and console error is a failure."""

import json
import shutil
import socket
import threading
import time

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from gisgrid.store.accounts import Accounts
from gisgrid.store.register_files import import_register
from tests.conftest import ROOT, missing
from tests.databases import Clock, Database
from tests.gisgrid.store.small_district import SmallDistrict
from tests.web.served import PEOPLE
from tests.web.staffed import REGISTERS
from web.app import create_app
from web.doors import COOKIE
from web.services import open_services
from web.settings import make_settings

PASSWORD = "Grid-by-grid 7!"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "test-results" / "pictures"
SIZES = {"desk": (1440, 900), "wide": (1920, 1080), "phone": (390, 844)}
_PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def browser():
    """Chromium; skipped where there is none, in CI a failure."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("no Chromium on this machine")
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


class ServedDistrict:
    """A small district with staff, served on a port of its own; `stop` and `start` are a restart of the same service."""

    def __init__(self, folder):
        self.database = Database("sqlite", folder / "data", None, Clock())
        self.district = SmallDistrict(self.database)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._fill(folder)
        self.start()

    @property
    def clock(self):
        """The clock of the service, which stands still until it is moved (`clock.now_ms`)."""
        return self.database.clock

    def _fill(self, folder):
        store = self.database.open()
        for name, text in REGISTERS.items():
            path = folder / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            import_register(store, name, path, author="clerk")
        accounts = Accounts(store)
        for name, (role, unit, person) in PEOPLE.items():
            accounts.add(name, PASSWORD, role, unit=unit, person=person, author="test")
        store.close()

    def start(self):
        """Begin to serve."""
        values = {"data": self.database.folder, "requests_per_minute": 100_000, "heartbeat_s": 1}
        self.services = open_services(make_settings(values), now_ms=self.clock)
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(self.services),
                host="127.0.0.1",
                port=self.port,
                log_config=None,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def stop(self):
        """End the service, open streams too."""
        self._server.should_exit = True
        self._thread.join(15)

    def session(self, name):
        """The secret of a new session of an account."""
        return Accounts(self.services.store).sign_in(name, PASSWORD, origin="test", agent="test").secret


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A small district, served for the tests of a module."""
    served = ServedDistrict(tmp_path_factory.mktemp("served"))
    yield served
    served.stop()
    served.database.close()


class Tab:
    """A window: its page, and what went wrong in it."""

    def __init__(self, page, address):
        self.page = page
        self.address = address
        self.outside, self.complaints = [], []
        self.allowed = []
        page.set_default_timeout(_PATIENCE_MS)
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def _said(self, message):
        if message.type in {"error", "warning"} and not any(text in message.text for text in self.allowed):
            self.complaints.append(message.text)

    def allow(self, *texts):
        """Console messages that belong to the story, such as `net::ERR_INTERNET_DISCONNECTED` or `status of 412`."""
        self.allowed += texts

    def go(self, path):
        """Open an address of the service."""
        self.page.goto(self.address + path)
        return self.page

    def wait_live(self):
        """Until the badge says that the picture is live."""
        self.page.wait_for_selector("#live-badge[data-state=live]")

    def check(self):
        """Nothing was asked of another origin, and the console is clean."""
        assert self.outside == []
        assert self.complaints == []

    def picture(self, name):
        """Keep a picture in test-results/pictures/."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def axe(self, *, but=()):
        """Accessibility violations as axe finds them (WCAG 2 A and AA); none are expected."""
        if not AXE.is_file():
            missing("axe-core is not there; run `make install`")
        # Through the debugger, which the content security policy does not concern.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then(r => r.violations)"
        )
        told = [
            f"{one['id']}: {one['help']}: {json.dumps([node['target'] for node in one['nodes']][:5])}"
            for one in found
            if one["id"] not in but
        ]
        assert told == []


@pytest.fixture
def open_tab(browser, service):
    """Open a window: `open_tab("li.na", language="zh", size="phone")`; every one must be clean at the end."""
    contexts, tabs = {}, []

    def open_(name=None, *, language="zh", size="desk", window=""):
        key = (name, language, size, window)
        if key not in contexts:
            width, height = SIZES[size]
            context = browser.new_context(
                viewport={"width": width, "height": height}, locale="zh-CN" if language == "zh" else "en-GB"
            )
            context.add_cookies([{"name": "gg_lang", "value": language, "url": service.address}])
            if name is not None:
                context.add_cookies([{"name": COOKIE, "value": service.session(name), "url": service.address}])
            contexts[key] = context
        tabs.append(Tab(contexts[key].new_page(), service.address))
        return tabs[-1]

    yield open_
    for context in contexts.values():
        context.close()
    for tab in tabs:
        tab.check()
