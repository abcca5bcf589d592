"""Who may enter the demonstration with one press: accounts of the sample district whose passwords nobody ever knows."""

import secrets
from dataclasses import dataclass
from typing import Final

from gisgrid.errors import BadOption, NotThere
from gisgrid.store import Store
from gisgrid.store.accounts import Accounts, SignedIn
from gisgrid.store.editions import Editions

AUTHOR: Final = "gisgrid demo"
_PREFIX: Final = "demo."
_PASSWORD_BYTES: Final = 24


@dataclass(frozen=True)
class Guest:
    """Someone to be for a while: their role, and the page where they begin."""

    role: str
    begins: str

    @property
    def account(self) -> str:
        """The name of their account."""
        return _PREFIX + self.role


GUESTS: Final[tuple[Guest, ...]] = (
    Guest("commander", "/command"),
    Guest("administrator", "/admin"),
    Guest("assessor", "/figures"),
    Guest("wall", "/wall"),
)


class Guests:
    """The accounts of the guests while the demonstration is served; `shut_out` is their end.

    Raises `BadOption` on a store that holds no sample district: there must never be an account that asks for no password.
    """

    def __init__(self, store: Store) -> None:
        _need_sample(store)
        self._accounts = Accounts(store)
        self._passwords = {guest.role: secrets.token_urlsafe(_PASSWORD_BYTES) for guest in GUESTS}
        for guest in GUESTS:
            password = self._passwords[guest.role]
            known = self._accounts.get(guest.account)
            if known is None:
                self._accounts.add(guest.account, password, guest.role, author=AUTHOR)
                continue
            self._accounts.change_password(guest.account, password, author=AUTHOR)
            self._accounts.move(guest.account, guest.role, "", "", author=AUTHOR)
            self._accounts.set_active(guest.account, is_active=True, author=AUTHOR)

    def enter(self, role: str, *, origin: str, agent: str) -> tuple[Guest, SignedIn]:
        """A session of a guest; `NotThere` for none."""
        guest = next((guest for guest in GUESTS if guest.role == role), None)
        if guest is None:
            known = ", ".join(guest.role for guest in GUESTS)
            raise NotThere(
                f"the demonstration has no {role[:40]!r}; expected one of {known}",
                zh=f"演示中没有 {role[:40]!r}；可选：{known}",
            )
        return guest, self._accounts.sign_in(guest.account, self._passwords[role], origin=origin, agent=agent)


def shut_out(store: Store) -> None:
    """End the sessions and tokens of all guests, and let none in again: their passwords are made anew and forgotten."""
    accounts = Accounts(store)
    for guest in GUESTS:
        if accounts.get(guest.account) is not None:
            accounts.change_password(guest.account, secrets.token_urlsafe(_PASSWORD_BYTES), author=AUTHOR)
            for token in accounts.tokens(guest.account):
                accounts.revoke_token(guest.account, token.label, author=AUTHOR)


def _need_sample(store: Store) -> None:
    editions = Editions(store)
    newest = editions.latest()
    if newest is None or not editions.network(newest.id).is_sample:
        raise BadOption(
            "the demonstration lets people in without a password, and this is no sample district; give it another folder with "
            "--data",
            zh="演示允许免密进入，而这里不是样例区；请用 --data 指定其他文件夹",
        )
