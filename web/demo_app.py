"""The application of the demonstration: the service itself on the sample district, with a page that lets guests in."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from gisgrid.categories import CATEGORIES
from gisgrid.errors import NotAllowed, NotThere
from gisgrid.mapping.assets import VENDOR, check_assets
from gisgrid.mapping.page import ASSET_FOLDER
from gisgrid.store.accounts import LONGEST_MS
from web.app import create_app
from web.demo_guests import GUESTS, Guests
from web.doors import COOKIE, Visit, open_door
from web.pages.page_route import PageRoute
from web.pages.shell import Shell
from web.services import Services
from web.summary import read_summary

HOME: Final = "/demo"

_MAP_NAME: Final = re.compile(r"[a-z0-9_]+\.(en|zh)\.html")
_VERDICTS: Final = ("pass", "undetermined", "fail", "not_due")
# Folium writes its scripts into the page; these pages are files of this machine, and nothing that anyone typed is in them.
_MAP_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class Demo:
    """The folder that `gisgrid demo` filled, and who may enter."""

    folder: Path
    guests: Guests


def create_demo_app(services: Services, folder: Path) -> FastAPI:
    """The service over the sample's store with the page of the demonstration before it. Raises `AssetsMissing`, and `BadOption`
    where the store holds no sample district.
    """
    check_assets()
    demo = Demo(folder, Guests(services.store))
    app = create_app(services, keeps_house=True)
    app.state.demo = demo
    before = len(app.router.routes)
    app.include_router(router)
    app.mount(f"{HOME}/maps/{ASSET_FOLDER}", StaticFiles(directory=VENDOR), name="map-assets")
    # Its page is where one begins: its routes are asked before those of the service.
    routes = app.router.routes
    mounted = routes.pop()
    routes[:] = [mounted, *routes[before:], *routes[:before]]
    return app


@router.get("/")
def to_demo(_visit: Annotated[Visit, open_door()]) -> Response:
    """To the page of the demonstration."""
    return RedirectResponse(HOME, status_code=303)


@router.get(HOME)
def demo_page(request: Request, visit: Annotated[Visit, open_door()]) -> Response:
    """What was computed, and a press for each guest."""
    demo: Demo = request.app.state.demo
    shell: Shell = request.app.state.shell
    now = visit.services.settings.sample_now
    return shell.page(
        request, "demo.html", rooms=("demo",), summary=read_summary(demo.folder), verdicts=_VERDICTS, categories=tuple(CATEGORIES),
        guests=GUESTS, served_now="" if now is None else f"{now:%Y-%m-%d %H:%M}",
    )  # fmt: skip


@router.post(HOME + "/enter/{role}")
def enter_as_guest(role: str, request: Request, visit: Annotated[Visit, open_door()]) -> Response:
    """Let a guest in and show them where they begin."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotAllowed("guests enter from the page of the demonstration", zh="请从演示页面进入")
    demo: Demo = request.app.state.demo
    guest, session = demo.guests.enter(role, origin=visit.origin, agent=request.headers.get("user-agent", ""))
    answer = RedirectResponse(guest.begins, status_code=303)
    answer.set_cookie(COOKIE, session.secret, max_age=LONGEST_MS // 1000, path="/", httponly=True, samesite="lax")
    return answer


@router.get(HOME + "/maps/{name}")
def demo_map(name: str, request: Request, _visit: Annotated[Visit, open_door()]) -> Response:
    """One of the maps, as the commands write them."""
    demo: Demo = request.app.state.demo
    path = demo.folder / "maps" / name
    if not _MAP_NAME.fullmatch(name) or not path.is_file():
        raise NotThere(f"there is no map {name[:60]!r}; {HOME} lists them", zh=f"没有地图 {name[:60]!r}；清单见 {HOME}")
    return HTMLResponse(path.read_bytes(), headers={"content-security-policy": _MAP_POLICY})
