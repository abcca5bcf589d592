"""An incident told to a person in either language: what, where, whose, how its clocks stand and why, what was done."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import sqlalchemy as sa

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import CARDS, CLOCK_STATES, Deadlines, Explanation, clock_states, explain, instants
from gisgrid.duty import ROLE_LABELS
from gisgrid.flow import ENDED, GRADES, MOVES, STATES, moves_of
from gisgrid.incidents import HOW_LABELS
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, local_day
from gisgrid.offices import LEVELS, office_label
from gisgrid.store.answering import (
    Answer,
    OnCall,
    department_telephones,
    grids_to_alert,
    office_names,
    on_call,
    who_answers,
)
from gisgrid.store.duplicates import Duplicate, duplicates_of
from gisgrid.store.incidents import Incident, incident_of
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.standing import standing_of, units_of
from gisgrid.store.steps import MOVE_LABELS, Step, due_of, find_row, steps_of

HOWS: Final = HOW_LABELS
"""How an incident came to its grid, with labels."""


@dataclass(frozen=True)
class IncidentCard:
    """Everything that is shown of an incident: itself, deadlines (one row) and how they stand, who answers for which
    grids, who is on call (urgent ones), its steps, probable duplicates, for each office the moves it may make now, and the
    offices of its path by level (empty where unknown).
    """

    incident: Incident
    due: Deadlines
    clock_state: str
    answers: dict[str, Answer]
    on_call: tuple[OnCall, ...]
    steps: tuple[Step, ...]
    duplicates: tuple[Duplicate, ...]
    moves: dict[str, tuple[str, ...]]
    path: dict[str, str]
    names: dict[str, str]
    telephones: dict[str, str]
    rulebook: Rulebook


def incident_card(
    connection: sa.Connection, number: int, now_ms: int, check: Callable[[Incident], None] | None = None
) -> IncidentCard:
    """Look an incident up; `UnknownIncident` for a number that there is not.

    A closed one names those who were in office then. `check` raises where it may not be seen: then nothing more is looked up.
    """
    row = find_row(connection, number)
    incident = incident_of(row)
    if check is not None:
        check(incident)
    rulebook = rulebook_of(connection)
    due = due_of(row, rulebook)
    standing = standing_of(row, due)
    is_open = row.state not in ENDED
    offices = dict.fromkeys((*standing.path(), standing.holder, *standing.assistants))
    at_ms = now_ms if is_open else row.closed_ms or row.reported_ms
    grids = grids_to_alert(row.answering_grid or row.grid, row.alternatives, bool(row.is_urgent))
    across = [unit for grid in grids for unit in units_of(grid) or ()]
    responded, done, extended = (instants((at,)) for at in (row.responded_ms, row.done_ms, row.extended_due_ms))
    state = clock_states(
        now_ms, np.array([is_open]), responded, done, due, extended, rulebook.calendar, rulebook.rules.clocks
    )
    return IncidentCard(
        incident,
        due,
        tuple(CLOCK_STATES)[int(state[0])],
        who_answers(connection, grids, local_day(at_ms)),
        on_call(connection, (*offices, *across), now_ms) if row.is_urgent and is_open else (),
        steps_of(connection, number),
        duplicates_of(connection, number),
        {office: moves for office in offices if (moves := moves_of(standing, office, now_ms, rulebook.departments))},
        dict(zip(LEVELS, (standing.village, standing.township, standing.district), strict=True)),
        office_names(connection),
        department_telephones(connection),
        rulebook,
    )


def card_lines(card: IncidentCard, language: int) -> list[str]:
    """The card as lines of text, in English (0) or Chinese (1)."""
    one, names = card.incident, card.names
    kind = card.rulebook.sub_categories.labels(one.category, one.sub_category)[language] if one.sub_category else ""
    urgent = (" · URGENT", "·紧急")[language] if one.is_urgent else ""
    head = " / ".join(filter(None, (CATEGORIES[one.category][language], kind)))
    state = STATES[one.state][language]
    lines = [
        f"#{one.id}  {head}{urgent}  [{GRADES[one.grade][language]}]  {state}",
        *([f"  {one.description}"] if one.description.strip() else []),
        _pair(("version", "版本"), str(one.version), language),
        _pair(("reported", "上报"), f"{local_time(one.reported_ms)} {one.reporter}".rstrip(), language),
        _pair(("grid", "网格"), _grid(one, names, language), language),
    ]
    if one.source_system:
        lines.append(_pair(("source", "来源"), f"{one.source_system} {one.source_id}", language))
    if one.alternatives:
        lines.append(_pair(("or perhaps", "亦可能"), one.alternatives.replace(";", ", ").replace(":", " "), language))
    if one.state not in ENDED:
        held = f"{office_label(one.holder, names, language)} {card.telephones.get(one.holder, '')}".rstrip()
        lines.append(
            _pair(("waits at", "当前办理"), f"{held} ({one.holder})" if held != one.holder else held, language)
        )
    lines += [_pair(*line, language) for line in clock_lines(card, language)]
    for answer in card.answers.values():
        lines += _answer_lines(answer, language)
    lines += [
        _pair(
            ("on call", "值班"),
            f"{office_label(one.unit, names, language)}: {one.name or one.person} {one.telephone}",
            language,
        )
        for one in card.on_call
    ]
    for other in card.duplicates:
        lines.append(_pair(("perhaps the same", "疑似重复"), _duplicate(other, one.id, language), language))
    lines += [_step_line(step, names, language) for step in card.steps]
    for office, moves in card.moves.items():
        words = ", ".join(f"{move} {MOVES[move].labels[1]}" if language else move for move in moves)
        label = office_label(office, names, language)
        lines.append(_pair(("may do", "可办"), f"{office} {label if label != office else ''}: {words}", language))
    return lines


def clock_lines(card: IncidentCard, language: int) -> list[tuple[tuple[str, str], str]]:
    """The three clocks: label, and by when, how it stands and which days were skipped."""
    one, due = card.incident, card.due
    started = one.reported_ms if one.started_ms is None else one.started_ms
    rules = card.rulebook.rules.clocks
    extended = one.extended_due_ms
    clocks = [
        (("respond by", "响应时限"), int(due.response_ms[0]), one.responded_ms, rules.response_workdays),
        (("done by", "办理时限"), int(due.done_ms[0]), one.done_ms, rules.done_workdays),
        (("at the latest", "最长时限"), int(due.most_ms[0]), one.done_ms, rules.most_workdays),
    ]
    lines: list[tuple[tuple[str, str], str]] = []
    for place, (label, due_ms, happened_ms, workdays) in enumerate(clocks):
        told = [_by(due_ms)]
        if happened_ms is not None and place < 2:
            late = happened_ms >= (extended or due_ms if place == 1 else due_ms)
            told.append(f"{(('done', '已完成'), ('late', '逾期'))[late][language]} {local_time(happened_ms)}")
        if place == 1 and one.asked_due_ms is not None:
            told.append(f"{('asked to extend to', '申请延期至')[language]} {_by(one.asked_due_ms)}")
        if place == 2 and extended is not None and extended > due_ms:
            told.append(f"{('with the extension', '延期后')[language]} {_by(extended)}")
        if place == 1 and extended is not None:
            told.append(f"{('extended to', '延期至')[language]} {_by(extended)}")
        if not one.is_urgent or place == 2:
            told.append(
                _explained(
                    explain(local_day(started), workdays, card.rulebook.calendar, card.rulebook.calendar_notes),
                    workdays,
                    language,
                )
            )
        lines.append((label, "; ".join(told)))
    state = f"{CLOCK_STATES[card.clock_state][language]}"
    card_told = f", {CARDS[one.card][language]}" if one.card and card.clock_state not in {"yellow", "red"} else ""
    provisional = (" (provisional: the calendar is not yet published)", "（暂定：日历尚未公布）")[language]
    lines.append((("clocks", "时限状态"), state + card_told + (provisional if bool(due.is_provisional[0]) else "")))
    return lines


def local_time(at_ms: int) -> str:
    """An instant as local date and minute."""
    zone = dt.timezone(dt.timedelta(milliseconds=EAST_OF_UTC_MS))
    return f"{dt.datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M}"


def _explained(told: Explanation, workdays: int, language: int) -> str:
    skipped = told.skipped()
    count = (
        f"{workdays} workday{'s' if workdays > 1 else ''} after {told.start}",
        f"{told.start}后第{workdays}个工作日",
    )[language]
    special = [f"{day.day:%m-%d} {day.why[language]}" for day in skipped if "," in day.why[0] or "(" in day.why[0]]
    if not skipped:
        return count
    weekend = len(skipped) - len(special)
    parts = [*special[:6], *(["…"] if len(special) > 6 else [])]
    parts += [(f"{weekend} weekend days", f"周末{weekend}天")[language]] if weekend else []
    return f"{count}{('; skipped: ', '；不计：')[language]}{('、' if language else ', ').join(parts)}"


def _by(due_ms: int) -> str:
    """A deadline as a person says it: a local day to whose end it runs, or an instant."""
    at_midnight = (due_ms + EAST_OF_UTC_MS) % DAY_MS == 0
    return f"{local_day(due_ms - 1)} 24:00" if at_midnight else local_time(due_ms)


def _grid(one: Incident, names: Mapping[str, str], language: int) -> str:
    where = one.grid or one.village
    village = names.get(one.village, "")
    told = " ".join(filter(None, (where, village, HOWS[one.how][language])))
    if one.border_distance_m is not None:
        told += (f", {one.border_distance_m:.1f} m from its border", f"，距边界{one.border_distance_m:.1f}米")[language]
    if one.answering_grid:
        told += (f"; answered for by {one.answering_grid} now", f"；现由{one.answering_grid}负责")[language]
    return told


def _answer_lines(answer: Answer, language: int) -> list[str]:
    label = (f"answers for {answer.grid}", f"{answer.grid}责任人")
    people = [
        f"{ROLE_LABELS[one.role][language]} {one.name or one.person} {one.telephone}".rstrip()
        + ((" (on leave)", "（请假）")[language] if one.is_away else "")
        for one in answer.people
    ]
    vacant = [f"{ROLE_LABELS[role][language]}: {('VACANT', '空缺')[language]}" for role in answer.vacant]
    return [_pair(label, ("、" if language else ", ").join([*people, *vacant]), language)]


def _duplicate(one: Duplicate, number: int, language: int) -> str:
    other = one.of_id if one.incident_id == number else one.incident_id
    minutes = abs(one.apart_ms) // 60_000
    told = (
        f"#{other}, {one.distance_m:.0f} m and {minutes} min apart",
        f"#{other}，相距{one.distance_m:.0f}米、{minutes}分钟",
    )[language]
    decided = {"same": (": the same", "：确认重复"), "other": (": another", "：并非重复")}.get(one.decision)
    return told + (decided[language] if decided else "")


def _step_line(step: Step, names: Mapping[str, str], language: int) -> str:
    office = f" {office_label(step.office, names, language)}" if step.office else ""
    reason = f": {step.reason}" if step.reason else ""
    move = MOVE_LABELS[step.move][language]
    to = f" → {office_label(step.holder, names, language)}" if "from" in step.content else ""
    return f"  {local_time(step.at_ms)}  {step.number}. {move}{to}{office} ({step.author}){reason}"


def _pair(label: tuple[str, str], text: str, language: int) -> str:
    width = 18 if language == 0 else 8
    padding = " " * max(1, width - (len(label[0]) if language == 0 else len(label[1])))
    return f"  {label[language]}{padding}{text}"
