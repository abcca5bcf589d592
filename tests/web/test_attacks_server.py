"""Attacks on the server as it runs: slow, endless and split requests, and what its log must never hold."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import pytest

from tests.web.live_server import Served, ask

REPORT = b'{"category": "disputes"}'
PATIENCE_S = 60.0
SECRET_METRICS = "a-metrics-token-that-nobody-knows"
PASSWORD = "Sixteen crabs 8"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("attacked") / "data", None)
    port = served.serve(
        GISGRID_BODY_TIMEOUT_S="2", GISGRID_MAX_BODY_KB="64", GISGRID_METRICS_TOKEN=SECRET_METRICS,
        GISGRID_LOG_LEVEL="debug",
    )  # fmt: skip
    yield served, port, served.token()
    served.close()


def head(token, *lines, method="POST", path="/api/v1/incidents"):
    """The beginning of a request, byte for byte."""
    first = (
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
    )
    return "\r\n".join((*first, *lines, "", "")).encode("latin-1")


class Line:
    """A connection on which bytes are sent as they are."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._came = b""

    def send(self, *parts):
        for part in parts:
            self._socket.sendall(part)
        return self

    def end(self):
        """Say that nothing more will come."""
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self):
        """Status, headers and content of the next answer; status 0 where the connection was closed without one."""
        while b"\r\n\r\n" not in self._came:
            if not self._more():
                return 0, {}, b""
        top, _, self._came = self._came.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self._came) < length and self._more():
            pass
        content, self._came = self._came[:length], self._came[length:]
        return int(first.split()[1]), headers, content

    def is_closed(self):
        """Whether the server ends the connection, nothing more having come."""
        return not self._came and not self._more()

    def _more(self):
        try:
            chunk = self._socket.recv(65_536)
        except ConnectionResetError:
            return False
        self._came += chunk
        return bool(chunk)

    def close(self):
        self._socket.close()


@contextlib.contextmanager
def line_to(port):
    line = Line(port)
    try:
        yield line
    finally:
        line.close()


def count(served):
    with served.store.reading() as connection:
        return connection.exec_driver_sql("select count(*) from incident").scalar_one()


def is_well(port):
    return ask(port, "GET", "/health")[0] == 200


def problem_of(content):
    return json.loads(content)["status"]


@pytest.mark.parametrize("announced", ["Content-Length: 24", "Transfer-Encoding: chunked"])
def test_slow_body__is_ended(running, announced):
    served, port, token = running
    before = count(served)
    with line_to(port) as line:
        line.send(head(token, announced), b"18\r\n{" if "chunked" in announced else b"{")
        status, headers, content = line.answer()
        assert (status, problem_of(content)) == (408, 408)
        assert headers["connection"] == "close"
        assert line.is_closed()
    assert count(served) == before


def test_dripping_body__is_ended_though_something_always_comes(running):
    served, port, token = running
    before = count(served)
    with line_to(port) as line:
        line.send(head(token, "Content-Length: 60000"))
        with contextlib.suppress(OSError):
            for _ in range(40):
                line.send(b" ")
                time.sleep(0.1)
        assert line.answer()[0] in (0, 408)
    assert count(served) == before
    assert is_well(port)


@pytest.mark.parametrize("path", ["/api/v1/incidents", "/phones/traccar", "/api/v1/live", "/nothing"])
def test_bodies__that_never_end(running, path):
    served, port, token = running
    before = count(served)
    for method in ("POST", "GET", "DELETE"):
        with line_to(port) as line:
            line.send(head(token, "Transfer-Encoding: chunked", method=method, path=path))
            with contextlib.suppress(OSError):
                for _ in range(40):
                    line.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")
    assert is_well(port)
    assert count(served) == before


def test_bodies__announced_too_large(running):
    _, port, token = running
    for length in ("99999999", "9" * 18, "9" * 40, "-1", "+5", "0x10", "1e3", "5, 5"):
        with line_to(port) as line:
            line.send(head(token, f"Content-Length: {length}"))
            status, _, _ = line.answer()
            assert status in (0, 400, 413), length


SMUGGLED = b"GET /api/v1/sessions/current HTTP/1.1\r\nHost: localhost\r\nX: "


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 24", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 4"),
        ("Content-Length: 24", "Content-Length: 3"),
        ("Content-Length: 24", "Transfer-Encoding: xchunked"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: 24\x00",),
        ("Content-Length:\x0b24",),
        ("Content-Length: 24\r\n Transfer-Encoding: chunked",),
    ],
)
def test_two_lengths__are_refused_or_harmless(running, lines):
    """Where a proxy and the server see different ends of a request, what follows would be another's."""
    served, port, token = running
    before = count(served)
    with line_to(port) as line:
        line.send(head(token, *lines) + b"0\r\n\r\n" + SMUGGLED + b"\r\n\r\n")
        status, _, _ = line.answer()
        assert status in (0, 400, 401, 408, 413, 422)
        # The smuggled request has no token of its own and is never let in.
        assert line.answer()[0] in (0, 400, 401)
    assert count(served) == before
    assert is_well(port)


def test_headers__bombs(running):
    _, port, token = running
    for bomb in (
        ["X-A: " + "a" * 200_000], [f"X-{number}: a" for number in range(20_000)], ["Cookie: " + "a=b; " * 20_000],
        ["Authorization: Bearer " + "x" * 100_000], ["X-Forwarded-For: " + "1.1.1.1, " * 10_000],
    ):  # fmt: skip
        with line_to(port) as line:
            with contextlib.suppress(OSError):
                line.send(head(token, *bomb, method="GET"))
            assert line.answer()[0] in (0, 200, 400, 401, 413, 431)
    assert is_well(port)


def test_junk__on_the_line(running):
    _, port, _ = running
    for junk in (
        b"\x00" * 1_000, b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%zz%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    ):  # fmt: skip
        with line_to(port) as line:
            with contextlib.suppress(OSError):
                line.send(junk).end()
            assert line.answer()[0] in (0, 200, 400, 404, 405, 414, 431)
    assert is_well(port)


def test_readers__who_do_not_read_keep_nobody_waiting(running):
    _, port, token = running
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            line = stack.enter_context(line_to(port))
            line.send(head(token, method="GET", path="/api/v1/openapi.json") * 20)
        for _ in range(10):
            assert is_well(port)


def test_log__holds_no_secret(running):
    """Every kind of secret is used, rightly and wrongly; none is in what the server has written."""
    served, port, token = running
    secrets = [
        token,
        PASSWORD,
        "guessed-Passw0rd",
        SECRET_METRICS,
        "gg_forged-token",
        "forged-cookie-1",
        "forged-csrf-2",
    ]
    with line_to(port) as line:
        body = json.dumps({"name": "li.na", "password": PASSWORD}).encode()
        line.send(
            head("", f"Content-Length: {len(body)}", path="/api/v1/sessions").replace(
                b"Authorization: Bearer \r\n", b""
            ),
            body,
        )
        status, headers, content = line.answer()
        assert status == 201, content
    cookie = headers["set-cookie"].split(";")[0]
    csrf = json.loads(content)["csrf"]
    secrets += [cookie.partition("=")[2], csrf]
    tries = [
        ("POST", "/api/v1/sessions", [], {"name": "li.na", "password": "guessed-Passw0rd"}),
        ("POST", "/api/v1/sessions", [], {"name": "li.na", "password": ["guessed-Passw0rd"]}),
        ("POST", "/api/v1/incidents", [f"Cookie: {cookie}", f"X-CSRF-Token: {csrf}"], {"category": "disputes"}),
        ("POST", "/api/v1/incidents", [f"Cookie: {cookie}", "X-CSRF-Token: forged-csrf-2"], {"category": "disputes"}),
        ("GET", "/api/v1/incidents", ["Cookie: gisgrid=forged-cookie-1"], None),
        ("GET", "/api/v1/incidents", ["Authorization: Bearer gg_forged-token"], None),
        ("GET", "/metrics", [f"Authorization: Bearer {SECRET_METRICS}"], None),
        ("GET", "/phones/traccar/gg_forged-token?lat=1&lon=1&timestamp=1", [], None),
        ("POST", "/phones/plain", ["Authorization: Bearer gg_forged-token"], {"fixes": []}),
        ("POST", "/api/v1/sessions/current/password", [f"Cookie: {cookie}", f"X-CSRF-Token: {csrf}"],
         {"password": "guessed-Passw0rd", "new_password": PASSWORD}),
        ("GET", f"/nothing/{token}?token={SECRET_METRICS}", [], None),
    ]  # fmt: skip
    statuses = []
    for method, path, lines, asked in tries:
        body = json.dumps(asked).encode() if asked is not None else b""
        first = [
            f"{method} {path} HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        with line_to(port) as line:
            line.send("\r\n".join([*first, *lines, "", ""]).encode(), body)
            statuses.append(line.answer()[0])
    assert statuses == [401, 422, 201, 403, 401, 401, 200, 400, 401, 401, 404]
    log = served.logs()
    assert "POST /api/v1/sessions 201" in log
    assert [secret for secret in secrets if secret in log] == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://gisgrid:db-secret-77@127.0.0.1:1/gisgrid",
        "postgresql://gisgrid:db-secret-77@nowhere.invalid/gisgrid?sslmode=nonsense",
        "postgres+wrong://gisgrid:db-secret-77@127.0.0.1/gisgrid",
        "postgresql://gisgrid:db-secret-77@[::1/gisgrid",
    ],
)
def test_log__holds_no_password_of_the_database(tmp_path, address):
    """A database that cannot be reached is told of without its password."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GISGRID_")}
    environ |= {"GISGRID_DATA": str(tmp_path / "data"), "GISGRID_DATABASE_URL": address}
    done = subprocess.run(
        [sys.executable, "-m", "gisgrid", "serve"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "db-secret-77" not in done.stdout + done.stderr
