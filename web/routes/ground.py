"""The ground of an edition and the places on it, as pages draw them."""

from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict

from gisgrid.access import Subject
from gisgrid.store.tables import PLACE
from web.answers import answer, written
from web.asked import edition_asked
from web.conditional import is_known
from web.doors import Visit, door
from web.grounds import GroundShape
from web.routes.editions import Number

router = APIRouter(prefix="/api/v1", tags=["map"])

Known = Annotated[str, Header(alias="If-None-Match", max_length=400, description="the ETag of what is there already")]
_SAME: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as it was: what `If-None-Match` names."}}


class PlaceColumns(BaseModel):
    """Places by code, as columns of one length; degrees (EPSG:4490)."""

    model_config = ConfigDict(extra="forbid")

    code: list[str]
    kind: list[str]
    name: list[str]
    lon: list[float]
    lat: list[float]


@router.get("/editions/{number}/ground", response_model=GroundShape, responses=_SAME)
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


@router.get("/map/places", response_model=PlaceColumns)
def show_places(visit: Annotated[Visit, door("read_grids")]) -> Response:
    """All named places for drawing. For all in the whole district."""
    names = ("code", "kind", "name", "lon", "lat")
    with visit.services.store.reading() as connection:
        rows = connection.execute(sa.select(*(PLACE.c[name] for name in names)).order_by(PLACE.c.code)).all()
    code, kind, name, lon, lat = ([row[at] for row in rows] for at in range(len(names)))
    shape = PlaceColumns.model_construct(code=code, kind=kind, name=name, lon=lon, lat=lat)
    return answer(shape, headers={"Cache-Control": "private, no-cache"})
