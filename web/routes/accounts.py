"""Accounts and tokens: administrators keep those of their unit, everybody their own tokens."""

import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Path

from gisgrid.access import Subject
from gisgrid.errors import BadOption, NotThere
from gisgrid.passwords import check_password
from gisgrid.store.accounts import Account
from web.account_shapes import (
    AccountChange,
    AccountIn,
    AccountShape,
    NewTokenShape,
    TokenIn,
    TokenShape,
    WallLinkIn,
    account_shape,
    check_scopes,
    end_asked,
    token_shape,
)
from web.asked import Code, Words
from web.doors import Visit, door

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])
own_router = APIRouter(prefix="/api/v1/sessions/current/tokens", tags=["accounts"])

Keeper = Annotated[Visit, door("keep_accounts")]
Own = Annotated[Visit, door("own_account")]
Name = Annotated[Code, Path(max_length=80, description="name of the account", examples=["wang.fang"])]
LabelAsked = Annotated[Words, Path(max_length=80, description="label of the token", examples=["qgis"])]

_WALL_SCOPES: Final = ("read_grids", "read_incidents", "read_figures")
_HOUR_MS: Final = 3_600_000


@router.get("")
def list_accounts(visit: Keeper) -> list[AccountShape]:
    """The accounts by name: those of the unit of whoever asks."""
    now_ms = visit.services.store.now_ms()
    return [
        account_shape(account, now_ms)
        for account in visit.services.accounts.all()
        if visit.may("keep_accounts", Subject(account.unit))
    ]


@router.post("", status_code=201)
def add_account(asked: AccountIn, visit: Keeper) -> AccountShape:
    """Add an account in the unit of whoever asks, or below it."""
    visit.require("keep_accounts", Subject(asked.unit))
    visit.services.accounts.add(
        asked.name, asked.password, asked.role, asked.unit, asked.person, author=visit.holder.name, origin=visit.origin
    )
    visit.services.callers.forget()
    return account_shape(_mine(visit, asked.name.strip()), visit.services.store.now_ms())


@router.patch("/{name}")
def change_account(name: Name, asked: AccountChange, visit: Keeper) -> AccountShape:
    """Keep an account out or let it in, give it another password, role, unit or person: its sessions end. 409 for the last
    administrator.
    """
    account = _mine(visit, name)
    accounts, author = visit.services.accounts, visit.holder.name
    if asked.password is not None:
        # Before anything is changed.
        check_password(asked.password, name)
    if asked.role is not None or asked.unit is not None or asked.person is not None:
        unit = account.unit if asked.unit is None else asked.unit
        visit.require("keep_accounts", Subject(unit))
        person = account.person if asked.person is None else asked.person
        accounts.move(name, asked.role or account.role, unit, person, author=author, origin=visit.origin)
    if asked.is_active is not None:
        accounts.set_active(name, is_active=asked.is_active, author=author, origin=visit.origin)
    if asked.password is not None:
        accounts.change_password(name, asked.password, author=author, origin=visit.origin)
    visit.services.callers.forget()
    return account_shape(_mine(visit, name), visit.services.store.now_ms())


@router.get("/{name}/tokens")
def list_tokens(name: Name, visit: Keeper) -> list[TokenShape]:
    """The tokens of an account, without their secret."""
    return [token_shape(token) for token in visit.services.accounts.tokens(_mine(visit, name).name)]


@router.post("/{name}/tokens", status_code=201)
def make_token(name: Name, asked: TokenIn, visit: Keeper) -> NewTokenShape:
    """Make a token for a program that acts as an account; for actions that its role has. It is shown this once."""
    return _new_token(visit, _mine(visit, name), asked)


@router.delete("/{name}/tokens/{label}", status_code=204)
def revoke_token(name: Name, label: LabelAsked, visit: Keeper) -> None:
    """Make a token useless, within seconds in every process."""
    _revoke(visit, _mine(visit, name).name, label)


@router.post("/{name}/wall-link", status_code=201)
def make_wall_link(name: Name, asked: WallLinkIn, visit: Keeper) -> NewTokenShape:
    """Make a token with which a wall screen shows grids, incidents and figures for some hours; it can be revoked."""
    account = _mine(visit, name)
    if account.role != "wall":
        raise BadOption(
            f"{name} has the role {account.role}; expected an account with the role wall: add one",
            zh=f"账号 {name} 的角色是 {account.role}；应为大屏角色（wall）：请先添加",
        )
    ends_ms = visit.services.store.now_ms() + asked.hours * _HOUR_MS
    return _made(visit, account, f"wall-{secrets.token_hex(4)}", list(_WALL_SCOPES), ends_ms)


@own_router.get("")
def list_own_tokens(visit: Own) -> list[TokenShape]:
    """One's own tokens, without their secret; for those who are signed in."""
    visit.require_session()
    return [token_shape(token) for token in visit.services.accounts.tokens(visit.holder.name)]


@own_router.post("", status_code=201)
def make_own_token(asked: TokenIn, visit: Own) -> NewTokenShape:
    """Make a token for a program of one's own, for actions that one has; for those who are signed in. Shown this once."""
    visit.require_session()
    return _new_token(visit, _own(visit), asked)


@own_router.delete("/{label}", status_code=204)
def revoke_own_token(label: LabelAsked, visit: Own) -> None:
    """Make one of one's own tokens useless; for those who are signed in."""
    visit.require_session()
    _revoke(visit, visit.holder.name, label)


def _mine(visit: Visit, name: str) -> Account:
    """An account of the unit of whoever asks; `NotThere` for others."""
    account = visit.services.accounts.get(name)
    if account is None or not visit.may("keep_accounts", Subject(account.unit)):
        raise NotThere(
            f"there is no account {name!r}; GET /api/v1/accounts lists them",
            zh=f"没有账号 {name!r}；账号清单见 GET /api/v1/accounts",
        )
    return account


def _own(visit: Visit) -> Account:
    account = visit.services.accounts.get(visit.holder.name)
    if account is None:
        raise NotThere(f"there is no account {visit.holder.name!r} any more", zh=f"账号 {visit.holder.name!r} 已不存在")
    return account


def _new_token(visit: Visit, account: Account, asked: TokenIn) -> NewTokenShape:
    scopes = check_scopes(asked.scopes, account.role)
    return _made(visit, account, asked.label, scopes, end_asked(asked.ends_at, visit.services.store.now_ms()))


def _made(visit: Visit, account: Account, label: str, scopes: list[str], ends_ms: int | None) -> NewTokenShape:
    accounts = visit.services.accounts
    secret = accounts.make_token(
        account.name, label, scopes, author=visit.holder.name, ends_ms=ends_ms, origin=visit.origin
    )
    visit.services.callers.forget()
    made = next(token for token in accounts.tokens(account.name) if token.label == label)
    return NewTokenShape(**token_shape(made).model_dump(), token=secret)


def _revoke(visit: Visit, name: str, label: str) -> None:
    accounts = visit.services.accounts
    if label not in {token.label for token in accounts.tokens(name)}:
        raise NotThere(f"{name} has no token {label!r}", zh=f"{name} 没有名为 {label!r} 的令牌")
    accounts.revoke_token(name, label, author=visit.holder.name, origin=visit.origin)
    visit.services.callers.forget()
