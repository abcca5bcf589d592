"""Keys with which a sender makes sure that what is sent twice is done once; and cursors from page to page."""

import base64
import hashlib
import json
import re
from typing import Any, Final

from pydantic import BaseModel

from gisgrid.errors import BadOption
from gisgrid.store.answered import Key

_KEY: Final = re.compile(r"[\x21-\x7e]{1,100}")
_MOST: Final = 200


def key_of(account: str, sent: str | None, *asked: object) -> Key | None:
    """The key of a request (header `Idempotency-Key`), None without one; `asked` is all that the request says."""
    if sent is None:
        return None
    if not _KEY.fullmatch(sent):
        raise BadOption(
            "Idempotency-Key is unusable; expected 1 to 100 visible ASCII characters, such as a random UUID",
            zh="Idempotency-Key 无法使用；应为 1 至 100 个可见的 ASCII 字符，例如随机 UUID",
        )
    parts = [part.model_dump_json() if isinstance(part, BaseModel) else repr(part) for part in asked]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    return Key(account, sent, digest)


def cursor_of(*parts: int | str) -> str:
    """A cursor: where the next page begins, not to be read by whoever gets it."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def read_cursor(text: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """What `cursor_of` wrote; `BadOption` for what is no cursor of that list."""
    if not text:
        return None
    problem = BadOption(
        f"the cursor {text[:40]!r} is not one of this list; take `next` of the page before, unchanged",
        zh=f"翻页标记 {text[:40]!r} 不属于这个列表；请原样使用上一页的 next",
    )
    if len(text) > _MOST:
        raise problem
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        raise problem from None
    if not isinstance(parts, list) or len(parts) != len(kinds):
        raise problem
    for part, kind in zip(parts, kinds, strict=True):
        if type(part) is not kind or (isinstance(part, int) and abs(part) >= 2**62):
            raise problem
    return tuple(parts)
