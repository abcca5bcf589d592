"""Conditional requests: what a reader has already is not sent again."""

import hashlib
import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gisgrid.errors import Overtaken

_TYPES: Final = ("application/json", "application/geo+json", "application/problem+json")
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_MOST_BYTES: Final = 8 << 20


class Conditional:
    """Gives every answer in JSON that has none an ETag of its content, and answers 304 where the reader has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        known = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), "")
        answer = _Answer(send, known)
        await self._app(scope, receive, answer.send)


class _Answer:
    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = known
        self._start: Message | None = None
        self._is_dropped = False

    async def send(self, message: Message) -> None:
        """Hold the beginning back until the content is there, where it comes in one piece."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            is_json = headers.get("content-type", "").startswith(_TYPES)
            small = int(headers.get("content-length", _MOST_BYTES + 1)) <= _MOST_BYTES
            if message["status"] == 200 and is_json and (small or "etag" in headers):
                self._start = message
                return
        elif self._start is not None and not self._is_dropped:
            start, self._start = self._start, None
            if await self._begin(start, message):
                return
        elif self._is_dropped:
            return
        await self._send(message)

    async def _begin(self, start: Message, first: Message) -> bool:
        """Send the beginning; True where nothing needs to follow."""
        headers = MutableHeaders(raw=start["headers"])
        if "etag" not in headers and not first.get("more_body", False):
            headers["etag"] = tag_of(first.get("body", b""))
        headers.add_vary_header("Accept-Encoding")
        if "etag" in headers and is_known(headers["etag"], self._known):
            kept = [pair for pair in start["headers"] if pair[0] in {b"etag", b"cache-control", b"vary"}]
            await self._send({"type": "http.response.start", "status": 304, "headers": kept})
            await self._send({"type": "http.response.body", "body": b""})
            self._is_dropped = True
            return True
        await self._send(start)
        return False


def tag_of(*parts: object) -> str:
    """An ETag of content or of whatever decides it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\0")
    return f'"{digest.hexdigest()[:20]}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether a reader's `If-None-Match` names a tag (weakly compared, as RFC 9110 wants it)."""
    if if_none_match.strip() == "*":
        return True
    plain = _TAG.fullmatch(tag)
    return plain is not None and plain[1] in _TAG.findall(if_none_match)


def version_seen(if_match: str | None, stated: int | None = None) -> int | None:
    """The version that a writer has seen, by `If-Match` (an ETag such as "v3-…") or stated in the body; None for none.

    Raises `Overtaken` for a tag that is not one of ours, or where both are given and differ.
    """
    if if_match is None or if_match.strip() == "*":
        return stated
    found = re.fullmatch(r'(?:W/)?"v(\d{1,9})(?:-[^"]*)?"', if_match.strip())
    if found is None or (stated is not None and stated != int(found[1])):
        raise Overtaken(
            f"If-Match is {if_match[:60]}; expected the ETag of the incident as you have seen it",
            zh=f"If-Match 为 {if_match[:60]}；应为您看到该事件时的 ETag",
        )
    return int(found[1])
