"""The one plain sentence why, in English or Chinese, for days and weeks."""

from typing import Final, Literal

from tracks.marks import MARK_NAMES
from tracks.policy import Policy
from tracks.verdicts import DayVerdict, WeekVerdict

Language = Literal["en", "zh"]

_MS_PER_MINUTE: Final = 60_000
MARK_WORDS_ZH: Final = ("", "时间超前", "迟到上传", "精度过低", "同一时刻重复", "跳点")


def duration(ms: int, language: Language) -> str:
    """Hours and minutes, rounded down: "6 h 40 min" or "6小时40分"."""
    hours, minutes = divmod(ms // _MS_PER_MINUTE, 60)
    if language == "zh":
        return f"{hours}小时{minutes}分" if hours else f"{minutes}分"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def amount(certain: str, possible: str, language: Language) -> str:
    """A certain amount and what may come on top of it."""
    if not possible:
        return certain
    return f"{certain}（另有{possible}待核）" if language == "zh" else f"{certain} (and {possible} possible)"


def explain_day(day: DayVerdict, policy: Policy, language: Language = "en") -> str:
    """Why a day is judged as it is."""
    zh = language == "zh"
    facts = [_visits(day, policy, language), _hours(day, policy, language)]
    if day.reports_certain is not None:
        possible = str(day.reports_possible) if day.reports_possible else ""
        reports = amount(str(day.reports_certain), possible, language)
        facts.append(
            f"上报{reports}件，应{policy.reports_per_day}件" if zh else f"{reports} of {policy.reports_per_day} reports"
        )
    text = (";" if zh else ", ").join(facts)
    if day.fixes_used == 0:
        text = ("当日无可用定位；" if zh else "no usable fixes; ") + text
    if day.silence_ms:
        text += (
            f"；未能证明：静默{duration(day.silence_ms, language)}"
            if zh
            else f"; not proven: {duration(day.silence_ms, language)} silent"
        )
    marked = [
        f"{MARK_WORDS_ZH[mark]}{count}" if zh else f"{count} {MARK_NAMES[mark]}"
        for mark, count in enumerate(day.marked)
        if mark and count
    ]
    if marked:
        text += f"；未采用定位：{'、'.join(marked)}" if zh else f"; fixes not used: {', '.join(marked)}"
    if day.without_grid:
        text += "；本人网格不在当日版本中" if zh else "; the own grid is not in the edition of that day"
    if day.patrol_verdict == "not_due" or day.full_verdict == "not_due":
        text += _not_due(day, language)
    return text


def explain_week(week: WeekVerdict, language: Language = "en") -> str:
    """Why a week is judged as it is, by patrols, and by reports too where they were given."""
    parts = [
        _week_part(
            week,
            week.patrol_pass_days,
            week.patrol_undetermined_days,
            "巡查" if language == "zh" else "patrols",
            language,
        )
    ]
    if week.full_pass_days is not None and week.full_undetermined_days is not None:
        label = "含上报" if language == "zh" else "with reports"
        parts.append(_week_part(week, week.full_pass_days, week.full_undetermined_days, label, language))
    return (";" if language == "zh" else "; ").join(parts)


def _week_part(week: WeekVerdict, passed: int, undetermined: int, label: str, language: Language) -> str:
    if language == "zh":
        return f"{label}：应达标{week.required_days}天，达标{passed}天" + (
            f"，待核{undetermined}天" if undetermined else ""
        )
    noun = "day" if week.required_days == 1 else "days"
    return f"{label}: {passed} of {week.required_days} required {noun} passed" + (
        f", {undetermined} undetermined" if undetermined else ""
    )


def _visits(day: DayVerdict, policy: Policy, language: Language) -> str:
    text = amount(str(day.visits_certain), str(day.visits_possible) if day.visits_possible else "", language)
    return (
        f"走访{text}次，应{policy.visits_per_day}次"
        if language == "zh"
        else f"{text} of {policy.visits_per_day} visits"
    )


def _hours(day: DayVerdict, policy: Policy, language: Language) -> str:
    possible = day.ledger.own_possible_ms
    text = amount(
        duration(day.ledger.own_certain_ms, language),
        duration(possible, language) if possible >= _MS_PER_MINUTE else "",
        language,
    )
    needed = f"{policy.hours_per_day:g}"
    return f"在格{text}，应{needed}小时" if language == "zh" else f"{text} of {needed} h in the own grids"


def _not_due(day: DayVerdict, language: Language) -> str:
    zh = language == "zh"
    if day.due.leave is not None:
        reason = day.due.leave
        if zh:
            return f"；请假（{reason}）" if reason else "；请假"
        return f"; not due: on leave ({reason})" if reason else "; not due: on leave"
    return "；非工作日" if zh else "; not due: no workday"
