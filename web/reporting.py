"""Reports of many people taken in at once, each with who answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gisgrid.local_days import local_day
from gisgrid.store import Store
from gisgrid.store.answering import Answer, OnCall, grids_to_alert, on_call, who_answers
from gisgrid.store.editions import Editions
from gisgrid.store.reports import Asked, Reported, report_incidents
from gisgrid.store.standing import units_of


@dataclass(frozen=True)
class Answered:
    """A report as it was taken in, who answers for its grids, and of an urgent one who is on call."""

    reported: Reported
    answers: tuple[Answer, ...]
    on_call: tuple[OnCall, ...]


def report_and_answer(store: Store, editions: Editions, asked: Sequence[Asked]) -> list[Answered | Exception]:
    """Take in reports in one transaction and look up who answers; for each its own answer or error."""
    found = report_incidents(store, editions, asked)
    reported = [one for one in found if isinstance(one, Reported)]
    grids = {one.incident.id: _grids(one) for one in reported}
    days = {one.incident.id: local_day(one.incident.reported_ms) for one in reported}
    now_ms = store.now_ms()
    with store.reading() as connection:
        known = {
            day: who_answers(connection, (grid for one, at in days.items() if at == day for grid in grids[one]), day)
            for day in set(days.values())
        }
        called = {
            one.incident.id: on_call(connection, _offices(one, grids[one.incident.id]), now_ms)
            for one in reported
            if one.incident.is_urgent
        }
    return [
        one
        if isinstance(one, Exception)
        else Answered(
            one,
            tuple(known[days[one.incident.id]][grid] for grid in grids[one.incident.id]),
            called.get(one.incident.id, ()),
        )
        for one in found
    ]


def _grids(one: Reported) -> tuple[str, ...]:
    incident = one.incident
    return grids_to_alert(incident.answering_grid or incident.grid, incident.alternatives, incident.is_urgent)


def _offices(one: Reported, grids: Sequence[str]) -> list[str]:
    return [one.incident.holder, *(unit for grid in grids for unit in units_of(grid) or ())]
