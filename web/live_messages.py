"""What events tell on a live stream: each turned into words once, and what of it a viewer may see."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from gisgrid.access import Subject
from gisgrid.clocks import CLOCK_STATES, Deadlines, clock_states, instants
from gisgrid.flow import ENDED
from gisgrid.store.events import Event
from gisgrid.store.incidents import Incident, incident_of
from gisgrid.store.passing import offices_after
from gisgrid.store.registers import REGISTERS
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.tables import INCIDENT, STEP
from gisgrid.store.visible import subject_of
from web.instants import utc

May = Callable[[str, Subject | None], bool]
"""Whether a viewer may take an action, on a subject or at all."""

TOLD_TO: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # kind of event: what is said on the stream, and the action that those may take who are told
    "incident_reported": (("incident", "read_incidents"),),
    "incident_moved": (("incident", "read_incidents"),),
    "incident_photo": (("incident", "read_incidents"),),
    "incidents_ticked": (("incident", "read_incidents"),),
    "incidents_taken_in": (("incidents_changed", "read_incidents"),),
    "edition_published": (("edition", "read_grids"),),
    "fixes_received": (("fixes", "read_tracks"), ("fixes", "read_positions")),
    "device_paired": (("register", "keep_accounts"),),
    "device_revoked": (("register", "keep_accounts"),),
    "device_changed": (("register", "keep_accounts"),),
    **{f"{name}_changed": (("register", "keep_registers"),) for name in REGISTERS},
    # Other rules or workdays: every clock may stand otherwise.
    "rules_changed": (("register", "keep_registers"), ("incidents_changed", "read_incidents")),
    "calendar_changed": (("register", "keep_registers"), ("incidents_changed", "read_incidents")),
}
"""Who is told of which events. What is not in this table is told to nobody."""

RULES_MAY_DIFFER: Final = frozenset(f"{name}_changed" for name in REGISTERS)
"""Events after which the rulebook is read again."""

_ONE_INCIDENT: Final = frozenset(("incident_reported", "incident_moved", "incident_photo"))
_MOVES: Final = {"incident_reported": "report", "incident_photo": "photo"}
"""What is said to have been done to an incident, where that is no move."""

_CLOCK_STATES: Final = tuple(CLOCK_STATES)
_MOST_ONE_BY_ONE: Final = 500
"""Of an event that changes more incidents it is only said that many have changed."""


@dataclass(frozen=True)
class Piece:
    """Something that is said: its name on the stream, JSON without line breaks, and who is told.

    Of an incident, `now` is what it is about as it stands, and `before` what it was about until this event, where that
    was something else; `number` is all that is said to who may see it no longer.
    """

    name: str
    action: str
    data: str
    now: Subject | None = None
    before: Subject | None = None
    number: int = 0

    def said_to(self, may: May) -> tuple[str, str] | None:
        """Name and JSON as a viewer gets them; None where there is nothing for them."""
        if may(self.action, self.now):
            return self.name, self.data
        if self.before is not None and may(self.action, self.before):
            return "incident_gone", json.dumps({"number": self.number})
        return None


@dataclass(frozen=True)
class Message:
    """All that an event says, by its number; nothing where it is for nobody."""

    event: int
    pieces: tuple[Piece, ...]


def messages_of(
    connection: sa.Connection, events: Sequence[Event], rulebook: Rulebook, now_ms: int
) -> tuple[Message, ...]:
    """What events say, in their order; incidents as they stand now, looked up all together.

    An incident that has changed again since is told of as it stands, twice; its `version` says so.
    """
    wanted = {number for event in events for number in _numbers_of(event)}
    incidents = _incidents(connection, wanted)
    said = _said_of(list(incidents.values()), rulebook, now_ms)
    passed = _passed_on(connection, events)
    return tuple(Message(event.id, tuple(_pieces(event, incidents, said, passed))) for event in events)


def rulebook_for(connection: sa.Connection, events: Iterable[Event], known: Rulebook | None) -> Rulebook:
    """The rulebook by which to tell of events: the known one where none of them may have changed it."""
    if known is not None and not any(event.kind in RULES_MAY_DIFFER for event in events):
        return known
    return rulebook_of(connection)


def _pieces(
    event: Event,
    incidents: Mapping[int, Incident],
    said: Mapping[int, dict[str, Any]],
    passed: Mapping[tuple[int, int], Subject],
) -> Iterable[Piece]:
    for name, action in TOLD_TO.get(event.kind, ()):
        numbers = _numbers_of(event)
        if name == "incident" and (numbers or event.kind != "incidents_ticked"):
            move = event.content.get("move", _MOVES.get(event.kind, ""))
            for number in numbers:
                # A row that is gone (a restored backup between two looks) tells nothing.
                if number in incidents:
                    data = _text({"event": event.id, "at": utc(event.at_ms), "move": move, **said[number]})
                    before = passed.get((event.id, number)) or _before(event)
                    yield Piece(name, action, data, subject_of(incidents[number]), before, number)
        elif name in {"incident", "incidents_changed"}:
            yield Piece("incidents_changed", action, _text({"event": event.id, "at": utc(event.at_ms)}))
        else:
            yield Piece(name, action, _text({"event": event.id, "at": utc(event.at_ms), **_rest(event)}))


def _rest(event: Event) -> dict[str, Any]:
    """What is said of an event that is not about incidents: numbers and days, never whose."""
    if event.kind == "edition_published":
        number = event.subject.removeprefix("edition/")
        return {"edition": int(number) if number.isdecimal() else None, "valid_from": event.content.get("valid_from")}
    if event.kind == "fixes_received":
        return {"count": event.content.get("count", 0)}
    return {"register": "devices" if event.kind.startswith("device_") else event.subject}


def _numbers_of(event: Event) -> tuple[int, ...]:
    """The incidents of which an event tells one by one, each once."""
    if event.kind in _ONE_INCIDENT:
        number = event.subject.removeprefix("incident/")
        return (int(number),) if number.isdecimal() else ()
    if event.kind == "incidents_ticked":
        named = [number for name in ("yellow", "red", "passed_on") for number in event.content.get(name, ())]
        numbers = tuple(dict.fromkeys(named))
        return numbers if len(numbers) <= _MOST_ONE_BY_ONE else ()
    return ()


def _before(event: Event) -> Subject | None:
    """What an incident was about before a move that gave it to others."""
    was = event.content.get("was")
    return Subject(was["unit"], tuple(was["offices"]), was.get("person", "")) if was else None


def _incidents(connection: sa.Connection, numbers: set[int]) -> dict[int, Incident]:
    found: dict[int, Incident] = {}
    wanted = sorted(numbers)
    for at in range(0, len(wanted), _MOST_ONE_BY_ONE):
        rows = connection.execute(sa.select(INCIDENT).where(INCIDENT.c.id.in_(wanted[at : at + _MOST_ONE_BY_ONE])))
        found |= {row.id: incident_of(row) for row in rows}
    return found


def _passed_on(connection: sa.Connection, events: Sequence[Event]) -> dict[tuple[int, int], Subject]:
    """What incidents were about before a tick gave them to the grids of a new edition, by event and number."""
    found: dict[tuple[int, int], Subject] = {}
    for event in events:
        numbers = event.content.get("passed_on", ()) if event.kind == "incidents_ticked" else ()
        if not numbers or not _numbers_of(event):
            continue
        incidents = _incidents(connection, set(numbers))
        query = sa.select(STEP).where(
            STEP.c.incident_id.in_(numbers), STEP.c.at_ms == event.at_ms, STEP.c.move == "pass_on"
        )
        for row in connection.execute(query):
            one, old, new = incidents[row.incident_id], row.content["from_grid"], row.content["to_grid"]
            was = dataclasses.replace(
                one,
                answering_grid=old,
                holder=offices_after(one.holder, new, old),
                handed=offices_after(one.handed, new, old),
            )
            found[event.id, row.incident_id] = subject_of(was)
    return found


def _said_of(incidents: Sequence[Incident], rulebook: Rulebook, now_ms: int) -> dict[int, dict[str, Any]]:
    """What is said of each incident: what a map or a list shows; no name, no telephone, nothing that anyone has written."""
    if not incidents:
        return {}
    started = np.array([one.reported_ms if one.started_ms is None else one.started_ms for one in incidents], np.int64)
    due = rulebook.deadlines(started, np.array([bool(one.is_urgent) for one in incidents]))
    states = _clock_states(incidents, due, rulebook, now_ms)
    return {
        one.id: {
            "number": one.id, "version": one.version, "category": one.category, "sub_category": one.sub_category,
            "state": one.state, "grade": one.grade, "card": one.card, "is_urgent": bool(one.is_urgent),
            "clock_state": _CLOCK_STATES[states[at]], "lon": one.lon, "lat": one.lat, "how": one.how,
            "grid": one.grid, "answering_grid": one.answering_grid or one.grid, "village": one.village,
            "township": one.township, "holder": one.holder, "reported_at": utc(one.reported_ms),
            "responded_at": utc(one.responded_ms), "done_at": utc(one.done_ms), "closed_at": utc(one.closed_ms),
            "response_due_at": utc(int(due.response_ms[at])), "done_due_at": utc(int(due.done_ms[at])),
            "most_due_at": utc(int(due.most_ms[at])), "extended_due_at": utc(one.extended_due_ms),
        }
        for at, one in enumerate(incidents)
    }  # fmt: skip


def _clock_states(incidents: Sequence[Incident], due: Deadlines, rulebook: Rulebook, now_ms: int) -> list[int]:
    responded, done, extended = (
        instants(getattr(one, name) for one in incidents) for name in ("responded_ms", "done_ms", "extended_due_ms")
    )
    is_open = np.array([one.state not in ENDED for one in incidents], bool)
    clocks = rulebook.rules.clocks
    found: list[int] = clock_states(now_ms, is_open, responded, done, due, extended, rulebook.calendar, clocks).tolist()
    return found


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
