"""Spans of local days: the one before, to compare with; and the parts in which a trend over them is drawn."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

Grain = Literal["day", "week", "month"]
GRAINS: Final[tuple[Grain, ...]] = ("day", "week", "month")

_DAY: Final = dt.timedelta(days=1)
_MOST_DAYS: Final = 45
_MOST_WEEKS_IN_DAYS: Final = 400


@dataclass(frozen=True)
class Span:
    """Local days, the last included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def grain(self) -> Grain:
        """In what a trend over it is drawn: days up to six weeks, weeks up to a year, else months."""
        if self.days <= _MOST_DAYS:
            return "day"
        return "week" if self.days <= _MOST_WEEKS_IN_DAYS else "month"

    def before(self) -> "Span":
        """The span before it: of whole calendar months (a quarter, a year) as many months, else as many days."""
        last = self.first - _DAY
        if self.first.day == 1 and (self.last + _DAY).day == 1:
            months = 12 * (self.last.year - self.first.year) + self.last.month - self.first.month + 1
            return Span(_months_earlier(self.first, months), last)
        return Span(self.first - dt.timedelta(days=self.days), last)

    def until(self, day: dt.date) -> "Span":
        """Its days up to one, at least the first."""
        return dataclasses.replace(self, last=max(self.first, min(self.last, day)))

    def keys(self, grain: Grain) -> tuple[str, ...]:
        """The keys of all its parts, in their order."""
        days = (self.first + dt.timedelta(days=at) for at in range(self.days))
        return tuple(dict.fromkeys(time_key(day, grain) for day in days))


def time_key(day: dt.date, grain: str) -> str:
    """The key of the day, ISO week or month in which a local day lies: 2018-05-07, 2018-W19, 2018-05."""
    if grain == "day":
        return day.isoformat()
    if grain == "month":
        return f"{day:%Y-%m}"
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _months_earlier(first_of_month: dt.date, months: int) -> dt.date:
    at = 12 * first_of_month.year + first_of_month.month - 1 - months
    return dt.date(at // 12, at % 12 + 1, 1)
