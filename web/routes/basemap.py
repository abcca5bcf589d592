"""Tiles of the basemap, through the service: pages ask no other origin."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from web.doors import Visit, door

router = APIRouter(prefix="/api/v1/basemap", tags=["maps"])

Layer = Annotated[str, Path(max_length=20, description="layer of the configured source", examples=["base"])]
Zoom = Annotated[int, Path(ge=0, le=22, description="zoom of the tile", examples=[12])]
Place = Annotated[int, Path(ge=0, lt=1 << 22, description="column or row of the tile, from the north-west")]


@router.get(
    "/{layer}/{z}/{x}/{y}",
    response_class=Response,
    responses={
        200: {"description": "The tile; where it cannot be had one that is transparent.", "content": {"image/png": {}}}
    },
)
def show_tile(layer: Layer, z: Zoom, x: Place, y: Place, visit: Annotated[Visit, door("read_grids")]) -> Response:
    """A tile of the basemap (web mercator, 256 pixels); 404 where none is configured."""
    tile = visit.services.basemap.tile(layer, z, x, y)
    kept = "private, max-age=86400" if tile.is_there else "no-store"
    return Response(tile.content, media_type=tile.kind, headers={"cache-control": kept})
