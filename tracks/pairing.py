"""Links that set up the app of a phone: opened or scanned on the phone, they fill in address, name and token."""

import base64
import json
from typing import Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from gisgrid.errors import BadOption
from tracks.phone_batches import MAX_TEXT

_MAX_ADDRESS: Final = 2_000
_SHOWN: Final = 100
_MAX_INTERVAL_S: Final = 86_400
_MAX_DISTANCE_M: Final = 10_000
_PATH: Final = "/%:@!$&'()*+,;=~"
_HTTP_MODE: Final = 3


def traccar_link(address: str, device: str, *, interval_s: int = 60, distance_m: int = 20) -> str:
    """The link (or QR code) for Traccar Client: a fix every `interval_s` seconds or `distance_m` metres, also at rest.

    The app takes what stands before the "?" as the address to post to, so `address` can have no query of its own. Raises
    `BadOption`.
    """
    parts = _address(address)
    if parts.query or "?" in address or parts.username is not None or parts.password is not None:
        raise BadOption(
            f"address {address!r} has a query or a user name, which Traccar Client cuts off; put what it says into the path",
            zh=f"地址 {address!r} 带有查询参数或用户名，Traccar Client 会把它截掉；请写进路径里",
        )
    _check_range("interval_s", interval_s, _MAX_INTERVAL_S)
    _check_range("distance_m", distance_m, _MAX_DISTANCE_M)
    settings = {
        "id": _word("device", device),
        "interval": str(interval_s),
        "distance": str(distance_m),
        "stop_detection": "false",
    }
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path, safe=_PATH) or '/'}?{_query(settings)}"


def overland_link(address: str, token: str, device: str) -> str:
    """The link for Overland, with the token it sends as bearer. Raises `BadOption`."""
    _address(address)
    settings = {"url": address, "token": _word("token", token), "device_id": _word("device", device)}
    return f"overland://setup?{_query(settings)}"


def owntracks_link(address: str, user: str, password: str, device: str) -> str:
    """The link for OwnTracks in HTTP mode with basic authentication. Raises `BadOption`.

    The settings travel as base64 of letters and digits only, because not every version of the app decodes "+", "/" and
    "=" the same way.
    """
    _address(address)
    settings = {
        "_type": "configuration",
        "mode": _HTTP_MODE,
        "url": address,
        "auth": True,
        "username": _word("user", user),
        "password": _word("password", password),
        "deviceId": _word("device", device),
    }
    text = json.dumps(settings, separators=(",", ":"))
    # These three alone can make a "+" or "/" of base64; blanks to a multiple of three bytes make "=" needless.
    for sign in "~?>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    text += " " * (-len(text) % 3)
    return f"owntracks:///config?inline={quote(base64.b64encode(text.encode()).decode(), safe='')}"


def _query(settings: dict[str, str]) -> str:
    """Percent-encoded throughout: a blank as %20, because a "+" is a plus to iOS and a blank to Android."""
    return urlencode(settings, quote_via=quote, safe="")


def _address(address: str) -> SplitResult:
    """The parts of the address phones post to, if it is a plain one of http or https."""
    problem = BadOption(
        f"address {address[:_SHOWN]!r} cannot be given to a phone; expected one such as https://grid.example.cn/phones",
        zh=f"地址 {address[:_SHOWN]!r} 不能提供给手机；应为例如 https://grid.example.cn/phones",
    )
    if len(address) > _MAX_ADDRESS or not (address.isascii() and address.isprintable()) or " " in address:
        raise problem
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and "#" not in address
    except ValueError:
        raise problem from None
    if not fits:
        raise problem
    return parts


def _word(name: str, value: str) -> str:
    """A value as it is, if a phone can take it; the sentence does not repeat it, it may be a secret."""
    if not value or len(value) > MAX_TEXT or not value.isprintable() or value != value.strip():
        raise BadOption(
            f"this {name} cannot stand in a link; expected 1 to {MAX_TEXT} printable characters without blanks at the ends",
            zh=f"{name} 不能放进链接；应为 1 至 {MAX_TEXT} 个可显示的字符，首尾不留空格",
        )
    return value


def _check_range(name: str, value: int, highest: int) -> None:
    if not 1 <= value <= highest:
        raise BadOption(
            f"{name} is {value}; expected a whole number from 1 to {highest}",
            zh=f"{name} 为 {value}；应为 1 至 {highest} 的整数",
        )
