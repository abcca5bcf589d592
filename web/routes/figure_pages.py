"""The workbench for those who would rather look than read: figures of a period as charts and tables."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from gisgrid.figures import DEFINITIONS
from web.asked import today_of
from web.doors import Visit, door
from web.pages.page_route import PageRoute
from web.pages.shell import Shell

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/figures")
def figures_page(request: Request, visit: Annotated[Visit, door("read_figures")]) -> Response:
    """Figures as charts and tables; period and unit stand in the address."""
    shell: Shell = request.app.state.shell
    services = visit.services
    spoken = int(request.state.language == "zh")
    definitions = {name: [labels[spoken], meaning[spoken]] for name, (labels, meaning) in DEFINITIONS.items()}
    data = {"today": today_of(services).isoformat(), "own_unit": visit.holder.unit, "definitions": definitions}
    return shell.page(
        request, "figures.html", visit, rooms=("figures",), data=data, legal_basis=services.settings.legal_basis
    )
