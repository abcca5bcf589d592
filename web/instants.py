"""Instants as programs say and are told them: milliseconds since 1970 inside, aware UTC times or RFC 3339 outside."""

import datetime as dt
from typing import Final, overload

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@overload
def instant(at_ms: int) -> dt.datetime: ...
@overload
def instant(at_ms: int | None) -> dt.datetime | None: ...
def instant(at_ms: int | None) -> dt.datetime | None:
    """Milliseconds since 1970 as an aware UTC time, exactly; None of None."""
    return None if at_ms is None else _EPOCH + dt.timedelta(milliseconds=at_ms)


@overload
def ms_of(at: dt.datetime) -> int: ...
@overload
def ms_of(at: dt.datetime | None) -> int | None: ...
def ms_of(at: dt.datetime | None) -> int | None:
    """An aware time in milliseconds since 1970 UTC, what is finer cut off; None of None."""
    return None if at is None else (at - _EPOCH) // dt.timedelta(milliseconds=1)


@overload
def utc(at_ms: int) -> str: ...
@overload
def utc(at_ms: int | None) -> str | None: ...
def utc(at_ms: int | None) -> str | None:
    """Milliseconds since 1970 in RFC 3339, in UTC and with milliseconds; None of None."""
    if at_ms is None:
        return None
    return f"{instant(at_ms).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
