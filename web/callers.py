"""Who is behind a cookie or a token, remembered for a moment."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool

from gisgrid.errors import GisgridError
from gisgrid.store.accounts import Accounts, Known

LOG: Final = logging.getLogger("gisgrid.service")

_REMEMBERED_S: Final = 2.0
_MOST_REMEMBERED: Final = 10_000
_ACQUAINTED_S: Final = 3_600.0


class KnownCallers:
    """Who is behind a cookie or token, remembered for two seconds: so long a session ended elsewhere may live on."""

    def __init__(self, accounts: Accounts, now_s: Callable[[], float] = time.monotonic) -> None:
        self._accounts = accounts
        self._now_s = now_s
        self._found: dict[tuple[bool, str], tuple[float, Known | None]] = {}
        self._let_in_s: dict[tuple[bool, str], float] = {}
        self._lock = threading.Lock()
        self._noting: set[asyncio.Future[None]] = set()

    async def find(self, secret: str, *, is_token: bool) -> Known | None:
        """Who it is; None for nobody."""
        key = (is_token, secret)
        at_s, known = self._found.get(key, (-_REMEMBERED_S, None))
        if self._now_s() - at_s < _REMEMBERED_S:
            return known
        asked_s = self._now_s()
        if is_token:
            known = await run_in_threadpool(self._accounts.known_by_token, secret)
        else:
            known = await run_in_threadpool(self._accounts.known_by_session, secret, noting=False)
            if known is not None and known.is_to_note:
                # Beside the request: who only reads must not wait for those who write.
                noting = asyncio.get_running_loop().run_in_executor(None, self._note, secret)
                self._noting.add(noting)
                noting.add_done_callback(self._noting.discard)
        with self._lock:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            self._found[key] = (asked_s, known)
            if known is not None:
                if len(self._let_in_s) >= _MOST_REMEMBERED:
                    self._let_in_s.clear()
                self._let_in_s[key] = asked_s
        return known

    def is_acquainted(self, secret: str, *, is_token: bool) -> bool:
        """Whether a cookie or token was somebody's within the hour: it is no guess, whatever has become of it."""
        at_s = self._let_in_s.get((is_token, secret))
        return at_s is not None and self._now_s() - at_s < _ACQUAINTED_S

    def _note(self, secret: str) -> None:
        try:
            self._accounts.note_seen(secret)
        except GisgridError as error:
            LOG.warning("that a session is in use was not kept: %s", error)

    def forget(self) -> None:
        """Ask anew from now on: something about accounts has changed here."""
        with self._lock:
            self._found.clear()
