"""Workdays in China: public holidays and make-up days where published, Monday to Friday beyond, marked provisional."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

_EPOCH: Final = dt.date(1970, 1, 1)
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

    def days(self, first: dt.date, last: dt.date) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The workdays from `first` to `last`, and those days whose answer may still change; as days since 1970."""
        workdays, guessed = (
            np.concatenate(part) for part in zip(*map(_year, range(first.year, last.year + 1)), strict=True)
        )
        begin, end = (first - _EPOCH).days, (last - _EPOCH).days
        if self.overrides:
            set_days = {(day - _EPOCH).days: works for day, works in self.overrides.items()}
            changed = np.array(list(set_days), np.int64)
            added = np.array([day for day, works in set_days.items() if works], np.int64)
            workdays = np.union1d(workdays[~np.isin(workdays, changed)], added)
            guessed = guessed[~np.isin(guessed, changed)]
        return (
            workdays[(workdays >= begin) & (workdays <= end)],
            guessed[(guessed >= begin) & (guessed <= end)],
        )

    def is_provisional(self, day: dt.date) -> bool:
        """Whether no calendar was published for the year of `day`, so that the answer may still change."""
        return day not in self.overrides and not _PUBLISHED[0] <= day.year <= _PUBLISHED[-1]


@lru_cache(maxsize=256)
def _year(year: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The workdays of a year without overrides, and those days of it for which no calendar was published."""
    calendar = WorkCalendar()
    days = [dt.date(year, 1, 1) + dt.timedelta(days=past) for past in range(366)]
    days = [day for day in days if day.year == year]
    return (
        np.array([(day - _EPOCH).days for day in days if calendar.is_workday(day)], np.int64),
        np.array([(day - _EPOCH).days for day in days if calendar.is_provisional(day)], np.int64),
    )
