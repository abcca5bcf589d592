"""Doors: who asks, and whether they may; every route has exactly one, and a test walks them all."""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gisgrid.access import ACTION_LABELS, ACTIONS, ROLES, Holder, Subject, may
from gisgrid.errors import BadOption, NotAllowed, Refused, TooMany
from gisgrid.store.accounts import Known
from web.language import language_of
from web.pace import Pace
from web.services import Services

COOKIE: Final = "gisgrid"
SECURE_COOKIE: Final = "__Host-gisgrid"
CSRF_HEADER: Final = "x-csrf-token"

WALL: Final = "wall."
"""Begins a cookie that holds the token of a wall screen: it lasts as long as the token, and changes nothing. Secrets of
sessions have no dot.
"""

_CHECKS_ITSELF: Final = "/ogc"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_SECRET: Final = 200


@dataclass(frozen=True)
class Visit:
    """A request let in: the services, who asks, from which address, by which session (empty: by token), and the language in
    which to answer (0 English, 1 Chinese).
    """

    services: Services
    known: Known
    origin: str
    session: str = ""
    language: int = 0

    @property
    def holder(self) -> Holder:
        """Who asks."""
        return self.known.holder

    def may(self, action: str, subject: Subject | None = None) -> bool:
        """Whether who asks may take an action, on a subject or at all; a token only what it was made for."""
        return self.known.is_in_scope(action) and may(self.holder, action, subject)

    def require(self, action: str, subject: Subject | None = None) -> None:
        """`NotAllowed` where who asks may not."""
        if self.may(action, subject):
            return
        if not self.known.is_in_scope(action):
            raise NotAllowed(
                f"this token is not for {action!r}; make one that is, or sign in",
                zh=f"这个令牌不能用于{ACTION_LABELS[action]}（{action}）；请另建一个包含该权限的令牌，或登录后操作",
            )
        where = " there" if may(self.holder, action) else ""
        role, role_zh = ROLES[self.holder.role]
        raise NotAllowed(
            f"the role {role.lower()!r} may not {action.replace('_', ' ')}{where}; ask someone who may",
            zh=f"“{role_zh}”{'在此' if where else ''}无权{ACTION_LABELS[action]}（{action}）；请找有权限的人办理",
        )

    def require_session(self) -> None:
        """`NotAllowed` where who asks came with a token and has not signed in."""
        if not self.session:
            raise NotAllowed(
                "this is for those who are signed in, not for a token; sign in with name and password",
                zh="此操作须登录后进行，不能使用令牌；请用账号和密码登录",
            )


class DoorCheck:
    """The check at a door: lets in who may take `action`; an empty action lets in everybody."""

    def __init__(self, action: str) -> None:
        if action and action not in ACTIONS:
            raise ValueError(f"there is no action {action!r}")
        self.action = action

    async def __call__(self, request: Request) -> Visit:
        """Who asks, let in; raises `Refused`, `NotAllowed`, `TooMany`."""
        services: Services = request.app.state.services
        origin = request.client.host if request.client else "unknown"
        if not self.action:
            _slow_down(services.pace, f"stranger/{origin}")
            return Visit(services, Known(Holder("", "")), origin, language=language_of(request.scope))
        secret, is_token = secret_of(request, services)
        if secret and not services.callers.is_acquainted(secret, is_token=is_token):
            # Where too much was guessed already nothing more is looked up, for whoever was not let in before: an office
            # behind one address goes on while somebody there guesses.
            wait_s = services.misses.wait_s(origin)
            if wait_s:
                raise TooMany(
                    f"too many requests in a minute; try again in {wait_s} s",
                    wait_s,
                    zh=f"一分钟内请求过多；请过 {wait_s} 秒再试",
                )
        try:
            visit = await visit_of(request, services, origin)
        except Refused:
            _slow_down(services.misses, origin)
            raise
        if visit is None:
            if secret:
                _slow_down(services.misses, origin)
            _slow_down(services.pace, f"stranger/{origin}")
            raise Refused(
                "sign in, or send a token: Authorization: Bearer gg_…, or as the password of basic authentication",
                zh="请先登录，或发送令牌：Authorization: Bearer gg_…，也可作为 Basic 认证的密码",
            )
        request.state.account = visit.holder.name
        _slow_down(services.pace, f"account/{visit.holder.name}")
        visit.require(self.action)
        _check_parameters(request)
        return visit


def door(action: str) -> Any:
    """The door of a route: `visit: Annotated[Visit, door("read_incidents")]`."""
    return Depends(DoorCheck(action))


def open_door() -> Any:
    """The door of a route that everybody may use; who it is, is not looked at: `visit.holder` is nobody."""
    return Depends(DoorCheck(""))


async def visit_of(request: Request, services: Services, origin: str) -> Visit | None:
    """Who asks, by token or else by cookie; None for a stranger. Raises `Refused` for what is wrong, not merely missing."""
    secret, is_token = secret_of(request, services)
    if is_token:
        is_wall = "authorization" not in request.headers
        known = await services.callers.find(secret, is_token=True) if secret else None
        if is_wall and (known is None or known.holder.role != "wall"):
            # Its link has ended or was revoked: whoever stands before the screen is a stranger.
            return None
        if known is None:
            raise Refused(
                "the token is unknown, revoked or has ended; with basic authentication the password is the token",
                zh="令牌不存在、已吊销或已过期；使用 Basic 认证时，密码就是令牌",
            )
        if is_wall and request.method not in _SAFE_METHODS:
            # Browsers send cookies with requests that other pages have thought of, and nothing is repeated here.
            raise NotAllowed(
                "a wall screen shows and changes nothing; sign in with name and password",
                zh="大屏只供显示，不能修改内容；请用账号和密码登录",
            )
        return Visit(services, known, origin, language=language_of(request.scope))
    if not secret:
        return None
    known = await services.callers.find(secret, is_token=False)
    if known is None:
        return None
    if request.method not in _SAFE_METHODS:
        sent = request.headers.get(CSRF_HEADER, "")
        if not secrets.compare_digest(sent.encode("utf-8", "replace"), known.csrf.encode()):
            raise NotAllowed(
                f"a request that changes something needs the header {CSRF_HEADER} with what the sign-in gave (csrf)",
                zh=f"修改内容的请求须带请求头 {CSRF_HEADER}，值为登录时返回的 csrf",
            )
    return Visit(services, known, origin, secret, language_of(request.scope))


def secret_of(request: Request, services: Services) -> tuple[str, bool]:
    """What a request says who it is by, empty for nothing usable, and whether it is a token and no session."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return token_of(authorization), True
    secret = request.cookies.get(SECURE_COOKIE if services.settings.is_secure else COOKIE, "")
    if len(secret) > _MOST_SECRET:
        return "", False
    return secret.removeprefix(WALL), secret.startswith(WALL)


def token_of(authorization: str) -> str:
    """The token in an Authorization header, Bearer or the password of Basic; empty where there is none."""
    scheme, _, rest = authorization.strip().partition(" ")
    rest = rest.strip()
    if len(rest) > 4 * _MOST_SECRET:
        return ""
    if scheme.lower() == "bearer":
        return rest
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(rest, validate=True).decode()
        except ValueError:
            # Not base64, not ASCII, or not UTF-8 within.
            return ""
        return text.partition(":")[2]
    return ""


def _check_parameters(request: Request) -> None:
    """`BadOption` for a parameter that the route does not have: a filter that is misspelt must not show everything."""
    route = request.scope.get("route")
    if not request.url.query or not isinstance(route, APIRoute) or request.url.path.startswith(_CHECKS_ITSELF):
        return
    if getattr(route, "keeps_state_in_address", False):
        return
    # Each application has one route for an address and a method.
    remembered: dict[tuple[str, str], frozenset[str]] = request.app.state.parameters
    key = (route.path, request.method)
    known = remembered.get(key)
    if known is None:
        known = remembered[key] = frozenset(_names_of(route.dependant))
    for name in request.query_params:
        if name not in known:
            raise BadOption(
                f"there is no parameter {name[:40]!r} here; known are {', '.join(sorted(known)) or 'none'}",
                zh=f"这里没有参数 {name[:40]!r}；可用的参数：{'、'.join(sorted(known)) or '无'}",
            )


def _names_of(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for other in dependant.dependencies:
        yield from _names_of(other)


def _slow_down(pace: Pace, caller: str) -> None:
    wait_s = pace.take(caller)
    if wait_s:
        raise TooMany(
            f"too many requests in a minute; try again in {wait_s} s",
            wait_s,
            zh=f"一分钟内请求过多；请过 {wait_s} 秒再试",
        )
