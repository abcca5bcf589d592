"""What arrives on a live stream, read as a browser reads it, and a stream watched without HTTP."""

import asyncio
import json
from dataclasses import dataclass

from gisgrid.access import Holder
from gisgrid.store.accounts import Known
from web.doors import Visit
from web.live_stream import Watch, stream

PATIENCE_S = 30.0
COMMANDER = Holder("li.na", "commander")


@dataclass(frozen=True)
class Said:
    """A message as it arrived: its name, the number sent with it, its content."""

    name: str
    id: int
    data: dict

    @property
    def number(self):
        return self.data.get("number")


class Parser:
    """Server-sent events out of bytes, by the rules of the HTML standard as far as we use them."""

    def __init__(self):
        self._rest = b""

    def feed(self, chunk):
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        return [self._read(block.decode()) for block in blocks]

    def _read(self, block):
        fields = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            assert name in {"event", "id", "data", "retry"}, block
            fields[name] = value
        return Said(fields["event"], int(fields["id"]), json.loads(fields["data"]))


def visit_of(holder=COMMANDER, scopes=None):
    return Visit(None, Known(holder, scopes=scopes), "here")


class Follower:
    """A stream of the hub that is being watched; what it says is read one by one."""

    def __init__(self, hub, visit, position, again, watch):
        async def still_here():
            return visit

        self.stream = stream(hub, visit, again or still_here, position, lambda: 1_525_651_200_000, watch)
        self._parser = Parser()
        self._waiting = []

    async def next(self):
        """The next message; None at the end."""
        while not self._waiting:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    self._waiting += self._parser.feed(await anext(self.stream))
            except StopAsyncIteration:
                return None
        return self._waiting.pop(0)

    async def until(self, name):
        """The messages up to the first of a name, which is the last of them."""
        found = [await self.next()]
        while found[-1] is not None and found[-1].name != name:
            found.append(await self.next())
        return found

    async def upto(self, event):
        """The messages, without heartbeats, until everything up to an event has been told."""
        found = []
        while not found or found[-1].id < event:
            found.append(await self.next())
        return [one for one in found if one.name != "heartbeat"]


async def follow(
    hub, holder=COMMANDER, *, position=None, again=None, heartbeat_s=15.0, checked_every_s=30.0, scopes=None
):
    """A follower past its hello."""
    await hub.open()
    follower = Follower(hub, visit_of(holder, scopes), position, again, Watch(heartbeat_s, checked_every_s))
    hello = await follower.next()
    assert hello.name == "hello"
    return follower
