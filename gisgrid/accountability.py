"""Evidence for the accountability rules: what lay where for how long at whom, by five cases; no sanction is computed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gisgrid.clocks import Deadlines, Workdays
from gisgrid.rules import AccountabilityRules

CASES: Final[dict[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    # code: label, what it says; each in English and Chinese
    "no_response": (("No response in time", "未按时响应"), ("nobody answered before the response clock ended", "响应时限内无人响应")),
    "not_done": (("Not done in time", "未按时办结"), ("it lay at an office past its completion clock", "超过办理时限仍在该单位")),
    "beyond_last": (("Beyond the last clock", "超过最长时限"), ("it was not done when the last clock ended", "超过最长时限仍未完成")),
    "sent_round": (("Sent round", "推诿退回"), ("it was returned again and again", "多次退回")),
    "urged_in_vain": (("Urged in vain", "催办不力"), ("it was urged again and again", "多次催办仍未办理")),
}  # fmt: skip
"""The five cases; from when on each is shown says `AccountabilityRules`. The seed names five cases without their text:
these follow from what the flow records."""


@dataclass(frozen=True)
class Stay:
    """An incident at an office in [from_ms, to_ms), the end None while it lies there."""

    office: str
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True)
class Evidence:
    """A case: of which incident, at which office, from when (ms since 1970 UTC) to when (None: still), workdays of it.

    `times` counts what happened (1 for a clock that passed).
    """

    incident_id: int
    case: str
    office: str
    from_ms: int
    to_ms: int | None
    workdays: int
    times: int


def find_stays(start_ms: int, holder: str, steps: Sequence[Any], end_ms: int | None) -> tuple[Stay, ...]:
    """Where an incident lay, from its report to `end_ms` (when it was done or ended; None: not yet).

    `holder` is where it lies now; a step tells in its content from which office it took the incident.
    """
    stays: list[Stay] = []
    office = steps[0].content.get("from", steps[0].holder) if steps else holder
    since = start_ms
    for step in steps:
        if step.holder != office:
            stays.append(Stay(office, since, step.at_ms))
            office, since = step.holder, step.at_ms
    return (*stays, Stay(office, since, end_ms))


def find_evidence(
    incident_id: int,
    stays: Sequence[Stay],
    steps: Iterable[Any],
    due: Deadlines,
    *,
    responded_ms: int | None,
    done_ms: int | None,
    now_ms: int,
    extended_due_ms: int | None,
    is_urgent: bool,
    workdays: Workdays,
    rules: AccountabilityRules,
) -> tuple[Evidence, ...]:
    """The cases of one incident (`due` of one row) as they stood at `now_ms`, each at the office where it lay then.

    `stays` and `steps` are those since its clocks started. Of what is done without anybody's having said when it was
    answered, no response is held against anyone.
    """
    found: list[Evidence] = []
    responded, done = (None if at is None or at > now_ms else at for at in (responded_ms, done_ms))
    completion = extended_due_ms or int(due.done_ms[0])
    clocks = (
        ("no_response", int(due.response_ms[0]), responded if responded is not None else done, 0),
        ("not_done", completion, done, 0 if is_urgent else rules.lay_workdays),
        ("beyond_last", max(int(due.most_ms[0]), extended_due_ms or 0), done, 0),
    )
    for case, clock_ms, happened_ms, least in clocks:
        if case == "no_response" and responded is None and done is not None:
            continue
        for stay in stays:
            since = max(stay.from_ms, clock_ms)
            ends = [at for at in (stay.to_ms, happened_ms) if at is not None and at <= now_ms]
            until = min(ends, default=None)
            end = now_ms if until is None else until
            if end <= since:
                continue
            # A clock ends with its day: the next workday is the first one late, and a day counts once it has begun.
            days = workdays.between(since - 1, end - 1)
            if days >= least:
                found.append(Evidence(incident_id, case, stay.office, since, until, days, 1))
    counted = (("sent_round", "return", rules.returned_times), ("urged_in_vain", "urge", rules.urged_times))
    moves = [step for step in steps if step.at_ms <= now_ms]
    for case, move, least in counted:
        # Who urges itself has not been urged by anybody.
        mine = [step for step in moves if step.move == move and (move != "urge" or step.office != step.holder)]
        if len(mine) >= least:
            first, last = mine[0].at_ms, mine[-1].at_ms
            # Who had it when it was urged, or sent it back.
            offices = [_office_at(stays, step.at_ms - 1) for step in mine]
            worst = max(dict.fromkeys(offices), key=offices.count)
            found.append(Evidence(incident_id, case, worst, first, last, workdays.between(first, last), len(mine)))
    return tuple(found)


def _office_at(stays: Sequence[Stay], at_ms: int) -> str:
    held = [stay.office for stay in stays if stay.from_ms <= at_ms and (stay.to_ms is None or at_ms < stay.to_ms)]
    return held[-1] if held else stays[0].office
