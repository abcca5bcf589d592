"""Grid files as they come: one row per polygon, codes as text, geometry in longitude and latitude, nothing judged yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from gisgrid.crs import read_crs, to_stored_lonlat
from gisgrid.datum import check_datum
from gisgrid.errors import BadColumn, EmptyInput, MissingColumn, UnreadableFile

GridKind = Literal["community", "village", "exclusive"]
GRID_KINDS: Final[tuple[str, ...]] = get_args(GridKind)

_KIND_OF_WORD: Final[dict[str, GridKind]] = {
    "community": "community",
    "village": "village",
    "exclusive": "exclusive",
    "社区网格": "community",
    "村网格": "village",
    "专属网格": "exclusive",
    "社区": "community",
    "村": "village",
    "专属": "exclusive",
}


@dataclass(frozen=True)
class GridRows:
    """The rows of a grid file in file order; codes may repeat and a geometry may be missing (`None`).

    `geometry` is an object array (n,) of shapely geometries in EPSG:4490 degrees, two-dimensional.
    """

    source: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[GridKind | None, ...]
    geometry: NDArray[np.object_]
    is_sample: bool = False

    def __len__(self) -> int:
        return len(self.codes)


def read_grid_rows(
    path: str | Path,
    *,
    code: str = "code",
    name: str | None = None,
    kind: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
) -> GridRows:
    """Read every row of a vector file that pyogrio reads (GeoPackage, GeoJSON, shapefile, zipped ones, Parquet ...).

    `code`, `name` and `kind` are column names (`name` and `kind` are used when present unless named); `crs` and `datum`
    state the reference system where the file does not or is wrong. Raises `UnreadableFile`, `EmptyInput`,
    `MissingColumn`, `MissingCrs`, `UnsupportedCrs`.
    """
    frame = _read_frame(Path(path), layer)
    return rows_of_frame(frame, source=str(path), code=code, name=name, kind=kind, crs=crs, datum=datum)


def rows_of_frame(
    frame: geopandas.GeoDataFrame,
    *,
    source: str,
    code: str = "code",
    name: str | None = None,
    kind: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
) -> GridRows:
    """The rows of a GeoDataFrame; the same rules and errors as `read_grid_rows`."""
    if len(frame) == 0:
        raise EmptyInput(f"{source} has no rows; expected one polygon per grid")
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    codes = _texts(frame[_column(columns, code, "--code", source)], code, source)
    names = (
        _texts(frame[name_column], name_column, source)
        if (name_column := _optional(columns, name, "name", source))
        else ("",) * len(frame)
    )
    kind_column = _optional(columns, kind, "kind", source)
    kinds = _kinds(frame[kind_column], kind_column, source) if kind_column else (None,) * len(frame)
    declared = read_crs(crs) if crs is not None else frame.crs
    geometry = to_stored_lonlat(
        np.asarray(frame.geometry.array, dtype=object), declared, check_datum(datum) if datum else None, source=source
    )
    is_sample = "sample" in columns and bool(pd.Series(frame["sample"]).astype(bool).all())
    return GridRows(source, codes, names, kinds, geometry, is_sample)


def _read_frame(path: Path, layer: str | None) -> geopandas.GeoDataFrame:
    if not path.exists():
        raise UnreadableFile(f"{path} does not exist; expected a file of grids (GeoPackage, GeoJSON, shapefile ...)")
    try:
        if path.suffix.lower() in {".parquet", ".geoparquet"}:
            return geopandas.read_parquet(path)
        # A vertex that is not finite is told later, with its grid; GEOS would complain here without one.
        with np.errstate(invalid="ignore"):
            frame = pyogrio.read_dataframe(path, layer=layer)
    except (DataSourceError, DataLayerError, ValueError, OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path} cannot be read as a layer of polygons: {_first_line(error)}") from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise UnreadableFile(f"{path} holds a table without geometry; expected polygons")
    return frame


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _column(columns: Sequence[str], wanted: str, option: str, source: str) -> str:
    if wanted in columns:
        return wanted
    raise MissingColumn(
        f"{source} has no column {wanted!r}; its columns are {', '.join(columns) or 'none'}. Name the right one with {option}"
    )


def _optional(columns: Sequence[str], wanted: str | None, default: str, source: str) -> str | None:
    if wanted is not None:
        return _column(columns, wanted, f"--{default}", source)
    return default if default in columns else None


def _texts(values: pd.Series, column: str, source: str) -> tuple[str, ...]:
    empty = values.isna().to_numpy()
    if pd.api.types.is_float_dtype(values):
        numbers = values.to_numpy(np.float64)
        if not (np.floor(numbers[~empty]) == numbers[~empty]).all():
            raise BadColumn(f"{source}: column {column!r} holds fractions; expected codes as text")
        return tuple("" if gone else str(int(number)) for gone, number in zip(empty, numbers, strict=True))
    return tuple("" if gone else str(value).strip() for gone, value in zip(empty, values, strict=True))


def _kinds(values: pd.Series, column: str, source: str) -> tuple[GridKind | None, ...]:
    kinds: list[GridKind | None] = []
    for row, text in enumerate(_texts(values, column, source), start=1):
        found = _KIND_OF_WORD.get(text.lower())
        if text and found is None:
            raise BadColumn(f"{source}, row {row}: kind {text!r} is unknown; expected one of {', '.join(GRID_KINDS)}")
        kinds.append(found)
    return tuple(kinds)


def polygon_problem(geometry: object) -> str | None:
    """Why a geometry cannot be the polygon of a grid, or None when it can."""
    if not isinstance(geometry, shapely.Geometry) or shapely.is_empty(geometry):
        return "has no geometry"
    if not isinstance(geometry, shapely.Polygon | shapely.MultiPolygon):
        return f"is a {type(geometry).__name__}, not a polygon"
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return "has coordinates that are not finite"
    return None
