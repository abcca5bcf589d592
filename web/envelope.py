"""What surrounds every request: an id, limits of size and time, safe headers, a line of the log, the meters."""

import asyncio
import json
import logging
import re
import secrets
import sys
import time
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gisgrid.told import Told
from web.language import language_of
from web.meters import Meters
from web.pace import Pace
from web.problems import WENT_WRONG, problem
from web.settings import Settings

LOG: Final = logging.getLogger("gisgrid.service")

_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
)
_NO_PAGE: Final = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_STRICT: Final = (b"strict-transport-security", b"max-age=31536000")
_UPLOADS: Final = ("/phones/",)
_ENDLESS: Final = frozenset({"/api/v1/live"})


class Envelope:
    """Wraps the application. Bodies arrive whole before the application sees them, or, of forms with files, in parts; too
    large or too slow ones are refused before any of it is worked on.
    """

    def __init__(self, app: ASGIApp, settings: Settings, meters: Meters, misses: Pace) -> None:
        self._app = app
        self._settings = settings
        self._meters = meters
        self._misses = misses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD" and scope["path"] not in _ENDLESS
        if is_head:
            # What GET would answer, without its content.
            scope = {**scope, "method": "GET"}
        visit = _Passage(scope, send, self._misses, self._settings.is_secure, is_head=is_head)
        try:
            await self._run(scope, receive, visit)
        except _Refusal as refused:
            if refused.status == 413 and not refused.has_ended:
                await _let_pass(receive, self._settings.max_upload_mb << 20, self._settings.body_timeout_s)
            await visit.refuse(refused.status, refused.detail, refused.retry_after_s)
        except Exception:
            self._meters.failures.inc()
            LOG.exception("request %s failed", visit.request_id, extra={"request_id": visit.request_id})
            await visit.refuse(500, WENT_WRONG)
        finally:
            self._tell(scope, visit)

    async def _run(self, scope: Scope, receive: Receive, visit: "_Passage") -> None:
        headers = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").lower().startswith(b"multipart/")
        # Phones: who it is, is known before the body is read.
        is_phone = scope["path"].startswith(_UPLOADS)
        is_upload = is_form or is_phone
        most = self._settings.max_upload_mb << 20 if is_upload else self._settings.max_body_kb << 10
        body = _Body(receive, visit, most, self._settings.body_timeout_s * (10 if is_upload else 1))
        body.check_announced(headers.get(b"content-length"))
        if scope["method"] not in _WITHOUT_BODY and not is_form and not is_phone:
            await body.read_whole()
        await self._app(scope, body.receive, visit.send)
        if body.refused is not None and not visit.has_started:
            raise body.refused

    def _tell(self, scope: Scope, visit: "_Passage") -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        seconds = time.perf_counter() - visit.started_s
        self._meters.requests.labels(method, route, str(visit.status)).inc()
        self._meters.seconds.labels(method, route).observe(seconds)
        if LOG.isEnabledFor(logging.INFO):
            # The template of the route, never the address itself: tokens and names stand in addresses.
            told = {
                "request_id": visit.request_id,
                "method": method,
                "route": route,
                "status": visit.status,
                "ms": round(seconds * 1000.0, 1),
                "bytes": visit.sent_bytes,
                "account": scope["state"].get("account", ""),
                "origin": scope["client"][0] if scope.get("client") else "",
            }
            LOG.info("%s %s %s", method, route, visit.status, extra=told)


_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Refusal(Exception):
    def __init__(self, status: int, detail: str, *, has_ended: bool = False, retry_after_s: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.has_ended = has_ended
        self.retry_after_s = retry_after_s


class _Passage:
    """The way out of one request: adds the headers, counts, and can still refuse while nothing was sent."""

    def __init__(self, scope: Scope, send: Send, misses: Pace, is_secure: bool, *, is_head: bool = False) -> None:
        self._send = send
        self._scope = scope
        self._misses = misses
        sent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        self.request_id = sent if _ID.fullmatch(sent) else secrets.token_hex(6)
        scope.setdefault("state", {})["request_id"] = self.request_id
        self._is_secure = is_secure
        self._is_head = is_head
        self.started_s = time.perf_counter()
        self.status = 0
        self.sent_bytes = 0
        self.has_started = False
        self.refused: _Refusal | None = None

    async def send(self, message: Message) -> None:
        """Pass a message of the answer on."""
        if self.refused is not None and not self.has_started:
            # The application answers a body that was cut off; the true reason is said instead.
            raise self.refused
        if message["type"] == "http.response.start":
            if message["status"] == 405 or (message["status"] == 404 and "route" not in self._scope):
                self._miss()
            self.has_started = True
            self.status = message["status"]
            message["headers"] = self._with_ours(message.get("headers", []))
        elif message["type"] == "http.response.body":
            if self._is_head:
                message = {**message, "body": b""}
            self.sent_bytes += len(message.get("body", b""))
        await self._send(message)

    def _miss(self) -> None:
        """What was asked for is no route: no door has asked who it is, so that it is counted here."""
        client = self._scope.get("client")
        wait_s = self._misses.take(client[0] if client else "unknown")
        if wait_s:
            detail = Told(
                f"too many requests in a minute; try again in {wait_s} s", f"一分钟内请求过多；请过 {wait_s} 秒再试"
            )
            self.refused = _Refusal(429, detail, has_ended=True, retry_after_s=wait_s)
            raise self.refused

    async def refuse(self, status: int, detail: str, retry_after_s: int = 0) -> None:
        """Answer with a problem, if no answer has begun."""
        if self.has_started:
            return
        self.refused = None
        answer = problem(status, detail, self.request_id, language=language_of(self._scope))
        answer.headers["connection"] = "close"
        if retry_after_s:
            answer.headers["retry-after"] = str(retry_after_s)
        await answer(self._scope, _nothing, self.send)

    def _with_ours(self, headers: Any) -> list[tuple[bytes, bytes]]:
        mine = list(headers)
        there = {name.lower() for name, _ in mine}
        mine += [pair for pair in _HEADERS if pair[0] not in there]
        if b"content-security-policy" not in there:
            mine.append((b"content-security-policy", _NO_PAGE))
        if b"cache-control" not in there:
            mine.append((b"cache-control", b"private, no-cache" if b"etag" in there else b"no-store"))
        if self._is_secure:
            mine.append(_STRICT)
        mine.append((b"x-request-id", self.request_id.encode()))
        return mine


class _Body:
    """The body of a request, counted and timed."""

    def __init__(self, receive: Receive, visit: _Passage, most_bytes: int, most_s: float) -> None:
        self._receive = receive
        self._visit = visit
        self._most_bytes = most_bytes
        self._until_s = time.perf_counter() + most_s
        self._most_s = most_s
        self._count = 0
        self._whole: list[Message] = []
        self._ended = False
        self.refused: _Refusal | None = None

    def check_announced(self, length: bytes | None) -> None:
        """Refuse a body that says beforehand that it is too large."""
        if length is not None and (not length.isdigit() or int(length[:20]) > self._most_bytes):
            raise self._too_large()

    async def read_whole(self) -> None:
        """Wait until all of the body is here."""
        parts: list[bytes] = []
        more = True
        while more:
            message = await self._next()
            if message["type"] != "http.request":
                self._whole.append(message)
                return
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self._whole.append({"type": "http.request", "body": b"".join(parts), "more_body": False})

    async def receive(self) -> Message:
        """The next message for the application."""
        if self._whole:
            return self._whole.pop(0)
        if self._ended:
            return await self._receive()
        return await self._next()

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(max(self._until_s - time.perf_counter(), 0.001)):
                message = await self._receive()
        except TimeoutError:
            raise self._refuse(
                408,
                Told(
                    f"the body did not arrive within {self._most_s:.0f} s; send it again, in parts if the line is slow",
                    f"请求内容未在 {self._most_s:.0f} 秒内传完；请重新发送，网速慢时请分批发送",
                ),
            ) from None
        self._count += len(message.get("body", b""))
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        if self._count > self._most_bytes:
            raise self._too_large()
        return message

    def _too_large(self) -> _Refusal:
        size = f"{self._most_bytes >> 20} MB" if self._most_bytes >= 1 << 20 else f"{self._most_bytes >> 10} kB"
        return self._refuse(
            413,
            Told(f"the body is larger than {size}; send less at a time", f"请求内容超过 {size}；请减少一次发送的内容"),
        )

    def _refuse(self, status: int, detail: str) -> _Refusal:
        self.refused = self._visit.refused = _Refusal(status, detail, has_ended=self._ended)
        return self.refused


async def _let_pass(receive: Receive, most_bytes: int, most_s: float) -> None:
    """Read what is still coming of a refused body and forget it, up to a limit: a proxy that is cut off while it sends
    would tell its client of a broken service, not of the refusal.
    """
    count, more = 0, True
    try:
        async with asyncio.timeout(most_s):
            while more and count <= most_bytes:
                message = await receive()
                count += len(message.get("body", b""))
                more = message["type"] == "http.request" and message.get("more_body", False)
    except TimeoutError:
        return


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


class LineOfJson(logging.Formatter):
    """A line of the log as JSON: time (UTC), level, what, and what else is known; never an address with what is in it."""

    _OURS = ("request_id", "method", "route", "status", "ms", "bytes", "account", "origin")

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        told: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "what": record.getMessage()}
        told |= {name: getattr(record, name) for name in self._OURS if hasattr(record, name)}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


class LineOfText(logging.Formatter):
    """A line of the log for people: the same, with what else is known behind."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        known = (f"{name}={getattr(record, name)}" for name in ("request_id", "ms", "account") if hasattr(record, name))
        return " ".join((super().format(record), *known))


def start_logging(settings: Settings) -> None:
    """Write the log to standard error, as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(LineOfJson())
    else:
        handler.setFormatter(LineOfText("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for talkative in ("alembic", "uvicorn.access", "multipart"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
