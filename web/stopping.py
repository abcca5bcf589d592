"""Hearing at once that the process is told to stop, before the server waits for open requests to end."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
)  # the last one is that of Windows


def on_stop(call: Callable[[], None]) -> Callable[[], None]:
    """Call `call` when a signal asks the process to stop, and then whoever was there to handle it; returns what ends it.

    uvicorn waits for open streams before it tells the application that it stops: they would never end. Outside the main
    thread, where signals cannot be heard, and for signals that nobody handles nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before: dict[int, Any] = {}

    def told(number: int, frame: FrameType | None) -> None:
        call()
        before[number](number, frame)

    for number in _SIGNALS:
        handler = signal.getsignal(number)
        if callable(handler):
            before[number] = handler
            signal.signal(number, told)

    def hear_no_more() -> None:
        for number, handler in before.items():
            # Whoever came after us stays.
            if signal.getsignal(number) is told:
                signal.signal(number, handler)

    return hear_no_more
