"""The daily tick: open incidents pass to the grids of a new edition, cards are raised; each once, also after downtime."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from gisgrid.clocks import CARDS, Deadlines, earned_cards, instants
from gisgrid.flow import ENDED
from gisgrid.store.bulk import insert_columns, update_columns
from gisgrid.store.editions import Editions
from gisgrid.store.passing import answering_grid, in_force, offices_after
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.steps import earned_steps
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import INCIDENT, IS_OPEN, STEP

_ROWS_AT_A_TIME: Final = 5_000
_OPEN_AFTER: Final = (
    sa.select(INCIDENT)
    .where(IS_OPEN, INCIDENT.c.id > sa.bindparam("after"))
    .order_by(INCIDENT.c.id)
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True)
class Ticked:
    """What a tick has done: the numbers of the incidents with a new yellow or red card, and of those passed on."""

    yellow: tuple[int, ...] = ()
    red: tuple[int, ...] = ()
    passed_on: tuple[int, ...] = ()

    def __add__(self, other: "Ticked") -> "Ticked":
        return Ticked(self.yellow + other.yellow, self.red + other.red, self.passed_on + other.passed_on)


@dataclass(frozen=True)
class _Row:
    """What a tick changes of an incident: values by column, and the steps that tell of it (move, holder, content)."""

    row: Any
    values: dict[str, Any]
    steps: list[tuple[str, str, dict[str, Any]]]


def tick(store: Store, editions: Editions, *, author: str = "gisgrid tick", origin: str = "local") -> Ticked:
    """Bring the open incidents up to now: pass on what a new edition has given to another grid, raise the cards earned.

    Whatever was missed while nobody ticked is made up for; what was done already is not done again, by however many
    ticks at once. Looks without keeping anyone from writing, and commits after every 5,000 incidents that change.
    """
    done = Ticked()
    after = 0
    while True:
        with store.reading() as connection:
            rows = connection.execute(_OPEN_AFTER, {"after": after, "most": _ROWS_AT_A_TIME}).all()
            look = Change(connection, author, origin, store.now_ms())
            due = [one.row.id for one in _changes(look, editions, rows, rulebook_of(connection))] if rows else []
        if due:
            with store.changing(author, origin=origin) as change:
                change.take_turn()
                now = change.connection.execute(sa.select(INCIDENT).where(IS_OPEN, INCIDENT.c.id.in_(due))).all()
                rulebook = rulebook_of(change.connection)
                changed = _changes(change, editions, sorted(now, key=lambda row: row.id), rulebook)
                done += _write(change, changed)
        if len(rows) < _ROWS_AT_A_TIME:
            return done
        after = rows[-1].id


def _changes(change: Change, editions: Editions, rows: Sequence[Any], rulebook: Rulebook) -> list[_Row]:
    if not rows:
        return []
    now_ms = change.at_ms
    label = in_force(editions, change.connection, now_ms)
    due = _deadlines(rows, rulebook)
    cards = _earned(rows, due, now_ms)
    found: list[_Row] = []
    for place, row in enumerate(rows):
        values: dict[str, Any] = {}
        steps: list[tuple[str, str, dict[str, Any]]] = []
        grid = answering_grid(editions, change.connection, label, row)
        if grid != row.answering_grid:
            before, now = row.answering_grid or row.grid, grid or row.grid
            values = {"answering_grid": grid} | {
                name: offices_after(getattr(row, name), before, now) for name in ("holder", "handed")
            }
            moved = {"from": row.holder} if values["holder"] != row.holder else {}
            steps.append(("pass_on", str(values["holder"]), {"from_grid": before, "to_grid": now, **moved}))
        if cards[place] > tuple(CARDS).index(row.card):
            raised = earned_steps(row, due.at(slice(place, place + 1)), now_ms)
            values["card"] = raised[-1][1]
            steps += [(move, values.get("holder", row.holder), content) for move, _, content in raised]
        if steps:
            found.append(_Row(row, values, steps))
    return found


def _deadlines(rows: Sequence[Any], rulebook: Rulebook) -> Deadlines:
    started = [row.reported_ms if row.started_ms is None else row.started_ms for row in rows]
    return rulebook.deadlines(np.array(started, np.int64), np.array([row.is_urgent for row in rows], bool))


def _earned(rows: Sequence[Any], due: Deadlines, now_ms: int) -> list[int]:
    responded, done, extended = (
        instants(getattr(row, name) for row in rows) for name in ("responded_ms", "done_ms", "extended_due_ms")
    )
    is_open = np.array([row.state not in ENDED for row in rows], bool)
    cards: list[int] = earned_cards(now_ms, is_open, responded, done, due, extended).tolist()
    return cards


def _write(change: Change, changed: list[_Row]) -> Ticked:
    if not changed:
        return Ticked()
    done = Ticked(
        tuple(one.row.id for one in changed if any(move == "yellow_card" for move, *_ in one.steps)),
        tuple(one.row.id for one in changed if any(move == "red_card" for move, *_ in one.steps)),
        tuple(one.row.id for one in changed if "answering_grid" in one.values),
    )
    told = {name: list(numbers) for name, numbers in dataclasses.asdict(done).items()}
    event_id = change.tell("incidents_ticked", "incidents", told)
    change.note("tick", "incidents", ", ".join(f"{len(numbers)} {name}" for name, numbers in told.items()))
    steps = [
        (
            one.row.id,
            one.row.steps + past,
            change.at_ms,
            move,
            "",
            change.author,
            "",
            one.row.state,
            holder,
            json.dumps(content),
        )
        for one in changed
        for past, (move, holder, content) in enumerate(one.steps, start=1)
    ]
    names = [column.name for column in STEP.columns]
    insert_columns(change.connection, STEP, dict(zip(names, map(list, zip(*steps, strict=True)), strict=True)))
    columns = {
        name: [one.values.get(name, getattr(one.row, name)) for one in changed]
        for name in ("answering_grid", "holder", "handed", "card")
    }
    columns["steps"] = [one.row.steps + len(one.steps) for one in changed]
    columns |= {"event_id": [event_id] * len(changed), "id": [one.row.id for one in changed]}
    update_columns(change.connection, INCIDENT, "id", columns)
    return done
