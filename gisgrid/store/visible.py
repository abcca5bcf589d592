"""Which incidents someone may see: the rule of `gisgrid.access`, said of an incident and said again to the database."""

from typing import Final

import sqlalchemy as sa

from gisgrid.access import ACTIONS, Holder, Subject
from gisgrid.codes import GRID_DIGITS, VILLAGE_DIGITS
from gisgrid.offices import DISTRICT
from gisgrid.store.incidents import Incident
from gisgrid.store.tables import INCIDENT

_UNIT: Final[sa.ColumnElement[str]] = sa.func.coalesce(
    sa.func.nullif(INCIDENT.c.answering_grid, ""),
    sa.func.nullif(INCIDENT.c.grid, ""),
    sa.func.nullif(INCIDENT.c.village, ""),
    INCIDENT.c.township,
)


def subject_of(incident: Incident) -> Subject:
    """An incident as the rule of access sees it: the unit in which it lies now, and every office that has to do with it."""
    return subject_at(
        incident.answering_grid or incident.grid or incident.village or incident.township,
        incident.holder,
        incident.handed,
        incident.assistants,
        incident.alerted,
    )


def subject_at(unit: str, holder: str, handed: str, assistants: str, alerted: str = "") -> Subject:
    """The same from the columns of a row; all but `unit` and `holder` are offices joined by spaces."""
    others = (*handed.split(), *assistants.split(), *alerted.split())
    return Subject(unit, tuple(dict.fromkeys(filter(None, (holder, *others)))))


def visible_to(holder: Holder) -> sa.ColumnElement[bool]:
    """What someone may see, as a condition for queries of the table of incidents: exactly what `may` says of each row."""
    if holder.role not in ACTIONS["read_incidents"]:
        return sa.false()
    if holder.role == "department":
        return _has_to_do(holder.unit)
    return sa.or_(_lies_in(holder.unit), _has_to_do(holder.unit)) if holder.unit else sa.true()


def _lies_in(unit: str) -> sa.ColumnElement[bool]:
    """`gisgrid.access.covers` for a unit that is not empty."""
    if len(unit) != VILLAGE_DIGITS and unit != DISTRICT:
        return _UNIT.in_([unit])
    is_decimal = sa.func.ltrim(_UNIT, "0123456789") == ""
    is_grid = sa.and_(
        sa.func.length(_UNIT) == GRID_DIGITS, is_decimal, sa.func.substr(_UNIT, VILLAGE_DIGITS + 1) != "000"
    )
    is_unit = sa.func.length(_UNIT) == VILLAGE_DIGITS
    district = sa.case((is_decimal, _begins(6).concat("000000")), else_=DISTRICT)
    return sa.or_(
        _UNIT.in_([unit]),
        sa.and_(is_grid, _begins(VILLAGE_DIGITS) == unit),
        sa.and_(sa.or_(is_grid, is_unit), sa.or_(_begins(9).concat("000") == unit, district == unit)),
    )


def _has_to_do(office: str) -> sa.ColumnElement[bool]:
    if not office:
        return sa.false()
    is_holder = INCIDENT.c.holder == office
    if office.split() != [office]:
        return is_holder
    # Not LIKE: SQLite's takes capital and small letters for the same.
    others = sa.literal(" ") + INCIDENT.c.handed + " " + INCIDENT.c.assistants + " " + INCIDENT.c.alerted + " "
    return sa.or_(is_holder, sa.func.replace(others, f" {office} ", "") != others)


def _begins(digits: int) -> sa.ColumnElement[str]:
    return sa.func.substr(_UNIT, 1, digits)
