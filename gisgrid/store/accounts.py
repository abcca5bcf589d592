"""Accounts, sessions and tokens: who signs in, how long for, and how guessing is slowed down."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.access import ACTIONS, Holder, check_role, covers
from gisgrid.errors import BadOption, Conflict, Refused
from gisgrid.offices import DEPARTMENT
from gisgrid.passwords import check_password, hash_password, is_password
from gisgrid.store.access_tables import ACCOUNT, SESSION, TOKEN
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import EDITION
from gisgrid.store.units import find_unit
from gisgrid.tables import check_text

IDLE_MS: Final = 12 * 3_600_000
"""A session ends when nothing was asked for so long."""
LONGEST_MS: Final = 7 * 86_400_000
"""A session ends after so long in any case."""

_FREE_FAILURES: Final = 4
_FIRST_LOCK_MS: Final = 60_000
_LONGEST_LOCK_MS: Final = 3_600_000
_SEEN_EVERY_MS: Final = 600_000
_USED_EVERY_MS: Final = 3_600_000
_REFUSED: Final = "name or password is wrong, or the account is locked for a while after failures"
_REFUSED_ZH: Final = "账号或密码不正确，或账号因多次失败被暂时锁定"


@dataclass(frozen=True)
class Account:
    """An account as administrators see it; `locked_until_ms` is 0 where it is not locked."""

    name: str
    role: str
    unit: str
    person: str
    is_active: bool
    failures: int
    locked_until_ms: int


@dataclass(frozen=True)
class Token:
    """A token as it may be shown: its label, for which actions, when it was made, ends and was last used (ms since 1970
    UTC, to the hour; None: for ever, never). The token itself is not known.
    """

    label: str
    scopes: tuple[str, ...]
    made_ms: int
    ends_ms: int | None
    used_ms: int | None


@dataclass(frozen=True)
class SignedIn:
    """A session just opened: the secret for the cookie, and the one that writes must repeat (CSRF)."""

    secret: str
    csrf: str
    holder: Holder


@dataclass(frozen=True)
class Known:
    """Who asks: by session (then `csrf` is what writes must repeat) or by token (then only for `scopes`)."""

    holder: Holder
    csrf: str = ""
    scopes: frozenset[str] | None = None
    is_to_note: bool = False
    """Whether it should be kept that the session is in use."""

    def is_in_scope(self, action: str) -> bool:
        """Whether a token was made for an action; a session is for all."""
        return self.scopes is None or action == "own_account" or action in self.scopes


class Accounts:
    """The accounts in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        name: str,
        password: str,
        role: str,
        unit: str = "",
        person: str = "",
        *,
        author: str,
        origin: str = "local",
    ) -> None:
        """Add an account. Raises `BadOption` for a name that is taken or empty, a weak password, a role without its unit."""
        name = name.strip()
        if not 0 < len(name) <= 80 or any(letter.isspace() for letter in name):
            raise BadOption(
                f"account name {name!r}; expected 1 to 80 characters without blanks",
                zh=f"账号名为 {name!r}；应为 1 至 80 个字符，不含空格",
            )
        check_role(role, unit)
        self._check_unit(unit)
        check_password(password, name)
        kept = hash_password(password)
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            if _row(change.connection, name) is not None:
                raise BadOption(
                    f"there is an account {name!r} already; choose another name", zh=f"已有账号 {name!r}；请换一个名称"
                )
            change.connection.execute(
                ACCOUNT.insert().values(
                    name=name, role=role, unit=unit, person=person, password=kept, is_active=True, made_ms=change.at_ms,
                    failures=0, locked_until_ms=0,
                )
            )  # fmt: skip
            change.note("add_account", f"account/{name}", f"{role} {unit}".strip())

    def change_password(self, name: str, password: str, *, author: str, origin: str = "local") -> None:
        """Give an account another password, unlock it, and end its sessions."""
        check_password(password, name)
        kept = hash_password(password)
        with self._store.changing(author, origin=origin) as change:
            self._need(change, name)
            values = {"password": kept, "failures": 0, "locked_until_ms": 0}
            change.connection.execute(ACCOUNT.update().where(ACCOUNT.c.name == name).values(**values))
            change.connection.execute(SESSION.delete().where(SESSION.c.account == name))
            change.note("change_password", f"account/{name}")

    def set_active(self, name: str, *, is_active: bool, author: str, origin: str = "local") -> None:
        """Let an account in or keep it out; kept out, its sessions end and its tokens are of no use.

        Raises `Conflict` where nobody would be left who can let it in again: an active administrator of its unit.
        """
        with self._store.changing(author, origin=origin) as change:
            # Two administrators who keep each other out at the same instant take turns.
            change.take_turn()
            self._need(change, name)
            if not is_active:
                _need_another_administrator(change, name)
            change.connection.execute(ACCOUNT.update().where(ACCOUNT.c.name == name).values(is_active=is_active))
            if not is_active:
                change.connection.execute(SESSION.delete().where(SESSION.c.account == name))
            change.note("let_in" if is_active else "keep_out", f"account/{name}")

    def move(self, name: str, role: str, unit: str, person: str, *, author: str, origin: str = "local") -> None:
        """Give an account another role, unit or person; where that changes anything its sessions end and its tokens go.

        Raises `BadOption` for a role without its unit, `Conflict` where nobody would be left who can keep the accounts of the
        unit that it had.
        """
        check_role(role, unit)
        self._check_unit(unit)
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            self._need(change, name)
            row = _row(change.connection, name)
            if (row.role, row.unit, row.person) == (role, unit, person):
                return
            if role != "administrator" or not covers(unit, row.unit):
                _need_another_administrator(change, name)
            values = {"role": role, "unit": unit, "person": person}
            change.connection.execute(ACCOUNT.update().where(ACCOUNT.c.name == name).values(**values))
            # A token was made for what the account could do before.
            for table in (SESSION, TOKEN):
                change.connection.execute(table.delete().where(table.c.account == name))
            change.note("change_account", f"account/{name}", f"{role} {unit}".strip())

    def all(self) -> tuple[Account, ...]:
        """All accounts, by name."""
        with self._store.reading() as connection:
            return tuple(_account(row) for row in connection.execute(sa.select(ACCOUNT).order_by(ACCOUNT.c.name)))

    def get(self, name: str) -> Account | None:
        """The account of a name, if there is one."""
        with self._store.reading() as connection:
            row = _row(connection, name)
        return None if row is None else _account(row)

    def tokens(self, name: str) -> tuple[Token, ...]:
        """The tokens of an account by label, those that have ended too."""
        query = sa.select(TOKEN).where(TOKEN.c.account == name).order_by(TOKEN.c.label)
        with self._store.reading() as connection:
            return tuple(
                Token(row.label, tuple(row.scopes.split()), row.made_ms, row.ends_ms, row.used_ms)
                for row in connection.execute(query)
            )

    def sign_in(self, name: str, password: str, *, origin: str, agent: str = "") -> SignedIn:
        """Open a session. Raises `Refused` in one and the same sentence, whatever is wrong.

        From the fifth failure on the account is locked for a minute, then two, four, up to an hour.
        """
        now_ms = self._store.now_ms()
        check_text("name", name)
        with self._store.reading() as connection:
            seen = _row(connection, name)
        # The slow part, before anything is held; it takes as long where there is no such name.
        is_right = is_password(password, seen.password if seen is not None else None)
        with self._store.changing(name.strip()[:80] or "nobody", origin=origin) as change:
            # Looked at again: others may have guessed at the same moment, or changed the password.
            row = _row(change.connection, name, for_update=True)
            is_right = is_right and row is not None and seen is not None and row.password == seen.password
            is_locked = row is not None and row.locked_until_ms > now_ms
            if row is None or not is_right or is_locked or not row.is_active:
                # A try at a locked door does not lock it longer: else anyone could keep anyone out.
                if row is not None and not is_locked:
                    _fail(change, name)
                change.note("sign_in", f"account/{name.strip()[:80]}", "refused")
                refused = True
            else:
                refused = False
                values = {"failures": 0, "locked_until_ms": 0}
                change.connection.execute(ACCOUNT.update().where(ACCOUNT.c.name == name).values(**values))
                secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
                change.connection.execute(
                    SESSION.insert().values(
                        digest=_digest(secret), account=name, csrf=csrf, origin=origin, agent=agent[:200],
                        made_ms=now_ms, seen_ms=now_ms, ends_ms=now_ms + LONGEST_MS,
                    )
                )  # fmt: skip
                change.connection.execute(SESSION.delete().where(SESSION.c.ends_ms <= now_ms))
                change.note("sign_in", f"account/{name}")
        if refused or row is None:
            raise Refused(_REFUSED, zh=_REFUSED_ZH)
        return SignedIn(secret, csrf, _holder(row))

    def is_password(self, name: str, password: str, *, origin: str = "local") -> bool:
        """Whether this is the password of an account; a wrong one counts as at the sign-in, and none is right while locked."""
        with self._store.reading() as connection:
            row = _row(connection, name)
        is_right = is_password(password, row.password if row is not None else None)
        if row is None or row.locked_until_ms > self._store.now_ms():
            return False
        if not is_right:
            with self._store.changing(name, origin=origin) as change:
                _fail(change, name)
                change.note("password", f"account/{name}", "refused")
        return is_right

    def known_by_session(self, secret: str, *, noting: bool = True) -> Known | None:
        """Who a cookie belongs to; None where its session has ended. That it was seen is noted, or told by `is_to_note`."""
        now_ms = self._store.now_ms()
        query = sa.select(SESSION, ACCOUNT).join(ACCOUNT, ACCOUNT.c.name == SESSION.c.account)
        with self._store.reading() as connection:
            row = connection.execute(query.where(SESSION.c.digest == _digest(secret))).one_or_none()
        if row is None or not row.is_active or now_ms >= row.ends_ms or now_ms >= row.seen_ms + IDLE_MS:
            return None
        is_to_note = now_ms >= row.seen_ms + _SEEN_EVERY_MS
        if is_to_note and noting:
            self.note_seen(secret)
        return Known(_holder(row), row.csrf, is_to_note=is_to_note)

    def note_seen(self, secret: str) -> None:
        """Keep that a session is in use."""
        with self._store.changing("session") as change:
            seen = SESSION.update().where(SESSION.c.digest == _digest(secret)).values(seen_ms=change.at_ms)
            change.connection.execute(seen)

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self._store.reading() as connection:
            account = connection.execute(
                sa.select(SESSION.c.account).where(SESSION.c.digest == _digest(secret))
            ).scalar_one_or_none()
        if account is None:
            return
        with self._store.changing(account) as change:
            change.connection.execute(SESSION.delete().where(SESSION.c.digest == _digest(secret)))
            change.note("sign_out", f"account/{account}")

    def make_token(
        self,
        name: str,
        label: str,
        scopes: Iterable[str],
        *,
        author: str,
        ends_ms: int | None = None,
        origin: str = "local",
    ) -> str:
        """Make a token for a script or program and return it, this once; for some actions, until an instant (None: for ever).

        Raises `BadOption` for an unknown action, a label that is taken, an unknown account.
        """
        wanted = sorted(set(scopes))
        for scope in wanted:
            if scope not in ACTIONS:
                raise BadOption(
                    f"there is no action {scope!r}; expected some of {', '.join(ACTIONS)}",
                    zh=f"没有权限项 {scope!r}；应为以下若干项：{'、'.join(ACTIONS)}",
                )
        if not wanted or not label.strip():
            raise BadOption(
                "a token needs a label and at least one action that it is for", zh="令牌须有备注名，并至少包含一项权限"
            )
        secret = "gg_" + secrets.token_urlsafe(32)
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            self._need(change, name)
            taken = (TOKEN.c.account == name, TOKEN.c.label == label)
            if change.connection.execute(sa.select(TOKEN.c.digest).where(*taken)).first() is not None:
                raise BadOption(
                    f"{name} has a token {label!r} already; revoke it or choose another label",
                    zh=f"{name} 已有名为 {label!r} 的令牌；请先吊销，或换一个备注名",
                )
            change.connection.execute(
                TOKEN.insert().values(
                    digest=_digest(secret), account=name, label=label, scopes=" ".join(wanted), made_ms=change.at_ms,
                    ends_ms=ends_ms, used_ms=None,
                )
            )  # fmt: skip
            change.note("make_token", f"account/{name}", f"{label}: {' '.join(wanted)}")
        return secret

    def known_by_token(self, secret: str) -> Known | None:
        """Who a token belongs to; None for one that was revoked, has ended, or whose account is kept out."""
        query = sa.select(TOKEN, ACCOUNT).join(ACCOUNT, ACCOUNT.c.name == TOKEN.c.account)
        with self._store.reading() as connection:
            row = connection.execute(query.where(TOKEN.c.digest == _digest(secret))).one_or_none()
        now_ms = self._store.now_ms()
        if row is None or not row.is_active or (row.ends_ms is not None and now_ms >= row.ends_ms):
            return None
        if row.used_ms is None or now_ms >= row.used_ms + _USED_EVERY_MS:
            with self._store.changing(row.name) as change:
                used = TOKEN.update().where(TOKEN.c.digest == row.digest).values(used_ms=now_ms)
                change.connection.execute(used)
        return Known(_holder(row), scopes=frozenset(row.scopes.split()))

    def revoke_token(self, name: str, label: str, *, author: str, origin: str = "local") -> None:
        """Make a token useless at once; `BadOption` where there is none of that label."""
        with self._store.changing(author, origin=origin) as change:
            gone = change.connection.execute(
                TOKEN.delete().where(TOKEN.c.account == name, TOKEN.c.label == label)
            ).rowcount
            if not gone:
                raise BadOption(f"{name} has no token {label!r}", zh=f"{name} 没有名为 {label!r} 的令牌")
            change.note("revoke_token", f"account/{name}", label)

    def _check_unit(self, unit: str) -> None:
        """`UnknownGrid` or `BadOption` for a unit or department that there is not, once there is anything at all."""
        if unit.startswith(DEPARTMENT):
            with self._store.reading() as connection:
                known = rulebook_of(connection).departments
            if unit.removeprefix(DEPARTMENT) not in known:
                raise BadOption(
                    f"there is no department {unit!r}; expected one of {', '.join(sorted(known))}",
                    zh=f"没有部门 {unit!r}；应为以下之一：{'、'.join(sorted(known))}",
                )
        elif unit:
            with self._store.reading() as connection:
                if connection.execute(sa.select(EDITION.c.id).limit(1)).first() is not None:
                    find_unit(connection, unit, areas=False)

    @staticmethod
    def _need(change: Change, name: str) -> None:
        if _row(change.connection, name) is None:
            raise BadOption(f"there is no account {name!r}", zh=f"没有账号 {name!r}")


def _row(connection: sa.Connection, name: str, *, for_update: bool = False) -> Any:
    query = sa.select(ACCOUNT).where(ACCOUNT.c.name == name)
    return connection.execute(query.with_for_update() if for_update else query).one_or_none()


def _account(row: Any) -> Account:
    return Account(row.name, row.role, row.unit, row.person, bool(row.is_active), row.failures, row.locked_until_ms)


def _need_another_administrator(change: Change, name: str) -> None:
    """`Conflict` where an account is an active administrator, and no other one covers its unit."""
    rows = change.connection.execute(
        sa.select(ACCOUNT.c.name, ACCOUNT.c.unit).where(ACCOUNT.c.role == "administrator", ACCOUNT.c.is_active)
    ).all()
    units = {row.name: row.unit for row in rows}
    unit = units.pop(name, None)
    if unit is not None and not any(covers(other, unit) for other in units.values()):
        raise Conflict(
            f"{name} is the last active administrator{' of ' + unit if unit else ''}: nobody could let anyone in again; "
            "make another administrator first",
            zh=f"{name} 是{unit or '全区'}最后一个启用的管理员，停用后将无人能再开通账号；请先设立另一个管理员",
        )


def _fail(change: Change, name: str) -> None:
    """Count a failure; from the fifth on lock the account, each time for twice as long."""
    failures = change.connection.execute(
        ACCOUNT.update()
        .where(ACCOUNT.c.name == name)
        .values(failures=ACCOUNT.c.failures + 1)
        .returning(ACCOUNT.c.failures)
    ).scalar_one()
    if failures > _FREE_FAILURES:
        wait_ms = min(_FIRST_LOCK_MS << min(failures - _FREE_FAILURES - 1, 10), _LONGEST_LOCK_MS)
        locked = ACCOUNT.update().where(ACCOUNT.c.name == name).values(locked_until_ms=change.at_ms + wait_ms)
        change.connection.execute(locked)


def _holder(row: Any) -> Holder:
    return Holder(row.name, row.role, row.unit, row.person)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
