"""Which incidents someone may see: the rule of `gisgrid.access`, said of an incident and said again to the database."""

from typing import Final

import sqlalchemy as sa

from gisgrid.access import ACTIONS, Holder, Subject
from gisgrid.codes import GRID_DIGITS, VILLAGE_DIGITS
from gisgrid.offices import DEPARTMENT
from gisgrid.store.incidents import Incident
from gisgrid.store.tables import INCIDENT

_UNIT: Final[sa.ColumnElement[str]] = sa.func.coalesce(
    sa.func.nullif(INCIDENT.c.answering_grid, ""),
    sa.func.nullif(INCIDENT.c.grid, ""),
    sa.func.nullif(INCIDENT.c.village, ""),
    INCIDENT.c.township,
)
_OFFICES: Final[sa.ColumnElement[str]] = sa.literal(" ") + INCIDENT.c.holder + " " + INCIDENT.c.handed + " " + INCIDENT.c.assistants + " "


def subject_of(incident: Incident) -> Subject:
    """An incident as the rule of access sees it: the unit in which it lies now, and every office that has to do with it."""
    return subject_at(
        incident.answering_grid or incident.grid or incident.village or incident.township,
        incident.holder,
        incident.handed,
        incident.assistants,
    )


def subject_at(unit: str, holder: str, handed: str, assistants: str) -> Subject:
    """The same from the columns of a row; `handed` and `assistants` are offices joined by spaces."""
    return Subject(unit, tuple(dict.fromkeys(filter(None, (holder, *handed.split(), *assistants.split())))))


def visible_to(holder: Holder) -> sa.ColumnElement[bool]:
    """What someone may see, as a condition for queries of the table of incidents: exactly what `may` says of each row."""
    if holder.role not in ACTIONS["read_incidents"]:
        return sa.false()
    unit = holder.unit
    has_office = _OFFICES.contains(f" {unit} ", autoescape=True)
    if holder.role == "department" or unit.startswith(DEPARTMENT):
        return has_office
    if not unit:
        return sa.true()
    lies_in: sa.ColumnElement[bool] = _UNIT.in_([unit])
    if len(unit) == VILLAGE_DIGITS and unit.isascii() and unit.isdecimal():
        is_grid = sa.and_(sa.func.length(_UNIT) == GRID_DIGITS, sa.not_(_UNIT.endswith("000")))
        is_unit = sa.func.length(_UNIT) == VILLAGE_DIGITS
        above = sa.or_(_begins(9).concat("000") == unit, _begins(6).concat("000000") == unit)
        in_village = sa.and_(is_grid, _begins(VILLAGE_DIGITS) == unit)
        lies_in = sa.or_(lies_in, in_village, sa.and_(sa.or_(is_grid, is_unit), above))
    return sa.or_(lies_in, has_office)


def _begins(digits: int) -> sa.ColumnElement[str]:
    return sa.func.substr(_UNIT, 1, digits)
