"""The workbench of command staff: the map of what is open, whose it is, and by when."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from gisgrid.plane import Bounds
from web.doors import Visit, door
from web.pages.map_parts import map_parts, page_map
from web.pages.page_route import PageRoute
from web.pages.shell import Shell, new_nonce

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_NOWHERE: Final[Bounds] = (121.0, 28.0, 122.5, 29.5)
"""Where the map stands before any network is published: Taizhou."""


@router.get("/command")
def command_page(request: Request, visit: Annotated[Visit, door("read_incidents")]) -> Response:
    """The command map."""
    shell: Shell = request.app.state.shell
    editions = visit.services.editions
    newest = editions.latest()
    bounds = _NOWHERE if newest is None else editions.network(newest.id).bounds
    nonce = new_nonce()
    parts = map_parts(
        page_map(bounds, language=request.state.language), asset_base=shell.assets.url("vendor"), nonce=nonce
    )
    data = {"bounds": bounds, "edition": None if newest is None else newest.id}
    return shell.page(
        request, "command.html", visit, rooms=("command", "board", "card", "report"), data=data, nonce=nonce, map_parts=parts,
    )  # fmt: skip
