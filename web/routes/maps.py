"""Maps of incidents: cells or points of a viewport, and counts by unit, for what whoever asks may see."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel

from gisgrid import __version__
from gisgrid.map_answers import MOST_POINTS, MOST_ZOOM, Viewport, count_by_unit, show
from gisgrid.map_filters import MapFilter
from gisgrid.store.belonging import check_unit
from gisgrid.store.map_mirror import MapChoice, MapState
from web.answers import answer
from web.asked import Code, Instant, Words
from web.conditional import is_known, tag_of
from web.doors import Visit, door
from web.incident_shapes import Card, Category, ClockState, State, ms_of
from web.map_shapes import MapShape, UnitMapShape, map_shape, unit_map_shape

router = APIRouter(prefix="/api/v1/map", tags=["map"])

Level = Literal["village", "township", "district", "department"]
Degrees = Annotated[float, Query(allow_inf_nan=False)]
Known = Annotated[str, Header(alias="If-None-Match", max_length=400, description="the ETag of what is there already")]

_PRIVATE: Final = {"Cache-Control": "private, no-cache"}
_SAME: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as it was: what `If-None-Match` names."}}


def filter_asked(
    unit: Annotated[Code, Query(description="code of a unit or grid of the report, or area:CODE")] = "",
    state: Annotated[list[State], Query(max_length=10)] = [],  # noqa: B006  # FastAPI copies it
    category: Annotated[list[Category], Query(max_length=10)] = [],  # noqa: B006
    sub_category: Annotated[Words, Query(description="code of a sub-category")] = "",
    level: Annotated[list[Level], Query(max_length=10, description="of the office where it lies")] = [],  # noqa: B006
    card: Annotated[list[Card], Query(max_length=10, description="raised by now; empty: none")] = [],  # noqa: B006
    clock_state: Annotated[list[ClockState], Query(max_length=10)] = [],  # noqa: B006
    is_open: Annotated[bool, Query(description="only what still needs somebody to act")] = False,
    is_urgent: Annotated[bool, Query(description="only urgent ones")] = False,
    reported_from: Annotated[Instant | None, Query(description="reported at this instant or later")] = None,
    reported_before: Annotated[Instant | None, Query(description="reported before this instant")] = None,
) -> MapFilter:
    """The filter of a request, in the words of lists."""
    from_ms = None if reported_from is None else ms_of(reported_from)
    to_ms = None if reported_before is None else ms_of(reported_before)
    return MapFilter(
        from_ms, to_ms, tuple(category), sub_category, tuple(state), tuple(level), tuple(card), tuple(clock_state), unit,
        is_open=is_open, is_urgent=is_urgent,
    )  # fmt: skip


FilterAsked = Annotated[MapFilter, Depends(filter_asked)]
Reader = Annotated[Visit, door("read_incidents")]


@router.get("/incidents", response_model=MapShape, responses=_SAME)
def map_incidents(
    visit: Reader,
    wanted: FilterAsked,
    west: Annotated[Degrees, Query(ge=-180.0, le=180.0, examples=[121.3])],
    south: Annotated[Degrees, Query(ge=-90.0, le=90.0, examples=[28.6])],
    east: Annotated[Degrees, Query(ge=-180.0, le=180.0, examples=[121.6])],
    north: Annotated[Degrees, Query(ge=-90.0, le=90.0, examples=[28.7])],
    zoom: Annotated[int, Query(ge=0, le=MOST_ZOOM, description="whole zoom of Web Mercator tiles", examples=[12])],
    cell_px: Annotated[Literal[32, 64, 128, 256], Query(description="size of the cells in pixels")] = 64,
    most_points: Annotated[
        int, Query(ge=0, le=MOST_POINTS, description="one by one where there are at most so many; 0: always cells")
    ] = 400,
    known: Known = "",
) -> Response:
    """The incidents of a viewport, in cells of so many pixels or, where they are few, one by one; and how many there are in
    all, with a place and without. Clocks are those at the beginning of the minute.
    """
    view = Viewport(west, south, east, north, zoom, cell_px, most_points)
    return _answered(visit, wanted, known, view, lambda choice: map_shape(view, choice, show(choice.parts, view)))


@router.get("/units", response_model=UnitMapShape, responses=_SAME)
def map_units(
    visit: Reader,
    wanted: FilterAsked,
    by: Annotated[Literal["township", "village", "grid"], Query(description="which units")] = "village",
    known: Known = "",
) -> Response:
    """The incidents by township, village or grid of their report: as many in all as the list has under the same filter; and
    how many people live there.
    """
    people = visit.services.counting.inhabitants()
    seen = (by, people.version)
    return _answered(
        visit, wanted, known, seen,
        lambda choice: unit_map_shape(by, count_by_unit(choice.parts, choice.words, by), people.by.get(by)),
    )


def _answered(
    visit: Visit, wanted: MapFilter, known: str, asked: object, make: Callable[[MapChoice], BaseModel]
) -> Response:
    """The answer, or 304 where the reader has it: what it depends on decides, before anything is computed."""
    maps = visit.services.maps
    state = maps.state()
    _check_unit(visit, state, wanted)
    wanted, holder = maps.with_area(wanted), visit.holder
    headers = {"ETag": tag_of(__version__, state.version, wanted, asked, holder.role, holder.unit), **_PRIVATE}
    if is_known(headers["ETag"], known):
        return Response(status_code=304, headers=headers)
    return answer(make(state.choice(wanted, maps.sight(holder))), headers=headers)


def _check_unit(visit: Visit, state: MapState, wanted: MapFilter) -> None:
    """`UnknownGrid` where the filter's unit is none; those that incidents lie in need no look into the database."""
    unit = wanted.unit
    if unit and not wanted.area and all(unit not in state.words[name] for name in ("grid", "village", "township")):
        check_unit(visit.services.store, unit)
