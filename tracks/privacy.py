"""Which fixes are not kept: outside the duty window, on days without a patrolling duty, on leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.duty import PATROLLING_ROLES, Duty, Leave
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, local_days
from tracks.policy import Policy

ON_LEAVE: Final = "on leave"
NO_DUTY: Final = "no duty"
OFF_HOURS: Final = "off hours"
"""Why a fix is not kept, in the words under which it is counted; of several the first counts."""

_SHIFT: Final = 1 << 32
_FIRST_DAY: Final = -(1 << 31)
_LAST_DAY: Final = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class DaysOfPeople:
    """Which local days (since 1970) belong to whom: half-open spans, merged, as sorted keys of person and day."""

    number_of: dict[str, int]
    _starts: NDArray[np.int64]
    _ends: NDArray[np.int64]

    def holds(self, person: NDArray[np.object_], day: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a day (n,) is one of the person's (n,); of people nobody has told of, none is."""
        names, places = _numbered(person)
        numbers = np.array([self.number_of.get(name, -1) for name in names], np.int64)[places]
        if len(self._starts) == 0:
            return np.zeros(len(numbers), bool)
        key = numbers * _SHIFT + np.clip(day, _FIRST_DAY, _LAST_DAY) - _FIRST_DAY
        before = np.searchsorted(self._starts, key, side="right") - 1
        return np.asarray((numbers >= 0) & (before >= 0) & (key < self._ends[before]), bool)


@dataclass(frozen=True, eq=False)
class OnDuty:
    """Who patrols on which days, and who is on leave."""

    duties: DaysOfPeople
    leave: DaysOfPeople


def make_on_duty(duties: Iterable[Duty], leave: Iterable[Leave]) -> OnDuty:
    """Only `patroller` and `substitute` duties count: nobody else's ways are assessed."""
    held = ((duty.person, duty.from_day, duty.to_day) for duty in duties if duty.role in PATROLLING_ROLES)
    return OnDuty(_days_of(held), _days_of((entry.person, entry.from_day, entry.to_day) for entry in leave))


def find_private(
    person: NDArray[np.object_], time_ms: NDArray[np.int64], on_duty: OnDuty, policy: Policy
) -> dict[str, NDArray[np.bool_]]:
    """Masks (n,) by reason of the fixes that are not kept; `person` (n,) names whose they are, `time_ms` is ms UTC."""
    day = local_days(time_ms)
    since_midnight = (time_ms + EAST_OF_UTC_MS) % DAY_MS
    begin, end = policy.window_ms
    return {
        ON_LEAVE: on_duty.leave.holds(person, day),
        NO_DUTY: ~on_duty.duties.holds(person, day),
        OFF_HOURS: (since_midnight < begin) | (since_midnight >= end),
    }


def _days_of(spans: Iterable[tuple[str, int, int]]) -> DaysOfPeople:
    of_person: dict[str, list[tuple[int, int]]] = {}
    for person, start, end in spans:
        if end > start:
            of_person.setdefault(person, []).append((start, end))
    number_of = {person: number for number, person in enumerate(of_person)}
    starts: list[int] = []
    ends: list[int] = []
    for person, number in number_of.items():
        base = number * _SHIFT - _FIRST_DAY
        for start, end in _merged(of_person[person]):
            starts.append(base + min(max(start, _FIRST_DAY), _LAST_DAY))
            ends.append(base + min(max(end, _FIRST_DAY), _LAST_DAY))
    return DaysOfPeople(number_of, np.array(starts, np.int64), np.array(ends, np.int64))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _numbered(names: NDArray[np.object_]) -> tuple[list[str], NDArray[np.int64]]:
    """Different names, and the place (n,) of each fix's name among them."""
    known: dict[str, int] = {}
    places = np.fromiter((known.setdefault(name, len(known)) for name in names.tolist()), np.int64, len(names))
    return list(known), places
