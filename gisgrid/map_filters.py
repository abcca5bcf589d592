"""Which incidents a map shows: what is asked for and what may be seen, as rows chosen among points."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import CLOCK_STATES
from gisgrid.flow import ENDED
from gisgrid.incident_filters import IncidentFilter
from gisgrid.map_cells import LOOKS, STATE_BITS, URGENT_BIT, narrow, narrow_to_span
from gisgrid.map_points import MapPoints
from gisgrid.sight import SEEN_BY, Sight


def choose(
    points: MapPoints, looks: NDArray[np.int8], words: dict[str, tuple[str, ...]], wanted: IncidentFilter, sight: Sight
) -> NDArray[np.bool_]:
    """Which of the points (n,) are asked for and may be seen; `words` are those of all codes, `looks` as of `MapPoints.looks`."""
    chosen = np.ones(len(points), bool)
    if not sight.sees_all:
        sight.narrow(chosen, *(points.coded(name) for name in SEEN_BY), words=words)
    if wanted.from_ms is not None or wanted.to_ms is not None:
        from_ms, to_ms = (
            other if at is None else at for at, other in ((wanted.from_ms, -(2**63)), (wanted.to_ms, 2**63 - 1))
        )
        narrow_to_span(chosen, points.reported_ms, from_ms, to_ms)
    for name, those in (
        ("category", wanted.categories),
        ("state", wanted.states),
        ("level", wanted.levels),
        ("how", wanted.hows),
        ("grade", wanted.grades),
        ("card", wanted.cards),
        ("sub_category", (wanted.sub_category,) if wanted.sub_category else ()),
    ):
        if those:
            narrow(chosen, points.coded(name), _among(words[name], set(those)))
    if column := wanted.unit.column:
        narrow(chosen, points.coded(column), wanted.unit.among(words[column]))
    if wanted.holder:
        # At an office wait only open ones.
        narrow(chosen, points.coded("holder"), _among(words["holder"], (wanted.holder,)))
        narrow(chosen, points.coded("state"), ~_among(words["state"], ENDED))
    if wanted.clock_states or wanted.is_open or wanted.is_urgent:
        narrow(chosen, looks, _looks(wanted))
    return chosen


def _looks(wanted: IncidentFilter) -> NDArray[np.bool_]:
    found = np.ones(LOOKS, bool)
    for look in range(LOOKS):
        state, is_urgent = look & STATE_BITS, look >= URGENT_BIT
        if wanted.clock_states:
            found[look] &= state < len(CLOCK_STATES) and tuple(CLOCK_STATES)[state] in wanted.clock_states
        found[look] &= (state > 0 or not wanted.is_open) and (is_urgent or not wanted.is_urgent)
    return found


def _among(words: Sequence[str], wanted: Iterable[str]) -> NDArray[np.bool_]:
    return np.array([word in wanted for word in words], bool)
