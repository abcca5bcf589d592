"""How long something takes, by turns with what it is compared to, so that a busy machine is busy for all."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Timed:
    """Seconds of every run, and what the last run gave."""

    seconds: tuple[float, ...]
    result: Any

    @property
    def best_s(self) -> float:
        """The quickest run: the one least disturbed."""
        return min(self.seconds)


def take_turns(
    work: Mapping[str, Callable[[], Any]],
    *,
    rounds: int = 3,
    most_s: float = 30.0,
    inner: Mapping[str, int] | None = None,
) -> dict[str, Timed]:
    """Run every piece of work in each round; the slow ones, beyond `most_s` together, in fewer rounds.

    `inner` says how often a quick piece is run in one round (each run timed alone).
    """
    seconds: dict[str, list[float]] = {name: [] for name in work}
    results: dict[str, Any] = {}
    for _ in range(rounds):
        for name, run in work.items():
            if sum(seconds[name]) > most_s:
                continue
            for _ in range((inner or {}).get(name, 1)):
                began = time.perf_counter()
                results[name] = run()
                seconds[name].append(time.perf_counter() - began)
    return {name: Timed(tuple(seconds[name]), results[name]) for name in work}
