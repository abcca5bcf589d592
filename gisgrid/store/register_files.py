"""Registers in and out as files, one way for all of them: what is new is added, what differs changed, nothing goes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from gisgrid.codes import VILLAGE_DIGITS
from gisgrid.errors import EmptyInput
from gisgrid.rules import make_rules
from gisgrid.store.lists import Differences, Key, TakenIn, Values, compare_list, take_in_list
from gisgrid.store.registers import Field, Register, register_named
from gisgrid.store.staffing import grids_of_all_editions
from gisgrid.store.store import Store
from gisgrid.store.tables import DUTY, RULE, TRANSLATION, UNIT
from gisgrid.table_files import read_table, write_table
from gisgrid.tables import InputTable, Rejects, rejects_of
from gisgrid.told import Told, told_in


@dataclass(frozen=True)
class ImportedRegister:
    """What became of a file: as of a list, and the rows that were set aside."""

    taken: TakenIn
    rejects: Rejects


@dataclass(frozen=True)
class Foreseen:
    """What would become of a file: the entries that differ from what is kept, the rows that would be set aside, and the lines
    (1 is the first) at which each entry stands.
    """

    register: Register
    found: Differences
    rejects: Rejects
    lines: Mapping[Key, int]


def import_register(store: Store, name: str, path: Path, *, author: str, origin: str = "local") -> ImportedRegister:
    """Take a file into a register: entries that are there already are changed where they differ, none goes.

    Raises `UnreadableFile`, `EmptyInput`, `MissingColumn`, `BadOption`.
    """
    register = register_named(name)
    table = read_table(path)
    entries, problems = _read_entries(register, table)
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        rows = _usable(change.connection, register, entries, problems)
        if not rows:
            first = next(iter(problems.values()), "")
            raise EmptyInput(
                f"{path}: none of its {len(table):,} rows can be used; the first: {first}",
                zh=f"{path}：{len(table):,} 行均无法使用；第一处：{told_in(first, 1)}",
            )
        check_rules(change.connection, register, rows)
        taken = take_in_list(change, register.table, rows, problems, name)
    return ImportedRegister(taken, _rejects(table, problems))


def foresee_register(store: Store, name: str, path: Path) -> Foreseen:
    """What `import_register` would do, and nothing of it done; a file of which no row can be used is no error here.

    Raises `UnreadableFile`, `EmptyInput`, `MissingColumn`, `BadOption`.
    """
    register = register_named(name)
    table = read_table(path)
    entries, problems = _read_entries(register, table)
    with store.reading() as connection:
        rows = _usable(connection, register, entries, problems)
        check_rules(connection, register, rows)
        found = compare_list(connection, register.table, rows)
    lines: dict[Key, int] = {}
    for place, entry in enumerate(entries):
        if place not in problems:
            lines.setdefault(tuple(entry[column] for column in register.keys), int(table.lines[place]))
    return Foreseen(register, found, _rejects(table, problems), lines)


def _usable(
    connection: sa.Connection, register: Register, entries: Sequence[Values], problems: dict[int, str]
) -> dict[Key, Values]:
    """The entries that can be used, values by key; what is wrong with others is added to the problems."""
    grids = grids_of_all_editions(connection) if register.table is DUTY else None
    rows: dict[Key, Values] = {}
    for place, entry in enumerate(entries):
        if place in problems:
            continue
        key, values = keyed(register, entry)
        if grids is not None and entry["grid"] not in grids:
            problems[place] = no_grid(entry["grid"])
        elif rows.setdefault(key, values) != values:
            problems[place] = Told(
                "an earlier row of the file says something else of the same entry", "文件中前面的行对同一条目另有说法"
            )
    return rows


def keyed(register: Register, entry: Values) -> tuple[Key, Values]:
    """The key of an entry, and its other values."""
    return (
        tuple(entry[column] for column in register.keys),
        {column: value for column, value in entry.items() if column not in register.keys},
    )


def no_grid(code: str) -> Told:
    """That there is no such grid."""
    return Told(f"no edition has a grid {code!r}", f"各版本中均没有网格 {code!r}")


def _rejects(table: InputTable, problems: Mapping[int, str]) -> Rejects:
    reasons = np.full(len(table), "", dtype=object)
    for place, reason in problems.items():
        reasons[place] = reason
    return rejects_of(table, reasons)


def export_register(store: Store, name: str, path: Path, *, language: str = "en", is_empty: bool = False) -> int:
    """Write a register as a file in the format of its ending; returns the number of entries.

    `language` `zh` gives Chinese headings; `is_empty` is a template, headings alone. Raises `BadOption`; GeoJSON and GeoPackage are for registers with places.
    """
    register = register_named(name)
    query = sa.select(*(register.table.c[field.column] for field in register.fields)).order_by(
        *register.table.primary_key
    )
    with store.reading() as connection:
        rows = [] if is_empty else connection.execute(query).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(register.fields)
    table = pa.table(
        {
            field.name: pa.array([_written(value) for value in values], _arrow_type(register.table.c[field.column]))
            for field, values in zip(register.fields, columns, strict=True)
        }
    )
    write_table(
        path, table, headings={field.name: field.heading for field in register.fields} if language == "zh" else None
    )
    return len(rows)


def translations_of(store: Store, source_system: str) -> dict[tuple[str, str], str]:
    """Our words for those of a platform, by field and foreign word."""
    query = sa.select(TRANSLATION).where(TRANSLATION.c.source_system == source_system)
    with store.reading() as connection:
        return {(row.field, row.theirs): row.ours for row in connection.execute(query)}


def _read_entries(register: Register, table: InputTable) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """The values of every row by column, and a sentence for each row that cannot be used."""
    found: dict[str, list[Any]] = {}
    problems: dict[int, str] = {}
    for field in register.fields:
        heading = next((name for name in (field.name, field.heading, *field.also) if name in table.columns), None)
        if heading is None and field.needed:
            table.need(field.name)
        texts = table.texts(heading).tolist() if heading is not None else [field.absent] * len(table)
        values: list[Any] = []
        for place, text in enumerate(texts):
            try:
                values.append(field.read(text))
            except ValueError as error:
                values.append(None)
                problems.setdefault(place, _said_of(field, heading or field.name, error))
        found[field.column] = values
    entries = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    for place, entry in enumerate(entries):
        if place not in problems and (problem := complete(register, entry)):
            problems[place] = problem
    return entries, problems


def _said_of(field: Field, heading: str, error: ValueError) -> Told:
    said = error.args[0]
    return Told(f"{heading} {said}", f"{field.heading}{told_in(said, 1)}")


def complete(register: Register, entry: Values) -> Told | None:
    """Fill what follows from the rest; a sentence where the fields contradict each other."""
    if register.table is UNIT and not entry["level"]:
        code = entry["code"]
        if len(code) != VILLAGE_DIGITS or not code.isdecimal():
            return Told(
                "level is empty; expected township, village or area", "层级为空；应为 township、village 或 area"
            )
        entry["level"] = "township" if code.endswith("000") else "village"
    first, end = entry.get("from_day"), entry.get("to_day")
    if first is not None and end is not None and end <= first:
        return Told("to is not after from (to is exclusive)", "结束日期须晚于开始日期（结束当天不含在内）")
    return None


def check_rules(connection: sa.Connection, register: Register, rows: Mapping[Key, Values]) -> None:
    """`BadOption` where the rules would contradict each other; other registers have none."""
    if register.table is RULE:
        known = {row.name: row.value for row in connection.execute(sa.select(RULE))}
        make_rules(known | {key[0]: values["value"] for key, values in rows.items()})


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    kinds: Mapping[type[Any], pa.DataType] = {
        sa.Boolean: pa.bool_(), sa.Integer: pa.int64(), sa.Float: pa.float64(), sa.Text: pa.string(), sa.Date: pa.string(),
    }  # fmt: skip
    return next(arrow for kind, arrow in kinds.items() if isinstance(column.type, kind))
