"""The ground of an edition as pages draw it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response

from gisgrid.access import Subject
from web.answers import written
from web.asked import edition_asked
from web.conditional import is_known
from web.doors import Visit, door
from web.grounds import GroundShape
from web.routes.editions import Number

router = APIRouter(prefix="/api/v1/editions", tags=["map"])

Known = Annotated[str, Header(alias="If-None-Match", max_length=400, description="the ETag of what is there already")]
_SAME: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as it was: what `If-None-Match` names."}}


@router.get("/{number}/ground", response_model=GroundShape, responses=_SAME)
def show_ground(
    number: Number,
    visit: Annotated[Visit, door("read_grids")],
    known: Known = "",
    accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """The borders of an edition for drawing. Whoever has a unit sees the grids within it, others all."""
    label, network = edition_asked(visit.services, None, number)
    positions = tuple(place for place, code in enumerate(network.codes) if visit.may("read_grids", Subject(code)))
    ground = visit.services.grounds.ground(label.id, positions)
    # One address may show different grids to others who sign in at the same browser: kept, but asked for again.
    headers = {"ETag": ground.tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if is_known(ground.tag, known):
        return Response(status_code=304, headers=headers)
    if "gzip" in accept_encoding:
        return written(ground.packed, headers=headers | {"Content-Encoding": "gzip"})
    return written(ground.content, headers=headers)
