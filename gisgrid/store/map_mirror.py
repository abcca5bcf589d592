"""The incidents as maps want them, in memory: points in order, clocks of this minute, what was asked for before."""

import dataclasses
import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gisgrid.access import Holder
from gisgrid.clocks import MINUTE_MS
from gisgrid.incident_columns import IncidentColumns
from gisgrid.incident_filters import IncidentFilter
from gisgrid.map_answers import Chosen, Tally, Viewport, clock_counts, count_by_unit, show, tally_of
from gisgrid.map_filters import choose
from gisgrid.map_points import MapPoints, map_points
from gisgrid.sight import Sight
from gisgrid.store.incident_mirror import IncidentMirror, IncidentParts
from gisgrid.store.store import Store
from gisgrid.units import Unit

_KEPT: Final = 24
_Value = TypeVar("_Value")
_WORLD: Final = Viewport(-180.0, -90.0, 180.0, 90.0, 0, most_points=0)


@dataclasses.dataclass(frozen=True, eq=False)
class MapChoice:
    """What is asked for and may be seen: the chosen points of both parts, and what they add up to.

    `with_place` and `without_place` together are what a list shows; `clock_states` counts both.
    """

    parts: tuple[Chosen, Chosen]
    words: dict[str, tuple[str, ...]]
    with_place: Tally
    without_place: Tally
    clock_states: dict[str, int]


class _Kept(Generic[_Value]):
    """What was made of late, by filter and sight; no part of what made it, so that it goes at once when that goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: OrderedDict[tuple[IncidentFilter, Sight], _Value] = OrderedDict()

    def get(self, key: tuple[IncidentFilter, Sight], make: Callable[[], _Value]) -> _Value:
        """The value of a key, made where it is not there; two threads may both make it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > _KEPT:
                self._values.popitem(last=False)
        return value


class _Looked:
    """Points as they look in one minute, and which of them were chosen of late."""

    def __init__(self, points: MapPoints, looks: NDArray[np.int8]) -> None:
        self.points = points
        self.looks = looks
        self._kept: _Kept[NDArray[np.bool_]] = _Kept()

    def chosen(self, wanted: IncidentFilter, sight: Sight) -> NDArray[np.bool_]:
        """Which of the points are chosen."""
        points = self.points
        return self._kept.get((wanted, sight), lambda: choose(points, self.looks, points.columns.words, wanted, sight))


class MapState:
    """All incidents as points as of one moment and minute, never changed.

    `version` tells states apart: that of `IncidentParts`, and a digest of how the clocks of open incidents stand.
    """

    def __init__(self, parts: IncidentParts, base: _Looked, delta: _Looked) -> None:
        self._base = base
        self._delta = delta
        self._gone = base.points.place_of[parts.replaced]
        self.version = (*parts.version, self._digest())
        self.words = parts.delta.words
        self._kept: _Kept[MapChoice] = _Kept()

    def choice(self, wanted: IncidentFilter, sight: Sight) -> MapChoice:
        """The choice of a filter and a sight."""
        return self._kept.get((wanted, sight), lambda: self._choice(wanted, sight))

    def told_clocks(self, wanted: IncidentFilter, sight: Sight) -> IncidentFilter:
        """The filter as a database understands it: with the numbers of the open incidents whose clocks stand as it says."""
        if not wanted.clock_states:
            return wanted
        found = self.choice(dataclasses.replace(wanted, is_open=True), sight).parts
        numbers = np.concatenate([one.points.number[one.chosen] for one in found])
        return dataclasses.replace(wanted, open_numbers=tuple(numbers.tolist()))

    def _choice(self, wanted: IncidentFilter, sight: Sight) -> MapChoice:
        many, few = self._base.chosen(wanted, sight), self._delta.chosen(wanted, sight)
        if len(self._gone):
            many = many.copy()
            many[self._gone] = False
        parts = (
            Chosen(self._base.points, self._base.looks, many),
            Chosen(self._delta.points, self._delta.looks, few),
        )
        with_place, without = (sum(counts) for counts in zip(*(part.counts() for part in parts), strict=True))
        return MapChoice(parts, self.words, tally_of(with_place), tally_of(without), clock_counts(with_place + without))

    def _digest(self) -> str:
        """How the clocks of all open incidents stand, in a word that does not depend on how the parts are divided."""
        is_gone = np.zeros(len(self._base.points), bool)
        is_gone[self._gone] = True
        base, delta = self._base.points.open_at, self._delta.points.open_at
        base = base[~is_gone[base]]
        number = np.concatenate((self._base.points.number[base], self._delta.points.number[delta]))
        look = np.concatenate((self._base.looks[base], self._delta.looks[delta]))
        order = np.argsort(number)
        return hashlib.sha256(number[order].tobytes() + look[order].tobytes()).hexdigest()[:16]


Look = Callable[[_Looked | None, IncidentColumns, IncidentParts, int], _Looked]
"""How columns look in a minute, given how they looked before: `looked`."""


@dataclasses.dataclass(frozen=True, eq=False)
class _Known:
    """A state, and what it was made of in which minute."""

    parts: IncidentParts
    minute: int
    base: _Looked
    delta: _Looked
    state: MapState


class MapMirror:
    """The incidents for maps. Only what has changed is computed; any number of threads may ask."""

    def __init__(self, store: Store, mirror: IncidentMirror, *, look: Look | None = None) -> None:
        self._store = store
        self._mirror = mirror
        self._look = look or looked
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._sight = functools.lru_cache(256)(lambda role, unit: Sight(Holder("", role, unit)))

    def state(self) -> MapState:
        """The incidents as of now; clocks are those at the beginning of the minute.

        While one who asks computes the looks of a new minute, others go on with those of the minute before, if nothing has
        happened since.
        """
        known = self._known
        if not self._lock.acquire(blocking=False):
            if known is not None and known.parts is self._mirror.parts():
                return known.state
            self._lock.acquire()
        try:
            self._known = known = self._following(self._known)
            return known.state
        finally:
            self._lock.release()

    def _following(self, known: _Known | None) -> _Known:
        """What is known now; what was known where nothing differs."""
        minute, parts = self._store.now_ms() // MINUTE_MS, self._mirror.parts()
        if known is None:
            base, delta = self._look(None, parts.base, parts, minute), self._look(None, parts.delta, parts, minute)
            return _Known(parts, minute, base, delta, MapState(parts, base, delta))
        if known.parts is parts and known.minute == minute:
            return known
        base, delta = known.base, known.delta
        if known.parts.base is not parts.base or known.minute != minute:
            base = self._look(base, parts.base, parts, minute)
        if known.parts.delta is not parts.delta or known.minute != minute:
            delta = self._look(delta, parts.delta, parts, minute)
        is_same = known.parts is parts and base is known.base and delta is known.delta
        return _Known(parts, minute, base, delta, known.state if is_same else MapState(parts, base, delta))

    def sight(self, holder: Holder) -> Sight:
        """What someone may see."""
        return self._sight(holder.role, holder.unit)

    def warm(self) -> None:
        """Read everything and compile what is needed, so that nobody has to wait for it."""
        state = self.state()
        everything = self.sight(Holder("", "commander", ""))
        show(state.choice(IncidentFilter(), everything).parts, _WORLD)
        choice = state.choice(
            IncidentFilter(from_ms=0, is_open=True, unit=Unit("0", "grid")), self.sight(Holder("", "commander", "0"))
        )
        count_by_unit(choice.parts, choice.words, "grid")


def looked(known: _Looked | None, columns: IncidentColumns, parts: IncidentParts, minute: int) -> _Looked:
    """Columns as points with their looks in a minute; the known ones where nothing differs."""
    points = known.points if known is not None and known.points.columns is columns else map_points(columns)
    looks = points.looks(minute * MINUTE_MS, parts.rulebook.calendar, parts.rulebook.rules.clocks)
    if known is not None and known.points is points and np.array_equal(known.looks, looks):
        return known
    return _Looked(points, looks)
