"""Maps of incidents: cells or points of a viewport, and counts by unit, for what whoever asks may see."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from gisgrid.map_answers import MOST_POINTS, MOST_ZOOM, Viewport, count_by_unit, show
from gisgrid.store.map_mirror import MapChoice
from web.doors import Visit, door
from web.incident_filters import Asked, FilterAsked
from web.map_shapes import MapShape, UnitMapShape, map_shape, unit_map_shape
from web.seen_state import SAME, Known, seen_answer

router = APIRouter(prefix="/api/v1/map", tags=["map"])

Degrees = Annotated[float, Query(allow_inf_nan=False)]

Reader = Annotated[Visit, door("read_incidents")]


@router.get("/incidents", response_model=MapShape, responses=SAME)
def map_incidents(
    visit: Reader,
    asked: FilterAsked,
    west: Annotated[Degrees, Query(ge=-180.0, le=180.0, examples=[121.3])],
    south: Annotated[Degrees, Query(ge=-90.0, le=90.0, examples=[28.6])],
    east: Annotated[Degrees, Query(ge=-180.0, le=180.0, examples=[121.6])],
    north: Annotated[Degrees, Query(ge=-90.0, le=90.0, examples=[28.7])],
    zoom: Annotated[int, Query(ge=0, le=MOST_ZOOM, description="whole zoom of Web Mercator tiles", examples=[12])],
    cell_px: Annotated[int, Query(description="size of the cells in pixels: 32, 64, 128 or 256")] = 64,
    most_points: Annotated[
        int, Query(ge=0, le=MOST_POINTS, description="one by one where there are at most so many; 0: always cells")
    ] = 400,
    known: Known = "",
) -> Response:
    """The incidents of a viewport, in cells of so many pixels or, where they are few, one by one; and how many there are in
    all, with a place and without. Clocks are those at the beginning of the minute.
    """
    view = Viewport(west, south, east, north, zoom, cell_px, most_points)
    return _answered(visit, asked, known, view, lambda choice: map_shape(view, choice, show(choice.parts, view)))


@router.get("/units", response_model=UnitMapShape, responses=SAME)
def map_units(
    visit: Reader,
    asked: FilterAsked,
    by: Annotated[Literal["township", "village", "grid"], Query(description="which units")] = "village",
    known: Known = "",
) -> Response:
    """The incidents by township, village or grid of their report: as many in all as the list has under the same filter; and
    how many people live there.
    """
    people = visit.services.counting.inhabitants()
    seen = (by, people.version)
    return _answered(
        visit,
        asked,
        known,
        seen,
        lambda choice: unit_map_shape(by, count_by_unit(choice.parts, choice.words, by), people.by.get(by)),
    )


def _answered(
    visit: Visit, asked: Asked, known: str, shown: object, make: Callable[[MapChoice], BaseModel]
) -> Response:
    wanted = asked.filter(visit)
    return seen_answer(visit, known, (wanted, shown), lambda state, sight: make(state.choice(wanted, sight)))
