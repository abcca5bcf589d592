"""What accounts and their tokens look like to a program; no secret but a new token, this once."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gisgrid.access import ACTIONS
from gisgrid.errors import BadOption
from gisgrid.store.accounts import Account, Token
from gisgrid.told import Told
from web.asked import Code, Instant
from web.instants import instant, ms_of

Role = Literal["administrator", "planner", "assessor", "commander", "worker", "department", "auditor", "wall"]


def _addressable(text: str) -> str:
    if any(letter in "/?#%\\\0" or not letter.isprintable() for letter in text):
        raise ValueError(
            Told(
                "must not hold / ? # % \\ or what cannot be printed: it stands in addresses",
                "不能含有 / ? # % \\ 或无法显示的字符，因为它会出现在地址里",
            )
        )
    return text


AccountName = Annotated[str, Field(min_length=1, max_length=80, examples=["wang.fang"]), AfterValidator(_addressable)]
Label = Annotated[str, Field(min_length=1, max_length=60, examples=["qgis"]), AfterValidator(_addressable)]
Password = Annotated[str, Field(max_length=200, examples=["Grid-by-grid 7"])]


class AccountIn(BaseModel):
    """A new account: a role within a unit (empty: the whole district; a department as `department:fire`), and of a grid
    worker the code of the person.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "wang.fang", "password": "Grid-by-grid 7", "role": "commander", "unit": "331002001000"}
            ]
        },
    )

    name: AccountName
    password: Password
    role: Role
    unit: Code = ""
    person: Code = ""


class AccountChange(BaseModel):
    """What is to change: what is not given stays. With another role, unit or person its sessions end and its tokens go."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_active": False}]})

    is_active: bool | None = None
    password: Password | None = None
    role: Role | None = None
    unit: Code | None = None
    person: Code | None = None


class AccountShape(BaseModel):
    """An account; `locked_until` is null where it is not locked after failures to sign in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["wang.fang"])
    role: Role
    unit: str = Field(examples=["331002001000"])
    person: str
    is_active: bool
    failures: int = Field(description="failures to sign in since the last success")
    locked_until: dt.datetime | None


class TokenIn(BaseModel):
    """A new token: what it is for in a word, the actions for which it is good, and when it ends (null: never)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"label": "qgis", "scopes": ["read_grids", "read_incidents"]}]},
    )

    label: Label
    scopes: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=40)
    ends_at: Instant | None = None


class TokenShape(BaseModel):
    """A token as it may be shown; `used_at` is exact to the hour."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(examples=["qgis"])
    scopes: list[str] = Field(examples=[["read_grids"]])
    made_at: dt.datetime
    ends_at: dt.datetime | None
    used_at: dt.datetime | None


class NewTokenShape(TokenShape):
    """A token just made: `token` is told this once."""

    token: str = Field(examples=["gg_…"])


class WallLinkIn(BaseModel):
    """For how many hours a wall screen may show the district."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"hours": 720}]})

    hours: int = Field(ge=1, le=8_784, examples=[720])


def account_shape(account: Account, now_ms: int) -> AccountShape:
    """An account as it is shown."""
    locked = account.locked_until_ms > now_ms
    return AccountShape.model_validate(
        {
            "name": account.name, "role": account.role, "unit": account.unit, "person": account.person,
            "is_active": account.is_active, "failures": account.failures,
            "locked_until": instant(account.locked_until_ms) if locked else None,
        }
    )  # fmt: skip


def token_shape(token: Token) -> TokenShape:
    """A token as it is shown."""
    return TokenShape(
        label=token.label, scopes=list(token.scopes), made_at=instant(token.made_ms), ends_at=instant(token.ends_ms),
        used_at=instant(token.used_ms),
    )  # fmt: skip


def check_scopes(scopes: list[str], role: str) -> list[str]:
    """The scopes, if the role has all of them: a token that can never do what it says misleads. `BadOption` otherwise."""
    own = [action for action, roles in ACTIONS.items() if role in roles]
    if unknown := [scope for scope in scopes if scope not in own]:
        raise BadOption(
            f"the role {role} has no action {unknown[0]!r}; expected some of {', '.join(own)}",
            zh=f"角色 {role} 没有权限项 {unknown[0]!r}；应为以下若干项：{'、'.join(own)}",
        )
    return scopes


def end_asked(ends_at: dt.datetime | None, now_ms: int) -> int | None:
    """The end of a token in ms since 1970 UTC; `BadOption` for one that has passed."""
    ends_ms = ms_of(ends_at)
    if ends_ms is not None and ends_ms <= now_ms:
        raise BadOption(
            f"ends_at {ends_at} has passed; expected an instant to come, or nothing",
            zh=f"ends_at 为 {ends_at}，已经过去；应为将来的时间，或留空",
        )
    return ends_ms
