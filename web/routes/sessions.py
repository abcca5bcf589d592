"""Signing in and out: a session in a cookie that scripts cannot read, and the secret that requests must repeat."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gisgrid.access import ACTIONS
from gisgrid.errors import NotAllowed, Refused, TooMany
from gisgrid.store.accounts import LONGEST_MS
from web.doors import COOKIE, SECURE_COOKIE, Visit, door, open_door

router = APIRouter(prefix="/api/v1/sessions", tags=["accounts"])

Name = Annotated[str, Field(max_length=80, examples=["wang.fang"])]
Password = Annotated[str, Field(max_length=200, examples=["Grid-by-grid 7"])]


class SignIn(BaseModel):
    """A name and a password."""

    name: Name
    password: Password


class NewPassword(BaseModel):
    """The password until now, and the one from now on."""

    password: Password
    new_password: Password


class Session(BaseModel):
    """Who is signed in, what they may do, and the secret (`csrf`) for the header `x-csrf-token`; empty for a token."""

    name: str = Field(examples=["wang.fang"])
    role: str = Field(examples=["commander"])
    unit: str = Field(description="code of the unit; empty: the whole district", examples=["331002001"])
    person: str = Field(description="code of the person, of grid workers", examples=["P0001"])
    actions: list[str] = Field(description="what they may do, within their unit", examples=[["read_incidents"]])
    csrf: str


@router.post("", status_code=201)
def sign_in(asked: SignIn, request: Request, response: Response, visit: Annotated[Visit, open_door()]) -> Session:
    """Sign in. The cookie is set; 401 in one and the same sentence, whatever is wrong."""
    _slow_down(visit)
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "same-site", "none"}:
        raise NotAllowed(
            "a sign-in comes from our own page or from a program, not from another site",
            zh="登录只能来自本系统页面或程序，不能来自其他网站",
        )
    agent = request.headers.get("user-agent", "")
    try:
        found = visit.services.accounts.sign_in(asked.name, asked.password, origin=visit.origin, agent=agent)
    except Refused:
        # Only failures count: a whole district may sign in at eight from behind one address.
        visit.services.sign_in_pace.take(visit.origin)
        raise
    secure = visit.services.settings.is_secure
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE, found.secret, max_age=LONGEST_MS // 1000, path="/", httponly=True,
        samesite="lax", secure=secure,
    )  # fmt: skip
    holder = found.holder
    actions = [action for action, roles in ACTIONS.items() if holder.role in roles]
    return Session(
        name=holder.name, role=holder.role, unit=holder.unit, person=holder.person, actions=actions, csrf=found.csrf
    )


@router.get("/current")
def who_am_i(visit: Annotated[Visit, door("own_account")]) -> Session:
    """Who is signed in, or whose token this is."""
    holder = visit.holder
    actions = [action for action in ACTIONS if visit.may(action)]
    return Session(
        name=holder.name, role=holder.role, unit=holder.unit, person=holder.person, actions=actions,
        csrf=visit.known.csrf,
    )  # fmt: skip


@router.delete("/current", status_code=204)
def sign_out(response: Response, visit: Annotated[Visit, door("own_account")]) -> None:
    """Sign out: the session ends, and the cookie goes."""
    visit.require_session()
    visit.services.accounts.sign_out(visit.session)
    visit.services.callers.forget()
    secure = visit.services.settings.is_secure
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", httponly=True, samesite="lax", secure=secure)


@router.post("/current/password", status_code=204)
def change_own_password(asked: NewPassword, visit: Annotated[Visit, door("own_account")]) -> None:
    """Change one's own password; all sessions of the account end."""
    visit.require_session()
    _slow_down(visit)
    accounts, name = visit.services.accounts, visit.holder.name
    if not accounts.is_password(name, asked.password, origin=visit.origin):
        visit.services.sign_in_pace.take(visit.origin)
        raise Refused("the password until now is not right; nothing was changed", zh="原密码不正确；没有作任何修改")
    accounts.change_password(name, asked.new_password, author=name, origin=visit.origin)
    visit.services.callers.forget()


def _slow_down(visit: Visit) -> None:
    wait_s = visit.services.sign_in_pace.wait_s(visit.origin)
    if wait_s:
        raise TooMany(
            f"too many failed sign-ins from {visit.origin} in a minute; try again in {wait_s} s",
            wait_s,
            zh=f"来自 {visit.origin} 的登录失败次数过多；请过 {wait_s} 秒再试",
        )
