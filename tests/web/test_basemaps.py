"""The basemap: tiles of a source, fetched and kept; what is no tile is transparent, and a source that is down is left alone."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from gisgrid.errors import BadOption, NotThere
from tests.web.served import served
from web.basemaps import EMPTY, NOTHING, Basemap, Source, source_of
from web.settings import make_settings

PNG = EMPTY + b"\x00" * 100
ANSWERS = {
    "/0/0/0": (200, "image/png", PNG),
    "/1/0/0": (200, "text/html", b"<html>"),
    "/1/0/1": (200, "image/png", b"<html>no picture"),
    "/1/1/0": (302, "image/png", b""),
    "/1/1/1": (500, "text/plain", b"no"),
    "/2/0/0": (200, "image/png", PNG + b"\x00" * (600 << 10)),
}


class Host:
    """A tile server that counts what it is asked."""

    def __init__(self):
        self.asked = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.asked.append(self.path)
                status, kind, content = ANSWERS.get(self.path, (200, "image/png", PNG))
                self.send_response(status)
                self.send_header("content-type", kind)
                if status == 302:
                    self.send_header("location", "/0/0/0")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/{{z}}/{{x}}/{{y}}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def host():
    host = Host()
    yield host
    host.close()


class Watch:
    """A clock in seconds that stands until it is moved."""

    now = 0.0

    def __call__(self):
        return self.now


def basemap_of(host, **more):
    return Basemap(Source({"base": host.address}, 18, "somebody"), **more)


def test_empty__is_a_transparent_picture(tmp_path):
    path = tmp_path / "empty.png"
    path.write_bytes(EMPTY)
    with Image.open(path) as picture:
        assert picture.convert("RGBA").getpixel((0, 0))[3] == 0


def test_tile__is_fetched_once_and_kept_for_a_day(host):
    watch = Watch()
    basemap = basemap_of(host, now_s=watch)
    assert [basemap.tile("base", 0, 0, 0).content for _ in range(3)] == [PNG] * 3
    assert host.asked == ["/0/0/0"]
    watch.now = 86_401.0
    basemap.tile("base", 0, 0, 0)
    assert len(host.asked) == 2


@pytest.mark.parametrize("place", [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1), (2, 0, 0)])
def test_tile__what_is_none_is_empty_and_asked_for_again_later(host, place):
    watch = Watch()
    basemap = basemap_of(host, now_s=watch)
    assert basemap.tile("base", *place) == NOTHING
    basemap.tile("base", *place)
    assert len(host.asked) == 1, "asked again at once, or gone where a redirect led"
    watch.now = 61.0
    basemap.tile("base", *place)
    assert len(host.asked) == 2


@pytest.mark.parametrize("asked", [("other", 0, 0, 0), ("base", 19, 0, 0), ("base", 1, 2, 0), ("base", 1, 0, -1)])
def test_tile__there_is_none(host, asked):
    with pytest.raises(NotThere):
        basemap_of(host).tile(*asked)
    assert host.asked == []


def test_tiles__kept_ones_are_bounded_and_the_least_used_goes(host):
    basemap = basemap_of(host, most_kept_bytes=len(PNG) * 2)
    for x in (0, 1, 0, 2, 0):
        basemap.tile("base", 3, x, 0)
    assert host.asked == ["/3/0/0", "/3/1/0", "/3/2/0"]
    basemap.tile("base", 3, 1, 0)
    assert host.asked[-1] == "/3/1/0"


def test_source__that_does_not_answer_is_left_alone_for_a_while(host, caplog):
    watch = Watch()
    basemap = basemap_of(host, now_s=watch, timeout_s=1.0)
    host.close()
    for x in range(6):
        assert basemap.tile("base", 5, x, 0) == NOTHING
    assert len(basemap._kept) == 4, "asked although it was down"
    assert len(caplog.records) == 1
    assert host.address.split("{")[0] not in caplog.text
    watch.now = 16.0
    basemap.tile("base", 5, 5, 0)
    assert len(basemap._kept) == 5


def test_source_of__what_is_configured():
    assert source_of(make_settings({})) is None
    tianditu = source_of(make_settings({"basemap": "tianditu", "tianditu_key": "abc123"}))
    assert list(tianditu.layers) == ["vec", "cva"]
    assert all("tk=abc123" in address and "{z}" in address for address in tianditu.layers.values())
    assert "abc123" not in str(make_settings({"tianditu_key": "abc123"}))


@pytest.mark.parametrize(
    "values",
    [
        {"basemap": "tianditu"},
        {"basemap": "tianditu", "tianditu_key": "a&b"},
        {"basemap": "xyz"},
        {"basemap": "xyz", "basemap_url": "file:///{z}/{x}/{y}"},
        {"basemap": "xyz", "basemap_url": "https://{x}.example.gov/{z}/{y}"},
        {"basemap": "xyz", "basemap_url": "https://example.gov/{z}/{x}"},
        {"basemap": "xyz", "basemap_url": "https://example.gov/{z}/{x}/{y}/{key"},
    ],
)
def test_source_of__what_lacks_something_is_told(values):
    with pytest.raises(BadOption, match="GISGRID_"):
        source_of(make_settings(values))


def test_route__a_tile_through_the_service(host, make_database):
    settings = {"basemap": "xyz", "basemap_url": host.address, "basemap_credit": "somebody"}
    with served(make_database("sqlite"), **settings) as service:
        answer = service.ask("wall", "GET", "/basemap/base/0/0/0")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert answer.content == PNG
        assert "private" in answer.headers["cache-control"]
        failed = service.ask("li.na", "GET", "/basemap/base/1/1/1")
        assert failed.content == EMPTY
        assert failed.headers["cache-control"] == "no-store"
        assert service.ask("li.na", "GET", "/basemap/vec/0/0/0").status_code == 404
        assert service.ask("auditor", "GET", "/basemap/base/0/0/0").status_code == 403
        page = service.client.get("/command", headers={"authorization": f"Bearer {service._token('li.na')}"})
        assert '"credit":"somebody"' in page.text
        assert host.address.split("{")[0] not in page.text


def test_route__without_a_basemap(make_database):
    with served(make_database("sqlite")) as service:
        assert service.ask("li.na", "GET", "/basemap/base/0/0/0").status_code == 404
