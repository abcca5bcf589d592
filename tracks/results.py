"""Verdicts as files: days.csv, visits.csv and weeks.csv."""

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gisgrid.local_days import date_of
from gisgrid.tables import replacing
from tracks.policy import Policy
from tracks.sentences import Language, explain_day, explain_week
from tracks.verdicts import DayVerdict, WeekVerdict
from tracks.verify import Verification
from tracks.visits import Visit

DAY_COLUMNS: Final = (
    "patroller", "day", "visits_certain", "visits_possible", "own_certain_s", "own_possible_s", "elsewhere_s", "unknown_s",
    "off_duty_s", "reports", "visits_verdict", "hours_verdict", "reports_verdict", "patrol_verdict", "full_verdict", "why",
)  # fmt: skip
VISIT_COLUMNS: Final = ("patroller", "start", "end", "certain_s", "possible_s", "walked_m", "counts")
WEEK_COLUMNS: Final = (
    "patroller", "week", "required_days", "patrol_pass_days", "patrol_undetermined_days", "patrol_verdict", "full_pass_days",
    "full_undetermined_days", "full_verdict", "why",
)  # fmt: skip

CHINA_TIME: Final = dt.timezone(dt.timedelta(hours=8))


def write_verification(
    folder: Path, verification: Verification, policy: Policy, language: Language = "en"
) -> tuple[Path, ...]:
    """Write the three tables into `folder`, each only when it is whole; seconds have three decimals, times +08:00."""
    days, visits, weeks = folder / "days.csv", folder / "visits.csv", folder / "weeks.csv"
    _write(days, DAY_COLUMNS, (_day_row(day, policy, language) for day in verification.days))
    _write(visits, VISIT_COLUMNS, (_visit_row(person, visit) for person, visit in verification.visits))
    _write(weeks, WEEK_COLUMNS, (_week_row(week, language) for week in verification.weeks))
    return days, visits, weeks


def seconds(ms: int) -> str:
    """Milliseconds as seconds with three decimals, exactly."""
    return f"{ms // 1000}.{ms % 1000:03d}"


def local_time(ms: int) -> str:
    """An instant in ms UTC as local time with its offset, to the millisecond."""
    return (
        dt.datetime.fromtimestamp(ms // 1000, CHINA_TIME)
        .replace(microsecond=ms % 1000 * 1000)
        .isoformat(timespec="milliseconds")
    )


def week_name(monday: int) -> str:
    """The ISO week that begins on a Monday (days since 1970), such as 2018-W19."""
    year, week, _ = date_of(monday).isocalendar()
    return f"{year}-W{week:02d}"


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with replacing(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)


def _day_row(day: DayVerdict, policy: Policy, language: Language) -> Sequence[object]:
    ledger = day.ledger
    spent = (ledger.own_certain_ms, ledger.own_possible_ms, ledger.elsewhere_ms, ledger.unknown_ms, ledger.off_duty_ms)
    return (
        day.patroller,
        date_of(day.day).isoformat(),
        day.visits_certain,
        day.visits_possible,
        *(seconds(ms) for ms in spent),
        day.reports_certain,
        day.visits_verdict,
        day.hours_verdict,
        day.reports_verdict,
        day.patrol_verdict,
        day.full_verdict,
        explain_day(day, policy, language),
    )


def _visit_row(person: str, visit: Visit) -> Sequence[object]:
    return (
        person,
        local_time(visit.start_ms),
        local_time(visit.end_ms),
        seconds(visit.certain_ms),
        seconds(visit.possible_ms),
        f"{visit.walked_m:.1f}",
        visit.counts,
    )


def _week_row(week: WeekVerdict, language: Language) -> Sequence[object]:
    return (
        week.patroller,
        week_name(week.monday),
        week.required_days,
        week.patrol_pass_days,
        week.patrol_undetermined_days,
        week.patrol_verdict,
        week.full_pass_days,
        week.full_undetermined_days,
        week.full_verdict,
        explain_week(week, language),
    )
