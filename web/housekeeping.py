"""What the service does by itself: clocks every minute, what is read often made ready at the start, old keys forgotten."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from gisgrid.errors import GisgridError
from gisgrid.store.answered import forget_old
from gisgrid.store.ticking import tick
from web.services import Services

LOG: Final = logging.getLogger("gisgrid.service")

_EVERY_S: Final = 60.0
_FORGET_EVERY_S: Final = 86_400.0
_CLOSING_S: Final = 2.5


class Housekeeping:
    """A thread beside the service. Several processes may each have one: nothing is done twice."""

    def __init__(self, services: Services, *, every_s: float = _EVERY_S) -> None:
        self._services = services
        self._every_s = every_s
        self._stop = threading.Event()
        self._forgot_s = -_FORGET_EVERY_S
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what is being committed is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSING_S)

    def keep(self) -> None:
        """Do what is due now."""
        services = self._services
        tick(services.store, services.editions, origin="service")
        if time.monotonic() - self._forgot_s >= _FORGET_EVERY_S:
            with services.store.changing("gisgrid", origin="service") as change:
                forget_old(change)
            self._forgot_s = time.monotonic()

    def _run(self) -> None:
        # Whoever asks for the map first would else wait until all incidents have been read.
        self._try(self._services.mirror.parts)
        # Compiling, after an installation, takes seconds; the clocks do not wait for it.
        threading.Thread(target=self._warm, name="warming", daemon=True).start()
        while not self._stop.is_set():
            self._try(self.keep)
            self._stop.wait(self._every_s)

    def _warm(self) -> None:
        self._try(self._services.maps.warm)
        self._try(self._services.naming.finder)
        self._try(self._services.grounds.warm)
        self._try(self._services.counting.inhabitants)
        self._try(self._services.mirror.with_repeats)
        self._try(self._services.positions.points)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except GisgridError as error:
            LOG.warning("housekeeping: %s", error)
        except Exception:
            LOG.exception("housekeeping failed")
