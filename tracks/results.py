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

HEADINGS_ZH: Final[dict[str, str]] = {
    "patroller": "人员编号", "day": "日期", "visits_certain": "走访次数(确定)", "visits_possible": "走访次数(可能)",
    "own_certain_s": "在本网格(确定,秒)", "own_possible_s": "在本网格(可能,秒)", "elsewhere_s": "在其他网格(秒)",
    "unknown_s": "去向不明(秒)", "off_duty_s": "非值勤时段(秒)", "reports": "上报事件数", "visits_verdict": "走访判定",
    "hours_verdict": "时长判定", "reports_verdict": "上报判定", "patrol_verdict": "巡查判定", "full_verdict": "综合判定",
    "why": "说明", "start": "开始", "end": "结束", "certain_s": "确定(秒)", "possible_s": "可能(秒)", "walked_m": "步行(米)",
    "counts": "是否计入", "week": "周", "required_days": "应达标天数", "patrol_pass_days": "巡查达标天数",
    "patrol_undetermined_days": "巡查待核天数", "full_pass_days": "综合达标天数", "full_undetermined_days": "综合待核天数",
}  # fmt: skip
"""What the columns are called in Chinese."""

WORDS_ZH: Final[dict[object, str]] = {
    "pass": "达标", "fail": "未达标", "undetermined": "待核", "not_due": "不考核", "certain": "确定", "possible": "可能", "no": "否",
}  # fmt: skip
"""What verdicts are called in Chinese, and whether a visit counts."""

CHINA_TIME: Final = dt.timezone(dt.timedelta(hours=8))


def write_verification(
    folder: Path, verification: Verification, policy: Policy, language: Language = "en"
) -> tuple[Path, ...]:
    """Write the three tables into `folder`, each only when it is whole; seconds have three decimals, times +08:00.

    With `zh` headings and verdicts are in Chinese, for people; programs read the English ones.
    """
    days, visits, weeks = folder / "days.csv", folder / "visits.csv", folder / "weeks.csv"
    _write(days, DAY_COLUMNS, language, (_day_row(day, policy, language) for day in verification.days))
    _write(visits, VISIT_COLUMNS, language, (_visit_row(person, visit) for person, visit in verification.visits))
    _write(weeks, WEEK_COLUMNS, language, (_week_row(week, language) for week in verification.weeks))
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


def _write(path: Path, columns: Sequence[str], language: Language, rows: Iterable[Sequence[object]]) -> None:
    is_labelled = language == "zh"
    worded = [is_labelled and (name.endswith("_verdict") or name == "counts") for name in columns]
    with replacing(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([HEADINGS_ZH[name] for name in columns] if is_labelled else columns)
        for row in rows:
            told = (
                WORDS_ZH.get(value, value) if is_word else value for value, is_word in zip(row, worded, strict=True)
            )
            writer.writerow(["" if value is None else value for value in told])


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
