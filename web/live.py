"""The live hub: reads the log of events once for all who watch, and keeps what was said last for those who come back."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from gisgrid.errors import GisgridError, StoreError, TooMany
from gisgrid.store.events import Event, events_after, events_from, last_event
from gisgrid.store.listening import Listening
from gisgrid.store.rulebook import Rulebook
from gisgrid.store.store import Store
from web.live_messages import Message, messages_of, rulebook_for
from web.stopping import on_stop

LOG: Final = logging.getLogger("gisgrid.service")

MOST_EACH: Final = 5
"""Streams that one session or token may hold open."""

_REMEMBERED: Final = 4_000
_READ_AT_FIRST: Final = 500
_AT_A_TIME: Final = 500
_RETRY_S: Final = 30
_LAST_LOOK_S: Final = 1.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class _Read:
    """What a look at the log gave: the number before the first message, the messages, whether the log is another one."""

    floor: int
    messages: tuple[Message, ...]
    known: tuple[int, int]
    is_other: bool = False
    is_all: bool = True


class Hub:
    """One for a process. All methods are for the event loop that first takes a seat; threads only read the database.

    Nobody has a queue: each stream has a position in what the hub remembers, and whoever falls behind that is told to
    load anew. So a slow reader costs neither memory nor anybody's time. While nobody watches nothing is read.
    """

    def __init__(
        self,
        store: Store,
        *,
        most: int = 500,
        most_each: int = MOST_EACH,
        remembered: int = _REMEMBERED,
        poll_s: float | None = None,
        on_newest: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._most, self._most_each, self._remembered = most, most_each, remembered
        self._poll_s = poll_s
        self._on_newest = on_newest
        self._seats: dict[str, int] = {}
        self._memory: list[Message] = []
        self._floor = 0
        self._known: tuple[int, int] | None = None
        self._rulebook: Rulebook | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listening: Listening | None = None
        self._task: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._woken = asyncio.Event()
        self._news = asyncio.Event()
        self._hear_no_more: Callable[[], None] = lambda: None
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._replayer = ThreadPoolExecutor(1, thread_name_prefix="replay")
        self._looking: set[Future[Any]] = set()
        self.epoch = 0
        """Grows when the log has become another one."""
        self.stale_since_ms: int | None = None
        """Since when the log cannot be read; None while it can."""
        self.is_ending = False
        """Whether all streams are to end now."""

    @property
    def newest(self) -> int:
        """The number of the newest event that was read."""
        return self._floor + len(self._memory)

    def take_seat(self, caller: str) -> Callable[[], None]:
        """A place for a stream of a caller (any word); returns what gives it back, however often it is called.

        Raises `TooMany` where the caller has as many as one may have; `StoreError` when all are taken, or at the end.
        """
        if self.is_ending:
            raise StoreError(
                "the service is being stopped; connect again in a moment", zh="服务正在停止；请稍后重新连接"
            )
        if sum(self._seats.values()) >= self._most:
            raise StoreError(
                f"all {self._most} live streams of this process are taken; try again in a while",
                zh=f"本进程的 {self._most} 个实时连接已用满；请稍后再试",
            )
        if self._seats.get(caller, 0) >= self._most_each:
            raise TooMany(
                f"there are {self._most_each} live streams of this session or token already; close one",
                _RETRY_S,
                zh=f"这次登录或这个令牌已有 {self._most_each} 个实时连接；请关闭一个",
            )
        self._seats[caller] = self._seats.get(caller, 0) + 1
        taken = [caller]

        def release() -> None:
            if taken:
                self._leave(taken.pop())

        return release

    async def open(self) -> None:
        """Wait until the log has been read up to now; raises what reading raises. For whoever has a seat."""
        async with self._opening:
            if self._task is None:
                self._loop = asyncio.get_running_loop()
                self._hear_no_more = on_stop(self._end_soon)
                self._listening = Listening(self._store, self._wake, poll_s=self._poll_s)
                self._task = self._loop.create_task(self._run())
            if self._known is None:
                await self._read_on()

    async def after(self, position: int) -> tuple[Message, ...] | None:
        """What was said after an event, at most some hundreds; None where it is too long ago, or there is no such event yet."""
        newest, epoch = self.newest, self.epoch
        if self.is_ending:
            return ()
        if not 0 <= position <= newest:
            return None
        if position >= self._floor:
            at = position - self._floor
            return tuple(self._memory[at : at + _AT_A_TIME])
        if newest - position > self._remembered:
            return None
        found = await self._in_thread(self._replayer, lambda: self._replay(position, newest))
        return found if self.epoch == epoch else None

    async def wait(self, position: int, epoch: int, is_stale: bool, most_s: float) -> None:
        """Wait until something is there that a stream, which knows this, does not know; not longer than so many seconds."""
        until_s = asyncio.get_running_loop().time() + most_s
        while not (
            self.newest > position
            or self.epoch != epoch
            or (self.stale_since_ms is not None) != is_stale
            or self.is_ending
        ):
            try:
                async with asyncio.timeout_at(until_s):
                    await self._news.wait()
            except TimeoutError:
                return

    def end(self) -> None:
        """End all streams; new ones are refused."""
        self.is_ending = True
        self._tell()

    async def close(self) -> None:
        """End all streams and read no more."""
        self.end()
        self._hear_no_more()
        if self._listening is not None:
            await asyncio.to_thread(self._listening.close)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for thread in (self._reader, self._replayer):
            thread.shutdown(wait=False, cancel_futures=True)
        # What looks at the database now may finish; one that does not answer must not hold up the end.
        if looking := [asyncio.wrap_future(one) for one in tuple(self._looking)]:
            done, _ = await asyncio.wait(looking, timeout=_LAST_LOOK_S)
            for one in done:
                if not one.cancelled():
                    one.exception()  # whoever asked has gone: nobody else looks at it

    async def _in_thread(self, thread: ThreadPoolExecutor, look: Callable[[], Answer]) -> Answer:
        future = thread.submit(look)
        self._looking.add(future)
        future.add_done_callback(self._looking.discard)
        return await asyncio.wrap_future(future)

    def _leave(self, caller: str) -> None:
        self._seats[caller] -= 1
        if not self._seats[caller]:
            del self._seats[caller]
        if not self._seats:
            # Nobody watches: what happens now is read when somebody does.
            self._known = None

    async def _run(self) -> None:
        while not self.is_ending:
            await self._woken.wait()
            self._woken.clear()
            if not self._seats:
                continue
            try:
                async with self._opening:
                    while await self._read_on():
                        pass
                    if not self._seats:
                        self._known = None
            except (GisgridError, sa.exc.SQLAlchemyError) as error:
                self._cannot_read(error)
            except Exception as error:  # a mistake of ours must not end the live stream for ever
                LOG.exception("the live stream failed")
                self._cannot_read(error)

    async def _read_on(self) -> bool:
        """Look at the log once; True where there is more."""
        known = self._known
        read = await self._in_thread(self._reader, lambda: self._read(known))
        if read.is_other or self._known is None:
            self.epoch += read.is_other
            self._floor, self._memory = read.floor, []
        self._known = read.known
        self._memory.extend(read.messages)
        if len(self._memory) > 2 * self._remembered:
            gone = len(self._memory) - self._remembered
            self._floor += gone
            del self._memory[:gone]
        is_back = self.stale_since_ms is not None
        if is_back:
            LOG.info("the live stream reads the log again")
            self.stale_since_ms = None
        if read.messages or read.is_other or is_back:
            self._on_newest(self.newest)
            self._tell()
        return not read.is_all

    def _cannot_read(self, error: Exception) -> None:
        if self.stale_since_ms is None:
            LOG.warning("the live stream cannot read the log: %s", error)
            self.stale_since_ms = self._store.now_ms()
            self._tell()

    def _read(self, known: tuple[int, int] | None) -> _Read:
        with self._store.reading() as connection:
            found = None if known is None else events_from(connection, known, _AT_A_TIME)
            if found is not None and known is not None:
                last = (found[-1].id, found[-1].at_ms) if found else known
                messages = self._told(connection, found)
                return _Read(known[0], messages, last, is_all=len(found) < _AT_A_TIME)
            self._rulebook = None
            floor = max(last_event(connection) - _READ_AT_FIRST, 0)
            fresh = events_after(connection, floor, _READ_AT_FIRST)
            last = (fresh[-1].id, fresh[-1].at_ms) if fresh else (floor, 0)
            return _Read(floor, self._told(connection, fresh), last, is_other=known is not None)

    def _told(self, connection: sa.Connection, events: list[Event]) -> tuple[Message, ...]:
        if not events:
            return ()
        self._rulebook = rulebook_for(connection, events, self._rulebook)
        return messages_of(connection, events, self._rulebook, self._store.now_ms())

    def _replay(self, position: int, newest: int) -> tuple[Message, ...]:
        with self._store.reading() as connection:
            events = events_after(connection, position, min(_AT_A_TIME, newest - position))
            return messages_of(connection, events, rulebook_for(connection, events, None), self._store.now_ms())

    def _tell(self) -> None:
        """Wake all who wait."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _wake(self) -> None:
        """From any thread: look at the log."""
        self._soon(self._woken.set)

    def _end_soon(self) -> None:
        """From any thread or a signal: end all streams."""
        self._soon(self.end)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop is None:
            return
        # Without its loop nobody watches any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)
