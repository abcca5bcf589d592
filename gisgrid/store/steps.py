"""Steps: an incident moved on by an office, every step a row; concurrent steps take their turn and none is lost."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from gisgrid.access import Subject
from gisgrid.clocks import CARDS, Deadlines, card_of
from gisgrid.codes import VILLAGE_DIGITS, township_of
from gisgrid.errors import ForbiddenMove, Overtaken, UnknownGrid, UnknownIncident
from gisgrid.flow import ENDED, MOVES, STATES, Request, Standing, check_party, step
from gisgrid.incidents import DEFAULT_ACCURACY_M, assign_to
from gisgrid.offices import district_of
from gisgrid.store.answered import Key, find_answered, remember
from gisgrid.store.answering import units_to_alert
from gisgrid.store.editions import Editions
from gisgrid.store.incidents import Incident, incident_of
from gisgrid.store.passing import answering_grid, in_force
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.standing import columns_of, standing_of, units_of
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import DUPLICATE, INCIDENT, STEP
from gisgrid.store.visible import subject_at
from gisgrid.tables import check_text

BY_ITSELF: Final[dict[str, tuple[str, str]]] = {
    "yellow_card": ("Yellow card", "黄牌督办"),
    "red_card": ("Red card", "红牌督办"),
    "pass_on": ("Passed on to a new grid", "移交新网格"),
    "source_says": ("The source says", "来源平台更新"),
}
"""What happens without anybody's move, with labels; it stands among the steps."""

MOVE_LABELS: Final = {name: move.labels for name, move in MOVES.items()} | BY_ITSELF
"""Everything that may stand in `Step.move`, with labels in English and Chinese."""


@dataclass(frozen=True)
class Step:
    """A step: which of the incident, when (ms since 1970 UTC), what, for which office, by whom, why.

    `state` and `holder` are how it stood afterwards; `content` what else the move was about.
    """

    incident_id: int
    number: int
    at_ms: int
    move: str
    office: str
    author: str
    reason: str
    state: str
    holder: str
    content: dict[str, Any]


def take_step(
    store: Store,
    editions: Editions,
    number: int,
    request: Request,
    *,
    author: str,
    version: int | None = None,
    origin: str = "local",
    key: Key | None = None,
) -> Incident:
    """Make a move; returns the incident as it then stands. Under a `key` it is made once, however often it is asked.

    `version` is the one that the author has seen: `Overtaken` says who was quicker if there is a newer one. Raises
    `UnknownIncident`; `ForbiddenMove` for what the flow does not allow now or not to this office; `UnknownGrid` for a
    re-assignment to nowhere. Cards that were earned before the move are raised before it.
    """
    check_text("reason", request.reason)
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        row = find_row(change.connection, number)
        if key is not None and find_answered(change.connection, key) is not None:
            return incident_of(row)
        if version is not None and row.version != version:
            raise _overtaken(change.connection, row, version)
        move_on(change, editions, row, request)
        change.note(request.move, f"incident/{number}")
        if key is not None:
            remember(change, key, f"incident/{number}")
        return incident_of(find_row(change.connection, number))


def decide_duplicate(
    store: Store,
    editions: Editions,
    number: int,
    of: int,
    *,
    is_same: bool,
    office: str,
    author: str,
    origin: str = "local",
) -> Incident:
    """Say whether a linked report tells of the same as an earlier one; if so, it is terminated with that reason.
    For those who may terminate it. Raises `UnknownIncident` where the two are not linked; else as `take_step`.
    """
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        which = (DUPLICATE.c.incident_id == number, DUPLICATE.c.of_id == of)
        link = change.connection.execute(sa.select(DUPLICATE).where(*which)).one_or_none()
        if link is None:
            raise UnknownIncident(
                f"incident {number} is not linked to {of}; look at its probable duplicates",
                zh=f"事件 {number} 与 {of} 没有关联；请查看它的疑似重复事件",
            )
        row = find_row(change.connection, number)
        check_party(standing_of(row, due_of(row, rulebook_of(change.connection))), "terminate", office)
        if not is_same and link.decision == "same" and row.state == "invalid":
            raise ForbiddenMove(
                f"incident {number} has ended as the same as {of}; re-open it, then it goes on by itself",
                zh=f"事件 {number} 已作为 {of} 的重复事件终止；请先重新办理，之后它会单独流转",
            )
        if is_same:
            move_on(change, editions, row, Request("terminate", office, f"duplicate of {of}"))
        decision = "same" if is_same else "other"
        decided = {"decision": decision, "decided_by": change.author, "decided_ms": change.at_ms}
        change.connection.execute(DUPLICATE.update().where(*which).values(**decided))
        change.note("decide_duplicate", f"incident/{number}", f"{decision} as {of}")
        return incident_of(find_row(change.connection, number))


def steps_of(connection: sa.Connection, number: int) -> tuple[Step, ...]:
    """The steps of an incident, in their order."""
    query = sa.select(STEP).where(STEP.c.incident_id == number).order_by(STEP.c.number)
    return tuple(Step(**row._mapping) for row in connection.execute(query))


def find_row(connection: sa.Connection, number: int) -> Any:
    """The row of an incident; `UnknownIncident` for a number that there is not."""
    row = None
    if 0 < number < 2**62:
        row = connection.execute(sa.select(INCIDENT).where(INCIDENT.c.id == number)).one_or_none()
    if row is None:
        raise UnknownIncident(f"there is no incident {number}", zh=f"没有编号为 {number} 的事件")
    return row


def due_of(row: Any, rulebook: Rulebook) -> Deadlines:
    """The deadlines of a row of incidents, as columns of one row."""
    return rulebook.deadlines_of(row.reported_ms if row.started_ms is None else row.started_ms, bool(row.is_urgent))


def move_on(change: Change, editions: Editions, row: Any, request: Request) -> None:
    """Make a move within a change: the row, its step, its event."""
    rulebook = rulebook_of(change.connection)
    due = due_of(row, rulebook)
    before = standing_of(row, due)
    after = step(before, request, change.at_ms, rulebook.departments)
    cards = earned_steps(row, due, change.at_ms)
    values: dict[str, Any] = {}
    if request.move == "re_open":
        values["started_ms"] = change.at_ms
    if request.move == "reassign":
        values |= _new_grid(change, editions, row, request.to)
        after = _at_offices_of(after, values["answering_grid"], values["village"], values["township"])
    elif request.move == "re_open":
        label = in_force(editions, change.connection, change.at_ms)
        values["answering_grid"] = answering_grid(editions, change.connection, label, row)
        after = _at_offices_of(after, values["answering_grid"], row.village, row.township)
    values |= columns_of(after)
    values["card"] = "" if request.move == "re_open" else cards[-1][1] if cards else row.card
    number = row.steps
    for move, _, content in cards:
        number += 1
        _write(change, row, number, move, row.state, row.holder, content=content)
    number += 1
    _write(
        change, row, number, request.move, after.state, after.holder, request, _content(request, before, after, values)
    )
    told = {"move": request.move, "state": after.state, "holder": after.holder, "card": values["card"]}
    was = _concerned(row._mapping)
    if was != _concerned({**row._mapping, **values}):
        # So that those who may see it no longer can be told so.
        told["was"] = {"unit": was.unit, "offices": list(was.offices)}
    event_id = change.tell("incident_moved", f"incident/{row.id}", told)
    values |= {"steps": number, "version": row.version + 1, "event_id": event_id}
    change.connection.execute(INCIDENT.update().where(INCIDENT.c.id == row.id).values(**values))


def _concerned(values: Mapping[str, Any]) -> Subject:
    """An incident as the rule of access sees it, by its columns."""
    unit = values["answering_grid"] or values["grid"] or values["village"] or values["township"]
    return subject_at(unit, values["holder"], values["handed"], values["assistants"], values["alerted"])


def _at_offices_of(standing: Standing, answering: str | None, village: str, township: str) -> Standing:
    """The standing at the first office of the grid that answers now, else of the report's units."""
    village, township = units_of(answering) or (village, township)
    district = district_of(township) if township else standing.district
    moved = dataclasses.replace(standing, village=village, township=township, district=district)
    return dataclasses.replace(moved, holder=moved.first_holder())


def earned_steps(row: Any, due: Deadlines, now_ms: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The cards that an incident has earned and that were not raised yet: move, card, content; the worst last."""
    is_open = row.state not in ENDED
    card = card_of(
        now_ms, is_open=is_open, responded_ms=row.responded_ms, done_ms=row.done_ms, due=due,
        extended_due_ms=row.extended_due_ms,
    )  # fmt: skip
    order = tuple(CARDS)
    clocks = {
        "response_due_ms": int(due.response_ms[0]),
        "done_due_ms": row.extended_due_ms or int(due.done_ms[0]),
        "most_due_ms": max(int(due.most_ms[0]), row.extended_due_ms or 0),
    }
    return [(f"{one}_card", one, clocks) for one in order[order.index(row.card) + 1 : order.index(card) + 1]]


def _write(
    change: Change,
    row: Any,
    number: int,
    move: str,
    state: str,
    holder: str,
    request: Request | None = None,
    content: dict[str, Any] | None = None,
) -> None:
    change.connection.execute(
        STEP.insert().values(
            incident_id=row.id, number=number, at_ms=change.at_ms, move=move, office=request.office if request else "",
            author=change.author, reason=request.reason if request else "", state=state, holder=holder,
            content=content or {},
        )
    )  # fmt: skip


def _content(request: Request, before: Standing, after: Standing, values: dict[str, Any]) -> dict[str, Any]:
    """What a step was about beyond its move."""
    told: dict[str, Any] = {}
    if after.holder != before.holder:
        told["from"] = before.holder
    if request.assistants:
        told["assistants"] = list(request.assistants)
    if request.move == "reassign":
        told |= {name: values[name] for name in ("grid", "village", "answering_grid") if values.get(name)}
    if request.move == "ask_extension":
        told["until_ms"] = after.asked_due_ms
    if request.move == "approve_extension":
        told |= {
            "until_ms": after.extended_due_ms,
            "before_ms": before.extended_due_ms,
            "most_due_ms": before.most_due_ms,
        }
    if request.move == "evaluate":
        told["is_satisfied"] = after.is_satisfied
    return told


def _new_grid(change: Change, editions: Editions, row: Any, to: str) -> dict[str, Any]:
    """Where an incident belongs that a person gives to a grid or village: of the edition of its report, else of today's.

    Raises `UnknownGrid` for what neither edition has.
    """
    label = in_force(editions, change.connection, change.at_ms)
    for number in dict.fromkeys((row.edition_id, label.id if label else None)):
        if number is None:
            continue
        network = editions.network(number, change.connection)
        is_village = network.code_scheme == "official" and to in network.villages
        if to not in network.codes and not is_village:
            continue
        official = network.code_scheme == "official"
        values: dict[str, Any] = {
            "edition_id": number, "grid": "" if is_village else to, "how": "manual",
            "village": to[:VILLAGE_DIGITS] if official else "", "township": township_of(to) if official else "",
        }  # fmt: skip
        if row.place is not None:
            accuracy_m = row.accuracy_m or DEFAULT_ACCURACY_M.get(row.source, DEFAULT_ACCURACY_M["phone"])
            given = np.array([-1 if is_village else network.codes.index(to)], np.int32)
            found = assign_to(network, np.array([row.place.x]), np.array([row.place.y]), np.array([accuracy_m]), given)
            values["border_distance_m"] = float(found.border_distance_m[0])
            values["alternatives"] = str(found.alternatives[0])
            values["alerted"] = units_to_alert(values["grid"], values["alternatives"], row.is_urgent)
        values["answering_grid"] = answering_grid(
            editions, change.connection, label, row, grid=values["grid"], edition=number
        )
        return values
    raise UnknownGrid(
        f"neither the edition of the report nor today's has a grid or village {to!r}; give another code",
        zh=f"上报时的版本和今天的版本里都没有网格或村社 {to!r}；请填写别的编号",
    )


def _overtaken(connection: sa.Connection, row: Any, version: int) -> Overtaken:
    last = steps_of(connection, row.id)[-1:]
    who = f": {last[0].author} {last[0].move.replace('_', ' ')}" if last else ""
    who_zh = (
        f"：{last[0].author}{(MOVES[last[0].move].labels[1] if last[0].move in MOVES else last[0].move)}"
        if last
        else ""
    )
    return Overtaken(
        f"incident {row.id} has changed meanwhile (version {row.version}, you saw {version}{who}); "
        f"it is {row.state} at {row.holder} now: look again",
        zh=f"事件 {row.id} 已被他人修改（现为第 {row.version} 版，您看到的是第 {version} 版{who_zh}）；"
        f"现在{STATES[row.state][1]}，由 {row.holder} 承办：请重新查看",
    )
