"""Duties given: one person in a role for many grids at once, a row for each, in place of those who held it where that is meant."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.duty import ROLES
from gisgrid.errors import BadOption
from gisgrid.store.lists import Differences, Key, Values, compare_list, write_differences
from gisgrid.store.register_rows import need_person
from gisgrid.store.store import Store
from gisgrid.store.tables import DUTY

_GRIDS_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Giving:
    """A role of a person for grids on local days from `from_day` to the day before `to_day` (None: until further notice).

    `in_place`: whoever else holds the role there then has it until `from_day`.
    """

    person: str
    role: str
    grids: tuple[str, ...]
    from_day: dt.date
    to_day: dt.date | None = None
    in_place: bool = False


@dataclass(frozen=True)
class Given:
    """What became of it, or would: grids with a new duty, with one whose last day changed, with the same as before; and how
    many duties of others end.
    """

    new: int
    changed: int
    same: int
    ended: int


def give_duties(store: Store, giving: Giving, *, author: str, origin: str = "local") -> Given:
    """Write the duties, all or none. Raises `BadOption`."""
    _check(giving)
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        need_person(change.connection, giving.person)
        found, ended = _compare(change.connection, giving)
        write_differences(change, DUTY, found)
        write_differences(change, DUTY, ended)
        if found.new or found.changed or ended.changed:
            content = {"new": len(found.new), "changed": len(found.changed) + len(ended.changed)}
            change.tell("duties_changed", "duties", content)
        told = f"{giving.role} from {giving.from_day} to {giving.to_day or 'further notice'}: {len(found.new)} new"
        change.note("give_duties", f"duties/{giving.person}", f"{told}, {len(ended.changed)} of others end")
    return _given(found, ended)


def foresee_duties(store: Store, giving: Giving) -> Given:
    """What `give_duties` would do, and nothing of it done. Raises `BadOption`."""
    _check(giving)
    with store.reading() as connection:
        need_person(connection, giving.person)
        return _given(*_compare(connection, giving))


def _check(giving: Giving) -> None:
    if giving.role not in ROLES:
        raise BadOption(
            f"there is no role {giving.role!r}; expected one of {', '.join(ROLES)}",
            zh=f"没有角色 {giving.role!r}；应为以下之一：{'、'.join(ROLES)}",
        )
    if giving.to_day is not None and giving.to_day <= giving.from_day:
        raise BadOption(
            f"the duty would end on {giving.to_day}, but begins on {giving.from_day}; the last day is exclusive",
            zh=f"结束日期 {giving.to_day} 须晚于开始日期 {giving.from_day}（结束当天不含在内）",
        )
    if giving.in_place and (giving.to_day is not None or giving.role == "substitute"):
        raise BadOption(
            "who stands in for some days takes nobody's place; give the role substitute, or leave out the last day",
            zh="临时顶替不结束原责任人；请选择“代班”，或不填结束日期",
        )
    if not giving.grids:
        raise BadOption("the unit has no grids; choose another", zh="该单位下没有网格；请另选单位")


def _compare(connection: sa.Connection, giving: Giving) -> tuple[Differences, Differences]:
    """What the duties change, and the duties of others that end."""
    rows: dict[Key, Values] = {
        (giving.person, grid, giving.role, giving.from_day): {"to_day": giving.to_day} for grid in giving.grids
    }
    covered = 0
    ended: dict[Key, Values] = {}
    before: dict[Key, Values] = {}
    for row in _in_role(connection, giving.grids, giving.role):
        key = (row.person, row.grid, row.role, row.from_day)
        if row.person == giving.person:
            reaches = row.to_day is None or (giving.to_day is not None and row.to_day >= giving.to_day)
            if row.from_day < giving.from_day and reaches:
                # Theirs already, for longer than is asked.
                covered += rows.pop((giving.person, row.grid, giving.role, giving.from_day), None) is not None
        elif (
            giving.in_place and row.from_day < giving.from_day and (row.to_day is None or row.to_day > giving.from_day)
        ):
            ended[key], before[key] = {"to_day": giving.from_day}, {"to_day": row.to_day}
    found = compare_list(connection, DUTY, rows)
    found = Differences(found.new, found.changed, found.before, found.same + covered)
    return found, Differences({}, ended, before, 0)


def _in_role(connection: sa.Connection, grids: Sequence[str], role: str) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(grids), _GRIDS_AT_ONCE):
        part = grids[start : start + _GRIDS_AT_ONCE]
        found += connection.execute(sa.select(DUTY).where(DUTY.c.grid.in_(part), DUTY.c.role == role)).all()
    return found


def _given(found: Differences, ended: Differences) -> Given:
    return Given(len(found.new), len(found.changed), found.same, len(ended.changed))
