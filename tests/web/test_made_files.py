"""Files made for one answer: sent whole, and gone however the sending ends."""

import asyncio
from pathlib import Path

import pytest

from web.made_files import made_file

# A server that tells of a broken line when something is sent; older ones tell it as a message.
SCOPE = {"type": "http", "method": "GET", "headers": [], "extensions": {}, "asgi": {"spec_version": "2.4"}}
OLDER = {**SCOPE, "asgi": {"spec_version": "2.3"}}


def sending(answer, fails_at=None, scope=SCOPE):
    """Send an answer; returns the body. The line breaks at the message of that number."""
    sent = []

    async def send(message):
        if len(sent) == fails_at:
            raise OSError("the line broke")
        sent.append(message)

    async def receive():
        return {"type": "http.disconnect"}

    asyncio.run(answer(scope, receive, send))
    return b"".join(message.get("body", b"") for message in sent)


def test_made_file__is_sent_whole_and_then_gone():
    answer = made_file("a.csv", lambda path: path.write_bytes(b"x" * 200_000))
    assert Path(answer.path).is_file()
    assert sending(answer) == b"x" * 200_000
    assert not Path(answer.path).parent.exists()


@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_made_file__is_gone_where_the_line_breaks(fails_at):
    answer = made_file("a.csv", lambda path: path.write_bytes(b"x" * 200_000))
    with pytest.raises(OSError, match="the line broke"):
        sending(answer, fails_at)
    assert not Path(answer.path).parent.exists()


def test_made_file__is_gone_where_it_could_not_be_made():
    tried = []

    def write(path):
        tried.append(path)
        path.write_bytes(b"half")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        made_file("a.csv", write)
    assert not tried[0].parent.exists()


def test_made_file__is_gone_where_the_reader_goes_away():
    answer = made_file("a.csv", lambda path: path.write_bytes(b"x" * 200_000))
    assert len(sending(answer, scope=OLDER)) < 200_000
    assert not Path(answer.path).parent.exists()
