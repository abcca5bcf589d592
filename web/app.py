"""The service: its routes, what surrounds them, and its beginning and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from gisgrid import __version__
from web.conditional import Conditional
from web.door_signs import describe_doors
from web.envelope import Envelope
from web.housekeeping import Housekeeping
from web.jobs import Worker
from web.pages.assets import ROOT as ASSETS
from web.pages.assets import Assets
from web.pages.shell import Shell
from web.problems import Problem, describe_problems, install_problem_handlers
from web.routes import (
    accounts,
    admin_pages,
    audit,
    basemap,
    board,
    command_pages,
    devices,
    duties,
    editions,
    figure_pages,
    figure_reports,
    figures,
    grids,
    ground,
    imports,
    incident_lists,
    incidents,
    jobs,
    live,
    maps,
    ogc,
    pages,
    people,
    phones,
    photos,
    positions,
    register_rows,
    registers,
    rulebook,
    sessions,
    state,
    tracks,
    units,
    wall_pages,
)
from web.services import Services

ROUTERS: Final[tuple[APIRouter, ...]] = (
    state.router,
    sessions.router,
    incidents.router,
    live.router,
    phones.router,
    devices.router,
    editions.router,
    ground.router,
    grids.router,
    units.router,
    rulebook.router,
    duties.router,
    tracks.router,
    positions.router,
    people.router,
    registers.router,
    register_rows.router,
    audit.router,
    accounts.own_router,
    accounts.router,
    figures.router,
    figure_reports.router,
    incident_lists.router,
    maps.router,
    board.router,
    basemap.router,
    photos.router,
    imports.router,
    jobs.router,
    ogc.router,
    pages.router,
    command_pages.router,
    figure_pages.router,
    admin_pages.router,
    wall_pages.router,
    wall_pages.entry_router,
)

_ABOUT: Final = """Grids, who answers for them, incidents and patrols of a district.

Sign in (`POST /api/v1/sessions`) and keep the cookie, or send a token as `Authorization: Bearer gg_…`; a request that
changes something by cookie needs the header `x-csrf-token`. Times are ISO 8601 in UTC, local days are those of
Asia/Shanghai, `lon` and `lat` are degrees of CGCS2000 (EPSG:4490, equal to WGS 84), other measures carry their unit in
their name. Errors are `application/problem+json`. Every answer has an ETag; lists go on at `next`.
"""
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": told, "content": {"application/problem+json": {}}}
    for status, told in (
        (400, "The request cannot be read."),
        (401, "Nobody is signed in, or the token is wrong."),
        (403, "This role, unit or token may not do this."),
        (404, "There is no such thing, or it is not to be seen."),
        (422, "Something in the request cannot be used."),
        (429, "Too much in a minute; `Retry-After` says when to try again."),
        (503, "The database is not there; nothing was kept. Try again."),
    )
}


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The description, once made; errors are told as what they are."""
        if not self.openapi_schema:
            document = super().openapi()
            describe_problems(document)
            is_secure = self.state.services.settings.is_secure
            describe_doors(document, (route for router in ROUTERS for route in router.routes), is_secure=is_secure)
        return super().openapi()


def create_app(services: Services, *, runs_jobs: bool = True, keeps_house: bool = False) -> FastAPI:
    """The application over open services, which it closes at its end; it runs long jobs beside, unless told not to, and
    keeps house (clocks, what is read often) where it is told to.
    """
    worker, house = Worker(services), Housekeeping(services)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        if runs_jobs:
            worker.start()
        if keeps_house:
            house.start()
        yield
        await run_in_threadpool(house.close)
        await run_in_threadpool(worker.close)
        await services.close()

    app = _Application(
        title="gisgrid",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=life,
        responses=_PROBLEMS,
        generate_unique_id_function=_operation_id,
    )
    app.state.services = services
    app.state.parameters = {}
    app.state.shell = Shell(Assets())
    install_problem_handlers(app)
    app.add_middleware(Conditional)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Envelope, settings=services.settings, meters=services.meters, misses=services.misses)
    for router in ROUTERS:
        app.include_router(router)
    app.mount(ASSETS, app.state.shell.assets, name="assets")
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
