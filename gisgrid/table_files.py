"""Files of tables: CSV, XLSX, Parquet, GeoJSON and GeoPackage, read by column name and written whole or not at all."""

import contextlib
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from gisgrid.crs import STORED_CRS, read_crs, to_stored_lonlat
from gisgrid.errors import BadColumn, BadOption, EmptyInput, UnreadableFile
from gisgrid.tables import InputTable

TABLE_ENDINGS: Final = (".csv", ".xlsx", ".parquet", ".geojson", ".gpkg")
"""The endings of files that `write_table` writes; `read_table` reads them too, and .csv.gz, .tsv, .txt, .json."""

_XLSX_ROWS: Final = 1_048_575
_LAYER_ENDINGS: Final = (".xlsx", ".geojson", ".json", ".gpkg")


def read_table(path: str | Path) -> InputTable:
    """Read a CSV (UTF-8 or GB18030; comma, semicolon or tab; plain or .gz), XLSX, Parquet, GeoJSON or GeoPackage file.

    Points of a file with geometry become columns `lon` and `lat` in degrees (EPSG:4490), whatever system the file is in;
    other geometry becomes a column `geometry` of WKB. Raises `UnreadableFile`, `BadColumn`, `MissingCrs`,
    `UnsupportedCrs` and, for a file without rows, `EmptyInput`.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableFile(
            f"{path} does not exist; expected a CSV, XLSX, Parquet, GeoJSON or GeoPackage file",
            zh=f"{path} 不存在；应为 CSV、XLSX、Parquet、GeoJSON 或 GeoPackage 文件",
        )
    ending = path.suffix.lower()
    if ending == ".parquet":
        table = _read_parquet(path)
    elif ending in _LAYER_ENDINGS:
        table = _read_layer(path)
    else:
        table = _read_csv(path)
    if len(table) == 0 and not table.unsplit:
        raise EmptyInput(
            f"{path} has no rows; expected a header and at least one row",
            zh=f"{path} 没有数据行；应有表头和至少一行数据",
        )
    return table


def _read_parquet(path: Path) -> InputTable:
    try:
        rows = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}",
            zh=f"{path} 不是可读取的 Parquet 文件：{str(error).splitlines()[0]}",
        ) from error
    if b"geo" in (rows.schema.metadata or {}):
        frame = geopandas.read_parquet(path)
        plain = rows.drop_columns([frame.geometry.name])
        crs = None if frame.crs is None else str(frame.crs.to_wkt())
        rows = _with_places(plain, np.asarray(frame.geometry.array, dtype=object), crs, path)
    return InputTable(str(path), rows, np.arange(1, rows.num_rows + 1, dtype=np.int64))


def _read_layer(path: Path) -> InputTable:
    """A sheet or a layer that GDAL reads."""
    try:
        meta, rows = pyogrio.read_arrow(path)
    except (DataSourceError, DataLayerError, ValueError, OSError) as error:
        raise UnreadableFile(
            f"{path} cannot be read as a table: {str(error).splitlines()[0]}",
            zh=f"{path} 无法作为表格读取：{str(error).splitlines()[0]}",
        ) from error
    name = meta["geometry_name"] or "wkb_geometry"
    rows = rows.drop_columns([column for column in (meta["fid_column"],) if column in rows.column_names])
    if meta["geometry_type"] is not None and name in rows.column_names:
        shapes = shapely.from_wkb(np.asarray(rows.column(name).to_numpy(zero_copy_only=False), dtype=object))
        rows = _with_places(rows.drop_columns([name]), shapes, meta["crs"], path)
    elif path.suffix.lower() == ".xlsx" and all(name.startswith("Field") for name in rows.column_names):
        # A sheet of texts alone gives no hint which row is the heading: it is the first.
        names = [str(rows.column(name)[0].as_py() or "").strip() for name in rows.column_names] if len(rows) else []
        rows = rows.slice(1).rename_columns(_distinct(names, path))
    if path.suffix.lower() != ".xlsx":
        return InputTable(str(path), rows, np.arange(1, rows.num_rows + 1, dtype=np.int64))
    written = np.flatnonzero(_written(rows))
    return InputTable(str(path), rows.take(written), written.astype(np.int64) + 2)


def _written(rows: pa.Table) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which rows of a sheet say anything (n,): people leave blank ones."""
    found = np.zeros(rows.num_rows, bool)
    for column in rows.columns:
        texts = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
        found |= np.asarray(pc.not_equal(texts, "").to_numpy(zero_copy_only=False), bool)
    return found


def _distinct(names: list[str], path: Path) -> list[str]:
    if len(set(names)) != len(names) or not any(names):
        raise UnreadableFile(
            f"{path}: the headings {', '.join(names)[:80]!r} are empty or name a column twice",
            zh=f"{path}：表头 {', '.join(names)[:80]!r} 为空或有重复的列名",
        )
    return names


def _with_places(
    rows: pa.Table, shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]", crs: str | None, path: Path
) -> pa.Table:
    """The rows with their points as `lon` and `lat`, or other geometry as WKB."""
    moved = to_stored_lonlat(shapes, read_crs(crs) if crs else None, None, source=str(path))
    kinds = shapely.get_type_id(moved)
    if not np.isin(kinds, (shapely.GeometryType.POINT, shapely.GeometryType.MISSING)).all():
        return rows.append_column("geometry", pa.array(shapely.to_wkb(moved), pa.binary()))
    if clash := {"lon", "lat"} & set(rows.column_names):
        rows = rows.drop_columns(sorted(clash))
    for name, values in (("lon", shapely.get_x(moved)), ("lat", shapely.get_y(moved))):
        rows = rows.append_column(name, pa.array(values, from_pandas=True))
    return rows


def _read_csv(path: Path) -> InputTable:
    try:
        raw = pa.input_stream(str(path)).read()
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}", zh=f"{path} 无法读取：{error}") from error
    if not raw.strip():
        raise EmptyInput(
            f"{path} is empty; expected a header and at least one row", zh=f"{path} 为空；应有表头和至少一行数据"
        )
    if b"\x00" in raw[:4096]:
        raise UnreadableFile(f"{path} is not a text file; expected CSV", zh=f"{path} 不是文本文件；应为 CSV")
    text = _decoded(raw, path)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        names = [name.strip() for name in next(csv.reader([header.rstrip("\r")], delimiter=delimiter), [])]
    except csv.Error as error:
        # A carriage return within it, or a name longer than any table's.
        raise UnreadableFile(
            f"{path}: the header {header.strip()[:80]!r} cannot be split: {error}",
            zh=f"{path}：表头 {header.strip()[:80]!r} 无法分列：{error}",
        ) from error
    if len(set(names)) != len(names) or not any(names):
        raise UnreadableFile(
            f"{path}: the header {header.strip()[:80]!r} is empty or names a column twice",
            zh=f"{path}：表头 {header.strip()[:80]!r} 为空或有重复的列名",
        )
    unsplit: list[tuple[int, str]] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        unsplit.append((int(row.number) if row.number is not None else 0, row.text))
        return "skip"

    try:
        rows = pa_csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=set_aside
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise EmptyInput(f"{path} has a header but no rows", zh=f"{path} 只有表头，没有数据行") from error
        raise UnreadableFile(
            f"{path} cannot be split into rows and columns: {str(error).splitlines()[0]}",
            zh=f"{path} 无法分成行和列：{str(error).splitlines()[0]}",
        ) from error
    gone = {line for line, _ in unsplit}
    lines = np.array([line for line in range(2, rows.num_rows + len(gone) + 2) if line not in gone], np.int64)
    return InputTable(str(path), rows, lines[: rows.num_rows], tuple(unsplit))


def _decoded(raw: bytes, path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(
        f"{path} is neither UTF-8 nor GB18030 text; save it as UTF-8",
        zh=f"{path} 既不是 UTF-8 也不是 GB18030 文本；请另存为 UTF-8",
    )


def write_table(path: str | Path, rows: pa.Table, *, headings: Mapping[str, str] | None = None) -> None:
    """Write a table in the format of the file's ending; an older file is replaced only by a whole one.

    CSV has a byte order mark, for spreadsheets. GeoJSON and GeoPackage need columns `lon` and `lat` (degrees, EPSG:4490,
    null where there is no place), which become points. `headings` are the names of the columns in the file. Raises
    `BadOption` for an unknown ending or too many rows for a sheet.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise BadOption(
            f"{path.name}: unknown ending; expected one of {', '.join(TABLE_ENDINGS)}",
            zh=f"{path.name}：未知的扩展名；应为以下之一：{'、'.join(TABLE_ENDINGS)}",
        )
    if ending == ".xlsx" and rows.num_rows > _XLSX_ROWS:
        raise BadOption(
            f"{rows.num_rows:,} rows do not fit into a sheet of {_XLSX_ROWS:,}; narrow the choice, or write .csv",
            zh=f"{rows.num_rows:,} 行超出工作表的 {_XLSX_ROWS:,} 行；请缩小范围，或改写 .csv",
        )
    named = rows.rename_columns([(headings or {}).get(name, name) for name in rows.column_names])
    with _whole_file(path) as part:
        if ending == ".csv":
            with part.open("wb") as stream:
                stream.write(b"\xef\xbb\xbf")
                pa_csv.write_csv(named, stream, pa_csv.WriteOptions(quoting_style="needed"))
        elif ending == ".parquet":
            pq.write_table(named, part, compression="zstd")
        elif ending == ".xlsx":
            # The driver writes the headings with the first row.
            frame = named.to_pandas() if named.num_rows else pd.DataFrame([dict.fromkeys(named.column_names, "")])
            pyogrio.write_dataframe(frame, part, driver="XLSX")
        else:
            _write_points(part, rows, headings or {}, "GPKG" if ending == ".gpkg" else "GeoJSON")


def _write_points(path: Path, rows: pa.Table, headings: Mapping[str, str], driver: str) -> None:
    if missing := {"lon", "lat"} - set(rows.column_names):
        raise BadColumn(
            f"a file of points needs columns lon and lat; there is no {' and no '.join(sorted(missing))}",
            zh=f"点文件须有 lon 和 lat 两列；缺少 {'、'.join(sorted(missing))}",
        )
    lon, lat = (pc.fill_null(rows.column(name).cast(pa.float64()), np.nan).to_numpy() for name in ("lon", "lat"))
    points = np.full(len(lon), None, dtype=object)
    there = np.isfinite(lon) & np.isfinite(lat)
    points[there] = shapely.points(lon[there], lat[there])
    kept = rows.drop_columns(["lon", "lat"])
    named = kept.rename_columns([headings.get(name, name) for name in kept.column_names])
    # GeoJSON is WGS84, which is treated as equal.
    crs = STORED_CRS if driver == "GPKG" else "EPSG:4326"
    frame = geopandas.GeoDataFrame(named.to_pandas(), geometry=points, crs=crs)
    options = {} if driver == "GPKG" else {"COORDINATE_PRECISION": "7"}
    pyogrio.write_dataframe(frame, path, driver=driver, geometry_type="Point", **options)


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """A name to write to; the file gets its own name once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    part.unlink(missing_ok=True)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
