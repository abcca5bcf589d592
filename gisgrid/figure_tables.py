"""Figures as a table for people and files: labels, rates in per cent, what each means."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import CARDS
from gisgrid.duty import ROLE_LABELS
from gisgrid.figure_reports import FigureReport
from gisgrid.figures import DEFINITIONS, Figures, FigureTable
from gisgrid.flow import GRADES, STATES
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, LEVELS

_RATES: Final = ("closing_rate", "response_rate", "on_time_rate", "satisfaction", "self_handled_share")
_HOURS: Final = ("response_hours", "handling_hours")
SHOWN: Final = tuple(DEFINITIONS)
"""The columns, in their order."""

_ALL: Final = ("All", "合计")
_LAST_YEAR: Final = ("Same period last year", "去年同期")
_BEFORE: Final = ("Period before", "上期")
UNIT_HEADINGS: Final[dict[str, tuple[str, str]]] = {
    "overdue_now": ("Overdue now, whenever reported", "当前逾期（不限上报时间）"),
    "patrollers": ("Full-time patrollers", "专职网格员"),
    "per_patroller": ("Valid for each patroller", "人均有效事件"),
}
"""What the columns of a report by unit are called besides those of all figures."""
_LABELS: Final[dict[str, Mapping[str, tuple[str, str]]]] = {
    "category": CATEGORIES,
    "state": STATES,
    "grade": GRADES,
    "card": CARDS,
    "department": DEPARTMENTS | {"": ("No department", "未流转部门")},
    "level": {**LEVELS, "department": ("Department", "部门")},
    "how": {
        "inside": ("Inside", "位于网格内"),
        "snapped": ("Nearest within 30 m", "30米内最近网格"),
        "stated": ("As stated", "按上报所述"),
        "manual": ("By hand", "人工指派"),
        "unassigned": ("Unassigned", "未归属"),
    },
    "role": {**ROLE_LABELS, "nobody": ("Others", "其他人员")},
}
_NONE: Final = ("none", "无")
_BY_ZH: Final = {
    "": "分组",
    "category": "事件类别", "sub_category": "事件子类", "state": "状态", "grade": "等级", "level": "办理层级", "township": "镇街",
    "village": "村社", "grid": "网格", "department": "部门", "how": "归属方式", "role": "上报人角色", "day": "日", "week": "周", "month": "月",
}  # fmt: skip


def figure_table(
    found: FigureTable,
    by: str | None,
    language: int,
    *,
    last_year: FigureTable | None = None,
    before: Figures | None = None,
    names: Mapping[str, str] | None = None,
) -> pa.Table:
    """One row a group and one for all; rates are per cent with one decimal, hours with two, null where there is no base.

    `names` are those of units by code. With `last_year` a last row shows the total of the same period last year,
    with `before` that of the period before.
    """
    rows = [(key, label_of(by, key, language, names or {}), figures) for key, figures in found.groups.items()]
    rows.append(("", _ALL[language], found.total))
    if last_year is not None:
        rows.append(("", _LAST_YEAR[language], last_year.total))
    if before is not None:
        rows.append(("", _BEFORE[language], before))
    columns: dict[str, pa.Array] = {
        "key": pa.array([key for key, _, _ in rows], pa.string()), "group": pa.array([label for _, label, _ in rows], pa.string()),
    }  # fmt: skip
    for name in SHOWN:
        kind = pa.float64() if name in _RATES or name in _HOURS else pa.int64()
        columns[name] = pa.array([shown(figures, name) for *_, figures in rows], kind)
    return pa.table(columns)


def with_units(rows: pa.Table, report: FigureReport, language: int) -> tuple[pa.Table, dict[str, str]]:
    """A table of the groups of a report by unit with what only units have, and the headings of that."""
    units = {unit.key: unit for unit in report.units}
    kinds = {"overdue_now": pa.int64(), "patrollers": pa.int64(), "per_patroller": pa.float64()}
    found: dict[str, list[float | None]] = {name: [] for name in kinds}
    own = rows.num_rows - 2  # then all, then the period before, which has nothing of now
    for place, key in enumerate(rows.column("key").to_pylist()):
        of = units[key] if place < own else report
        is_before = place > own
        each = None if is_before or not of.patrollers else round(of.valid / of.patrollers, 2)
        found["overdue_now"].append(None if is_before else of.overdue_now)
        found["patrollers"].append(None if is_before else of.patrollers)
        found["per_patroller"].append(each)
    for name, kind in kinds.items():
        rows = rows.append_column(name, pa.array(found[name], kind))
    return rows, {name: labels[language] for name, labels in UNIT_HEADINGS.items()}


def headings(by: str | None, language: int) -> dict[str, str]:
    """The headings of the columns in English (0) or Chinese (1); rates say that they are per cent."""
    first = ((by or "group").replace("_", " "), _BY_ZH.get(by or "", ""))[language]
    return {"key": ("code", "编号")[language], "group": first} | {
        name: labels[language] + (" %" if name in _RATES else "") for name, (labels, _) in DEFINITIONS.items()
    }


def shown(figures: Figures, name: str) -> Any:
    """A figure as it is written: rates in per cent."""
    value = getattr(figures, name)
    return round(100.0 * value, 1) if name in _RATES and value is not None else value


def label_of(by: str | None, key: str, language: int, names: Mapping[str, str]) -> str:
    """What a group is called: the label of a word, the name of a unit, department or sub-category, else the key."""
    if by == "department" and DEPARTMENT + key in names:
        return names[DEPARTMENT + key]
    labels = _LABELS.get(by or "", {})
    if key in labels:
        return labels[key][language]
    return names.get(key) or key or _NONE[language]
