"""Registers: the lists that a district keeps beside its grids, in and out as files, one way for all of them."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from gisgrid.codes import VILLAGE_DIGITS
from gisgrid.duty import ROLES
from gisgrid.errors import BadOption, EmptyInput
from gisgrid.incident_rows import TRANSLATED
from gisgrid.store.lists import TakenIn, take_in_list
from gisgrid.store.staffing import grids_of_all_editions
from gisgrid.store.store import Store
from gisgrid.store.tables import (
    AREA_GRID,
    CALENDAR_DAY,
    DUTY,
    DWELLING,
    LEAVE,
    PERSON,
    PLACE,
    TRANSLATION,
    UNIT,
)  # fmt: skip
from gisgrid.table_files import read_table, write_table
from gisgrid.tables import InputTable, Rejects, rejects_of

UNIT_LEVELS: Final = ("township", "village", "area")


@dataclass(frozen=True)
class Field:
    """A column of a register: its name in files, the Chinese heading, other names it may have, and how its text is read.

    `read` returns the value or raises `ValueError` with what was expected. `needed`: the file must have the column.
    """

    column: str
    name: str
    heading: str
    also: tuple[str, ...] = ()
    read: Callable[[str], Any] = str
    needed: bool = True
    absent: str = ""


@dataclass(frozen=True)
class Register:
    """A table, what its rows are called, and its fields."""

    table: sa.Table
    title: str
    fields: tuple[Field, ...]


def _some(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"is {text!r}; expected a whole number")
    return int(text)


def _degrees(limit: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"is {text!r}; expected degrees") from None
        if not -limit <= value <= limit:
            raise ValueError(f"is {text}; expected degrees between -{limit:g} and {limit:g}")
        return round(value, 7)

    return read


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is {text!r}; expected a day as YYYY-MM-DD") from None


def _until(text: str) -> dt.date | None:
    return _day(text) if text else None


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"is {text!r}; expected one of {', '.join(words)}")
        return text

    return read


def _yes(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
    if text.lower() not in known:
        raise ValueError(f"is {text!r}; expected true or false")
    return known[text.lower()]


_CODE: Final = Field("code", "code", "编号", ("代码",), _some)
_NAME: Final = Field("name", "name", "名称")
_PLACED: Final = (
    Field("lon", "lon", "经度", read=_degrees(180.0)),
    Field("lat", "lat", "纬度", read=_degrees(90.0)),
)
_SPAN: Final = (
    Field("from_day", "from", "开始日期", read=_day),
    Field("to_day", "to", "结束日期", read=_until, needed=False),
)
_HOLDER: Final = Field("person", "patroller", "人员编号", ("person_code",), _some)

REGISTERS: Final[dict[str, Register]] = {
    "units": Register(
        UNIT,
        "townships, villages and areas",
        (
            _CODE,
            Field("level", "level", "层级", read=_one_of(*UNIT_LEVELS, ""), needed=False),
            _NAME,
            Field("kind", "kind", "类型", needed=False),
        ),
    ),
    "areas": Register(
        AREA_GRID,
        "which grids an area is made of",
        (Field("area", "area", "网格片", read=_some), Field("grid", "grid", "网格编号", read=_some)),
    ),
    "places": Register(
        PLACE,
        "named places",
        (
            Field("code", "code", "编号", ("place",), _some),
            Field("kind", "kind", "类型", needed=False),
            Field("name", "name", "名称", read=_some),
            Field("village", "village", "村社编号", needed=False),
            *_PLACED,
        ),
    ),
    "dwellings": Register(
        DWELLING,
        "points where people live",
        (
            Field("code", "code", "编号", ("dwelling",), _some),
            *_PLACED,
            Field("households", "households", "户数", read=_count),
            Field("residents", "residents", "常住人口", read=_count),
            Field("migrants", "migrants", "流动人口", read=_count, needed=False, absent="0"),
        ),
    ),
    "people": Register(
        PERSON,
        "who holds duties",
        (
            Field("code", "code", "人员编号", ("patroller",), _some),
            Field("name", "name", "姓名", ("person",)),
            Field("telephone", "telephone", "电话", needed=False),
        ),
    ),
    "duties": Register(
        DUTY,
        "who holds which role for which grid, from when to when (to exclusive)",
        (
            _HOLDER,
            Field("grid", "grid", "网格编号", read=_some),
            Field("role", "role", "角色", read=_one_of(*ROLES)),
            *_SPAN,
        ),
    ),
    "leave": Register(
        LEAVE,
        "who is away (to exclusive)",
        (_HOLDER, *_SPAN, Field("reason", "reason", "事由", needed=False)),
    ),
    "calendar": Register(
        CALENDAR_DAY,
        "days that the published calendar has otherwise",
        (
            Field("day", "day", "日期", read=_day),
            Field("is_workday", "is_workday", "是否工作日", read=_yes),
            Field("note", "note", "说明", needed=False),
        ),
    ),
    "translations": Register(
        TRANSLATION,
        "the words of other platforms",
        (
            Field("source_system", "source_system", "来源系统", read=_some),
            Field("field", "field", "字段", read=_one_of(*TRANSLATED)),
            Field("theirs", "theirs", "来源用语", read=_some),
            Field("ours", "ours", "本系统用语", read=_some),
        ),
    ),
}
"""Every register by its name."""


@dataclass(frozen=True)
class ImportedRegister:
    """What became of a file: as of a list, and the rows that were set aside."""

    taken: TakenIn
    rejects: Rejects


def register_named(name: str) -> Register:
    """The register of a name; `BadOption` for another."""
    if name not in REGISTERS:
        raise BadOption(f"there is no register {name!r}; expected one of {', '.join(REGISTERS)}")
    return REGISTERS[name]


def import_register(store: Store, name: str, path: Path, *, author: str, origin: str = "local") -> ImportedRegister:
    """Take a file into a register: entries that are there already are changed where they differ, none goes.

    Raises `UnreadableFile`, `EmptyInput`, `MissingColumn`, `BadOption`.
    """
    register = register_named(name)
    table = read_table(path)
    entries, problems = _read_entries(register, table)
    keys = [column.name for column in register.table.primary_key]
    with store.changing(author, origin=origin) as change:
        change.take_turn()
        grids = grids_of_all_editions(change.connection) if register.table is DUTY else None
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for place, entry in enumerate(entries):
            if place in problems:
                continue
            key = tuple(entry[column] for column in keys)
            values = {column: value for column, value in entry.items() if column not in keys}
            if grids is not None and entry["grid"] not in grids:
                problems[place] = f"no edition has a grid {entry['grid']!r}"
            elif rows.setdefault(key, values) != values:
                problems[place] = "an earlier row of the file says something else of the same entry"
        if not rows:
            raise EmptyInput(
                f"{path}: none of its {len(table):,} rows can be used; the first: {next(iter(problems.values()), '')}"
            )
        taken = take_in_list(change, register.table, rows, problems, name)
    reasons = np.full(len(table), "", dtype=object)
    for place, reason in problems.items():
        reasons[place] = reason
    return ImportedRegister(taken, rejects_of(table, reasons))


def export_register(store: Store, name: str, path: Path, *, language: str = "en") -> int:
    """Write a register as a file in the format of its ending; returns the number of entries.

    `language` `zh` gives Chinese headings. Raises `BadOption`; GeoJSON and GeoPackage are for registers with places.
    """
    register = register_named(name)
    query = sa.select(*(register.table.c[field.column] for field in register.fields)).order_by(
        *register.table.primary_key
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
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
                problems.setdefault(place, f"{heading or field.name} {error}")
        found[field.column] = values
    entries = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    for place, entry in enumerate(entries):
        if place not in problems and (problem := _complete(register, entry)):
            problems[place] = problem
    return entries, problems


def _complete(register: Register, entry: dict[str, Any]) -> str | None:
    """Fill what follows from the rest; a sentence where the fields contradict each other."""
    if register.table is UNIT and not entry["level"]:
        code = entry["code"]
        if len(code) != VILLAGE_DIGITS or not code.isdecimal():
            return "level is empty; expected township, village or area"
        entry["level"] = "township" if code.endswith("000") else "village"
    if "to_day" in entry and entry["to_day"] is not None and entry["to_day"] <= entry["from_day"]:
        return "to is not after from (to is exclusive)"
    return None


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    kinds: Mapping[type[Any], pa.DataType] = {
        sa.Boolean: pa.bool_(), sa.Integer: pa.int64(), sa.Float: pa.float64(), sa.Text: pa.string(), sa.Date: pa.string(),
    }  # fmt: skip
    return next(arrow for kind, arrow in kinds.items() if isinstance(column.type, kind))
