"""Hearing that the log of events has grown: from this process at once, from others by NOTIFY or by looking again."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg

from gisgrid.store.engine import is_postgresql
from gisgrid.store.store import EVENT_CHANNEL, Store

LOG: Final = logging.getLogger("gisgrid.store")

_POLL_S: Final = {"sqlite": 0.5, "postgresql": 2.0}
_SLICE_S: Final = 0.2
_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 10.0
_CONNECT_S: Final = 5
_STOP_S: Final = 1.0


class Listening:
    """Calls `wake` whenever the log may have grown; what is new must then be read from the log, which is the truth.

    On PostgreSQL one connection of its own listens; when it breaks, it is made again after a growing delay. Beside that
    `wake` is called every `poll_s` seconds (0.5 on SQLite, where other processes cannot say anything; 2 on PostgreSQL), so
    that a lost notification costs no more than that. `wake` is called from several threads, must be quick and raise nothing.
    """

    def __init__(self, store: Store, wake: Callable[[], None], *, poll_s: float | None = None) -> None:
        self._store = store
        self._wake = wake
        self._poll_s = _POLL_S[store.engine.dialect.name] if poll_s is None else poll_s
        self._stopping = threading.Event()
        self._connected = threading.Event()
        self._hear_no_more = store.on_events(wake)
        # A thread that nobody waits for at the end of the process: a lost server must not hold it up.
        self._thread = threading.Thread(target=self._run, name="listening", daemon=True)
        self._thread.start()

    def is_connected(self) -> bool:
        """Whether notifications arrive now; on SQLite there are none."""
        return self._connected.is_set()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until notifications arrive; False when it takes longer."""
        return self._connected.wait(timeout_s)

    def close(self) -> None:
        """Hear nothing more."""
        self._hear_no_more()
        self._stopping.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        if not is_postgresql(self._store.engine):
            self._poll_for(None)
            return
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    LOG.info("listening for events")
                    wait_s = _FIRST_WAIT_S
                    self._listen(connection)
            except (psycopg.Error, OSError) as error:
                LOG.warning("no notifications from the database: %s", str(error).strip().splitlines()[:1])
            finally:
                self._connected.clear()
            # Whoever reads the log finds out by itself whether the database is there.
            self._poll_for(wait_s)
            wait_s = min(wait_s * 2.0, _LONGEST_WAIT_S)

    def _connect(self) -> psycopg.Connection[Any]:
        dialect = self._store.engine.dialect
        _, options = dialect.create_connect_args(self._store.engine.url)
        asked = {"connect_timeout": _CONNECT_S, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
        return psycopg.connect(**{**asked, **options}, autocommit=True)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"listen {EVENT_CHANNEL}".encode())
        self._connected.set()
        # Something may have happened before this connection heard of it.
        self._wake()
        looked_s = time.monotonic()
        while not self._stopping.is_set():
            heard = list(connection.notifies(timeout=_SLICE_S, stop_after=1))
            if heard or time.monotonic() - looked_s >= self._poll_s:
                looked_s = time.monotonic()
                self._wake()

    def _poll_for(self, most_s: float | None) -> None:
        """Wake every so often; for so long, or (None) until the end."""
        until_s = None if most_s is None else time.monotonic() + most_s
        while not self._stopping.is_set():
            left_s = self._poll_s if until_s is None else min(self._poll_s, until_s - time.monotonic())
            if left_s <= 0.0 or self._stopping.wait(left_s):
                return
            self._wake()
