"""What a map of incidents shows: cells or points of a viewport, what they add up to, and counts by unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import CLOCK_STATES
from gisgrid.errors import BadOption
from gisgrid.map_cells import (
    BITS,
    CELL,
    COUNT,
    EAST,
    FIRST_LATE,
    LOOKS,
    NORTH,
    OPEN,
    OVERDUE,
    SOUTH,
    STATE_BITS,
    SUM_LAT,
    SUM_LON,
    URGENT,
    URGENT_BIT,
    WEST,
    WORST,
    chosen_rows,
    count_looks,
    count_looks_by,
    degrees_of_world,
    rows_within,
    sum_cells,
    world_of,
)
from gisgrid.map_points import MapPoints

MOST_CELLS: Final = 20_000
MOST_POINTS: Final = 5_000
MOST_ZOOM: Final = 22
CELL_SIZES: Final = (32, 64, 128, 256)
UNITS: Final = ("township", "village", "grid")
"""By what incidents are counted for maps of units."""

_TILE_BITS: Final = 8
_E7: Final = 1e7
_LOOKS: Final = np.arange(LOOKS)
_PARTS_OF_TALLY: Final = np.column_stack(
    (_LOOKS >= 0, _LOOKS & STATE_BITS > 0, _LOOKS & STATE_BITS >= FIRST_LATE, _LOOKS >= URGENT_BIT)
).astype(np.int64)
"""Which looks (16,) belong to which part (4) of a `Tally`."""


@dataclass(frozen=True)
class Viewport:
    """What a map shows: degrees (EPSG:4490), whole zoom 0 to 22 of the Web Mercator tiles of 256 pixels, cells of so many
    pixels; points instead of cells where there are at most `most_points` (0: always cells).

    The answer is that of whole cells: the viewport grows to the cells that it touches, so that a cell never depends on where
    the viewport ends. Raises `BadOption` for what cannot be shown.
    """

    west: float
    south: float
    east: float
    north: float
    zoom: int
    cell_px: int = 64
    most_points: int = 400

    def __post_init__(self) -> None:
        if not (-180.0 <= self.west <= self.east <= 180.0 and -90.0 <= self.south <= self.north <= 90.0):
            box = f"{self.west}, {self.south}, {self.east}, {self.north}"
            raise BadOption(
                f"box {box}; expected west <= east, south <= north, in degrees",
                zh=f"范围为 {box}；应满足 西 <= 东、南 <= 北，单位为度",
            )
        if not 0 <= self.zoom <= MOST_ZOOM:
            raise BadOption(
                f"zoom {self.zoom}; expected 0 to {MOST_ZOOM}", zh=f"缩放级别为 {self.zoom}；应为 0 至 {MOST_ZOOM}"
            )
        if self.cell_px not in CELL_SIZES:
            raise BadOption(
                f"cells of {self.cell_px} pixels; expected one of {', '.join(map(str, CELL_SIZES))}",
                zh=f"网格单元为 {self.cell_px} 像素；应为以下之一：{'、'.join(map(str, CELL_SIZES))}",
            )
        if not 0 <= self.most_points <= MOST_POINTS:
            raise BadOption(
                f"{self.most_points} points at most; expected 0 to {MOST_POINTS:,}",
                zh=f"最多显示 {self.most_points} 个点；应为 0 至 {MOST_POINTS:,}",
            )
        first_x, first_y, last_x, last_y = self.cells()
        if (last_x - first_x + 1) * (last_y - first_y + 1) > MOST_CELLS:
            raise BadOption(
                f"a viewport of {last_x - first_x + 1:,} by {last_y - first_y + 1:,} cells; ask for a smaller box, a lower zoom "
                f"or larger cells, {MOST_CELLS:,} cells at most",
                zh=f"视野有 {last_x - first_x + 1:,} x {last_y - first_y + 1:,} 个单元；请缩小范围、降低缩放级别或加大单元，最多 {MOST_CELLS:,} 个",
            )

    @property
    def level(self) -> int:
        """The level of the cells in the quadtree."""
        return self.zoom + _TILE_BITS - self.cell_px.bit_length() + 1

    def cells(self) -> tuple[int, int, int, int]:
        """The cells of the viewport: first column and row, last column and row; columns to the east, rows to the south."""
        x, y = world_of(np.array([self.west, self.east]), np.array([self.north, self.south]))
        down = BITS - self.level
        return int(x[0]) >> down, int(y[0]) >> down, int(x[1]) >> down, int(y[1]) >> down

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of its cells, in degrees."""
        first_x, first_y, last_x, last_y = self.cells()
        down = BITS - self.level
        west, north = degrees_of_world(first_x << down, first_y << down)
        east, south = degrees_of_world((last_x + 1) << down, (last_y + 1) << down)
        return west, south, east, north


@dataclass(frozen=True)
class Tally:
    """How many incidents; how many of them are open, overdue (open with a yellow or red card earned by now), urgent."""

    count: int = 0
    open: int = 0
    overdue: int = 0
    urgent: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


@dataclass(frozen=True, eq=False)
class MapCells:
    """Cells (m,) in which incidents lie, in the order of a quadtree: key of the cell (its column and row at this zoom, their
    bits in turns, the column's lowest), means of longitudes and latitudes and bounds of the incidents in degrees, counts as
    of `Tally`, and the worst clock state (place in `CLOCK_STATES`).
    """

    cell: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    west: NDArray[np.float64]
    south: NDArray[np.float64]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    count: NDArray[np.int64]
    open: NDArray[np.int64]
    overdue: NDArray[np.int64]
    urgent: NDArray[np.int64]
    worst: NDArray[np.int64]

    def tally(self) -> Tally:
        """What they add up to."""
        return Tally(*(int(part.sum()) for part in (self.count, self.open, self.overdue, self.urgent)))


@dataclass(frozen=True, eq=False)
class MapDots:
    """Incidents one by one (m,), by number: degrees, codes of category and state in their words, place in `CLOCK_STATES`."""

    number: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    category: NDArray[np.int8]
    state: NDArray[np.int8]
    clock: NDArray[np.int8]
    is_urgent: NDArray[np.bool_]

    def tally(self) -> Tally:
        """What they add up to."""
        late = self.clock >= FIRST_LATE
        return Tally(len(self.number), *(int(part.sum()) for part in (self.clock > 0, late, self.is_urgent)))


@dataclass(frozen=True, eq=False)
class Chosen:
    """Points of which some are chosen: `looks` int8 (n,) and `chosen` bool (n,) in the order of the points."""

    points: MapPoints
    looks: NDArray[np.int8]
    chosen: NDArray[np.bool_]

    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many of the chosen look how (16,), those with a place and those without."""
        placed, end = self.points.placed, len(self.points)
        with_place, without = (
            count_looks(self.looks, self.chosen, first, until) for first, until in ((0, placed), (placed, end))
        )
        return with_place, without


def show(parts: Sequence[Chosen], viewport: Viewport) -> MapCells | MapDots:
    """The chosen points of a viewport, one by one where they are few, else by cells. No point may be chosen in two parts."""
    level, runs = viewport.level, [rows_within(one.points.key, viewport.level, *viewport.cells()) for one in parts]
    rows = [chosen_rows(one.chosen, own, viewport.most_points) for one, own in zip(parts, runs, strict=True)]
    if sum(map(len, rows)) <= viewport.most_points and viewport.most_points:
        return _dots(parts, rows)
    found = [
        sum_cells(one.points.key, one.points.lon_e7, one.points.lat_e7, one.looks, one.chosen, own, level)
        for one, own in zip(parts, runs, strict=True)
    ]
    return _cells(_added(found))


def tally_of(counts: NDArray[np.int64]) -> Tally:
    """What counts of looks (16,) add up to."""
    return Tally(*(counts @ _PARTS_OF_TALLY).tolist())


def clock_counts(counts: NDArray[np.int64]) -> dict[str, int]:
    """How many have their clocks how, of counts of looks (16,)."""
    return {name: int(counts[state] + counts[state | URGENT_BIT]) for state, name in enumerate(CLOCK_STATES)}


def count_by_unit(parts: Sequence[Chosen], words: Mapping[str, Sequence[str]], by: str) -> dict[str, Tally]:
    """The chosen incidents by the township, village or grid of their report, those without a place too, in code point order;
    under the empty code those without a unit. Raises `BadOption` for another `by`.
    """
    if by not in UNITS:
        raise BadOption(
            f"incidents on maps cannot be counted by {by!r}; expected one of {', '.join(UNITS)}",
            zh=f"地图上的事件不能按 {by!r} 统计；应为以下之一：{'、'.join(UNITS)}",
        )
    size = len(words[by])
    counts = np.zeros((size, LOOKS), np.int64)
    for one in parts:
        counts += count_looks_by(one.points.coded(by), one.looks, one.chosen, size)
    tallies = (counts @ _PARTS_OF_TALLY).tolist()
    return dict(sorted((words[by][code], Tally(*found)) for code, found in enumerate(tallies) if found[0]))


def _added(found: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Cells of several parts, those of one key added up."""
    several = [cells for cells in found if len(cells)]
    if len(several) < 2:
        return several[0] if several else found[0]
    cells = np.concatenate(several)
    cells = cells[np.argsort(cells[:, CELL], kind="stable")]
    starts = np.flatnonzero(np.diff(cells[:, CELL], prepend=-1))
    added = np.add.reduceat(cells, starts, axis=0)
    added[:, CELL] = cells[starts, CELL]
    for column in (WORST, EAST, NORTH):
        added[:, column] = np.maximum.reduceat(cells[:, column], starts)
    for column in (WEST, SOUTH):
        added[:, column] = np.minimum.reduceat(cells[:, column], starts)
    return np.asarray(added, np.int64)


def _cells(cells: NDArray[np.int64]) -> MapCells:
    lon, lat = (cells[:, total] / cells[:, COUNT] / _E7 for total in (SUM_LON, SUM_LAT))
    west, south, east, north = (cells[:, bound] / _E7 for bound in (WEST, SOUTH, EAST, NORTH))
    count, are_open, overdue, urgent, worst = (cells[:, column] for column in (COUNT, OPEN, OVERDUE, URGENT, WORST))
    return MapCells(cells[:, CELL], lon, lat, west, south, east, north, count, are_open, overdue, urgent, worst)


def _dots(parts: Sequence[Chosen], rows: Sequence[NDArray[np.int64]]) -> MapDots:
    found: list[list[NDArray[Any]]] = []
    for one, some in zip(parts, rows, strict=True):
        points, look = one.points, one.looks[some]
        found.append(
            [
                points.number[some],
                points.lon_e7[some] / _E7,
                points.lat_e7[some] / _E7,
                points.coded("category")[some],
                points.coded("state")[some],
                look & np.int8(STATE_BITS),
                look >= URGENT_BIT,
            ]
        )
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    order = np.argsort(columns[0])
    return MapDots(*(column[order] for column in columns))
