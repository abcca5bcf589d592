"""How much one caller may ask for in a time: a bucket each, that fills again by the minute."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

_MOST_CALLERS: Final = 50_000
_MINUTE_S: Final = 60.0


class Pace:
    """So much a minute for each caller, and at most a minute's worth at once. For one process; callers are any words."""

    def __init__(self, per_minute: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._now_s = now_s
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._forgot_s = 0.0

    def wait_s(self, caller: str) -> int:
        """0 where a caller may take something now, else the seconds after which it may; nothing is taken."""
        with self._lock:
            left, at_s = self._left.get(caller, (self._most, 0.0))
            left = min(self._most, left + (self._now_s() - at_s) * self._most / _MINUTE_S)
            return 0 if left >= 1.0 else max(1, math.ceil((1.0 - left) * _MINUTE_S / self._most))

    def take(self, caller: str, amount: float = 1.0) -> int:
        """Take an amount; 0 where it was there, else the seconds after which it will be, and nothing is taken.

        What is more than a whole minute's worth passes when the bucket is full, and is paid back afterwards.
        """
        now_s = self._now_s()
        with self._lock:
            left, at_s = self._left.get(caller, (self._most, now_s))
            left = min(self._most, left + (now_s - at_s) * self._most / _MINUTE_S)
            needed = min(amount, self._most)
            if len(self._left) > _MOST_CALLERS and now_s - self._forgot_s >= 1.0:
                self._forget(now_s)
            if left < needed:
                self._left[caller] = (left, now_s)
                return max(1, math.ceil((needed - left) * _MINUTE_S / self._most))
            self._left[caller] = (left - amount, now_s)
            return 0

    def _forget(self, now_s: float) -> None:
        """Forget those whose bucket is full again, and if there are still too many those that came longest ago."""
        full_s = _MINUTE_S
        self._forgot_s = now_s
        self._left = {
            caller: (left, at_s)
            for caller, (left, at_s) in self._left.items()
            if left + (now_s - at_s) * self._most / full_s < self._most
        }
        if len(self._left) > _MOST_CALLERS:
            newest = sorted(self._left.items(), key=lambda one: one[1][1])[-_MOST_CALLERS // 2 :]
            self._left = dict(newest)
