"""Files of fixes: CSV, Parquet and GPX in, columns of fixes and set-aside rows out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from gisgrid.datum import Datum, to_wgs84
from gisgrid.errors import EmptyInput, MissingColumn, UnreadableFile
from gisgrid.table_files import read_table
from gisgrid.tables import InputTable, Rejects, Times, check_not_exchanged, keep_rows, place_problems
from tracks.fixes import UNSTATED, Fixes, order_fixes

_GPX_POINT: Final = "trkpt"


@dataclass(frozen=True)
class TrackColumns:
    """Which columns of a table hold what; `accuracy_m` and `received_at` may be absent from the table."""

    patroller: str = "patroller"
    time: str = "time"
    lon: str = "lon"
    lat: str = "lat"
    accuracy_m: str = "accuracy_m"
    received_at: str = "received_at"


@dataclass(frozen=True)
class ReadTracks:
    """The fixes of all files together, how many rows were read, and the rows set aside."""

    fixes: Fixes
    rows_read: int
    rejects: tuple[Rejects, ...]


@dataclass(frozen=True)
class _Part:
    names: NDArray[np.object_]
    who: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    received_ms: NDArray[np.int64]


def read_tracks(
    paths: Sequence[str | Path],
    *,
    columns: TrackColumns | None = None,
    zone: ZoneInfo | None = None,
    datum: Datum = "wgs84",
    bounds: tuple[float, float, float, float] | None = None,
) -> ReadTracks:
    """Read fixes from CSV (`patroller,time,lon,lat[,accuracy_m][,received_at]`), Parquet and GPX files.

    `zone` says what times without an offset mean; without it they are set aside. A GPX file belongs to the patroller
    of its file name. Parquet may hold its points as WKB in `geometry` instead of lon and lat. `bounds` of the network
    help to notice exchanged coordinates. Raises `UnreadableFile`, `EmptyInput`, `MissingColumn`, `BadColumn`.
    """
    columns = columns or TrackColumns()
    parts: list[_Part] = []
    rejects: list[Rejects] = []
    rows_read = 0
    for path in (Path(path) for path in paths):
        table = _gpx_table(path, columns) if path.suffix.lower() == ".gpx" else read_table(path)
        part, rejected = _read_part(table, columns, zone, datum, bounds)
        rows_read += len(table) + len(table.unsplit)
        parts.append(part)
        if len(rejected):
            rejects.append(rejected)
    if not any(len(part.who) for part in parts):
        reason = rejects[0].reasons[0] if rejects else "there are no rows"
        raise EmptyInput(f"{', '.join(str(path) for path in paths)}: no fix can be used; the first reason is: {reason}")
    return ReadTracks(_joined(parts), rows_read, tuple(rejects))


def fixes_of_table(rows: pa.Table, *, columns: TrackColumns | None = None) -> Fixes:
    """Fixes of a table in memory with the columns of a Parquet file; the errors of `read_tracks`."""
    table = InputTable("the table", rows, np.arange(1, rows.num_rows + 1, dtype=np.int64))
    part, _ = _read_part(table, columns or TrackColumns(), None, "wgs84", None)
    return _joined([part])


def time_problems(times: Times) -> dict[str, NDArray[np.bool_]]:
    """Reasons why instants cannot be used, as masks (n,)."""
    return {
        "time is empty": times.empty,
        "time is not readable; expected ISO 8601 with an offset such as 2018-05-07T08:00:00+08:00": times.unreadable,
        "time has no offset; write +08:00 after it, or say what it means with --zone Asia/Shanghai": times.zoneless,
    }


def _read_part(
    table: InputTable,
    columns: TrackColumns,
    zone: ZoneInfo | None,
    datum: Datum,
    bounds: tuple[float, float, float, float] | None,
) -> tuple[_Part, Rejects]:
    table.need(columns.patroller, "--patroller")
    table.need(columns.time, "--time")
    names, who = _coded(table, columns.patroller)
    times = table.times_ms(columns.time, zone)
    lon, lat, no_number = _places(table, columns)
    accuracy, bad_accuracy = np.full(len(table), np.nan), np.zeros(len(table), bool)
    if columns.accuracy_m in table.columns:
        accuracy, bad_accuracy = table.numbers(columns.accuracy_m)
    received_ms, bad_received = np.full(len(table), UNSTATED), np.zeros(len(table), bool)
    if columns.received_at in table.columns:
        received = table.times_ms(columns.received_at, zone)
        received_ms = np.where(received.empty, UNSTATED, received.ms)
        bad_received = received.unreadable | received.zoneless
    usable, rejects = keep_rows(
        table,
        {
            "patroller is empty": names[who] == "" if len(names) else np.zeros(0, bool),
            **time_problems(times),
            **place_problems(lon, lat, no_number),
            "accuracy is not a number; expected metres or nothing": bad_accuracy,
            "received_at is not readable or has no offset": bad_received,
        },
    )
    lon, lat = to_wgs84(lon[usable], lat[usable], datum)
    if bounds is not None:
        check_not_exchanged(table.source, lon, lat, bounds)
    return _Part(names, who[usable], times.ms[usable], lon, lat, accuracy[usable], received_ms[usable]), rejects


def _places(
    table: InputTable, columns: TrackColumns
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    if columns.lon not in table.columns and "geometry" in table.columns:
        try:
            points = shapely.from_wkb(table.rows.column("geometry").to_numpy(zero_copy_only=False))
        except (shapely.GEOSException, TypeError) as error:
            raise UnreadableFile(f"{table.source}: column geometry does not hold points as WKB") from error
        lon, lat = shapely.get_x(points), shapely.get_y(points)
        return lon, lat, np.zeros(len(table), bool)
    table.need(columns.lon, "--lon")
    table.need(columns.lat, "--lat")
    lon, bad_lon = table.numbers(columns.lon)
    lat, bad_lat = table.numbers(columns.lat)
    return lon, lat, bad_lon | bad_lat


def _coded(table: InputTable, column: str) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The distinct names of a column and the place of each row's name among them."""
    values = table.rows.column(column)
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    coded = values.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    names = np.append(np.array([str(name).strip() for name in coded.dictionary.to_pylist()], dtype=object), "")
    nowhere = len(names) - 1
    who = pc.fill_null(coded.indices.cast(pa.int64()), nowhere).to_numpy(zero_copy_only=False)
    return names, np.asarray(who, np.int64)


def _joined(parts: Sequence[_Part]) -> Fixes:
    used = [np.unique(part.who) for part in parts]
    names = sorted({str(part.names[place]) for part, places in zip(parts, used, strict=True) for place in places})
    place_of = {name: place for place, name in enumerate(names)}
    who = [np.array([place_of.get(str(name), 0) for name in part.names], np.int32)[part.who] for part in parts]
    return order_fixes(
        tuple(names),
        np.concatenate(who),
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.lon for part in parts]),
        np.concatenate([part.lat for part in parts]),
        np.concatenate([part.accuracy_m for part in parts]),
        np.concatenate([part.received_ms for part in parts]),
    )


def _gpx_table(path: Path, columns: TrackColumns) -> InputTable:
    """The track points of a GPX file (1.0 or 1.1) as a table; the patroller is the file's name."""
    if not path.is_file():
        raise UnreadableFile(f"{path} does not exist; expected a GPX file")
    lons: list[str] = []
    lats: list[str] = []
    times: list[str] = []
    try:
        for _, element in ElementTree.iterparse(path):  # noqa: S314  # expat itself bounds the expansion of entities
            if element.tag.rpartition("}")[2] != _GPX_POINT:
                continue
            stamp = next((child.text for child in element if child.tag.rpartition("}")[2] == "time"), None)
            lons.append(element.get("lon", ""))
            lats.append(element.get("lat", ""))
            times.append((stamp or "").strip())
            element.clear()
    except (ElementTree.ParseError, OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path} is not readable as GPX: {error}") from error
    if not lons:
        raise EmptyInput(f"{path} holds no track points")
    if not any(times):
        raise MissingColumn(f"{path}: no track point has a time; a track without times proves no presence")
    rows = pa.table(
        {
            columns.patroller: pa.array([path.stem] * len(lons)),
            columns.time: times,
            columns.lon: lons,
            columns.lat: lats,
        }
    )
    return InputTable(str(path), rows, np.arange(1, len(lons) + 1, dtype=np.int64))
