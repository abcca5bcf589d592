"""Passwords: what they must be, and how they are kept (argon2)."""

from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from gisgrid.errors import BadOption

LEAST_LENGTH: Final = 10
_MOST_LENGTH: Final = 200
_LONG: Final = 16
_COMMON: Final = ("password", "12345678", "qwerty", "111111", "abc123", "admin", "gisgrid", "jiaojiang")
_HASHER: Final = PasswordHash((Argon2Hasher(),))
_NOBODY: Final = _HASHER.hash("nobody has this password")


def check_password(password: str, account: str) -> None:
    """`BadOption` with what is missing: 10 characters or more, three kinds of them (or 16), not the name, nothing common."""
    if not LEAST_LENGTH <= len(password) <= _MOST_LENGTH:
        raise BadOption(
            f"the password has {len(password)} characters; expected {LEAST_LENGTH} to {_MOST_LENGTH}",
            zh=f"密码有 {len(password)} 个字符；应为 {LEAST_LENGTH} 至 {_MOST_LENGTH} 个",
        )
    lowered = password.casefold()
    if account and account.casefold() in lowered:
        raise BadOption(
            "the password contains the name of the account; choose one without it",
            zh="密码中含有账号名；请换一个不含账号名的密码",
        )
    if any(word in lowered for word in _COMMON) or len(set(password)) < 5:
        raise BadOption(
            "the password is one that everybody tries first; choose another", zh="这个密码太常见，容易被猜中；请换一个"
        )
    kinds = sum(any(test(letter) for letter in password) for test in (str.islower, str.isupper, str.isdigit, _is_sign))
    if kinds < 3 and len(password) < _LONG:
        raise BadOption(
            f"the password needs three of small letters, capitals, digits and signs, or {_LONG} characters; add some",
            zh=f"密码须含小写字母、大写字母、数字、符号中的三种，或不少于 {_LONG} 个字符；请加强",
        )


def hash_password(password: str) -> str:
    """What is kept instead of a password."""
    return _HASHER.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Whether a password is the one kept; takes as long where there is none (None), so that names cannot be guessed."""
    return _HASHER.verify(password[:_MOST_LENGTH], kept or _NOBODY) and kept is not None


def _is_sign(letter: str) -> bool:
    return not letter.isalnum()
