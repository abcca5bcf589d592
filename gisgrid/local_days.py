"""Local days in Asia/Shanghai: of instants (ms since 1970 UTC), as dates, as numbers since 1970, from when to when."""

import datetime as dt
from typing import Final

import numpy as np
from numpy.typing import NDArray

DAY_MS: Final = 86_400_000
EAST_OF_UTC_MS: Final = 28_800_000
"""Local time is UTC + 8 h, without summer time since 1992."""

EPOCH: Final = dt.date(1970, 1, 1)


def local_day(at_ms: int) -> dt.date:
    """The local day in which an instant lies."""
    return EPOCH + dt.timedelta(days=(at_ms + EAST_OF_UTC_MS) // DAY_MS)


def local_days(times_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """The local days (n,) in which instants lie, as days since 1970."""
    return np.asarray((times_ms + EAST_OF_UTC_MS) // DAY_MS, np.int64)


def start_of(day: dt.date) -> int:
    """The instant at which a local day begins."""
    return day_number(day) * DAY_MS - EAST_OF_UTC_MS


def end_of(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """The instants at which local days (n,), as days since 1970, end."""
    return np.asarray((days + 1) * DAY_MS - EAST_OF_UTC_MS, np.int64)


def day_number(day: dt.date) -> int:
    """A date as days since 1970."""
    return (day - EPOCH).days


def date_of(day: int) -> dt.date:
    """Days since 1970 as a date."""
    return EPOCH + dt.timedelta(days=day)
