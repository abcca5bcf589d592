"""Registers by single entries: found by what a person types, added, changed, taken back; nobody needs a file for one of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.errors import BadOption, Conflict, NotThere, Overtaken
from gisgrid.local_days import local_day
from gisgrid.rules import make_rules
from gisgrid.store.lists import Differences, Key, Values, write_differences
from gisgrid.store.register_files import check_rules, complete, keyed, no_grid
from gisgrid.store.registers import Register, register_named
from gisgrid.store.staffing import grids_of_all_editions
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import DUTY, PERSON, RULE, UNIT
from gisgrid.tables import check_text
from gisgrid.told import told_in

_MOST_UNITS: Final = 50
_TOWNSHIP_DIGITS: Final = 9

Entry = Mapping[str, str]
"""The texts of an entry by the names of its fields, as in a file; empty where there is nothing."""


@dataclass(frozen=True)
class Found:
    """Entries in the order of their keys, how many there are in all, and what the codes in them are called."""

    entries: tuple[dict[str, str], ...]
    total: int
    names: Mapping[str, str]


def find_entries(
    store: Store, name: str, *, words: str = "", day: dt.date | None = None, skip: int = 0, most: int = 100
) -> Found:
    """The entries of a register that hold each of some words, in themselves or in the names of the people and units they name;
    with `day` only those in force on that local day.
    """
    register = register_named(name)
    with store.reading() as connection:
        wanted = [_holds(connection, register, word) for word in words.split()]
        if day is not None and "to_day" in register.table.c:
            first, end = register.table.c.from_day, register.table.c.to_day
            wanted += [sa.or_(first.is_(None), first <= day), sa.or_(end.is_(None), end > day)]
        query = sa.select(*(register.table.c[field.column] for field in register.fields)).where(*wanted)
        page = query.order_by(*register.table.primary_key).offset(skip).limit(most)
        rows = connection.execute(page).all()
        total = connection.execute(sa.select(sa.func.count()).select_from(register.table).where(*wanted)).scalar_one()
        entries = tuple(
            {field.name: text_of(value) for field, value in zip(register.fields, row, strict=True)} for row in rows
        )
        return Found(entries, total, _names(connection, register, entries))


def put_entry(
    store: Store, name: str, entry: Entry, before: Entry | None, *, author: str, origin: str = "local"
) -> dict[str, str]:
    """Add an entry (`before` None), or change one that is as it was seen (`before`); returns it as it is kept.

    Raises `BadOption` for what cannot be kept, `Conflict` where there is one already, `NotThere` where there is none,
    `Overtaken` where it is no longer as it was seen.
    """
    register = register_named(name)
    key, values = keyed(register, _read(register, entry))
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        _check_named(change.connection, register, entry, before)
        check_rules(change.connection, register, {key: values})
        known = _kept(change.connection, register, key)
        if before is None and known is not None:
            raise Conflict(
                "there is such an entry already; look for it in the list and change it there",
                zh="该条目已存在；请在列表中找到后修改",
            )
        if before is not None:
            _check_as_seen(register, key, known, before)
        if known is None:
            _write(change, register, name, key, Differences({key: values}, {}, {}, 0), "add_entry", "done")
        elif known != values:
            other = ", ".join(
                field.name
                for field in register.fields
                if field.column in values and known[field.column] != values[field.column]
            )
            # Which fields and not what is in them: an auditor may read no names.
            _write(change, register, name, key, Differences({}, {key: values}, {key: known}, 0), "change_entry", other)
    return _told(register, key, values)


def remove_entry(store: Store, name: str, before: Entry, *, author: str, origin: str = "local") -> None:
    """Take an entry back that is as it was seen, where its register allows that.

    Raises `BadOption` where it does not, `NotThere`, `Overtaken`.
    """
    register = register_named(name)
    key, values = keyed(register, _read(register, before))
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        _check_as_seen(register, key, _kept(change.connection, register, key), before)
        if not may_remove(register, dict(zip(register.keys, key, strict=True)) | values, local_day(change.at_ms)):
            raise BadOption(
                "this entry stays, as others name it or its first day has come; give it a last day, or change it",
                zh="该条目不能删除：可能已被引用，或开始日期已到；请填写结束日期，或直接修改",
            )
        if register.table is RULE:
            others = sa.select(RULE).where(RULE.c.name != key[0])
            make_rules({row.name: row.value for row in change.connection.execute(others)})
        change.connection.execute(register.table.delete().where(*_is(register, key)))
        change.tell(f"{name}_changed", name, {"removed": 1})
        change.note("remove_entry", _subject(name, key))


def may_remove(register: Register, entry: Values, today: dt.date) -> bool:
    """Whether an entry (values by column) may be taken back on a local day."""
    if register.removal == "ahead":
        return bool(entry["from_day"] > today)
    return register.removal == "always"


def text_of(value: Any) -> str:
    """A value as it stands in files and forms."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def need_person(connection: sa.Connection, person: str) -> None:
    """`BadOption` for a person who is neither in the list of people nor has ever had a duty."""
    check_text("person", person)
    for column in (PERSON.c.code, DUTY.c.person):
        if connection.execute(sa.select(column).where(column == person).limit(1)).first() is not None:
            return
    raise BadOption(
        f"there is no person {person[:60]!r}; add them to the list of people first",
        zh=f"没有编号为 {person[:60]!r} 的人员；请先在人员名册中添加",
    )


def _holds(connection: sa.Connection, register: Register, word: str) -> sa.ColumnElement[bool]:
    """That an entry holds a word, whatever the case."""
    check_text("q", word)
    low = word.lower()
    found: list[sa.ColumnElement[bool]] = []
    for field in register.fields:
        column = register.table.c[field.column]
        if field.kind in {"day", "yes"}:
            continue
        text = column if isinstance(column.type, sa.Text) else sa.cast(column, sa.Text)
        found.append(sa.func.lower(text).contains(low, autoescape=True))
        if field.kind == "person":
            named = sa.select(PERSON.c.code).where(sa.func.lower(PERSON.c.name).contains(low, autoescape=True))
            found.append(column.in_(named))
        if field.kind in {"grid", "unit", "village"}:
            units = sa.select(UNIT.c.code).where(sa.func.lower(UNIT.c.name).contains(low, autoescape=True))
            for code in connection.execute(units.order_by(UNIT.c.code).limit(_MOST_UNITS)).scalars():
                begins = code[:_TOWNSHIP_DIGITS] if code.endswith("000") else code
                found.append(sa.func.substr(column, 1, len(begins)) == begins)
    return sa.or_(*found)


def _names(connection: sa.Connection, register: Register, entries: Sequence[Entry]) -> dict[str, str]:
    """What the people and units in some entries are called, by code; of a grid, what its village is called."""
    people = {entry[field.name] for field in register.fields if field.kind == "person" for entry in entries}
    units = {
        entry[field.name][:12]
        for field in register.fields
        if field.kind in {"grid", "unit", "village"}
        for entry in entries
    }
    found: dict[str, str] = {}
    for table, codes in ((PERSON, people), (UNIT, units)):
        if codes:
            query = sa.select(table.c.code, table.c.name).where(table.c.code.in_(sorted(codes)))
            found |= {row.code: row.name for row in connection.execute(query)}
    return found


def _read(register: Register, entry: Entry) -> Values:
    """The values of an entry by column; `BadOption` with everything that is wrong with it."""
    names = {field.name for field in register.fields}
    if unknown := [name for name in entry if name not in names]:
        raise BadOption(
            f"there is no field {unknown[0][:40]!r}; expected {', '.join(sorted(names))}",
            zh=f"没有字段 {unknown[0][:40]!r}；应为 {'、'.join(sorted(names))}",
        )
    values: Values = {}
    english, chinese = [], []
    for field in register.fields:
        text = entry.get(field.name, field.absent).strip()
        check_text(field.name, text)
        try:
            values[field.column] = field.read(text)
        except ValueError as error:
            english.append(f"{field.heading_en} {error.args[0]}")
            chinese.append(f"{field.heading}{told_in(error.args[0], 1)}")
    problem = None if english else complete(register, values)
    if problem is not None:
        english, chinese = [str(problem)], [problem.zh]
    if english:
        raise BadOption("; ".join(english), zh="；".join(chinese))
    return values


def _check_named(connection: sa.Connection, register: Register, entry: Entry, before: Entry | None) -> None:
    """`BadOption` for a grid or person that there is not; what was there before is not asked about again."""
    for field in register.fields:
        text = entry.get(field.name, "").strip()
        if not text or (before is not None and before.get(field.name) == text):
            continue
        if field.kind == "person":
            need_person(connection, text)
        if field.kind == "grid" and text not in grids_of_all_editions(connection):
            said = no_grid(text)
            raise BadOption(said, zh=said.zh)


def _check_as_seen(register: Register, key: Key, known: Values | None, before: Entry) -> None:
    if known is None:
        raise NotThere("there is no such entry any more; load the list again", zh="该条目已不存在；请重新加载列表")
    if _told(register, key, known) != {field.name: before.get(field.name, "") for field in register.fields}:
        raise Overtaken(
            "someone else has changed this entry meanwhile; load the list again and look at it before you change it",
            zh="该条目刚被他人修改；请重新加载列表，核对后再改",
        )


def _kept(connection: sa.Connection, register: Register, key: Key) -> Values | None:
    row = connection.execute(sa.select(register.table).where(*_is(register, key))).one_or_none()
    if row is None:
        return None
    return {column.name: row._mapping[column] for column in register.table.columns if not column.primary_key}


def _is(register: Register, key: Key) -> list[sa.ColumnElement[bool]]:
    return [column == value for column, value in zip(register.table.primary_key, key, strict=True)]


def _told(register: Register, key: Key, values: Values) -> dict[str, str]:
    whole = dict(zip(register.keys, key, strict=True)) | values
    return {field.name: text_of(whole[field.column]) for field in register.fields}


def _write(
    change: Change, register: Register, name: str, key: Key, found: Differences, action: str, result: str
) -> None:
    write_differences(change, register.table, found)
    change.tell(f"{name}_changed", name, {"new": len(found.new), "changed": len(found.changed)})
    change.note(action, _subject(name, key), result)


def _subject(name: str, key: Key) -> str:
    return "/".join((name, *(text_of(part) for part in key)))
