"""Days and times as people type them at the command line."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from gisgrid.errors import BadOption
from gisgrid.local_days import start_of

_LOCAL: Final = ZoneInfo("Asia/Shanghai")
_YEARS: Final = range(1990, 2100)


def read_day(text: str, option: str) -> dt.date:
    """A local day; `BadOption` for what is no date, or one outside 1990 to 2099."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise BadOption(f"{option} is {text!r}; expected a date such as 2018-05-07") from None
    if day.year not in _YEARS:
        raise BadOption(f"{option} is {text!r}; expected a date from 1990 to 2099")
    return day


def start_of_day(text: str | None, option: str) -> int | None:
    """The instant at which a local day begins; None for none."""
    return start_of(read_day(text, option)) if text else None


def end_of_day(text: str | None, option: str) -> int | None:
    """The instant at which a local day has ended; None for none."""
    return start_of(read_day(text, option) + dt.timedelta(days=1)) if text else None


def span_of_days(first: str | None, last: str | None) -> tuple[int | None, int | None]:
    """The instants of --from and --to (inclusive); `BadOption` where the last day comes before the first."""
    if first and last and read_day(last, "--to") < read_day(first, "--from"):
        raise BadOption(f"--to {last} comes before --from {first}; expected the last day after the first")
    return start_of_day(first, "--from"), end_of_day(last, "--to")


def read_time(text: str | None, option: str) -> int | None:
    """An instant, local where no offset is given; None for none."""
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(f"{option} is {text!r}; expected for instance 2018-05-07T09:30") from None
    if found.year not in _YEARS:
        raise BadOption(f"{option} is {text!r}; expected a time from 1990 to 2099")
    return int((found if found.tzinfo else found.replace(tzinfo=_LOCAL)).timestamp() * 1000)
