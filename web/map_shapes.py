"""What a map of incidents looks like to a program: columns instead of an object for each cell, so that it is small and quick."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.clocks import CLOCK_STATES
from gisgrid.incident_columns import FIXED_WORDS
from gisgrid.map_answers import MapCells, MapDots, Tally, Viewport
from gisgrid.store.map_mirror import MapChoice
from web.incident_shapes import Category, ClockState, State
from web.inhabitants import People

_CELL_DIGITS: Final = 6
_POINT_DIGITS: Final = 7


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TallyShape(_Shape):
    """How many incidents; how many of them are open, overdue (open, with a yellow or red card earned by now), urgent."""

    count: int = Field(examples=[35])
    open: int = Field(examples=[12])
    overdue: int = Field(examples=[3])
    urgent: int = Field(examples=[1])


class MapWords(_Shape):
    """What the small numbers in the columns mean: places in these lists, from 0."""

    category: list[Category]
    state: list[State]
    clock_state: list[ClockState] = Field(description="the worst last")


class CellColumns(_Shape):
    """Cells with incidents in them, as columns of one length: `lon[2]` and `count[2]` are of the same cell.

    `cell` is the same number for the same ground at the same zoom and size of cells. `lon`, `lat` are the mean place of the
    incidents in it, `west` to `north` their bounds, in degrees (EPSG:4490). `worst` is a place in `words.clock_state`.
    """

    cell: list[int]
    lon: list[float]
    lat: list[float]
    west: list[float]
    south: list[float]
    east: list[float]
    north: list[float]
    count: list[int]
    open: list[int]
    overdue: list[int]
    urgent: list[int]
    worst: list[int]


class PointColumns(_Shape):
    """Incidents one by one, by number, as columns of one length; degrees (EPSG:4490), places in `words`."""

    number: list[int]
    lon: list[float]
    lat: list[float]
    category: list[int]
    state: list[int]
    clock_state: list[int]
    is_urgent: list[bool]


class MapShape(_Shape):
    """What a viewport shows: `cells`, or `points` where they are few; the other is null.

    The answer is that of the whole cells that the viewport touches (`bounds`: west, south, east, north in degrees), so that
    panning changes no cell; `in_view` adds it up. `with_place` and `without_place` are all incidents under the filter that
    whoever asks may see, anywhere: together as many as the list has. `clock_states` counts them by how their clocks stand.
    """

    shown: Literal["cells", "points"]
    zoom: int
    cell_px: int
    bounds: tuple[float, float, float, float]
    in_view: TallyShape
    with_place: TallyShape
    without_place: TallyShape
    clock_states: dict[ClockState, int]
    words: MapWords
    cells: CellColumns | None
    points: PointColumns | None


class UnitColumns(_Shape):
    """Incidents by the unit of their report, in the order of the codes, as columns of one length; those without one have the
    empty code. `residents` and `migrants` live there, by the dwellings and the edition of today; 0 where none are known.
    """

    unit: list[str] = Field(examples=[["", "331002001001"]])
    count: list[int]
    open: list[int]
    overdue: list[int]
    urgent: list[int]
    residents: list[int]
    migrants: list[int]


class UnitMapShape(_Shape):
    """Incidents under the filter by township, village or grid, those without a place too; `total` adds them up."""

    by: Literal["township", "village", "grid"]
    units: UnitColumns
    total: TallyShape


_WORDS: Final = MapWords.model_construct(
    category=list(FIXED_WORDS["category"]), state=list(FIXED_WORDS["state"]), clock_state=list(CLOCK_STATES)
)


def map_shape(view: Viewport, choice: MapChoice, found: MapCells | MapDots) -> MapShape:
    """A viewport's answer."""
    has_cells = isinstance(found, MapCells)
    return MapShape.model_construct(
        shown="cells" if has_cells else "points",
        zoom=view.zoom,
        cell_px=view.cell_px,
        bounds=view.bounds(),
        in_view=tally_shape(found.tally()),
        with_place=tally_shape(choice.with_place),
        without_place=tally_shape(choice.without_place),
        clock_states=choice.clock_states,
        words=_WORDS,
        cells=_cells(found) if isinstance(found, MapCells) else None,
        points=_points(found) if isinstance(found, MapDots) else None,
    )


def unit_map_shape(by: str, counted: dict[str, Tally], people: Mapping[str, People] | None = None) -> UnitMapShape:
    """Counts by unit, and the people who live there."""
    tallies = list(counted.values())
    live = [(people or {}).get(unit, People()) for unit in counted]
    columns = UnitColumns.model_construct(
        unit=list(counted),
        count=[one.count for one in tallies],
        open=[one.open for one in tallies],
        overdue=[one.overdue for one in tallies],
        urgent=[one.urgent for one in tallies],
        residents=[one.residents for one in live],
        migrants=[one.migrants for one in live],
    )
    return UnitMapShape.model_construct(by=by, units=columns, total=tally_shape(sum(tallies, Tally())))


def tally_shape(tally: Tally) -> TallyShape:
    """Counts."""
    return TallyShape.model_construct(count=tally.count, open=tally.open, overdue=tally.overdue, urgent=tally.urgent)


def _cells(cells: MapCells) -> CellColumns:
    lon, lat, west, south, east, north = (
        _rounded(degrees, _CELL_DIGITS)
        for degrees in (cells.lon, cells.lat, cells.west, cells.south, cells.east, cells.north)
    )
    return CellColumns.model_construct(
        cell=cells.cell.tolist(), lon=lon, lat=lat, west=west, south=south, east=east, north=north,
        count=cells.count.tolist(), open=cells.open.tolist(), overdue=cells.overdue.tolist(),
        urgent=cells.urgent.tolist(), worst=cells.worst.tolist(),
    )  # fmt: skip


def _points(dots: MapDots) -> PointColumns:
    return PointColumns.model_construct(
        number=dots.number.tolist(), lon=_rounded(dots.lon, _POINT_DIGITS), lat=_rounded(dots.lat, _POINT_DIGITS),
        category=dots.category.tolist(), state=dots.state.tolist(), clock_state=dots.clock.tolist(),
        is_urgent=dots.is_urgent.tolist(),
    )  # fmt: skip


def _rounded(degrees: NDArray[Any], digits: int) -> list[float]:
    return degrees.round(digits).tolist()  # type: ignore[no-any-return]  # numpy does not say
