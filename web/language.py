"""The language in which whoever asks is answered: as chosen, else as the browser asks, else English."""

from typing import Final

from starlette.requests import cookie_parser
from starlette.types import Scope

LANGUAGE_COOKIE: Final = "gg_lang"
TAGS: Final = ("en", "zh-CN")
_MOST_LENGTH: Final = 1_000
_MOST_WANTED: Final = 20


def language_of(scope: Scope) -> int:
    """0 for English, 1 for Chinese: by the cookie `gg_lang`, else by `Accept-Language`, else English."""
    headers: dict[bytes, list[str]] = {}
    for name, value in scope.get("headers", ()):
        if name in {b"cookie", b"accept-language"}:
            headers.setdefault(name, []).append(value.decode("latin-1"))
    chosen = cookie_parser("; ".join(headers.get(b"cookie", ()))).get(LANGUAGE_COOKIE)
    if chosen in {"zh", "en"}:
        return int(chosen == "zh")
    return preferred(",".join(headers.get(b"accept-language", ())))


def preferred(accepted: str) -> int:
    """What an Accept-Language header likes best of English (0) and Chinese (1); of equals the first, of neither English."""
    best, language = 0.0, 0
    for wanted in accepted[:_MOST_LENGTH].lower().split(",")[:_MOST_WANTED]:
        tag, _, rest = wanted.strip().partition(";")
        known = tag.strip().partition("-")[0]
        if known not in {"en", "zh"}:
            continue
        weight = _weight(rest)
        if weight > best:
            best, language = weight, int(known == "zh")
    return language


def _weight(rest: str) -> float:
    """The weight of `q=0.8`; 1 where nothing is said, 0 where it cannot be read."""
    name, _, value = rest.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
