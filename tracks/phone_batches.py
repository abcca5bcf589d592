"""What a phone sent: a request, the fixes in it, the reply its app needs, and values as phones write them.

Nothing here knows one app from another. Whatever a body holds, these functions raise errors of `gisgrid.errors` only.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gisgrid.errors import BadColumn, BadOption, UnreadableFile

MAX_FIXES: Final = 100_000
"""More fixes than this in one request are refused; the largest batch of any known app is some thousands."""

MAX_TEXT: Final = 200
_MAX_WORD: Final = 50
_MAX_DIGITS: Final = 100
_MAX_ACCURACY_M: Final = 20_037_508.0  # half way round the earth: no circle is wider
_EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01 UTC
_LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01 UTC
_EARLIEST_MS_EPOCH: Final = 1e11  # as in gisgrid.tables: below are seconds, from here milliseconds
_SHANGHAI: Final = dt.timezone(dt.timedelta(hours=8))  # without daylight saving since 1991
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS: Final = dt.timedelta(milliseconds=1)
# An offset after a blank: a "+" that nobody percent-encoded arrives as one.
_LOOSE_OFFSET: Final = re.compile(r"(.{13,}) ([+-]?)(\d{2}:?\d{2})")
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_YES: Final = frozenset({"true", "1", "yes"})
_NO: Final = frozenset({"false", "0", "no"})


@dataclass(frozen=True)
class PhoneRequest:
    """One HTTP request of a phone: raw query string, header names in lower case, arrival in ms since 1970 UTC."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_ms: int


@dataclass(frozen=True)
class PhoneFix:
    """One fix as sent: ms since 1970 UTC, degrees WGS84, metres (NaN unknown), and what is worth keeping beside.

    `speed_m_s` is metres a second, `heading_deg` degrees from north 0..360, `altitude_m` metres, `battery` 0..1; None is
    unknown, also for the flags. `motion` and `trigger` are the app's own words (at most 50 characters), empty when it
    says none. `device` is what this fix calls its phone, and `received_ms` when another service says it received it.
    """

    time_ms: int
    lon: float
    lat: float
    accuracy_m: float
    speed_m_s: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    battery: float | None = None
    is_charging: bool | None = None
    is_mock: bool | None = None
    motion: str = ""
    trigger: str = ""
    device: str = ""
    received_ms: int | None = None


@dataclass(frozen=True)
class PhoneBatch:
    """The fixes of one request in the order they were sent, copies included, and the reply that its app needs.

    `device` is what the phone calls itself, empty where it says nothing (then the token knows it). `ignored` counts
    what is no fix (pings without a place, other messages), `rejected` has a sentence for each fix that cannot be used.
    The reply holds once the fixes are stored: an app that gets another one sends again for ever.
    """

    device: str
    fixes: tuple[PhoneFix, ...]
    ignored: int
    rejected: tuple[str, ...]
    status: int
    content_type: str
    body: bytes


@dataclass
class BatchDraft:
    """A batch while it is read: every message of the body is added once, in its order."""

    device: str
    fixes: list[PhoneFix] = field(default_factory=list)
    ignored: int = 0
    rejected: list[str] = field(default_factory=list)

    def add(self, found: PhoneFix | str | None) -> None:
        """Take in a fix, the sentence why it cannot be used, or None for what is no fix."""
        if found is None:
            self.ignored += 1
        elif isinstance(found, str):
            place = len(self.fixes) + self.ignored + len(self.rejected) + 1
            self.rejected.append(f"fix {place}: {found}")
        else:
            self.fixes.append(found)

    def finish(self, content_type: str, body: bytes) -> PhoneBatch:
        """The batch with the reply of its app, status 200."""
        return PhoneBatch(self.device, tuple(self.fixes), self.ignored, tuple(self.rejected), 200, content_type, body)


def make_fix(
    time: object,
    lon: object,
    lat: object,
    accuracy: object,
    *,
    device: str = "",
    speed_m_s: float | None = None,
    heading_deg: float | None = None,
    altitude_m: float | None = None,
    battery: float | None = None,
    is_charging: bool | None = None,
    is_mock: bool | None = None,
    motion: str = "",
    trigger: str = "",
    received: object = None,
) -> PhoneFix | str:
    """A fix from an instant, degrees and metres as sent, or the sentence why it cannot be used."""
    x, y, time_ms = number_of(lon), number_of(lat), instant_of(time)
    if time_ms is None or not _EARLIEST_MS <= time_ms < _LATEST_MS:
        return _time_problem("time", time, time_ms)
    if x is None or y is None or not (-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0):
        return _place_problem(lon, lat, x, y)
    accuracy_m = number_of(accuracy)
    if accuracy_m is None:
        if not (is_missing(accuracy) or _is_nan(accuracy)):
            return f"accuracy {shown(accuracy)} is not a number; expected metres or nothing"
        accuracy_m = math.nan
    else:
        accuracy_m = min(accuracy_m, _MAX_ACCURACY_M) if accuracy_m > 0.0 else math.nan
    if x == 0.0 and y == 0.0 and math.isnan(accuracy_m):
        return "longitude and latitude are both 0 and there is no accuracy: the phone did not know where it was"
    received_ms = None if is_missing(received) else instant_of(received)
    if not is_missing(received) and (received_ms is None or not _EARLIEST_MS <= received_ms < _LATEST_MS):
        return _time_problem("received_at", received, received_ms)
    return PhoneFix(
        time_ms, x, y, accuracy_m, speed_m_s, heading_deg, altitude_m, battery, is_charging, is_mock, motion, trigger,
        device, received_ms,
    )  # fmt: skip


def json_of(body: bytes, app: str) -> object:
    """The JSON of a body; broken characters are replaced, of equal keys the last counts. Raises `UnreadableFile`."""
    text = body.decode("utf-8-sig", "replace")
    for whole in (None, float):  # Python refuses whole numbers of thousands of digits; as floats they are infinite
        try:
            return json.loads(text, parse_int=whole, strict=False)
        except RecursionError:
            raise UnreadableFile(f"the body of {app} is nested too deeply; expected the JSON of that app") from None
        except json.JSONDecodeError as error:
            raise UnreadableFile(
                f"the body of {app} is not JSON: {error.msg} at character {error.pos}; expected the JSON of that app"
            ) from None
        except ValueError:
            continue
    raise UnreadableFile(f"the body of {app} holds a number that cannot be read; expected the JSON of that app")


def messages_of(found: object, app: str) -> list[object]:
    """A list of messages; `BadColumn` when it is none or holds not one object, `BadOption` when it is too long."""
    if not isinstance(found, list):
        raise BadColumn(f"{app} sent {shown(found)} where a list of locations was expected")
    check_count(len(found), app)
    if found and not any(isinstance(message, dict) for message in found):
        raise BadColumn(f"{app} sent a list that begins with {shown(found[0])}; expected one object for each fix")
    return found


def first_name(names: Iterable[str]) -> str:
    """The first that is not empty, or empty."""
    return next(filter(None, names), "")


def check_count(count: int, app: str) -> None:
    """`BadOption` for more fixes than one request may hold."""
    if count > MAX_FIXES:
        raise BadOption(
            f"{app} sent more than {MAX_FIXES:,} fixes in one request; send them in parts of at most {MAX_FIXES:,}"
        )


def number_of(value: object) -> float | None:
    """A number, or a text that is one, as float (perhaps infinite); None for anything else and for NaN."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and "_" not in value:
        try:
            number = float(value)
        except ValueError:
            return None
        return None if math.isnan(number) else number
    return None


def measure_of(value: object, lowest: float, highest: float, per: float = 1.0) -> float | None:
    """A measure divided by `per`; None where it is no number or outside lowest..highest (-1 is how phones say unknown)."""
    number = number_of(value)
    return number / per if number is not None and lowest <= number <= highest else None


def speed_of(value: object, per: float = 1.0) -> float | None:
    """A speed in metres a second, from a unit of which `per` make one."""
    return measure_of(value, 0.0, 100_000.0, per)


def heading_of(value: object) -> float | None:
    """Degrees from north, 0..360."""
    return measure_of(value, 0.0, 360.0)


def altitude_of(value: object) -> float | None:
    """Metres, from the deepest sea to the edge of space."""
    return measure_of(value, -12_000.0, 100_000.0)


def instant_of(value: object) -> int | None:
    """An instant in ms since 1970 UTC: epoch seconds or milliseconds, also as text, or ISO 8601.

    A time without an offset is of Asia/Shanghai; a date alone is no instant.
    """
    if isinstance(value, str) and (":" in value or "T" in value or "-" in value[1:]):
        return _iso_ms(value.strip())
    number = number_of(value)
    if number is None or not math.isfinite(number):
        return None
    return round(number * 1000.0 if abs(number) < _EARLIEST_MS_EPOCH else number)


def text_of(value: object, limit: int = MAX_TEXT) -> str:
    """A text or whole number as one line that any database takes, cut at `limit` characters; empty for anything else."""
    if isinstance(value, str):
        return _line_of(value[: 2 * limit], limit)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[:limit] if isinstance(value, int) and not isinstance(value, bool) else ""


def word_of(value: object) -> str:
    """A word of the app, or several as one text: a list becomes `walking,stationary`."""
    if isinstance(value, list):
        value = ",".join(filter(None, (text_of(part, _MAX_WORD) for part in value[:_MAX_WORD])))
    return text_of(value, _MAX_WORD)


def flag_of(value: object) -> bool | None:
    """Yes or no as JSON, number or text; None for anything else."""
    word = str(value).lower() if isinstance(value, bool) else text_of(value, _MAX_WORD).lower()
    return True if word in _YES else False if word in _NO else None


def is_missing(value: object) -> bool:
    """Whether nothing was said: no value, or a text of blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: object) -> str:
    """A value as it can stand in a sentence."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return repr(value[:40])
    return "nothing" if value is None else str(value)[:40]


@lru_cache(maxsize=1_024)
def _line_of(text: str, limit: int) -> str:
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text).strip()[:limit]


def _iso_ms(text: str) -> int | None:
    if len(text) <= len("2018-05-07"):
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        loose = _LOOSE_OFFSET.fullmatch(text)
        return _iso_ms(f"{loose[1]}{loose[2] or '+'}{loose[3]}") if loose else None
    return ((found if found.tzinfo else found.replace(tzinfo=_SHANGHAI)) - _EPOCH) // _MS


def _is_nan(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() == "nan"
    return isinstance(value, float) and math.isnan(value)


def _time_problem(name: str, value: object, time_ms: int | None) -> str:
    if is_missing(value):
        return f"there is no {name}; expected ISO 8601 such as 2018-05-07T08:00:00+08:00, or seconds since 1970"
    if time_ms is None:
        return (
            f"{name} {shown(value)} is not readable; expected ISO 8601 such as 2018-05-07T08:00:00+08:00, "
            "or seconds since 1970"
        )
    side = "before 2000" if time_ms < _EARLIEST_MS else "after 2099"
    return f"{name} {shown(value)} lies {side}: the clock of the phone is wrong"


def _place_problem(lon: object, lat: object, x: float | None, y: float | None) -> str:
    for name, value, number in (("longitude", lon, x), ("latitude", lat, y)):
        if is_missing(value):
            return f"there is no {name}; expected degrees such as 121.4321"
        if number is None:
            return f"{name} {shown(value)} is not a number; expected degrees such as 121.4321"
    if y is not None and 90.0 < abs(y) <= 180.0 and x is not None and abs(x) <= 90.0:
        return f"latitude {shown(lat)} lies outside -90..90: longitude and latitude look exchanged"
    return f"longitude {shown(lon)} or latitude {shown(lat)} lies outside -180..180 and -90..90"
