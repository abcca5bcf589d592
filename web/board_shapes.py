"""What the board, the list of what is worked through and the queue without a grid look like to a program."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gisgrid.board import BoardRow, Level
from gisgrid.clocks import NEVER
from gisgrid.ranking import Ranked
from web.incident_shapes import Card, Category, ClockState, Grade, How, State
from web.instants import instant
from web.naming import Names

_DIGITS: Final = 7


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BoardCounts(_Shape):
    """How many incidents; of those that are open, how many have their clocks how, are urgent, have no grid yet."""

    count: int = Field(examples=[35])
    open: int = Field(examples=[12])
    red: int = Field(examples=[1])
    yellow: int = Field(examples=[2])
    due_today: int = Field(examples=[1])
    at_risk: int = Field(examples=[3], description="not those that are due today")
    urgent: int = Field(examples=[0])
    unassigned: int = Field(examples=[0])


class BoardRowShape(BoardCounts):
    """The counts of a unit; the empty code is of those that name none. The name is empty where nothing is known of it."""

    unit: str = Field(examples=["331002001000"])
    name: str = Field(examples=["海门街道"])


class UnitName(_Shape):
    """A unit and what it is called."""

    unit: str = Field(examples=["331002001000"])
    name: str = Field(examples=["海门街道"])


class BoardShape(_Shape):
    """The board under a filter: units with the worst first, `total` what they add up to, as much as map and list have.

    `path` leads from the whole to the unit that was asked for. `queue` is how many wait for a grid, whatever the filter.
    """

    by: Level
    path: list[UnitName]
    rows: list[BoardRowShape]
    total: BoardCounts
    queue: int = Field(examples=[2])


class RankedShape(_Shape):
    """An incident in the list of what is worked through. `grid` is the one that answers now, `village` and `township` are
    those of the report, `holder` the office that must act; names are empty where nothing is known.

    `due_at` is the end of the first clock that is not met (`clock`), which may have passed; null where none is.
    """

    number: int = Field(examples=[7])
    category: Category
    sub_category: str
    state: State
    grade: Grade
    card: Card
    is_urgent: bool
    how: How
    clock_state: ClockState
    clock: Literal["", "response", "done"]
    due_at: dt.datetime | None
    reported_at: dt.datetime
    grid: str = Field(examples=["331002001001001"])
    grid_name: str
    village: str = Field(examples=["331002001001"])
    village_name: str
    township: str = Field(examples=["331002001000"])
    township_name: str
    holder: str = Field(examples=["331002001001"])
    holder_name: str
    lon: float | None = Field(description="degrees, EPSG:4490", examples=[121.4321])
    lat: float | None = Field(description="degrees, EPSG:4490", examples=[28.6512])


class RankedPage(_Shape):
    """Incidents in their order, how many there are in all, and the cursor of the next page (null on the last)."""

    incidents: list[RankedShape]
    total: int
    next: str | None


class NearestGrid(_Shape):
    """The grid of today's edition that is nearest to an incident, and how far off, in metres (0: it lies within)."""

    grid: str = Field(examples=["331002001001001"])
    name: str
    distance_m: float = Field(examples=[84.2])


class QueuedShape(_Shape):
    """An open incident that has no grid: what is known of where it is, and the office for which whoever asks may give it one
    (empty: none). What it states, and its words, are empty for those who may see no names.
    """

    incident: RankedShape
    version: int = Field(examples=[1])
    stated: str
    description: str
    accuracy_m: float | None
    nearest: NearestGrid | None
    office: str = Field(examples=["331002000000"])


class QueuePage(_Shape):
    """Incidents without a grid in their order, how many there are in all, and the cursor of the next page."""

    incidents: list[QueuedShape]
    total: int
    next: str | None


def counts_shape(row: BoardRow) -> BoardCounts:
    """The counts of a row."""
    return BoardCounts.model_construct(None, **_counts_of(row))


def row_shapes(rows: Mapping[str, BoardRow], names: Names) -> list[BoardRowShape]:
    """Rows by unit, the worst first, that of no unit last."""
    ordered = sorted(rows.items(), key=lambda each: (not each[0], each[1].how_bad(), each[0]))
    return [
        BoardRowShape.model_construct(None, unit=unit, name=names.of(unit), **_counts_of(row)) for unit, row in ordered
    ]


def ranked_shapes(found: Iterable[Ranked], words: Mapping[str, tuple[str, ...]], names: Names) -> list[RankedShape]:
    """Incidents as the columns in memory have them; `words` are those of all codes."""
    return [_ranked_shape(one, words, names) for one in found]


def _ranked_shape(one: Ranked, words: Mapping[str, tuple[str, ...]], names: Names) -> RankedShape:
    columns, row = one.columns, one.row

    def word(column: str, of: str = "") -> Any:
        return words[of or column][int(getattr(columns, column)[row])]

    grid, village, township, holder = word("answering_grid", "grid"), word("village"), word("township"), word("holder")
    return RankedShape.model_construct(
        number=one.number, category=word("category"), sub_category=word("sub_category"), state=word("state"),
        grade=word("grade"), card=word("card"), is_urgent=one.is_urgent, how=word("how"), clock_state=one.clock_state,
        clock=one.clock, due_at=None if one.due_ms == NEVER else instant(one.due_ms),
        reported_at=instant(int(columns.reported_ms[row])), grid=grid, grid_name=names.of(grid), village=village,
        village_name=names.of(village), township=township, township_name=names.of(township), holder=holder,
        holder_name=names.of(holder), lon=_degrees(columns.lon[row]), lat=_degrees(columns.lat[row]),
    )  # fmt: skip


def _counts_of(row: BoardRow) -> dict[str, int]:
    return {part.name: getattr(row, part.name) for part in fields(row)}


def _degrees(value: float) -> float | None:
    return None if value != value else round(float(value), _DIGITS)  # NaN differs from itself
