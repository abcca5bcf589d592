"""Wall screens: their page, and the link that lets one in without a name and a password."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gisgrid.errors import NotAllowed, TooMany
from web.doors import COOKIE, SECURE_COOKIE, WALL, Visit, door, open_door
from web.pages.page_route import PageRoute
from web.routes.command_pages import map_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
entry_router = APIRouter(prefix="/api/v1/sessions", tags=["accounts"])

_COOKIE_S: Final = 400 * 86_400
"""As long as browsers keep one at most: whether it still lets in is for the token to say."""


class WallLink(BaseModel):
    """The token of a wall screen, as `POST /api/v1/accounts/{name}/wall-link` gives it."""

    token: str = Field(max_length=200, examples=["gg_…"])


class WallScreen(BaseModel):
    """Which screen it is, and the unit that it shows (empty: the whole district)."""

    name: str = Field(examples=["wall.hall"])
    unit: str = Field(examples=["331002001000"])


@router.get("/wall")
def wall_page(request: Request, visit: Annotated[Visit, door("read_incidents")]) -> Response:
    """The wall screen: map, figures, urgent and newest incidents, without names."""
    return map_page(request, visit, "wall.html", ("command", "board", "wall"))


@entry_router.post("/wall", status_code=201)
def enter_by_wall_link(
    asked: WallLink, request: Request, response: Response, visit: Annotated[Visit, open_door()]
) -> WallScreen:
    """Let a wall screen in by its link: the cookie is set, lasts as long as the token, and ends when that is revoked."""
    services = visit.services
    if wait_s := services.misses.wait_s(visit.origin):
        raise TooMany(
            f"too many requests in a minute; try again in {wait_s} s",
            wait_s,
            zh=f"一分钟内请求过多；请过 {wait_s} 秒再试",
        )
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotAllowed(
            "a wall screen is let in by our own page, not by another site",
            zh="大屏只能从本系统页面进入，不能来自其他网站",
        )
    known = services.accounts.known_by_token(asked.token)
    if known is None or known.holder.role != "wall":
        services.misses.take(visit.origin)
        raise NotAllowed(
            "this link of a wall screen has ended, was revoked, or never was one; ask an administrator for a new one",
            zh="大屏链接已到期、已吊销或无效；请向管理员索取新链接",
        )
    with services.store.changing(known.holder.name, origin=visit.origin) as change:
        change.note("sign_in", f"account/{known.holder.name}", "wall link")
    secure = services.settings.is_secure
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE, WALL + asked.token, max_age=_COOKIE_S, path="/", httponly=True, samesite="lax",
        secure=secure,
    )  # fmt: skip
    return WallScreen(name=known.holder.name, unit=known.holder.unit)
