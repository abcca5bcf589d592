"""Doing together what many ask at once: one transaction, one wait for the disk, each asker its own answer."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from gisgrid.errors import StoreError

_MOST: Final = 256

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Collects what is asked while the work before is being done, and then does all of it in one go.

    `work` takes a list and returns for each either its answer or the error that is its own; it runs in one thread, never
    twice at a time. Whoever asks alone waits for nobody.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Answer | Exception]], *, most: int = _MOST) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="together")

    async def do(self, asked: Asked) -> Answer:
        """Ask, and wait until it is done; raises what the work raised or returned for it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((asked, future))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        # Whoever goes away does not take back what may be done already.
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish what was asked, and stop."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        self._thread.shutdown()

    def _do(self, asked: Sequence[Asked]) -> Sequence[Answer | Exception]:
        """The work; where it fails for all and not for want of the database, each alone: one must not spoil the others."""
        try:
            answers = self._work(asked)
            if len(answers) != len(asked):
                raise ValueError(f"{len(answers)} answers to {len(asked)} that asked")
            return answers
        except StoreError as error:
            return [error] * len(asked)
        except Exception as error:  # noqa: BLE001  # it is theirs who asked
            return [error] if len(asked) == 1 else [answer for one in asked for answer in self._do([one])]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            now, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            answers = await loop.run_in_executor(self._thread, self._do, [asked for asked, _ in now])
            for (_, future), answer in zip(now, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                    future.exception()  # whoever asked may have gone: then nobody else looks at it
                else:
                    future.set_result(answer)
