"""What waits: open incidents by how their clocks stand, the worst and oldest first; how many in each township."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from gisgrid.clocks import CLOCK_STATES, NEVER, clock_states, instants
from gisgrid.incident_columns import IncidentColumns
from gisgrid.incident_filters import IncidentFilter
from gisgrid.store.incidents import Incident, conditions_of, incident_of
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.tables import INCIDENT, IS_OPEN

WAITING_STATES = tuple(state for state in CLOCK_STATES if state != "settled")
"""How the clocks of an open incident may stand, the worst last."""


@dataclass(frozen=True)
class Waiting:
    """An open incident, how its clocks stand, and when the next of them ends (ms since 1970 UTC)."""

    incident: Incident
    clock_state: str
    due_ms: int


def find_waiting(
    connection: sa.Connection,
    wanted: IncidentFilter,
    now_ms: int,
    clocks: tuple[str, ...] = (),
    *,
    visible: sa.ColumnElement[bool] | None = None,
) -> tuple[Waiting, ...]:
    """The open incidents of a filter whose clocks stand in one of those ways (none named: any); worst, then oldest first.

    `visible` is what whoever asks may see (`gisgrid.store.visible`); without it nobody in particular asks.
    """
    rulebook = rulebook_of(connection)
    seen = () if visible is None else (visible,)
    rows = connection.execute(sa.select(INCIDENT).where(IS_OPEN, *conditions_of(wanted), *seen)).all()
    if not rows:
        return ()
    started = np.array([row.reported_ms if row.started_ms is None else row.started_ms for row in rows], np.int64)
    due = rulebook.deadlines(started, np.array([row.is_urgent for row in rows], bool))
    responded, done, extended = (
        instants(getattr(row, name) for row in rows) for name in ("responded_ms", "done_ms", "extended_due_ms")
    )
    is_open = np.ones(len(rows), bool)
    states = clock_states(
        now_ms, is_open, responded, done, due, extended, rulebook.calendar, rulebook.rules.clocks
    )  # fmt: skip
    completion = np.where(done == NEVER, due.extended(extended).done_ms, due.most_ms)
    following = np.where((responded == NEVER) & (due.response_ms > now_ms), due.response_ms, completion)
    names = tuple(CLOCK_STATES)
    found = [
        Waiting(incident_of(row), names[state], int(due_ms))
        for row, state, due_ms in zip(rows, states.tolist(), following.tolist(), strict=True)
        if not clocks or names[state] in clocks
    ]
    return tuple(sorted(found, key=lambda one: (-names.index(one.clock_state), one.due_ms, one.incident.id)))


def count_waiting(columns: IncidentColumns, rulebook: Rulebook, now_ms: int) -> dict[str, dict[str, int]]:
    """How many open incidents stand how, by township (empty code: none) in code point order."""
    chosen = columns.at(np.flatnonzero(columns.is_open() & (columns.reported_ms <= now_ms)))
    states = clock_states(
        now_ms, chosen.is_open(), chosen.responded_ms, chosen.done_ms, chosen.due, chosen.extended_due_ms,
        rulebook.calendar, rulebook.rules.clocks,
    )  # fmt: skip
    townships = columns.words["township"]
    counts = np.zeros((len(townships), len(CLOCK_STATES)), np.int64)
    np.add.at(counts, (chosen.township, states), 1)
    return {
        township: {state: int(counts[code, place]) for place, state in enumerate(CLOCK_STATES) if state != "settled"}
        for township, code in sorted((township, code) for code, township in enumerate(townships))
        if counts[code].any()
    }
