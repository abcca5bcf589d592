"""Incidents as columns, and reading them from a file of another platform in its own words."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import NEVER
from gisgrid.datum import Datum, to_wgs84
from gisgrid.errors import EmptyInput
from gisgrid.flow import GRADES, STATES
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, LEVELS
from gisgrid.table_files import read_table
from gisgrid.tables import InputTable, Rejects, Times, keep_rows, place_problems, rejects_of, unkept
from gisgrid.told import Told, told_in

FIELDS: Final[dict[str, str]] = {
    "incident": "事件编号",
    "category": "事件类别",
    "sub_category": "事件子类",
    "time": "上报时间",
    "lon": "经度",
    "lat": "纬度",
    "accuracy_m": "精度(米)",
    "source": "定位方式",
    "stated_grid": "所报网格",
    "state": "状态",
    "urgent": "紧急",
    "reporter": "上报人",
    "description": "描述",
    "grade": "事件等级",
    "level": "办理层级",
    "responded": "响应时间",
    "done": "完成时间",
    "closed": "办结时间",
    "satisfied": "是否满意",
}
"""What a file of incidents may say, with the Chinese headings; `incident`, `category` and `time` it must."""

TRANSLATED: Final = ("column", "category", "sub_category", "source", "stated_grid", "state", "grade", "level")
"""What a table of translations may translate: headings, and the words in these columns."""

SOURCES: Final[dict[str, tuple[str, str]]] = {
    "": ("", ""),
    "phone": ("Phone", "手机"),
    "map": ("Map", "地图"),
    "address": ("Address", "地址"),
}
_ALSO: Final = {"source": {"map_click": "map"}}
_YES_OR_NO: Final = {"true": 1, "1": 1, "yes": 1, "是": 1, "false": 0, "0": 0, "no": 0, "否": 0, "": -1}
LABELLED_LEVELS: Final = {"": ("", ""), **LEVELS, **{DEPARTMENT + code: labels for code, labels in DEPARTMENTS.items()}}
_DEGREE_DIGITS: Final = 7
_TIME: Final = "2018-05-07T09:30:00+08:00"
_UNKNOWN: Final = "?"
_MOST_WORDS: Final = 50
"""How many unknown words are told by themselves; a wrong column has as many as rows."""

_CHINA: Final = ZoneInfo("Asia/Shanghai")

Translations = Mapping[tuple[str, str], str]
"""Our word for a field and a foreign word."""


@dataclass(frozen=True, eq=False)
class IncidentRows:
    """Incidents as columns (n,): degrees EPSG:4490 (NaN without a place), metres (NaN unstated), ms since 1970 UTC.

    `stated` is the code of a grid or village that the report names, empty for none; `level` where it lies (`LEVELS`, or
    `department:CODE`), empty: at the first level of its grade. Instants are `NEVER` where it has not happened, `satisfied`
    is -1 where nobody has said. `digests` tell whether the source says the same as before; `given` are the fields that it
    speaks of at all.
    """

    source_id: NDArray[np.object_]
    category: NDArray[np.object_]
    sub_category: NDArray[np.object_]
    reported_ms: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    source: NDArray[np.object_]
    stated: NDArray[np.object_]
    state: NDArray[np.object_]
    is_urgent: NDArray[np.bool_]
    reporter: NDArray[np.object_]
    description: NDArray[np.object_]
    grade: NDArray[np.object_]
    level: NDArray[np.object_]
    responded_ms: NDArray[np.int64]
    done_ms: NDArray[np.int64]
    closed_ms: NDArray[np.int64]
    satisfied: NDArray[np.int8]
    given: frozenset[str] = frozenset(FIELDS)

    def __len__(self) -> int:
        return len(self.reported_ms)

    def at(self, rows: NDArray[np.int64]) -> "IncidentRows":
        """Some of the rows (m,)."""
        columns = {
            field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self) if field.name != "given"
        }
        return IncidentRows(**columns, given=self.given)

    def digests(self) -> NDArray[np.int64]:
        """A number for each row (n,) that differs when anything that the source says differs."""
        frame = pd.DataFrame(
            {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "given"}
        )
        seed = hashlib.blake2b(",".join(sorted(self.given)).encode(), digest_size=8).hexdigest()
        hashed = pd.util.hash_pandas_object(frame, index=False, hash_key=seed, categorize=True)
        return np.asarray(hashed, np.uint64).view(np.int64)


def join_rows(parts: Sequence[IncidentRows]) -> IncidentRows:
    """Lists of incidents as one; they must speak of the same fields."""
    if len(parts) == 1:
        return parts[0]
    names = [field.name for field in dataclasses.fields(IncidentRows) if field.name != "given"]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return IncidentRows(**columns, given=parts[0].given)


@dataclass(frozen=True, eq=False)
class IncidentFile:
    """The usable rows of a file (`places` into it) and those that were set aside."""

    table: InputTable
    places: NDArray[np.int64]
    rows: IncidentRows
    rejects: Rejects

    def reject(self, refused: Mapping[int, str]) -> Rejects:
        """The rejects with those rows that the store refused as well, by their place among the usable ones."""
        reasons = np.full(len(self.table), "", dtype=object)
        for place, reason in refused.items():
            reasons[self.places[place]] = reason
        known = np.ones(len(self.table), bool)
        known[self.places] = False
        first = iter(self.rejects.reasons)
        for row in np.flatnonzero(known):
            reasons[row] = next(first)
        return rejects_of(self.table, reasons)


def read_incident_rows(
    path: str | Path,
    *,
    translations: Translations | None = None,
    columns: Mapping[str, str] | None = None,
    zone: ZoneInfo | None = _CHINA,
    datum: Datum = "wgs84",
) -> IncidentFile:
    """Read incidents from CSV, XLSX, Parquet, GeoJSON or GeoPackage.

    Headings are the names of `FIELDS`, their Chinese ones, what `translations` makes of them, or what `columns` says
    (field -> heading). Words are our codes, our labels in either language, or translated; others are set aside with their
    row. Times without an offset are in `zone`. Raises `UnreadableFile`, `EmptyInput`, `MissingColumn`.
    """
    table = read_table(path)
    words = translations or {}
    found = _headings(table, words, columns or {})
    for field in ("incident", "category", "time"):
        if field not in found:
            table.need(f"{field}", f"--column {field}=HEADING")
    empty = np.full(len(table), "", dtype=object)
    texts = {name: table.texts(found[name]) if name in found else empty for name in FIELDS}
    problems: dict[str, NDArray[np.bool_]] = {
        Told("incident is empty; expected the number the source gives it", "事件编号为空；应为来源平台的编号"): texts[
            "incident"
        ]
        == ""
    }
    problems |= _twice(texts["incident"])
    for name in ("incident", "sub_category", "stated_grid", "reporter", "description"):
        if name in found:
            holds_nul = Told(f"{name} holds a NUL, which cannot be kept", f"{FIELDS[name]}含有 NUL 字符，无法保存")
            problems[holds_nul] = unkept(texts[name])
    times = table.times_ms(found["time"], zone)
    problems |= _time_problems(times)
    category = _translated("category", texts["category"], CATEGORIES, words, problems)
    sub_category = _renamed("sub_category", texts["sub_category"], words)
    state = _translated("state", np.where(texts["state"] == "", "reported", texts["state"]), STATES, words, problems)
    source = _translated("source", texts["source"], SOURCES, words, problems)
    stated = _renamed("stated_grid", texts["stated_grid"], words)
    urgent = _yes_or_no("urgent", texts["urgent"], problems) == 1
    grade = _translated("grade", np.where(texts["grade"] == "", "ordinary", texts["grade"]), GRADES, words, problems)
    level = _translated("level", texts["level"], LABELLED_LEVELS, words, problems)
    satisfied = _yes_or_no("satisfied", texts["satisfied"], problems)
    instants = {name: _instant(table, found, name, zone, times, problems) for name in ("responded", "done", "closed")}
    lon, lat, accuracy_m = _positions(table, found, texts, problems)
    usable, rejects = keep_rows(table, problems)
    if not usable.any():
        first = rejects.reasons[0]
        raise EmptyInput(
            f"{path}: none of its {len(rejects):,} rows can be used; the first: {first}",
            zh=f"{path}：{len(rejects):,} 行均无法使用；第一处：{told_in(first, 1)}",
        )
    kept = np.flatnonzero(usable)
    lon, lat = to_wgs84(lon[kept], lat[kept], datum)
    rows = IncidentRows(
        texts["incident"][kept], category[kept], sub_category[kept], times.ms[kept],
        np.round(lon, _DEGREE_DIGITS), np.round(lat, _DEGREE_DIGITS), accuracy_m[kept], source[kept], stated[kept],
        state[kept], urgent[kept], texts["reporter"][kept], texts["description"][kept], grade[kept], level[kept],
        instants["responded"][kept], instants["done"][kept], instants["closed"][kept], satisfied[kept], frozenset(found),
    )  # fmt: skip
    return IncidentFile(table, kept, rows, rejects)


def _headings(table: InputTable, words: Translations, columns: Mapping[str, str]) -> dict[str, str]:
    """The heading of every field that the file has."""
    found = {field: table.need(heading, f"--column {field}") for field, heading in columns.items()}
    ours = {heading: field for field, heading in FIELDS.items()} | {field: field for field in FIELDS}
    for heading in table.columns:
        field = words.get(("column", heading)) or ours.get(heading)
        if field is not None:
            found.setdefault(field, heading)
    return found


def _positions(
    table: InputTable,
    found: Mapping[str, str],
    texts: Mapping[str, NDArray[np.object_]],
    problems: dict[str, NDArray[np.bool_]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Degrees and metres, NaN where there are none; a report may have no place, but not half of one."""
    numbers: dict[str, NDArray[np.float64]] = {}
    for field in ("lon", "lat", "accuracy_m"):
        numbers[field], bad = (
            table.numbers(found[field]) if field in found else (np.full(len(table), np.nan), np.zeros(len(table), bool))
        )
        unit, unit_zh = ("metres", "米数") if field == "accuracy_m" else ("degrees", "度数")
        no_number = Told(
            f"{field} is not a number; expected {unit} or nothing", f"{FIELDS[field]}不是数字；应为{unit_zh}，或留空"
        )
        problems[no_number] = bad
    lon, lat, accuracy_m = numbers["lon"], numbers["lat"], numbers["accuracy_m"]
    there = ~((texts["lon"] == "") & (texts["lat"] == ""))
    if "lon" in found or "lat" in found:
        there |= np.isfinite(lon) | np.isfinite(lat)
        problems |= {
            reason: hit & there for reason, hit in place_problems(lon, lat, np.zeros(len(table), bool)).items()
        }
    return lon, lat, np.where(np.isfinite(accuracy_m) & (accuracy_m > 0.0), accuracy_m, np.nan)


def _twice(ids: NDArray[np.object_]) -> dict[str, NDArray[np.bool_]]:
    again = pd.Series(ids).duplicated().to_numpy()
    twice = Told("an earlier row of the file has the same incident number", "文件中前面的行有相同的事件编号")
    return {twice: again & (ids != "")}


def _time_problems(times: Times) -> dict[str, NDArray[np.bool_]]:
    return {
        Told("time is empty; expected the time of the report", "上报时间为空；应填写上报时间"): times.empty,
        Told(
            f"time is not a time; expected for instance {_TIME}", f"上报时间不是时间；应为例如 {_TIME}"
        ): times.unreadable,
        Told(
            f"time has no offset; expected for instance {_TIME}, or say --zone", f"上报时间没有时区；应为例如 {_TIME}"
        ): times.zoneless,
    }


def _translated(
    field: str,
    texts: NDArray[np.object_],
    known: Mapping[str, tuple[str, str]],
    words: Translations,
    problems: dict[str, NDArray[np.bool_]],
) -> NDArray[np.object_]:
    """Our words for a column whose words are limited; each other word becomes a problem of its rows."""
    ours = {label: word for word, labels in known.items() for label in (*labels, word)} | _ALSO.get(field, {})
    found: dict[str, str] = {}
    for text in dict.fromkeys(texts.tolist()):
        word = words.get((field, text)) or ours.get(text)
        found[text] = word if word is not None and word in known else _UNKNOWN
    result = np.array([found[text] for text in texts.tolist()], dtype=object)
    expected = ", ".join(word for word in known if word)
    unknown = [text for text, word in found.items() if word == _UNKNOWN]
    labels = "、".join(labels[1] for word, labels in known.items() if word)
    for text in unknown[:_MOST_WORDS]:
        reason = Told(
            f"{field} {text[:40]!r} is unknown; expected one of {expected}, or a translation",
            f"{FIELDS[field]} {text[:40]!r} 无法识别；应为以下之一：{labels}，或先登记对照",
        )
        problems[reason] = texts == text
    other = Told(
        f"{field} is unknown; expected one of {expected}, or a translation",
        f"{FIELDS[field]}无法识别；应为以下之一：{labels}，或先登记对照",
    )
    problems[other] = result == _UNKNOWN
    return result


def _renamed(field: str, texts: NDArray[np.object_], words: Translations) -> NDArray[np.object_]:
    ours = {theirs: word for (of, theirs), word in words.items() if of == field}
    return np.array([ours.get(text, text) for text in texts.tolist()], dtype=object) if ours else texts


def _yes_or_no(field: str, texts: NDArray[np.object_], problems: dict[str, NDArray[np.bool_]]) -> NDArray[np.int8]:
    """1 for yes, 0 for no, -1 where nothing is said."""
    found = {text: _YES_OR_NO.get(text.lower(), -2) for text in dict.fromkeys(texts.tolist())}
    result = np.array([found[text] for text in texts.tolist()], np.int8)
    unreadable = Told(f"{field} is unreadable; expected true or false", f"{FIELDS[field]}无法识别；应为是或否")
    problems[unreadable] = result == -2
    return result


def _instant(
    table: InputTable,
    found: Mapping[str, str],
    field: str,
    zone: ZoneInfo | None,
    reported: Times,
    problems: dict[str, NDArray[np.bool_]],
) -> NDArray[np.int64]:
    """When something happened, `NEVER` where nothing is said; not before the report."""
    if field not in found:
        return np.full(len(table), NEVER, np.int64)
    times = table.times_ms(found[field], zone)
    name = FIELDS[field]
    no_time = Told(
        f"{field} is not a time; expected for instance {_TIME}, or nothing", f"{name}不是时间；应为例如 {_TIME}，或留空"
    )
    no_offset = Told(
        f"{field} has no offset; expected for instance {_TIME}, or say --zone", f"{name}没有时区；应为例如 {_TIME}"
    )
    problems[no_time] = times.unreadable
    problems[no_offset] = times.zoneless
    problems[Told(f"{field} lies before the report", f"{name}早于上报时间")] = ~times.empty & (times.ms < reported.ms)
    return np.where(times.empty, NEVER, times.ms)


def words_of(values: NDArray[Any], known: Mapping[str, tuple[str, str]], language: int) -> list[str]:
    """The labels of words (n,) in English (0) or Chinese (1); a word without a label stays."""
    return [known[value][language] if value in known else str(value) for value in values.tolist()]
