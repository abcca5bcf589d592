"""Evidence for the accountability rules as a table: case, office, span, and those in office then, for people to decide."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.accountability import CASES, Evidence, find_evidence, find_stays
from gisgrid.clocks import NEVER, Workdays
from gisgrid.duty import ANSWERING_ROLES, PATROLLING_ROLES, ROLE_LABELS
from gisgrid.incident_columns import IncidentColumns
from gisgrid.local_days import EAST_OF_UTC_MS, date_of, day_number, local_day, local_days
from gisgrid.offices import level_of, office_label
from gisgrid.store.answering import Answer, office_names, who_answers
from gisgrid.store.rulebook import Rulebook
from gisgrid.store.tables import STEP

EVIDENCE_HEADINGS: Final = {
    "incident": "事件编号", "case": "情形", "office": "责任单位", "office_name": "单位名称", "from": "起", "to": "止",
    "workdays": "工作日数", "times": "次数", "grid": "网格编号", "reporter": "上报人", "points_at": "指向",
    **{role: ROLE_LABELS[role][1] for role in ANSWERING_ROLES},
    "way": "处理方式", "degree": "程度", "decided_by": "决定人", "note": "备注",
}  # fmt: skip
"""The columns and their Chinese headings; the last four are for people to fill in."""


@dataclass(frozen=True)
class _Case:
    """A case with the grid of its incident then, and who had reported it for which grid on which day."""

    evidence: Evidence
    grid: str
    reporter: str
    reported_grid: str
    reported_day: int


def evidence_table(
    connection: sa.Connection,
    columns: IncidentColumns,
    rulebook: Rulebook,
    *,
    from_ms: int,
    to_ms: int,
    now_ms: int,
    language: str = "en",
) -> pa.Table:
    """The cases of incidents reported in [from_ms, to_ms), as they stand at `now_ms`, in the order of their numbers.

    What lay in the village although its patroller (or a substitute) had reported it points at the grid leader, else at the
    office; people are those in office when the case began.
    `way` and `degree` are left empty: people decide, in the words of the rules.
    """
    cases = _cases(connection, columns, rulebook, from_ms, to_ms, now_ms)
    names = office_names(connection)
    by_day: dict[int, set[str]] = {}
    for case in cases:
        by_day.setdefault(_day(case.evidence.from_ms), set()).add(case.grid)
        by_day.setdefault(case.reported_day, set()).add(case.reported_grid)
    answers: dict[tuple[str, int], Answer] = {}
    for day, grids in by_day.items():
        found = who_answers(connection, sorted(grids), date_of(day))
        answers |= {(grid, day): answer for grid, answer in found.items()}
    spoken = 1 if language == "zh" else 0
    rows = [_row(case, answers, names, spoken) for case in cases]
    kinds = {"incident": pa.int64(), "workdays": pa.int64(), "times": pa.int64()}
    return pa.table(
        {
            name: pa.array([row.get(name, "") for row in rows], kinds.get(name, pa.string()))
            for name in EVIDENCE_HEADINGS
        }
    )


def _cases(
    connection: sa.Connection, columns: IncidentColumns, rulebook: Rulebook, from_ms: int, to_ms: int, now_ms: int
) -> list[_Case]:
    chosen = (columns.reported_ms >= from_ms) & (columns.reported_ms < to_ms) & (columns.reported_ms <= now_ms)
    steps = _steps(connection, columns.number[chosen])
    told = np.isin(columns.number, list(steps))
    late = _late(columns, now_ms)
    places = np.flatnonzero(chosen & (late | told))
    if len(places) == 0:
        return []
    first = date_of(int(local_days(columns.reported_ms[places].min(keepdims=True))[0]))
    is_open = columns.is_open()
    workdays = Workdays(rulebook.calendar, first, max(first, date_of(_day(now_ms))) + dt.timedelta(days=1))
    found: list[_Case] = []
    for place in places.tolist():
        number = int(columns.number[place])
        mine = [step for step in steps.get(number, []) if step.at_ms <= now_ms]
        started_ms, reported_ms = int(columns.started_ms[place]), int(columns.reported_ms[place])
        done, closed = (_happened(getattr(columns, name)[place]) for name in ("done_ms", "closed_ms"))
        end = done if done is not None else closed
        if end is None and not is_open[place]:
            continue  # ended, and nobody has said when
        holder = columns.words["holder"][columns.holder[place]]
        stays = find_stays(reported_ms, holder, mine, end)
        due = columns.due.at(slice(place, place + 1))
        evidence = find_evidence(
            number, stays, [step for step in mine if step.at_ms >= started_ms], due,
            responded_ms=_happened(columns.responded_ms[place]), done_ms=end, now_ms=now_ms,
            extended_due_ms=_happened(columns.extended_due_ms[place]), is_urgent=bool(columns.is_urgent[place]),
            workdays=workdays, rules=rulebook.rules.accountability,
        )  # fmt: skip
        own = columns.words["grid"][columns.grid[place]]
        reporter = columns.words["reporter"][columns.reporter[place]]
        found += [_Case(one, _grid_at(own, mine, one.from_ms), reporter, own, _day(reported_ms)) for one in evidence]
    return found


def _grid_at(own: str, steps: Sequence[Any], at_ms: int) -> str:
    """The grid that answered at an instant: that of the report, until a later edition handed it to another."""
    passed = [step.content["to_grid"] for step in steps if step.move == "pass_on" and step.at_ms <= at_ms]
    return passed[-1] if passed else own


def _late(columns: IncidentColumns, now_ms: int) -> NDArray[np.bool_]:
    """Which have passed a clock; what has ended without saying when, has not."""
    until = np.where(columns.is_open(), now_ms, -1)
    done = np.where(columns.done_ms == NEVER, until, columns.done_ms)
    responded = np.where(columns.responded_ms == NEVER, until, columns.responded_ms)
    due = columns.due.extended(columns.extended_due_ms)
    return (responded > due.response_ms) | (done > due.done_ms)


def _steps(connection: sa.Connection, numbers: NDArray[np.int64]) -> dict[int, list[Any]]:
    """The steps of those incidents that have any."""
    if len(numbers) == 0:
        return {}
    span = STEP.c.incident_id.between(int(numbers.min()), int(numbers.max()))
    wanted = set(numbers.tolist())
    found: dict[int, list[Any]] = {}
    for row in connection.execute(sa.select(STEP).where(span).order_by(STEP.c.incident_id, STEP.c.number)):
        if row.incident_id in wanted:
            found.setdefault(row.incident_id, []).append(row)
    return found


def _row(case: _Case, answers: dict[tuple[str, int], Answer], names: dict[str, str], language: int) -> dict[str, Any]:
    one = case.evidence
    answer = answers.get((case.grid, _day(one.from_ms)))
    people: dict[str, str] = {}
    for person in answer.people if answer else ():
        if person.role in ANSWERING_ROLES:
            people[person.role] = "; ".join(
                filter(None, (people.get(person.role), f"{person.person} {person.name}".strip()))
            )
    office = office_label(one.office, names, language)
    then = answers.get((case.reported_grid, case.reported_day))
    patrollers = {who.person for who in then.people if who.role in PATROLLING_ROLES} if then else set()
    at_leader = level_of(one.office) == "village" and case.reporter in patrollers
    return {
        "incident": one.incident_id,
        "case": CASES[one.case][0][language],
        "office": one.office,
        "office_name": office,
        "from": _iso(one.from_ms),
        "to": "" if one.to_ms is None else _iso(one.to_ms),
        "workdays": one.workdays,
        "times": one.times,
        "grid": case.grid,
        "reporter": case.reporter,
        "points_at": people.get("leader", office) if at_leader else office,
        **people,
    }


def _happened(at_ms: Any) -> int | None:
    return None if int(at_ms) == NEVER else int(at_ms)


def _day(at_ms: int) -> int:
    return day_number(local_day(at_ms))


def _iso(at_ms: int) -> str:
    local: Sequence[str] = np.datetime_as_string(
        np.array([at_ms + EAST_OF_UTC_MS], "datetime64[ms]"), unit="m"
    ).tolist()
    return local[0].replace("T", " ")
