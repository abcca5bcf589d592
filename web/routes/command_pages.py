"""The workbench of command staff: the map of what is open, whose it is, and by when."""

from typing import Annotated, Final

import numpy as np
import shapely
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from gisgrid.access import Subject
from gisgrid.grid import GridNetwork
from gisgrid.plane import Bounds
from web.doors import Visit, door
from web.pages.map_parts import map_parts, page_map
from web.pages.page_route import PageRoute
from web.pages.shell import Shell, basemap_of, new_nonce

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NOWHERE: Final[Bounds] = (121.0, 28.0, 122.5, 29.5)
"""Where the map stands before any network is published: Taizhou."""

_FAR: Final = 0.02
"""This part of the grids at each end, far islands mostly, is not waited for by the first view."""


@router.get("/command")
def command_page(request: Request, visit: Annotated[Visit, door("read_incidents")]) -> Response:
    """The command map."""
    return map_page(request, visit, "command.html", ("command", "board", "card", "report"))


def map_page(request: Request, visit: Visit, template: str, rooms: tuple[str, ...]) -> Response:
    """A page around the map of the newest edition, whose first view is the unit of whoever looks."""
    shell: Shell = request.app.state.shell
    editions = visit.services.editions
    newest = editions.latest()
    bounds, home = (NOWHERE, NOWHERE) if newest is None else views(visit, editions.network(newest.id))
    nonce = new_nonce()
    parts = map_parts(
        page_map(home, language=request.state.language), asset_base=shell.assets.url("vendor"), nonce=nonce
    )
    data = {
        "bounds": bounds, "home": home, "edition": None if newest is None else newest.id, "basemap": basemap_of(visit),
    }  # fmt: skip
    return shell.page(
        request, template, visit, rooms=rooms, data=data, nonce=nonce, map_parts=parts,
    )  # fmt: skip


def views(visit: Visit, network: GridNetwork) -> tuple[Bounds, Bounds]:
    """The bounds (west, south, east, north) of all grids that a visit sees, and those in which nearly all of them lie."""
    boxes = shapely.bounds(network.geometry)
    seen = np.array([visit.may("read_grids", Subject(code)) for code in network.codes], bool)
    if seen.any():
        boxes = boxes[seen]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    low, high = np.quantile(middle, (_FAR, 1.0 - _FAR), axis=0, method="nearest")
    near = boxes[((middle >= low) & (middle <= high)).all(axis=1)]
    return _around(boxes), _around(near if len(near) else boxes)


def _around(boxes: NDArray[np.float64]) -> Bounds:
    west, south = boxes[:, :2].min(axis=0).tolist()
    east, north = boxes[:, 2:].max(axis=0).tolist()
    return west, south, east, north
