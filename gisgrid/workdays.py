"""Workdays in China: public holidays and make-up days where published, Monday to Friday beyond, marked provisional."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import chinese_calendar

_PUBLISHED: Final = tuple(
    sorted({day.year for day in chinese_calendar.holidays} | {day.year for day in chinese_calendar.workdays})
)

_CORRECTED: Final = {dt.date(2005, 12, 31): True}
"""What the library has otherwise than the State Council's notices: Saturday 2005-12-31 was a workday (国办发明电〔2005〕35号)."""


@dataclass(frozen=True)
class WorkCalendar:
    """Whether a local day is a workday; `overrides` (day -> workday yes or no) win over the published calendar."""

    overrides: Mapping[dt.date, bool] = field(default_factory=dict)

    def is_workday(self, day: dt.date) -> bool:
        """Whether people work on `day`: overrides, else the published calendar, else Monday to Friday."""
        if day in self.overrides:
            return self.overrides[day]
        if self.is_provisional(day):
            return day.weekday() < 5
        if day in _CORRECTED:
            return _CORRECTED[day]
        return bool(chinese_calendar.is_workday(day))

    def is_provisional(self, day: dt.date) -> bool:
        """Whether no calendar was published for the year of `day`, so that the answer may still change."""
        return day not in self.overrides and not _PUBLISHED[0] <= day.year <= _PUBLISHED[-1]
