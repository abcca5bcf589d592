"""Registers: the lists that a district keeps beside its grids; what their columns are called and how they are read."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.categories import CATEGORIES
from gisgrid.duty import ROLE_LABELS, SHIFTS
from gisgrid.errors import BadOption
from gisgrid.incident_rows import TRANSLATED
from gisgrid.rules import RULE_NAMES
from gisgrid.store.tables import (
    AREA_GRID,
    CALENDAR_DAY,
    DEPARTMENT,
    DUTY,
    DWELLING,
    LEAVE,
    PERSON,
    PLACE,
    ROSTER,
    RULE,
    SUB_CATEGORY,
    TRANSLATION,
    UNIT,
)  # fmt: skip

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


def _labelled(known: Mapping[str, tuple[str, str]]) -> Callable[[str], str]:
    """Reads a code, or one of its labels."""
    codes = {label: code for code, labels in known.items() for label in (code, *labels)}

    def read(text: str) -> str:
        if text not in codes:
            raise ValueError(f"is {text!r}; expected one of {', '.join(known)}")
        return codes[text]

    return read


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
            Field("role", "role", "角色", read=_labelled(ROLE_LABELS)),
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
    "sub_categories": Register(
        SUB_CATEGORY,
        "own sub-categories and campaigns, from when to when (to exclusive)",
        (
            Field("category", "category", "事件类别", read=_labelled(CATEGORIES)),
            Field("code", "code", "编号", ("代码",), _some),
            Field("name", "name", "名称", read=_some),
            Field("name_en", "name_en", "英文名称", needed=False),
            Field("from_day", "from", "开始日期", read=_until, needed=False),
            Field("to_day", "to", "结束日期", read=_until, needed=False),
        ),
    ),
    "departments": Register(
        DEPARTMENT,
        "departments beside the nine, and the telephones of all",
        (
            Field("code", "code", "编号", ("代码",), _some),
            Field("name", "name", "名称", read=_some),
            Field("telephone", "telephone", "电话", needed=False),
        ),
    ),
    "roster": Register(
        ROSTER,
        "who is on call; the night of a day lasts until 08:00 of the next",
        (
            Field("day", "day", "日期", read=_day),
            Field("shift", "shift", "班次", read=_labelled(SHIFTS)),
            Field("unit", "unit", "单位编号", read=_some),
            _HOLDER,
            Field("note", "note", "说明", needed=False),
        ),
    ),
    "rules": Register(
        RULE,
        "rules of the incident loop that differ from the defaults",
        (Field("name", "rule", "规则", read=_one_of(*RULE_NAMES)), Field("value", "value", "取值", read=_some)),
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


def register_named(name: str) -> Register:
    """The register of a name; `BadOption` for another."""
    if name not in REGISTERS:
        raise BadOption(f"there is no register {name!r}; expected one of {', '.join(REGISTERS)}")
    return REGISTERS[name]
