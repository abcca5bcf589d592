"""Registers: the lists that a district keeps beside its grids; what their columns are called and how they are read."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

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
from gisgrid.told import Told

UNIT_LEVELS: Final = ("township", "village", "area")

Kind = Literal[
    "text", "code", "day", "count", "degrees", "choice", "yes", "person", "grid", "unit", "village", "telephone"
]
"""What a column holds, for forms: a `person`, `grid`, `unit` or `village` is the code of one."""

Removal = Literal["never", "always", "ahead"]
"""Whether an entry may be taken back: never, as others name it; always; or (`ahead`) as long as its first day is to come."""

_DAY_FORMS: Final = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")
"""Days as people and spreadsheets write them; a day of a sheet may come with its midnight."""

_MOST_DIGITS: Final = 9


@dataclass(frozen=True)
class Field:
    """A column of a register: its name in files, the Chinese heading, other names it may have, and how its text is read.

    `read` returns the value or raises `ValueError` with what was expected, as `Told`. `needed`: the file must have the column.
    `label` is its English heading in forms (else its name), `choices` are the codes that a `choice` may be.
    """

    column: str
    name: str
    heading: str
    also: tuple[str, ...] = ()
    read: Callable[[str], Any] = str
    needed: bool = True
    absent: str = ""
    kind: Kind = "text"
    label: str = ""
    choices: tuple[str, ...] = ()

    @property
    def heading_en(self) -> str:
        """The English heading."""
        return self.label or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Register:
    """A table, what its rows are called, its fields, and whether an entry may be taken back."""

    table: sa.Table
    title: str
    fields: tuple[Field, ...]
    removal: Removal = "never"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns by which an entry is known."""
        return tuple(column.name for column in self.table.primary_key)


def _some(text: str) -> str:
    if not text:
        raise ValueError(Told("is empty", "为空"))
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ValueError(Told(f"is {text!r}; expected a whole number", f"为 {text!r}；应为整数"))
    return int(text)


def _degrees(limit: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(Told(f"is {text!r}; expected degrees", f"为 {text!r}；应为度数")) from None
        if not -limit <= value <= limit:
            raise ValueError(
                Told(
                    f"is {text}; expected degrees between -{limit:g} and {limit:g}",
                    f"为 {text}；应为 -{limit:g} 至 {limit:g} 之间的度数",
                )
            )
        return round(value, 7)

    return read


def _day(text: str) -> dt.date:
    written = _DAY_FORMS.fullmatch(text)
    try:
        return dt.date(*(int(part) for part in written.groups())) if written else dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            Told(f"is {text!r}; expected a day as YYYY-MM-DD", f"为 {text!r}；应为日期，格式 YYYY-MM-DD")
        ) from None


def _until(text: str) -> dt.date | None:
    return _day(text) if text else None


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(
                Told(
                    f"is {text!r}; expected one of {', '.join(words)}", f"为 {text!r}；应为以下之一：{'、'.join(words)}"
                )
            )
        return text

    return read


def _yes(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
    if text.lower() not in known:
        raise ValueError(Told(f"is {text!r}; expected true or false", f"为 {text!r}；应为“是”或“否”"))
    return known[text.lower()]


def _labelled(known: Mapping[str, tuple[str, str]]) -> Callable[[str], str]:
    """Reads a code, or one of its labels."""
    codes = {label: code for code, labels in known.items() for label in (code, *labels)}

    def read(text: str) -> str:
        if text not in codes:
            labels = "、".join(chinese for _, chinese in known.values())
            raise ValueError(
                Told(f"is {text!r}; expected one of {', '.join(known)}", f"为 {text!r}；应为以下之一：{labels}")
            )
        return codes[text]

    return read


_CODE: Final = Field("code", "code", "编号", ("代码",), _some, kind="code")
_NAME: Final = Field("name", "name", "名称")
_PLACED: Final = (
    Field("lon", "lon", "经度", read=_degrees(180.0), kind="degrees", label="Longitude"),
    Field("lat", "lat", "纬度", read=_degrees(90.0), kind="degrees", label="Latitude"),
)
_SPAN: Final = (
    Field("from_day", "from", "开始日期", read=_day, kind="day", label="First day"),
    Field("to_day", "to", "结束日期", read=_until, needed=False, kind="day", label="Until (exclusive)"),
)
_HOLDER: Final = Field("person", "patroller", "人员编号", ("person_code",), _some, kind="person", label="Person")

REGISTERS: Final[dict[str, Register]] = {
    "units": Register(
        UNIT,
        "townships, villages and areas",
        (
            _CODE,
            Field(
                "level",
                "level",
                "层级",
                read=_one_of(*UNIT_LEVELS, ""),
                needed=False,
                kind="choice",
                choices=UNIT_LEVELS,
            ),
            _NAME,
            Field("kind", "kind", "类型", needed=False),
        ),
    ),
    "areas": Register(
        AREA_GRID,
        "which grids an area is made of",
        (
            Field("area", "area", "网格片", read=_some, kind="code"),
            Field("grid", "grid", "网格编号", read=_some, kind="grid"),
        ),
        removal="always",
    ),
    "places": Register(
        PLACE,
        "named places",
        (
            Field("code", "code", "编号", ("place",), _some, kind="code"),
            Field("kind", "kind", "类型", needed=False),
            Field("name", "name", "名称", read=_some),
            Field("village", "village", "村社编号", needed=False, kind="village"),
            *_PLACED,
        ),
    ),
    "dwellings": Register(
        DWELLING,
        "points where people live",
        (
            Field("code", "code", "编号", ("dwelling",), _some, kind="code"),
            *_PLACED,
            Field("households", "households", "户数", read=_count, kind="count"),
            Field("residents", "residents", "常住人口", read=_count, kind="count"),
            Field("migrants", "migrants", "流动人口", read=_count, needed=False, absent="0", kind="count"),
        ),
    ),
    "people": Register(
        PERSON,
        "who holds duties",
        (
            Field("code", "code", "人员编号", ("patroller",), _some, kind="code"),
            Field("name", "name", "姓名", ("person",)),
            Field("telephone", "telephone", "电话", needed=False, kind="telephone"),
        ),
    ),
    "duties": Register(
        DUTY,
        "who holds which role for which grid, from when to when (to exclusive)",
        (
            _HOLDER,
            Field("grid", "grid", "网格编号", read=_some, kind="grid"),
            Field("role", "role", "角色", read=_labelled(ROLE_LABELS), kind="choice", choices=tuple(ROLE_LABELS)),
            *_SPAN,
        ),
        removal="ahead",
    ),
    "leave": Register(
        LEAVE,
        "who is away (to exclusive)",
        (_HOLDER, *_SPAN, Field("reason", "reason", "事由", needed=False)),
        removal="ahead",
    ),
    "calendar": Register(
        CALENDAR_DAY,
        "days that the published calendar has otherwise",
        (
            Field("day", "day", "日期", read=_day, kind="day"),
            Field("is_workday", "is_workday", "是否工作日", read=_yes, kind="yes", label="Workday"),
            Field("note", "note", "说明", needed=False),
        ),
        removal="always",
    ),
    "sub_categories": Register(
        SUB_CATEGORY,
        "own sub-categories and campaigns, from when to when (to exclusive)",
        (
            Field(
                "category", "category", "事件类别", read=_labelled(CATEGORIES), kind="choice", choices=tuple(CATEGORIES)
            ),
            Field("code", "code", "编号", ("代码",), _some, kind="code"),
            Field("name", "name", "名称", read=_some),
            Field("name_en", "name_en", "英文名称", needed=False, label="English name"),
            Field("from_day", "from", "开始日期", read=_until, needed=False, kind="day", label="First day"),
            Field("to_day", "to", "结束日期", read=_until, needed=False, kind="day", label="Until (exclusive)"),
        ),
    ),
    "departments": Register(
        DEPARTMENT,
        "departments beside the nine, and the telephones of all",
        (
            Field("code", "code", "编号", ("代码",), _some, kind="code"),
            Field("name", "name", "名称", read=_some),
            Field("telephone", "telephone", "电话", needed=False, kind="telephone"),
        ),
    ),
    "roster": Register(
        ROSTER,
        "who is on call; the night of a day lasts until 08:00 of the next",
        (
            Field("day", "day", "日期", read=_day, kind="day"),
            Field("shift", "shift", "班次", read=_labelled(SHIFTS), kind="choice", choices=tuple(SHIFTS)),
            Field("unit", "unit", "单位编号", read=_some, kind="unit"),
            _HOLDER,
            Field("note", "note", "说明", needed=False),
        ),
        removal="always",
    ),
    "rules": Register(
        RULE,
        "rules of the incident loop that differ from the defaults",
        (
            Field("name", "rule", "规则", read=_one_of(*RULE_NAMES), kind="choice", choices=RULE_NAMES),
            Field("value", "value", "取值", read=_some),
        ),
        removal="always",
    ),
    "translations": Register(
        TRANSLATION,
        "the words of other platforms",
        (
            Field("source_system", "source_system", "来源系统", read=_some, kind="code"),
            Field("field", "field", "字段", read=_one_of(*TRANSLATED), kind="choice", choices=tuple(TRANSLATED)),
            Field("theirs", "theirs", "来源用语", read=_some),
            Field("ours", "ours", "本系统用语", read=_some),
        ),
        removal="always",
    ),
}
"""Every register by its name."""


def register_named(name: str) -> Register:
    """The register of a name; `BadOption` for another."""
    if name not in REGISTERS:
        raise BadOption(
            f"there is no register {name!r}; expected one of {', '.join(REGISTERS)}",
            zh=f"没有名册 {name!r}；应为以下之一：{'、'.join(REGISTERS)}",
        )
    return REGISTERS[name]
