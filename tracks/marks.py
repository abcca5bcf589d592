"""Marks: which fixes are not used and why; computed from one local day's fixes, never stored, nothing altered."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.compiling import compiled
from gisgrid.local_days import local_days
from tracks.fixes import UNSTATED, Fixes
from tracks.policy import Policy

USED: Final = 0
FUTURE: Final = 1
LATE: Final = 2
VAGUE: Final = 3
DUPLICATE: Final = 4
JUMP: Final = 5
MARK_NAMES: Final = ("used", "future", "late", "vague", "duplicate", "jump")


_FUTURE_MS: Final = 300_000
_MS_PER_H: Final = 3_600_000
_KMH_PER_M_PER_MS: Final = 3600.0


def find_marks(fixes: Fixes, x_m: NDArray[np.float64], y_m: NDArray[np.float64], policy: Policy) -> NDArray[np.int8]:
    """The mark of every fix (n,), `USED` where there is none.

    In this order, each on what is left: future, late, vague, duplicate, jump (design section 6). `x_m`, `y_m` are the
    fixes in metres of the network's plane.
    """
    marks = np.zeros(len(fixes), np.int8)
    stated = fixes.received_ms != UNSTATED
    delay_ms = np.where(stated, fixes.received_ms - fixes.time_ms, 0)
    marks[stated & (delay_ms < -_FUTURE_MS)] = FUTURE
    marks[(marks == USED) & stated & (delay_ms > round(policy.late_upload_h * _MS_PER_H))] = LATE
    with np.errstate(invalid="ignore"):
        marks[(marks == USED) & (fixes.accuracy_m > policy.max_accuracy_m)] = VAGUE
    _mark_duplicates(fixes, marks)
    left = np.flatnonzero(marks == USED)
    day = local_days(fixes.time_ms[left])
    jumps = _find_jumps(fixes.patroller[left], day, fixes.time_ms[left], x_m[left], y_m[left], policy.jump_kmh)
    marks[left[jumps]] = JUMP
    return marks


def _mark_duplicates(fixes: Fixes, marks: NDArray[np.int8]) -> None:
    left = np.flatnonzero(marks == USED)
    who, time_ms = fixes.patroller[left], fixes.time_ms[left]
    twin = np.zeros(len(left), bool)
    twin[1:] = (who[1:] == who[:-1]) & (time_ms[1:] == time_ms[:-1])
    if not twin.any():
        return
    touched = twin.copy()
    touched[:-1] |= twin[1:]
    group = left[touched]
    rank = np.where(np.isnan(fixes.accuracy_m[group]), np.inf, fixes.accuracy_m[group])
    order = np.lexsort((fixes.lat[group], fixes.lon[group], rank, fixes.time_ms[group], fixes.patroller[group]))
    group = group[order]
    again = (fixes.patroller[group][1:] == fixes.patroller[group][:-1]) & (
        fixes.time_ms[group][1:] == fixes.time_ms[group][:-1]
    )
    marks[group[1:][again]] = DUPLICATE


@compiled()
def _too_fast(time_ms, x, y, one, two, jump_kmh):  # type: ignore[no-untyped-def]  # compiled
    distance_m = np.hypot(x[two] - x[one], y[two] - y[one])
    return distance_m * _KMH_PER_M_PER_MS > jump_kmh * (time_ms[two] - time_ms[one])


@compiled()
def _find_jumps(who, day, time_ms, x, y, jump_kmh):  # type: ignore[no-untyped-def]  # compiled
    """Which fixes are jumps: one pass in time over each patroller's local day."""
    count = len(who)
    jumps = np.zeros(count, np.bool_)
    start = 0
    while start < count:
        end = start + 1
        while end < count and who[end] == who[start] and day[end] == day[start]:
            end += 1
        last = -1
        before = -1
        for fix in range(start, end):
            if fix == start:
                jump = (
                    end - start >= 3
                    and _too_fast(time_ms, x, y, fix, fix + 1, jump_kmh)
                    and not _too_fast(time_ms, x, y, fix + 1, fix + 2, jump_kmh)
                )
            elif last < 0:
                jump = False
            elif fix == end - 1:
                jump = (
                    before >= 0
                    and _too_fast(time_ms, x, y, last, fix, jump_kmh)
                    and not _too_fast(time_ms, x, y, before, last, jump_kmh)
                )
            else:
                jump = (
                    _too_fast(time_ms, x, y, last, fix, jump_kmh)
                    and _too_fast(time_ms, x, y, fix, fix + 1, jump_kmh)
                    and not _too_fast(time_ms, x, y, last, fix + 1, jump_kmh)
                )
            if jump:
                jumps[fix] = True
            else:
                before, last = last, fix
        start = end
    return jumps
