"""What a camera says in a picture: which way up, where and when it was taken; whatever is unreadable was not said."""

import contextlib
import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

_ORIENTATION: Final = 0x0112
_CAMERA: Final = 0x8769
_GPS: Final = 0x8825
_TAKEN: Final = 0x9003
_TAKEN_OFFSET: Final = 0x9011
_LAT_REF, _LAT, _LON_REF, _LON, _GPS_TIME, _GPS_DATUM, _GPS_DATE = 1, 2, 3, 4, 7, 18, 29
_DEGREE_DIGITS: Final = 7
_OUR_DATUM: Final = re.compile(r"(WGS|CGCS|GCS)?[-_ ]*(84|1984|2000)?", re.IGNORECASE)
_CHINA: Final = dt.timezone(dt.timedelta(hours=8))
_OFFSET: Final = re.compile(r"([+-])(\d{2}):(\d{2})")
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


@dataclass(frozen=True)
class Said:
    """What a camera says: `orientation` 1 to 8 as in EXIF, degrees (EPSG:4490) and ms since 1970 UTC, None where unsaid."""

    orientation: int = 1
    lon: float | None = None
    lat: float | None = None
    taken_ms: int | None = None


def read_exif(image: Image.Image) -> Said:
    """What the EXIF data of an opened picture say.

    A position of exactly 0, 0 is what cameras write that know none, and one in another datum than WGS 84 is not used. The
    time is that of the satellites (UTC), else the camera's with its offset, without one in Asia/Shanghai.
    """
    top = _directory(image, None)
    gps, camera = _directory(image, _GPS), _directory(image, _CAMERA)
    orientation = top.get(_ORIENTATION)
    place = _place(gps)
    taken = _gps_time(gps) or _camera_time(camera)
    return Said(
        orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        place[0] if place else None,
        place[1] if place else None,
        round(taken.timestamp() * 1000) if taken else None,
    )


def _directory(image: Image.Image, number: int | None) -> Mapping[int, Any]:
    try:
        found = image.getexif()
        # A copy is read through here: values are decoded when they are asked for.
        return dict(found) if number is None else dict(found.get_ifd(number))
    except Exception:  # noqa: BLE001  # damaged EXIF data raise almost anything; the picture can still be used
        return {}


def _place(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    datum = _text(gps.get(_GPS_DATUM))
    if not _OUR_DATUM.fullmatch(datum):
        return None
    lon = _degrees(gps.get(_LON), _text(gps.get(_LON_REF)), "EW", 180.0)
    lat = _degrees(gps.get(_LAT), _text(gps.get(_LAT_REF)), "NS", 90.0)
    if lon is None or lat is None or (lon == 0.0 and lat == 0.0):
        return None
    return lon, lat


def _degrees(value: Any, side: str, sides: str, most: float) -> float | None:
    numbers = _numbers(value)
    if numbers is None or not side or side.upper()[0] not in sides:
        return None
    degrees, minutes, seconds = numbers
    if degrees < 0.0 or not 0.0 <= minutes <= 60.0 or not 0.0 <= seconds <= 60.0:
        return None
    found = degrees + minutes / 60.0 + seconds / 3600.0
    if found > most:
        return None
    return round(-found if side.upper()[0] == sides[1] else found, _DEGREE_DIGITS)


def _gps_time(gps: Mapping[int, Any]) -> dt.datetime | None:
    day, clock = _day(_text(gps.get(_GPS_DATE))), _numbers(gps.get(_GPS_TIME))
    if day is None or clock is None:
        return None
    hours, minutes, seconds = clock
    if not (0.0 <= hours < 24.0 and 0.0 <= minutes < 60.0 and 0.0 <= seconds < 61.0):
        return None
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
    return midnight + dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _camera_time(camera: Mapping[int, Any]) -> dt.datetime | None:
    date, _, clock = _text(camera.get(_TAKEN)).partition(" ")
    day, parts = _day(date), re.fullmatch(r"(\d{2}):(\d{2}):(\d{2})", clock)
    if day is None or parts is None:
        return None
    hours, minutes, seconds = (int(part) for part in parts.groups())
    zone = _CHINA
    if offset := _OFFSET.fullmatch(_text(camera.get(_TAKEN_OFFSET))):
        east = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        with contextlib.suppress(ValueError):
            zone = dt.timezone(-east if offset[1] == "-" else east)
    try:
        return dt.datetime(day.year, day.month, day.day, hours, minutes, seconds, tzinfo=zone)
    except ValueError:
        return None


def _day(text: str) -> dt.date | None:
    parts = re.fullmatch(r"(\d{4})[:-](\d{2})[:-](\d{2})", text)
    try:
        day = dt.date(*(int(part) for part in parts.groups())) if parts else None
    except ValueError:
        return None
    return day if day is not None and _FIRST_YEAR <= day.year < _LAST_YEAR else None


def _numbers(value: Any) -> tuple[float, float, float] | None:
    """Three numbers that are finite."""
    try:
        first, second, third = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return (first, second, third) if all(map(math.isfinite, (first, second, third))) else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.split("\0")[0].strip() if isinstance(value, str) else ""
