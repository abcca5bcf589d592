"""Verdicts of days and weeks: pass, fail, undetermined or not due, from certain and possible amounts."""

from dataclasses import dataclass
from typing import Final, Literal

from tracks.policy import Policy

VerdictName = Literal["pass", "fail", "undetermined", "not_due"]

_RANK: Final[dict[VerdictName, int]] = {"fail": 0, "undetermined": 1, "pass": 2}
_BY_RANK: Final[tuple[VerdictName, ...]] = ("fail", "undetermined", "pass")
_MS_PER_H: Final = 3_600_000


@dataclass(frozen=True)
class DayLedger:
    """How one local day was spent, in ms; the five always add up to the day."""

    own_certain_ms: int
    own_possible_ms: int
    elsewhere_ms: int
    unknown_ms: int
    off_duty_ms: int


@dataclass(frozen=True)
class DayDue:
    """Whether a day counts for a person: a workday, and no leave."""

    workday: bool
    leave: str | None = None

    @property
    def is_due(self) -> bool:
        """Whether a day that does not pass is held against the person."""
        return self.workday and self.leave is None


@dataclass(frozen=True)
class DayVerdict:
    """The verdict of one person's local day (`day` counts from 1970) with the amounts behind it.

    `visits_possible` and `reports_possible` exclude the certain ones; the reports and the full verdict are None where
    no report data was given. `silence_ms` is unknown time that could have made a failed day pass, else 0.
    """

    patroller: str
    day: int
    ledger: DayLedger
    visits_certain: int
    visits_possible: int
    reports_certain: int | None
    reports_possible: int
    visits_verdict: VerdictName
    hours_verdict: VerdictName
    reports_verdict: VerdictName | None
    patrol_verdict: VerdictName
    full_verdict: VerdictName | None
    due: DayDue
    silence_ms: int
    fixes_used: int = 0
    marked: tuple[int, ...] = ()
    without_grid: bool = False


@dataclass(frozen=True)
class WeekVerdict:
    """The verdict of one person's week (`monday` counts days from 1970)."""

    patroller: str
    monday: int
    required_days: int
    patrol_pass_days: int
    patrol_undetermined_days: int
    patrol_verdict: VerdictName
    full_pass_days: int | None
    full_undetermined_days: int | None
    full_verdict: VerdictName | None


def judge_amount(certain: float, possible: float, needed: float) -> VerdictName:
    """Pass when the certain amount suffices, fail when certain and possible together do not, else undetermined."""
    if certain >= needed:
        return "pass"
    return "fail" if certain + possible < needed else "undetermined"


def lesser(one: VerdictName, other: VerdictName) -> VerdictName:
    """The lesser of two verdicts: fail below undetermined below pass."""
    return _BY_RANK[min(_RANK[one], _RANK[other])]


def judge_day(
    patroller: str,
    day: int,
    ledger: DayLedger,
    visits: tuple[int, int],
    reports: tuple[int, int] | None,
    due: DayDue,
    policy: Policy,
    *,
    fixes_used: int = 0,
    marked: tuple[int, ...] = (),
    without_grid: bool = False,
) -> DayVerdict:
    """Judge a day on `visits` and `reports` as (certain, possible without the certain ones)."""
    needed_ms = policy.hours_per_day * _MS_PER_H
    visits_verdict = judge_amount(*visits, policy.visits_per_day)
    hours_verdict = judge_amount(ledger.own_certain_ms, ledger.own_possible_ms, needed_ms)
    reports_verdict = None if reports is None else judge_amount(*reports, policy.reports_per_day)
    patrol = lesser(visits_verdict, hours_verdict)
    full = None if reports_verdict is None else lesser(patrol, reports_verdict)
    silence_ms = ledger.unknown_ms if patrol == "fail" and due.is_due and _could_pass(ledger, visits, policy) else 0
    return DayVerdict(
        patroller,
        day,
        ledger,
        visits[0],
        visits[1],
        None if reports is None else reports[0],
        0 if reports is None else reports[1],
        visits_verdict,
        hours_verdict,
        reports_verdict,
        _excused(patrol, due),
        None if full is None else _excused(full, due),
        due,
        silence_ms,
        fixes_used,
        marked,
        without_grid,
    )


def judge_week(patroller: str, monday: int, days: list[DayVerdict], policy: Policy) -> WeekVerdict:
    """Judge a whole week from its days with a duty; any passed day counts, also a Sunday."""
    if policy.required_days == "strict":
        required = policy.days_per_week
    else:
        required = min(policy.days_per_week, sum(day.due.is_due for day in days))
    passed = sum(day.patrol_verdict == "pass" for day in days)
    open_days = sum(day.patrol_verdict == "undetermined" for day in days)
    full_passed = full_open = full_verdict = None
    if all(day.full_verdict is not None for day in days):
        full_passed = sum(day.full_verdict == "pass" for day in days)
        full_open = sum(day.full_verdict == "undetermined" for day in days)
        full_verdict = judge_amount(full_passed, full_open, required)
    return WeekVerdict(
        patroller,
        monday,
        required,
        passed,
        open_days,
        judge_amount(passed, open_days, required),
        full_passed,
        full_open,
        full_verdict,
    )


def _excused(verdict: VerdictName, due: DayDue) -> VerdictName:
    return verdict if verdict == "pass" or due.is_due else "not_due"


def _could_pass(ledger: DayLedger, visits: tuple[int, int], policy: Policy) -> bool:
    """Whether unknown time, had it all been presence, could have made up what a failed day lacks."""
    lacking_ms = policy.hours_per_day * _MS_PER_H - ledger.own_certain_ms - ledger.own_possible_ms
    lacking_visits = policy.visits_per_day - sum(visits)
    needed_ms = max(lacking_ms, lacking_visits * policy.ms("min_visit_s"), 1)
    return ledger.unknown_ms >= needed_ms
