"""Maps of incidents: cells or points of a viewport, and counts by unit, for what whoever asks may see."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel

from gisgrid import __version__
from gisgrid.map_answers import MOST_POINTS, MOST_ZOOM, Viewport, count_by_unit, show
from gisgrid.map_filters import MapFilter
from gisgrid.store.map_mirror import MapChoice
from web.answers import answer
from web.conditional import is_known, tag_of
from web.doors import Visit, door
from web.incident_filters import Asked, MapFilterAsked
from web.map_shapes import MapShape, UnitMapShape, map_shape, unit_map_shape

router = APIRouter(prefix="/api/v1/map", tags=["map"])

Degrees = Annotated[float, Query(allow_inf_nan=False)]
Known = Annotated[str, Header(alias="If-None-Match", max_length=400, description="the ETag of what is there already")]

_PRIVATE: Final = {"Cache-Control": "private, no-cache"}
_SAME: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as it was: what `If-None-Match` names."}}


Reader = Annotated[Visit, door("read_incidents")]


@router.get("/incidents", response_model=MapShape, responses=_SAME)
def map_incidents(
    visit: Reader,
    asked: MapFilterAsked,
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


@router.get("/units", response_model=UnitMapShape, responses=_SAME)
def map_units(
    visit: Reader,
    asked: MapFilterAsked,
    by: Annotated[Literal["township", "village", "grid"], Query(description="which units")] = "village",
    known: Known = "",
) -> Response:
    """The incidents by township, village or grid of their report: as many in all as the list has under the same filter; and
    how many people live there.
    """
    people = visit.services.counting.inhabitants()
    seen = (by, people.version)
    return _answered(
        visit, asked, known, seen,
        lambda choice: unit_map_shape(by, count_by_unit(choice.parts, choice.words, by), people.by.get(by)),
    )


def _answered(
    visit: Visit, asked: Asked[MapFilter], known: str, shown: object, make: Callable[[MapChoice], BaseModel]
) -> Response:
    """The answer, or 304 where the reader has it: what it depends on decides, before anything is computed."""
    maps, holder = visit.services.maps, visit.holder
    state, wanted = maps.state(), asked.filter(visit)
    headers = {"ETag": tag_of(__version__, state.version, wanted, shown, holder.role, holder.unit), **_PRIVATE}
    if is_known(headers["ETag"], known):
        return Response(status_code=304, headers=headers)
    return answer(make(state.choice(wanted, maps.sight(holder))), headers=headers)
