"""What surrounds every request: limits of size and time, what is told when something breaks, lines of the log."""

import asyncio
import json
import logging
import sys

import pytest

from web.envelope import Envelope, LineOfJson
from web.meters import Meters
from web.pace import Pace
from web.settings import make_settings


def passed(app, came, *, method="POST", path="/api/v1/x", headers=(), **settings):
    """What an application in the envelope sends; the request comes in such messages, then nothing more."""
    sent, waiting = [], list(came)

    async def receive():
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "headers": list(headers), "client": ("10.0.0.1", 1), "state": {},
        "query_string": b"token=in-the-address",
    }  # fmt: skip
    wrapped = Envelope(app, make_settings({"body_timeout_s": 1, "max_body_kb": 16} | settings), Meters(), Pace(2))
    asyncio.run(wrapped(scope, receive, send))
    return sent


def part(size, *, more):
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


async def count_body(_scope, receive, send):
    """An application that answers how large the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def status_of(sent):
    return sent[0]["status"]


def problem_of(sent):
    return json.loads(sent[1]["body"])


@pytest.mark.parametrize("sizes", [[0], [16 << 10], [10 << 10, 6 << 10], [1] * 50])
def test_bodies__up_to_the_limit(sizes):
    came = [part(size, more=number + 1 < len(sizes)) for number, size in enumerate(sizes)]
    sent = passed(count_body, came)
    assert (status_of(sent), sent[1]["body"]) == (200, str(sum(sizes)).encode())


@pytest.mark.parametrize(
    "came",
    [
        [part((16 << 10) + 1, more=False)],
        [part(16 << 10, more=True), part(1, more=False)],
        [part(16 << 10, more=True), part(1, more=True), part(1, more=False)],
    ],
)
def test_bodies__beyond_the_limit(came):
    sent = passed(count_body, came)
    assert (status_of(sent), problem_of(sent)["status"]) == (413, 413)
    assert "16 kB" in problem_of(sent)["detail"]


@pytest.mark.parametrize("length", [b"16385", b"9" * 100, b"-1", b"1e3", b"", b"\xb2"])
def test_bodies__announced_beyond_the_limit(length):
    sent = passed(count_body, [part(0, more=False)], headers=[(b"content-length", length)])
    assert status_of(sent) == 413


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "POST"])
def test_bodies__beyond_the_limit_whatever_the_method(method):
    sent = passed(count_body, [part(16 << 10, more=True), part(1, more=False)], method=method)
    assert status_of(sent) == 413


def test_bodies__that_do_not_come():
    sent = passed(count_body, [part(1, more=True)])
    assert (status_of(sent), problem_of(sent)["status"]) == (408, 408)
    assert (b"connection", b"close") in sent[0]["headers"]


def test_failures__tell_nothing_of_the_inside(caplog):
    async def broken(_scope, _receive, _send):
        raise RuntimeError("secret of the inside")

    with caplog.at_level(logging.ERROR, logger="gisgrid.service"):
        sent = passed(broken, [part(0, more=False)])
    assert status_of(sent) == 500
    assert "secret" not in sent[1]["body"].decode()
    assert problem_of(sent)["request_id"] in caplog.text


def test_failures__after_the_answer_has_begun_end_it():
    async def broken(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    sent = passed(broken, [part(0, more=False)])
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_log__the_route_and_never_the_address(caplog):
    with caplog.at_level(logging.INFO, logger="gisgrid.service"):
        passed(count_body, [part(0, more=False)], path="/phones/traccar/token-in-the-path")
    (record,) = caplog.records
    line = LineOfJson().format(record)
    told = json.loads(line)
    assert (told["method"], told["route"], told["status"], told["origin"]) == ("POST", "none", 200, "10.0.0.1")
    assert "in-the-path" not in line
    assert "in-the-address" not in line


def test_log__one_line_for_each_record():
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "what\n%s", ("is\r\nnew",), sys.exc_info())
    line = LineOfJson().format(record)
    assert "\n" not in line
    assert "\r" not in line
    assert json.loads(line)["what"] == "what\nis\r\nnew"
