"""Reports of many people taken in at once, each with who answers for it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gisgrid.local_days import local_day
from gisgrid.store import Store
from gisgrid.store.answering import Answer, OnCall, grids_to_alert, on_call
from gisgrid.store.editions import Editions
from gisgrid.store.ground import Ground, GroundKeeper
from gisgrid.store.reports import Asked, Reported, report_incidents
from gisgrid.store.standing import units_of

LOG: Final = logging.getLogger("gisgrid.service")


@dataclass(frozen=True)
class Answered:
    """A report as it was taken in, who answers for its grids, and of an urgent one who is on call; nobody where that could
    not be looked up any more.
    """

    reported: Reported
    answers: tuple[Answer, ...]
    on_call: tuple[OnCall, ...]


def report_and_answer(
    store: Store, editions: Editions, keeper: GroundKeeper, asked: Sequence[Asked]
) -> list[Answered | Exception]:
    """Take in reports in one transaction and look up who answers; for each its own answer or error."""
    found = report_incidents(store, editions, asked, keeper)
    if not any(isinstance(one, Reported) for one in found):
        return [one for one in found if isinstance(one, Exception)]
    # Reports of other platforms do not meet the ground: what was remembered may be old by now.
    if not any(one.report.source_system for one in asked):
        quick = _answered_at_once(keeper.last, found)
        if quick is not None:
            return quick
    try:
        with store.reading() as connection:
            ground, now_ms = keeper.ground(connection), store.now_ms()
            return [one if isinstance(one, Exception) else _answered(connection, ground, one, now_ms) for one in found]
    except Exception:
        # The reports are kept: an error now would have them sent again, and doubled.
        LOG.exception("who answers for reports just taken in could not be looked up")
        return [one if isinstance(one, Exception) else Answered(one, (), ()) for one in found]


def _answered_at_once(
    ground: Ground | None, found: Sequence[Reported | Exception]
) -> list[Answered | Exception] | None:
    """The answers where all of them are known from the ground that the reports have just met; else None."""
    answered: list[Answered | Exception] = []
    for one in found:
        if isinstance(one, Exception):
            answered.append(one)
            continue
        people = None
        if ground is not None and not one.incident.is_urgent:
            people = ground.known_answers(_grids(one), local_day(one.incident.reported_ms))
        if people is None:
            return None
        answered.append(Answered(one, tuple(people.values()), ()))
    return answered


def _answered(connection: sa.Connection, ground: Ground, one: Reported, now_ms: int) -> Answered:
    incident = one.incident
    grids = _grids(one)
    people = ground.answers(connection, grids, local_day(incident.reported_ms))
    called = on_call(connection, _offices(one, grids), now_ms) if incident.is_urgent else ()
    return Answered(one, tuple(people.values()), called)


def _grids(one: Reported) -> tuple[str, ...]:
    incident = one.incident
    return grids_to_alert(incident.answering_grid or incident.grid, incident.alternatives, incident.is_urgent)


def _offices(one: Reported, grids: Sequence[str]) -> list[str]:
    return [one.incident.holder, *(unit for grid in grids for unit in units_of(grid) or ())]
