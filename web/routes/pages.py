"""The pages that all share: where to begin, signing in, help."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import CLOCK_STATES
from gisgrid.errors import NotAllowed, Refused
from web.doors import Visit, door, open_door, visit_of
from web.pages.help_sections import KEYS, sections
from web.pages.languages import language_of
from web.pages.page_route import PageRoute
from web.pages.shell import Shell, benches_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Where = Annotated[str, Query(max_length=1_000, alias="next")]


@router.get("/start")
def start(visit: Annotated[Visit, door("own_account")]) -> Response:
    """To the first workbench of whoever is signed in."""
    benches = benches_of(visit)
    if not benches:
        raise NotAllowed("there is no workbench for this account", zh="此账号没有可用的工作台")
    if visit.holder.role == "wall":
        return RedirectResponse("/wall", status_code=303)
    return RedirectResponse(benches[0].path, status_code=303)


@router.get("/sign-in")
def sign_in_page(request: Request, _visit: Annotated[Visit, open_door()], where: Where = "/start") -> Response:
    """The page to sign in at; afterwards it goes on to `next`, an address of this service."""
    shell: Shell = request.app.state.shell
    return shell.page(request, "sign_in.html", rooms=("sign_in",), next=_own_address(where))


@router.get("/help")
async def help_page(request: Request, visit: Annotated[Visit, open_door()]) -> Response:
    """What everybody can read: who does what where, colours, clocks, keys. Whoever is signed in keeps their workbenches."""
    try:
        known = await visit_of(request, visit.services, visit.origin)
    except Refused:
        known = None
    return await run_in_threadpool(_help, request, known)


def _help(request: Request, visit: Visit | None) -> Response:
    shell: Shell = request.app.state.shell
    return shell.page(
        request, "help.html", visit, rooms=("help", "command"), sections=sections(language_of(request)), keys=KEYS,
        clocks=tuple(CLOCK_STATES), categories=tuple(CATEGORIES),
    )  # fmt: skip


def _own_address(wanted: str) -> str:
    """An address within this service; else the start. `//host` and `/\\host` lead elsewhere in browsers."""
    return wanted if wanted.startswith("/") and wanted[1:2] not in ("/", "\\") else "/start"
