"""What a network of grids is: polygons with codes, in code order, measured in one plane; immutable."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from gisgrid import codes as unit_codes
from gisgrid.codes import CodeScheme
from gisgrid.crs import STORED_CRS
from gisgrid.errors import BadOption, DuplicateCodes, EmptyInput, MissingGeometry, UnknownGrid
from gisgrid.grid_index import NOWHERE, GridIndex, bounds_of
from gisgrid.grid_rows import GridKind, GridRows, polygon_problem, read_grid_rows, rows_of_frame
from gisgrid.plane import Bounds, MetricPlane

__all__ = ["Grid", "GridKind", "GridNetwork", "read_network"]


@dataclass(frozen=True)
class Grid:
    """One grid: a polygon (EPSG:4490, degrees) with a code and who it belongs to."""

    code: str
    name: str
    kind: GridKind | None
    village: str | None
    polygon: shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, eq=False)
class GridNetwork:
    """All grids of one edition; every tuple and array is in code order (by code point), positions count from 0.

    `geometry` is a read-only object array (n,) of Polygon or MultiPolygon in EPSG:4490 degrees whose edges are straight
    lines in longitude and latitude; rings may be invalid and are then read by the even-odd rule. `plane` is where metres
    are measured. `is_sample` marks the made-up sample district on every map and page.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[GridKind | None, ...]
    geometry: NDArray[np.object_]
    code_scheme: CodeScheme
    plane: MetricPlane
    is_sample: bool = False

    @classmethod
    def from_arrays(
        cls,
        codes: Sequence[str],
        geometry: NDArray[np.object_],
        *,
        names: Sequence[str] | None = None,
        kinds: Sequence[GridKind | None] | None = None,
        code_scheme: CodeScheme | None = None,
        plane: MetricPlane | None = None,
        is_sample: bool = False,
    ) -> "GridNetwork":
        """A network from codes and polygons of one length in any order.

        The code scheme is found from the codes unless given; later editions pass on the plane of the first. Raises
        `EmptyInput`, `DuplicateCodes`, `MissingGeometry`.
        """
        rows = GridRows(
            "the network",
            tuple(codes),
            tuple(names) if names is not None else ("",) * len(codes),
            tuple(kinds) if kinds is not None else (None,) * len(codes),
            np.asarray(geometry, dtype=object),
            is_sample,
        )
        return cls.from_rows(rows, code_scheme=code_scheme, plane=plane)

    @classmethod
    def from_rows(
        cls, rows: GridRows, *, code_scheme: CodeScheme | None = None, plane: MetricPlane | None = None
    ) -> "GridNetwork":
        """A network from the rows of a file; the same errors as `from_arrays`."""
        if len(rows) == 0:
            raise EmptyInput(f"{rows.source} has no grids")
        if len(rows.geometry) != len(rows) or len(rows.names) != len(rows) or len(rows.kinds) != len(rows):
            raise BadOption(f"{rows.source}: codes, names, kinds and polygons must be of one length")
        _check_rows(rows)
        order = sorted(range(len(rows)), key=rows.codes.__getitem__)
        codes = tuple(rows.codes[row] for row in order)
        scheme = code_scheme or unit_codes.scheme_of(codes)
        geometry = rows.geometry[order]
        geometry.setflags(write=False)
        kinds = tuple(rows.kinds[row] or _kind_of_code(rows.codes[row], scheme) for row in order)
        return cls(
            codes,
            tuple(rows.names[row] for row in order),
            kinds,
            geometry,
            scheme,
            plane or MetricPlane.for_bounds(bounds_of(geometry)),
            rows.is_sample,
        )

    @classmethod
    def from_geodataframe(
        cls,
        frame: geopandas.GeoDataFrame,
        *,
        code: str = "code",
        name: str | None = None,
        kind: str | None = None,
        datum: str | None = None,
        plane: MetricPlane | None = None,
    ) -> "GridNetwork":
        """A network from a GeoDataFrame in any reference system; the errors of `read_network`."""
        rows = rows_of_frame(frame, source="the GeoDataFrame", code=code, name=name, kind=kind, datum=datum)
        return cls.from_rows(rows, plane=plane)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, position: int) -> Grid:
        village = self.villages[position]
        return Grid(self.codes[position], self.names[position], self.kinds[position], village, self.geometry[position])

    @cached_property
    def bounds(self) -> Bounds:
        """West, south, east and north in degrees."""
        return bounds_of(self.geometry)

    @cached_property
    def villages(self) -> tuple[str | None, ...]:
        """The village or community code of every grid; None where codes are opaque."""
        return self._units(unit_codes.village_of)

    @cached_property
    def townships(self) -> tuple[str | None, ...]:
        """The township-level unit code of every grid; None where codes are opaque."""
        return self._units(unit_codes.township_of)

    @cached_property
    def areas_m2(self) -> NDArray[np.float64]:
        """The area of every grid (n,) in square metres of the plane."""
        return np.asarray(shapely.area(self.index.plane_geometry()), np.float64)

    @cached_property
    def index(self) -> GridIndex:
        """The index that answers questions about points, windows and distances; built on first use."""
        return GridIndex(self.geometry, self.plane)

    def with_index_of(self, earlier: "GridNetwork") -> "GridNetwork":
        """This network, its index made ready from that of an earlier state of it: only what differs is built anew.

        Grids are matched by code; what has changed is found by comparing, so any two networks give a right index.
        """
        network = dataclasses.replace(self)
        came_from = np.array([earlier._positions.get(code, NOWHERE) for code in self.codes], np.int32)
        network.__dict__["index"] = earlier.index.rebuilt(self.geometry, self.plane, came_from)
        return network

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {code: position for position, code in enumerate(self.codes)}

    def __contains__(self, code: object) -> bool:
        return code in self._positions

    def position_of(self, code: str) -> int:
        """The position of a code; `UnknownGrid` when the network does not have it."""
        try:
            return self._positions[code]
        except KeyError:
            raise UnknownGrid(
                f"the network has no grid {code!r}; it has {len(self)} from {self.codes[0]} to {self.codes[-1]}",
                zh=f"网格网中没有网格 {code!r}；共有 {len(self)} 个，从 {self.codes[0]} 到 {self.codes[-1]}",
            ) from None

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Columns code, name, kind (and sample, for the sample district) with polygons in EPSG:4490."""
        columns: dict[str, object] = {"code": list(self.codes), "name": list(self.names), "kind": list(self.kinds)}
        if self.is_sample:
            columns["sample"] = [True] * len(self)
        return geopandas.GeoDataFrame(columns, geometry=list(self.geometry), crs=STORED_CRS)

    def write(self, path: str | Path) -> None:
        """Write the network as a vector file; the ending says which format (.gpkg, .geojson, .shp, .parquet)."""
        path = Path(path)
        frame = self.to_geodataframe()
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(path)
        elif path.suffix.lower() in {".geojson", ".json"}:
            pyogrio.write_dataframe(frame.to_crs("EPSG:4326"), path, driver="GeoJSON", COORDINATE_PRECISION=9)
        elif path.suffix.lower() in {".gpkg", ".shp", ".fgb"}:
            path.unlink(missing_ok=True)
            pyogrio.write_dataframe(frame, path)
        else:
            raise BadOption(f"{path.name}: unknown ending; expected .gpkg, .geojson, .fgb, .shp or .parquet")

    def _units(self, unit_of: Callable[[str], str]) -> tuple[str | None, ...]:
        if self.code_scheme != "official":
            return (None,) * len(self)
        return tuple(unit_of(code) for code in self.codes)


def read_network(
    path: str | Path,
    *,
    code: str = "code",
    name: str | None = None,
    kind: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
    plane: MetricPlane | None = None,
) -> GridNetwork:
    """Read a network from any vector file that pyogrio reads, in any reference system or declared datum.

    `code`, `name`, `kind` name columns (`name` and `kind` are used when present). `crs` states a missing or wrong
    reference system; `datum` (wgs84, cgcs2000, gcj02, bd09) says what degrees mean. Raises `UnreadableFile`,
    `EmptyInput`, `MissingColumn`, `MissingCrs`, `UnsupportedCrs`, `DuplicateCodes`, `MissingGeometry`.
    """
    rows = read_grid_rows(path, code=code, name=name, kind=kind, layer=layer, crs=crs, datum=datum)
    return GridNetwork.from_rows(rows, plane=plane)


def _check_rows(rows: GridRows) -> None:
    blank = [str(row) for row, code in enumerate(rows.codes, start=1) if not code]
    if blank:
        raise MissingGeometry(f"{rows.source}: row {_some(blank)} without a code; every grid needs one")
    twice = [code for code, count in Counter(rows.codes).items() if count > 1]
    if twice:
        raise DuplicateCodes(
            f"{rows.source}: code {_some(twice)} stands in several rows; every grid needs a code of its own"
        )
    problems = [
        f"{code} {problem}"
        for code, shape in zip(rows.codes, rows.geometry, strict=True)
        if (problem := polygon_problem(shape)) is not None
    ]
    if problems:
        raise MissingGeometry(
            f"{rows.source}: grid {_some(problems)}; expected a Polygon or MultiPolygon for every grid"
        )


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(items[:5])
    return shown if len(items) <= 5 else f"{shown} and {len(items) - 5} more"


def _kind_of_code(code: str, scheme: CodeScheme) -> GridKind | None:
    return "exclusive" if scheme == "official" and unit_codes.is_exclusive(code) else None
