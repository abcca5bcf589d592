"""Tables that people hand in: columns by name as text, numbers, times; rows that cannot be used set aside with a reason."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gisgrid.errors import BadColumn, BadOption, MissingColumn
from gisgrid.told import Told, told_in

_ZONE_AT_END: Final = r"(?:[zZ]|[+-]\d{2}(?::?\d{2})?)$"
_NUMBER: Final = r"^\s*\d{9,13}(?:\.\d+)?\s*$"
_EARLIEST_MS_EPOCH: Final = 100_000_000_000
_MS_PER_S: Final = 1000
_MANY: Final = 10_000
_SAMPLED: Final = 1_000
REJECT_COLUMNS: Final = ("reject_file", "reject_line", "reject_reason")


@dataclass(frozen=True)
class InputTable:
    """A table as read: text columns from CSV, typed ones from Parquet; `lines` says where each row stood (1 = first line)."""

    source: str
    rows: pa.Table
    lines: NDArray[np.int64]
    unsplit: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.rows.column_names)

    def need(self, column: str, option: str | None = None) -> str:
        """`column`, if the table has it; `MissingColumn` with the columns there are otherwise."""
        if column in self.columns:
            return column
        hint = f" Name the right one with {option}." if option else ""
        raise MissingColumn(
            f"{self.source} has no column {column!r}; its columns are {', '.join(self.columns) or 'none'}.{hint}",
            zh=f"{self.source} 没有列 {column!r}；现有的列：{'、'.join(self.columns) or '无'}。{f'请用 {option} 指明正确的列。' if option else ''}",
        )

    def texts(self, column: str) -> NDArray[np.object_]:
        """A column as stripped text, empty where there is nothing."""
        values = self.rows.column(column)
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if pa.types.is_floating(values.type) and pc.all(pc.equal(pc.floor(values), values), min_count=0).as_py():
            values = values.cast(pa.int64())
        text = pc.utf8_trim_whitespace(pc.fill_null(values.cast(pa.string()), ""))
        if len(text) > _MANY and len(pc.unique(text.slice(0, _SAMPLED))) < _SAMPLED // 4:
            # The same few words again and again: one object for each, not one for each row.
            coded = text.combine_chunks().dictionary_encode()
            words = np.array(coded.dictionary.to_pylist(), dtype=object)
            return np.asarray(words[coded.indices.to_numpy()], dtype=object)
        return np.asarray(text.to_numpy(zero_copy_only=False), dtype=object)

    def numbers(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """A column as float64 and which rows hold something that is no number; empty is NaN and no offence."""
        values = self.rows.column(column)
        if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64), np.zeros(
                len(self), bool
            )
        texts = self.texts(column)
        found = np.asarray(pd.to_numeric(pd.Series(texts), errors="coerce"), np.float64)
        return found, np.isnan(found) & (texts != "")

    def times_ms(self, column: str, zone: ZoneInfo | None = None) -> "Times":
        """A column of instants as milliseconds since 1970 in UTC.

        ISO 8601 with an offset, or epoch seconds or milliseconds; times without an offset only where `zone` says what
        they mean.
        """
        values = self.rows.column(column)
        if pa.types.is_timestamp(values.type):
            return _typed_times(values, zone)
        return _text_times(self.texts(column), zone)


@dataclass(frozen=True)
class Times:
    """Instants in ms since 1970 UTC (0 where `empty`, `unreadable` or `zoneless`)."""

    ms: NDArray[np.int64]
    empty: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    zoneless: NDArray[np.bool_]


@dataclass(frozen=True)
class Rejects:
    """Rows that could not be used, each with its line and reason; `rows` keeps the original columns for re-sending."""

    source: str
    rows: pa.Table
    lines: NDArray[np.int64]
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.reasons)


def keep_rows(table: InputTable, problems: Mapping[str, NDArray[np.bool_]]) -> tuple[NDArray[np.bool_], Rejects]:
    """Which rows can be used (a mask), and the others with the first reason that hit each of them."""
    reasons = np.full(len(table), "", dtype=object)
    for reason, hit in problems.items():
        reasons[hit & (reasons == "")] = reason
    return reasons == "", rejects_of(table, reasons)


def rejects_of(table: InputTable, reasons: NDArray[np.object_]) -> Rejects:
    """The rows that have a reason (n,) why they cannot be used, and those that could not be split into fields."""
    bad = reasons != ""
    rows = table.rows.filter(pa.array(bad))
    lines, texts = list(table.lines[bad]), list(reasons[bad])
    for line, raw in table.unsplit:
        lines.append(line)
        count = len(table.columns)
        texts.append(Told(f"the row does not have {count} fields: {raw[:80]}", f"该行不是 {count} 个字段：{raw[:80]}"))
    return Rejects(table.source, rows, np.array(lines, np.int64), tuple(texts))


def write_rejects(path: Path, rejects: Sequence[Rejects], *, language: int = 0) -> int:
    """Write set-aside rows with their original columns first, so that they can be corrected and sent again; the reasons in
    English (0) or Chinese (1).

    UTF-8 with byte order mark for spreadsheets; nothing is written, and an older file removed, when there is nothing to
    tell. Returns the number of rows.
    """
    count = sum(len(part) for part in rejects)
    if count == 0:
        path.unlink(missing_ok=True)
        return 0
    columns = list(
        dict.fromkeys(name for part in rejects for name in part.rows.column_names if name not in REJECT_COLUMNS)
    )
    with replacing(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*columns, *REJECT_COLUMNS])
        for part in rejects:
            texts = {
                name: InputTable(part.source, part.rows, part.lines).texts(name)
                for name in part.rows.column_names
                if _is_plain(part.rows, name)
            }
            for row, (line, reason) in enumerate(zip(part.lines, part.reasons, strict=True)):
                known = row < part.rows.num_rows
                writer.writerow(
                    [
                        *(texts[name][row] if known and name in texts else "" for name in columns),
                        part.source,
                        int(line),
                        told_in(reason, language),
                    ]
                )
    return count


class replacing:  # noqa: N801  # reads as a verb in `with replacing(path) as stream`
    """A text file that appears under its name only when it was written whole (UTF-8 with byte order mark)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")

    def __enter__(self) -> io.TextIOWrapper:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self._part.open("w", encoding="utf-8-sig", newline="")
        return self._stream

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stream.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


def check_text(name: str, text: str) -> None:
    """`BadOption` for text that no database can keep: with a NUL, or half of a pair of surrogates."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadOption(
            f"{name} holds a character that cannot be kept (NUL, or half a character); send it again without",
            zh=f"{name} 中有无法保存的字符（NUL 或不完整的字符）；请去掉后重新发送",
        )


def unkept(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which texts (n,) hold a NUL, which no database can keep."""
    return _mask(pc.match_substring(pa.array(texts, pa.string()), "\0"))


def local_dates(texts: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Dates written YYYY-MM-DD as days since 1970, and which ones are neither empty nor such a date (0 there)."""
    days = np.zeros(len(texts), np.int64)
    bad = np.zeros(len(texts), bool)
    for row, text in enumerate(texts):
        if text == "":
            continue
        try:
            days[row] = np.datetime64(text if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else "x", "D").astype(np.int64)
        except ValueError:
            bad[row] = True
    return days, bad


def place_problems(
    lon: NDArray[np.float64], lat: NDArray[np.float64], no_number: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """Reasons why coordinates in degrees cannot be used, as masks (n,)."""
    swapped = (np.abs(lat) > 90.0) & (np.abs(lat) <= 180.0) & (np.abs(lon) <= 90.0)
    no_degrees = Told(
        "longitude or latitude is not a number; expected degrees such as 121.4321",
        "经度或纬度不是数字；应为度数，例如 121.4321",
    )
    exchanged = Told(
        "latitude lies outside -90..90: longitude and latitude look exchanged", "纬度超出 -90..90：经度和纬度似乎写反了"
    )
    outside = Told("longitude outside -180..180 or latitude outside -90..90", "经度超出 -180..180 或纬度超出 -90..90")
    return {
        no_degrees: no_number | ~np.isfinite(lon) | ~np.isfinite(lat),
        exchanged: swapped,
        outside: (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0),
    }


def check_not_exchanged(
    source: str, lon: NDArray[np.float64], lat: NDArray[np.float64], bounds: tuple[float, float, float, float]
) -> None:
    """`BadColumn` when hardly any point lies near the network but most would with longitude and latitude exchanged."""
    west, south, east, north = bounds
    margin = 1.0

    def near(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
        with np.errstate(invalid="ignore"):
            inside = (x > west - margin) & (x < east + margin) & (y > south - margin) & (y < north + margin)
        return float(inside.mean()) if len(inside) else 0.0

    if near(lon, lat) < 0.01 and near(lat, lon) > 0.5:
        raise BadColumn(
            f"{source}: longitude and latitude look exchanged ({near(lat, lon):.0%} of the rows lie at the network once they "
            "are swapped); name the columns the other way round",
            zh=f"{source}：经度和纬度似乎写反了（对调后有 {near(lat, lon):.0%} 的行落在网格网附近）；请把两列的名称对调",
        )


def _is_plain(rows: pa.Table, name: str) -> bool:
    kind = rows.schema.field(name).type
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _typed_times(values: pa.ChunkedArray, zone: ZoneInfo | None) -> Times:
    empty = np.asarray(
        values.is_null().to_numpy(zero_copy_only=False) if values.null_count else np.zeros(len(values), bool)
    )
    none = np.zeros(len(values), bool)
    if values.type.tz is None:
        if zone is None:
            return Times(np.zeros(len(values), np.int64), empty, none, ~empty)
        values = pc.assume_timezone(values, str(zone))
    ms = pc.fill_null(values.cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64()), 0)
    return Times(np.asarray(ms.to_numpy(zero_copy_only=False), np.int64), empty, none, none)


def _text_times(texts: NDArray[np.object_], zone: ZoneInfo | None) -> Times:
    text = pa.array(texts, pa.string())
    empty = texts == ""
    epoch = _mask(pc.match_substring_regex(text, _NUMBER))
    zoned = _mask(pc.match_substring_regex(text, _ZONE_AT_END)) & ~epoch
    # A bare date such as 2018-05-07 ends like an offset and must not pass for one.
    zoned &= ~_mask(pc.match_substring_regex(text, r"^\d{4}-\d{2}-\d{2}$"))
    naive = ~empty & ~epoch & ~zoned
    ms = np.zeros(len(texts), np.int64)
    unreadable = np.zeros(len(texts), bool)
    if epoch.any():
        number = texts[epoch].astype(np.float64)
        ms[epoch] = np.where(number < _EARLIEST_MS_EPOCH, np.round(number * _MS_PER_S), number).astype(np.int64)
    if zoned.any():
        ms[zoned], unreadable[zoned] = _parsed(
            pd.to_datetime(pd.Series(texts[zoned]), format="ISO8601", utc=True, errors="coerce")
        )
    parsable = pd.to_datetime(pd.Series(texts[naive]), format="ISO8601", errors="coerce") if naive.any() else None
    zoneless = np.zeros(len(texts), bool)
    if parsable is not None:
        good = parsable.notna().to_numpy()
        unreadable[np.flatnonzero(naive)[~good]] = True
        if zone is None:
            zoneless[np.flatnonzero(naive)[good]] = True
        else:
            local = parsable.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
            ms[naive], unreadable[naive] = _parsed(local)
    return Times(ms, empty, unreadable, zoneless)


def _parsed(values: "pd.Series[pd.Timestamp]") -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    bad = values.isna().to_numpy()
    ms = values.dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    return np.where(bad, 0, ms), bad


def _mask(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
