"""Visits: runs of presence joined over short absences, with their seconds, walked metres and whether they count."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from gisgrid.compiling import compiled
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS
from tracks.policy import Policy
from tracks.presence import CERTAIN, ELSEWHERE, POSSIBLE, Stretches, Walk

Counts = Literal["certain", "possible", "no"]

_ANCHOR_STEP_M: Final = 20.0
_MS_PER_S: Final = 1000.0


@dataclass(frozen=True)
class Visit:
    """One visit: `start_ms` and `end_ms` in ms UTC; it belongs to the local day it begins.

    `after_silence` says that only an absence of unknown time parts it from the one before, so that the two may be one.
    """

    start_ms: int
    end_ms: int
    certain_ms: int
    possible_ms: int
    walked_m: float
    counts: Counts
    after_silence: bool

    @property
    def day(self) -> int:
        """The local day it begins, as days since 1970."""
        return (self.start_ms + EAST_OF_UTC_MS) // DAY_MS


@dataclass(frozen=True)
class _Run:
    start_ms: int
    end_ms: int
    certain_ms: int
    possible_ms: int


def find_visits(walk: Walk, presence: Stretches, policy: Policy) -> tuple[Visit, ...]:
    """The visits of one patroller in time order (design section 6).

    The absence between two runs parts them when its known part (elsewhere, off duty) reaches `visit_break_s` or its
    whole length twice that; doubtfully when only its whole length reaches `visit_break_s`; else they are one visit.
    """
    runs = _runs(presence)
    if not runs:
        return ()
    groups: list[list[_Run]] = [[runs[0]]]
    doubtful = [False]
    known_ms = _known_absences(runs, presence, policy)
    break_ms = policy.ms("visit_break_s")
    for before, after, known in zip(runs, runs[1:], known_ms, strict=False):
        length = after.start_ms - before.end_ms
        if known >= break_ms or length >= 2 * break_ms:
            groups.append([after])
            doubtful.append(False)
        elif length >= break_ms:
            groups.append([after])
            doubtful.append(True)
        else:
            groups[-1].append(after)
    sizes = np.array([len(group) for group in groups], np.int64)
    walked_m = _walked_m(
        walk.time_ms,
        walk.x_m,
        walk.y_m,
        walk.driving,
        np.array([run.start_ms for run in runs], np.int64),
        np.array([run.end_ms for run in runs], np.int64),
        np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes))),
    )
    return tuple(
        _visit(group, float(metres), doubt, policy)
        for group, metres, doubt in zip(groups, walked_m, doubtful, strict=True)
    )


def _visit(group: list[_Run], walked_m: float, after_silence: bool, policy: Policy) -> Visit:
    certain = sum(run.certain_ms for run in group)
    possible = sum(run.possible_ms for run in group)
    least = policy.ms("min_visit_s")
    counts: Counts = "no"
    if walked_m >= policy.min_visit_m:
        if certain >= least and not after_silence:
            counts = "certain"
        elif certain + possible >= least:
            counts = "possible"
    return Visit(group[0].start_ms, group[-1].end_ms, certain, possible, walked_m, counts, after_silence)


def _runs(presence: Stretches) -> list[_Run]:
    """Maximal runs of presence: own stretches that follow one another without a break, also over midnight."""
    runs: list[_Run] = []
    own = (presence.state == CERTAIN) | (presence.state == POSSIBLE)
    for place in np.flatnonzero(own):
        start, end = int(presence.start_ms[place]), int(presence.end_ms[place])
        certain = end - start if presence.state[place] == CERTAIN else 0
        possible = end - start - certain
        if runs and runs[-1].end_ms == start:
            last = runs.pop()
            start, certain, possible = last.start_ms, last.certain_ms + certain, last.possible_ms + possible
        runs.append(_Run(start, end, certain, possible))
    return runs


def _known_absences(runs: list[_Run], presence: Stretches, policy: Policy) -> list[int]:
    """For every absence between two runs its known part in ms: elsewhere and off duty."""
    window_start, window_end = policy.window_ms
    starts = np.array([run.end_ms for run in runs[:-1]], np.int64)
    ends = np.array([run.start_ms for run in runs[1:]], np.int64)
    away = presence.state == ELSEWHERE
    away_start, away_end = presence.start_ms[away], presence.end_ms[away]
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(away_end - away_start)))
    # Stretches never straddle a run, so whole ones lie in an absence.
    elsewhere = total[np.searchsorted(away_end, ends, "right")] - total[np.searchsorted(away_start, starts, "left")]
    on_duty = _duty_before(ends, window_start, window_end) - _duty_before(starts, window_start, window_end)
    off_duty = (ends - starts) - on_duty
    return [int(known) for known in elsewhere + off_duty]


def _duty_before(time_ms: NDArray[np.int64], window_start: int, window_end: int) -> NDArray[np.int64]:
    """Duty time in ms from the epoch's local midnight to an instant."""
    day, clock = np.divmod(time_ms + EAST_OF_UTC_MS, DAY_MS)
    return np.asarray(
        day * (window_end - window_start) + np.clip(clock - window_start, 0, window_end - window_start), np.int64
    )


@compiled()
def _walked_m(time_ms, x, y, driving, run_start, run_end, visit_start):  # type: ignore[no-untyped-def]  # compiled
    """Metres walked in every visit: steps between anchors, a step with a driving leg in it adding nothing."""
    visits = len(visit_start) - 1
    metres = np.zeros(visits)
    for visit in range(visits):
        anchor = -1
        for run in range(visit_start[visit], visit_start[visit + 1]):
            fix = np.searchsorted(time_ms, run_start[run])
            while fix < len(time_ms) and time_ms[fix] <= run_end[run]:
                if anchor < 0:
                    anchor = fix
                else:
                    step_m = np.hypot(x[fix] - x[anchor], y[fix] - y[anchor])
                    if step_m >= _ANCHOR_STEP_M:
                        on_foot = True
                        for leg in range(anchor, fix):
                            if driving[leg]:
                                on_foot = False
                                break
                        if on_foot:
                            metres[visit] += step_m
                        anchor = fix
                fix += 1
    return metres
