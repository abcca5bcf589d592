"""Incidents as a table for files: what was reported, and where it belongs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from gisgrid.categories import CATEGORIES
from gisgrid.flow import GRADES, STATES
from gisgrid.incident_filters import IncidentFilter
from gisgrid.incident_rows import FIELDS, LABELLED_LEVELS, SOURCES, words_of
from gisgrid.incidents import HOW_LABELS
from gisgrid.local_days import EAST_OF_UTC_MS
from gisgrid.offices import DEPARTMENT, level_of
from gisgrid.store.incidents import Incidents

_COLUMNS: Final = {
    # in the file: in the store, Chinese heading
    "number": ("id", "编号"),
    "source_system": ("source_system", "来源系统"),
    "incident": ("source_id", FIELDS["incident"]),
    "category": ("category", FIELDS["category"]),
    "sub_category": ("sub_category", FIELDS["sub_category"]),
    "sub_category_name": ("sub_category_name", "事件子类名称"),
    "time": ("reported_ms", FIELDS["time"]),
    "lon": ("lon", FIELDS["lon"]),
    "lat": ("lat", FIELDS["lat"]),
    "accuracy_m": ("accuracy_m", FIELDS["accuracy_m"]),
    "source": ("source", FIELDS["source"]),
    "stated_grid": ("stated", FIELDS["stated_grid"]),
    "state": ("state", FIELDS["state"]),
    "urgent": ("is_urgent", FIELDS["urgent"]),
    "reporter": ("reporter", FIELDS["reporter"]),
    "description": ("description", FIELDS["description"]),
    "grade": ("grade", FIELDS["grade"]),
    "level": ("holder", FIELDS["level"]),
    "responded": ("responded_ms", FIELDS["responded"]),
    "done": ("done_ms", FIELDS["done"]),
    "closed": ("closed_ms", FIELDS["closed"]),
    "satisfied": ("is_satisfied", FIELDS["satisfied"]),
    "grid": ("grid", "网格编号"),
    "village": ("village", "村社编号"),
    "township": ("township", "镇街编号"),
    "how": ("how", "归属方式"),
    "border_distance_m": ("border_distance_m", "距边界(米)"),
    "alternatives": ("alternatives", "其他可能网格"),
}
_NAME: Final = "sub_category_name"
_YES_OR_NO: Final = ("否", "是")
INCIDENT_HEADINGS: Final = {name: heading for name, (_, heading) in _COLUMNS.items()}
"""The Chinese headings of the columns."""


def incident_table(
    incidents: Incidents,
    wanted: IncidentFilter | None = None,
    *,
    language: str = "en",
    visible: sa.ColumnElement[bool] | None = None,
    named: bool = True,
    sub_categories: Mapping[str, str] = MappingProxyType({}),
) -> pa.Table:
    """Incidents as columns, in the order of their numbers; times are local ISO texts with their offset.

    With `zh` words are written as their Chinese labels, which an import understands: categories, states, sources, grades,
    levels, ways of assignment, yes and no; codes of grids, units and sub-categories stay, these with the names beside them
    that `sub_categories` gives. `visible` is what whoever asks may see; not `named`, reporters and descriptions are empty.
    """
    kept = tuple(column for name, (column, _) in _COLUMNS.items() if name != _NAME)
    found: dict[str, list[Any]] = dict(incidents.columns(kept, wanted, visible=visible))
    found[_NAME] = [sub_categories.get(code, "") for code in found["sub_category"]]
    if not named:
        found |= {name: [""] * len(found[name]) for name in ("reporter", "description")}
    found["border_distance_m"] = [None if metre is None else round(metre, 2) for metre in found["border_distance_m"]]
    for name in ("reported_ms", "responded_ms", "done_ms", "closed_ms"):
        found[name] = _iso(found[name])
    found["holder"] = [_level(office) for office in found["holder"]]
    if language == "zh":
        known = (
            ("category", CATEGORIES),
            ("state", STATES),
            ("source", SOURCES),
            ("grade", GRADES),
            ("holder", LABELLED_LEVELS),
            ("how", HOW_LABELS),
        )
        for name, labels in known:
            found[name] = words_of(np.array(found[name], dtype=object), labels, 1)
        for name in ("is_urgent", "is_satisfied"):
            found[name] = [None if value is None else _YES_OR_NO[bool(value)] for value in found[name]]
    kinds = {
        "id": pa.int64(), "lon": pa.float64(), "lat": pa.float64(), "accuracy_m": pa.float64(),
        "border_distance_m": pa.float64(),
    }  # fmt: skip
    if language != "zh":
        kinds |= {"is_urgent": pa.bool_(), "is_satisfied": pa.bool_()}
    return pa.table(
        {name: pa.array(found[column], kinds.get(column, pa.string())) for name, (column, _) in _COLUMNS.items()}
    )


def _level(office: str) -> str:
    return office if office.startswith(DEPARTMENT) else level_of(office)


def _iso(times_ms: list[int | None]) -> list[str | None]:
    if not times_ms:
        return []
    local = np.array([0 if at is None else at for at in times_ms], np.int64) + EAST_OF_UTC_MS
    texts = np.datetime_as_string(local.astype("datetime64[ms]"), unit="ms").tolist()
    return [None if at is None else f"{text}+08:00" for at, text in zip(times_ms, texts, strict=True)]
