"""A live stream as server-sent events: hello, what was missed, what happens, heartbeats; an end when its session ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from web.doors import Visit
from web.instants import utc
from web.live import Hub
from web.live_messages import May, Message

RETRY_MS: Final = 2_000
"""So long a browser waits before it connects again."""

_CHECKED_EVERY_S: Final = 30.0
_SEND_S: Final = 60.0


@dataclass(frozen=True)
class Watch:
    """How a stream is watched: seconds between heartbeats and between looks at whether the session still lasts."""

    heartbeat_s: float = 15.0
    checked_every_s: float = _CHECKED_EVERY_S


class EventStream(StreamingResponse):
    """The answer: neither kept nor held back by a proxy; it gives its place back when it ends, however it ends."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], release: Callable[[], None], send_s: float = _SEND_S) -> None:
        super().__init__(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._release = release
        self._send_s = send_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the stream or its reader ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._release()

    async def stream_response(self, send: Send) -> None:
        """Send it; whoever takes nothing for a minute has gone."""

        async def send_in_time(message: Any) -> None:
            async with asyncio.timeout(self._send_s):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            return


async def stream(
    hub: Hub,
    visit: Visit,
    again: Callable[[], Awaitable[Visit | None]],
    position: int | None,
    now_ms: Callable[[], int],
    watch: Watch | None = None,
) -> AsyncIterator[bytes]:
    """What a visitor is told after event `position` (None: from now on; below 0: after one that never was), as bytes.

    Every message carries the number of an event up to which nothing is missing: the browser sends it back when it
    connects again. `again` says who asks now, None when the session has ended. The hub must be open.
    """
    watch = watch or Watch()
    clock = asyncio.get_running_loop().time
    epoch, stale_since_ms = hub.epoch, None
    at = hub.newest if position is None else position
    hello = {"newest": hub.newest, "at": utc(now_ms()), "heartbeat_s": watch.heartbeat_s}
    yield f"retry: {RETRY_MS}\n".encode() + said("hello", hello, at if 0 <= at <= hub.newest else hub.newest)
    is_first = True
    checked_s = sent_s = clock()
    while not hub.is_ending:
        parts: list[bytes] = []
        if not is_first and clock() - checked_s >= watch.checked_every_s:
            now = await again()
            if now is None:
                yield said("ended", {"why": "the session or token has ended"}, at)
                return
            if now.known != visit.known:
                # Another role or unit: what is on the page may be more than is to be seen now.
                parts.append(_reset("rights", at := hub.newest))
            visit, checked_s = now, clock()
        found = await hub.after(at) if epoch == hub.epoch else None
        if found is None:
            why = "too_slow" if not is_first else "too_old" if 0 <= at <= hub.newest else "unknown"
            parts.append(_reset(why if epoch == hub.epoch else "restored", at := hub.newest))
            epoch = hub.epoch
        elif found:
            parts += told(found, visit.may, at)
            at = found[-1].event
        is_first = False
        if hub.stale_since_ms != stale_since_ms:
            stale_since_ms = hub.stale_since_ms
            name = "current" if stale_since_ms is None else "stale"
            parts.append(said(name, {"since": utc(stale_since_ms), "at": utc(now_ms())}, at))
        left_s = sent_s + watch.heartbeat_s - clock()
        if not parts and left_s <= 0.0:
            parts.append(said("heartbeat", {"newest": at, "at": utc(now_ms())}, at))
        if parts:
            yield b"".join(parts)
            sent_s = clock()
            continue
        left_s = min(left_s, checked_s + watch.checked_every_s - clock())
        await hub.wait(at, epoch, stale_since_ms is not None, left_s)


def told(messages: Iterable[Message], may: May, after: int) -> list[bytes]:
    """Messages as a viewer gets them, who has all up to event `after`.

    Of several pieces of one event only the last carries its number: whoever is cut off in between gets all of it again.
    """
    parts: list[bytes] = []
    last = after
    for message in messages:
        mine = [found for piece in message.pieces if (found := piece.said_to(may)) is not None]
        for left, (name, data) in zip(range(len(mine) - 1, -1, -1), mine, strict=True):
            parts.append(_line(name, data, last if left else message.event))
        last = message.event
    return parts


def said(name: str, content: dict[str, Any], number: int) -> bytes:
    """One message."""
    return _line(name, json.dumps(content, ensure_ascii=False, separators=(",", ":")), number)


def _reset(why: str, newest: int) -> bytes:
    return said("reset", {"newest": newest, "why": why}, newest)


def _line(name: str, data: str, number: int) -> bytes:
    return f"event: {name}\nid: {number}\ndata: {data}\n\n".encode()
