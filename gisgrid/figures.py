"""Figures of incidents: how many, how soon, how well; of a period, as they stood at an instant, by what one likes."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import NEVER
from gisgrid.duty import ROLES, Duty
from gisgrid.errors import BadOption
from gisgrid.incident_columns import FIXED_WORDS, OFFICE_LEVELS, IncidentColumns
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, date_of, local_day, local_days
from gisgrid.spans import GRAINS, time_key
from gisgrid.units import EVERYWHERE, Unit

_HOUR_MS: Final = 3_600_000.0
_NOBODY: Final = "nobody"
_BY_WORD: Final = (
    "category",
    "sub_category",
    "state",
    "grade",
    "level",
    "township",
    "village",
    "grid",
    "department",
    "how",
)
GROUPINGS: Final = (*_BY_WORD, "role", *GRAINS)
"""What figures may be grouped by; `role` is the duty that the reporter held on the day of the report."""


@dataclass(frozen=True)
class Figures:
    """The figures of some incidents; hours are medians, None where there is nothing to measure. See `DEFINITIONS`."""

    reported: int = 0
    valid: int = 0
    open: int = 0
    closed: int = 0
    responded: int = 0
    responded_on_time: int = 0
    done: int = 0
    done_on_time: int = 0
    overdue: int = 0
    yellow: int = 0
    red: int = 0
    evaluated: int = 0
    satisfied: int = 0
    self_handled: int = 0
    reopened: int = 0
    repeats: int = 0
    response_hours: float | None = None
    handling_hours: float | None = None

    @property
    def closing_rate(self) -> float | None:
        """Closed of valid."""
        return _share(self.closed, self.valid)

    @property
    def response_rate(self) -> float | None:
        """Responded on time of those whose response was due or given."""
        return _share(self.responded_on_time, self.responded)

    @property
    def on_time_rate(self) -> float | None:
        """Done on time of done and overdue."""
        return _share(self.done_on_time, self.done + self.overdue)

    @property
    def satisfaction(self) -> float | None:
        """Satisfied of evaluated."""
        return _share(self.satisfied, self.evaluated)

    @property
    def self_handled_share(self) -> float | None:
        """Closed in the village of closed."""
        return _share(self.self_handled, self.closed)

    @property
    def supervised(self) -> int:
        """With a card of either colour."""
        return self.yellow + self.red


DEFINITIONS: Final[dict[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    # name: labels, what it means; each in English and Chinese
    "reported": (("Reported", "上报"), ("reported in the period, invalid ones too", "期内上报的全部事件，含无效")),
    "valid": (("Valid", "有效"), ("reported and not ended as invalid", "上报且未判为无效")),
    "open": (("Open", "在办"), ("valid and not closed", "有效且未办结")),
    "closed": (("Closed", "办结"), ("valid and closed, evaluated ones too", "有效且已办结，含已评价")),
    "closing_rate": (("Closing rate", "办结率"), ("closed of valid", "办结数／有效数")),
    "response_rate": (
        ("Response on time", "按时响应率"),
        ("first answer before the response clock ended, of those answered or past that clock", "响应时限内首次响应数／已响应或已逾响应时限数"),
    ),
    "response_hours": (("Response, hours", "响应时长(小时)"), ("median from the report (or its re-opening) to the first answer", "上报（或重新办理）至首次响应的中位数")),
    "on_time_rate": (
        ("Done on time", "按时办结率"),
        ("done before the completion clock (or its approved extension) ended, of done and overdue", "办理时限(含批准延期)内完成数／已完成与逾期未完成数"),
    ),
    "handling_hours": (("Handling, hours", "办理时长(小时)"), ("median from the report (or its re-opening) to done", "上报（或重新办理）至完成的中位数")),
    "overdue": (("Overdue", "逾期未完成"), ("open, not done and past the completion clock", "在办、未完成且已过办理时限")),
    "yellow": (("Yellow cards", "黄牌"), ("response or completion clock passed, the last one not", "响应或办理时限已过，未过最长时限")),
    "red": (("Red cards", "红牌"), ("the last clock passed (15 workdays unless extended)", "已过最长时限（15个工作日，延期除外）")),
    "evaluated": (("Evaluated", "已评价"), ("closed and evaluated: the base of satisfaction", "已办结并评价，即满意度基数")),
    "satisfaction": (("Satisfaction", "满意率"), ("satisfied of evaluated", "满意数／评价数")),
    "self_handled_share": (("Handled in the village", "村社自处率"), ("closed by the village or community, of closed", "村社一级办结数／办结数")),
    "reopened": (("Re-opened", "重新办理"), ("valid and opened again after it had been closed", "有效且办结后又重新办理")),
    "repeats": (
        ("Repeats", "重复发生"),
        ("an earlier valid one of the same sub-category within 50 m and 30 days (rules repeat_m, repeat_days)", "50米、30天内（规则 repeat_m、repeat_days）有同子类的更早有效事件"),
    ),
}  # fmt: skip
"""What each figure is called and means, shown wherever it is shown."""


@dataclass(frozen=True)
class FiguresQuery:
    """Which incidents: reported in [from_ms, to_ms), as they stood at `as_of_ms`, of a unit, grouped by one
    of `GROUPINGS` (None: not at all).
    """

    as_of_ms: int
    from_ms: int | None = None
    to_ms: int | None = None
    unit: Unit = EVERYWHERE
    category: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class FigureTable:
    """The figures of everything asked for, and of each group by its key, in the order of codes, times or code point."""

    total: Figures
    groups: dict[str, Figures]


def count_figures(
    columns: IncidentColumns, query: FiguresQuery, repeats: NDArray[np.bool_], roles: NDArray[np.int8] | None = None
) -> FigureTable:
    """Count the incidents that a query asks for; `repeats` (n,) as of `find_repeats`, `roles` (n,) as of `roles_of_reporters`.

    Raises `BadOption` for an unknown grouping, or `role` without roles.
    """
    (table,) = count_by(columns, query, (query.by,), repeats, roles)
    return table


def count_by(
    columns: IncidentColumns,
    query: FiguresQuery,
    groupings: Sequence[str | None],
    repeats: NDArray[np.bool_] | None = None,
    roles: NDArray[np.int8] | None = None,
) -> tuple[FigureTable, ...]:
    """Count the same incidents by several groupings (`query.by` says nothing here), in little more than the time of one.

    Without `repeats`, of which finding takes longest, none is a repeat.
    """
    for by in groupings:
        if by is not None and by not in GROUPINGS:
            raise BadOption(
                f"figures cannot be grouped by {by!r}; expected one of {', '.join(GROUPINGS)}",
                zh=f"指标不能按 {by!r} 分组；应为以下之一：{'、'.join(GROUPINGS)}",
            )
        if by == "role" and roles is None:
            raise BadOption("figures by role need the duties", zh="按角色统计需要责任人名册")
    chosen = np.flatnonzero(_chosen(columns, query))
    told = np.zeros(len(chosen), bool) if repeats is None else repeats[chosen]
    measured = _measure(columns.at(chosen), query.as_of_ms, told)
    total = _figures(measured, np.zeros(len(chosen), np.int64), 1)[0]
    return tuple(FigureTable(total, _grouped(columns, chosen, measured, by, roles)) for by in groupings)


def year_before(at_ms: int) -> int:
    """The same local instant a year earlier; the last of February for the 29th."""
    past_midnight = (at_ms + EAST_OF_UTC_MS) % DAY_MS
    day = local_day(at_ms)
    leap = day.month == 2 and day.day == 29
    before = day.replace(year=day.year - 1, day=28 if leap else day.day)
    return (before - dt.date(1970, 1, 1)).days * DAY_MS - EAST_OF_UTC_MS + past_midnight


def roles_of_reporters(columns: IncidentColumns, duties: Iterable[Duty]) -> NDArray[np.int8]:
    """The role (place in `ROLES`, -1 for none) that each reporter (n,) held on the local day of the report.

    Of several the one that comes first in `ROLES`.
    """
    roles = np.full(len(columns), len(ROLES), np.int8)
    spans: dict[str, set[tuple[int, int, int]]] = {}
    for duty in duties:
        spans.setdefault(duty.person, set()).add((ROLES.index(duty.role), duty.from_day, duty.to_day))
    days = local_days(columns.reported_ms)
    order = np.argsort(columns.reporter, kind="stable")
    bounds = np.searchsorted(columns.reporter[order], np.arange(len(columns.words["reporter"]) + 1))
    for code, person in enumerate(columns.words["reporter"]):
        mine = order[bounds[code] : bounds[code + 1]]
        for role, first, end in sorted(spans.get(person, ()), reverse=True):
            roles[mine[(days[mine] >= first) & (days[mine] < end)]] = role
    return np.where(roles == len(ROLES), -1, roles).astype(np.int8)


@dataclass(frozen=True)
class _Measured:
    """What counts of each incident (n,): masks by the name of the figure, and hours where there are any."""

    masks: Mapping[str, NDArray[np.bool_]]
    response_ms: NDArray[np.float64]
    handling_ms: NDArray[np.float64]


def _chosen(columns: IncidentColumns, query: FiguresQuery) -> NDArray[np.bool_]:
    chosen = columns.reported_ms <= query.as_of_ms
    if query.from_ms is not None:
        chosen &= columns.reported_ms >= query.from_ms
    if query.to_ms is not None:
        chosen &= columns.reported_ms < query.to_ms
    if query.category is not None:
        chosen &= columns.category == columns.code("category", query.category)
    if column := query.unit.column:
        chosen &= query.unit.among(columns.words[column])[getattr(columns, column)]
    return chosen


def _measure(columns: IncidentColumns, as_of_ms: int, repeats: NDArray[np.bool_]) -> _Measured:
    """What had happened by an instant; what does not say when it happened had happened then."""

    def by_then(instants: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(instants > as_of_ms, NEVER, instants)

    responded_ms, done_ms, closed_ms = (
        by_then(getattr(columns, f"{name}_ms")) for name in ("responded", "done", "closed")
    )
    ended = ~columns.is_open() & ((columns.closed_ms == NEVER) | (closed_ms != NEVER))
    invalid = ended & (columns.state == FIXED_WORDS["state"].index("invalid"))
    closed, is_open = ended & ~invalid, ~ended
    valid = ~invalid
    due = columns.due.extended(columns.extended_due_ms)
    completion, last = due.done_ms, due.most_ms
    has_responded, has_done = valid & (responded_ms != NEVER), valid & (done_ms != NEVER)
    response_late = valid & is_open & (responded_ms == NEVER) & (columns.due.response_ms <= as_of_ms)
    overdue = valid & is_open & (done_ms == NEVER) & (completion <= as_of_ms)
    red = valid & np.where(done_ms != NEVER, done_ms >= last, is_open & (last <= as_of_ms))
    late = (
        response_late
        | overdue
        | (has_responded & (responded_ms >= columns.due.response_ms))
        | (has_done & (done_ms >= completion))
    )
    evaluated = closed & (columns.satisfied >= 0)
    masks = {
        "reported": np.ones(len(columns), bool),
        "valid": valid,
        "open": is_open,
        "closed": closed,
        "responded": has_responded | response_late,
        "responded_on_time": has_responded & (responded_ms < columns.due.response_ms),
        "done": has_done,
        "done_on_time": has_done & (done_ms < completion),
        "overdue": overdue,
        "yellow": late & ~red,
        "red": red,
        "evaluated": evaluated,
        "satisfied": evaluated & (columns.satisfied == 1),
        "self_handled": closed & (columns.level == OFFICE_LEVELS.index("village")),
        "reopened": valid & (columns.started_ms > columns.reported_ms) & (columns.started_ms <= as_of_ms),
        "repeats": valid & repeats,
    }
    return _Measured(
        masks,
        np.where(has_responded, responded_ms - columns.started_ms, np.nan),
        np.where(has_done, done_ms - columns.started_ms, np.nan),
    )


def _grouped(
    columns: IncidentColumns,
    chosen: NDArray[np.int64],
    measured: _Measured,
    by: str | None,
    roles: NDArray[np.int8] | None,
) -> dict[str, Figures]:
    """The figures of each group in which there are any."""
    if by is None:
        return {}
    group, names = _groups(columns, chosen, by, roles)
    found = _figures(measured, group, len(names))
    return {name: figures for name, figures in zip(names, found, strict=True) if figures.reported}


def _groups(
    columns: IncidentColumns, chosen: NDArray[np.int64], by: str, roles: NDArray[np.int8] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """The group of each chosen incident and the names of the groups, in their order."""
    if by in GRAINS:
        days = local_days(columns.reported_ms[chosen])
        known, which = np.unique(days, return_inverse=True)
        labels = [time_key(date_of(int(day)), by) for day in known.tolist()]
        names = list(dict.fromkeys(labels))
        return np.array([names.index(label) for label in labels], np.int64)[which], names
    if by == "role" and roles is not None:
        return np.where(roles[chosen] < 0, len(ROLES), roles[chosen]).astype(np.int64), [*ROLES, _NOBODY]
    words = columns.words[by]
    codes = getattr(columns, by)[chosen].astype(np.int64)
    if by in FIXED_WORDS:
        return codes, list(words)
    order = sorted(range(len(words)), key=lambda code: words[code])
    rank = np.empty(len(words), np.int64)
    rank[order] = np.arange(len(words))
    return rank[codes], [words[code] for code in order]


def _figures(measured: _Measured, group: NDArray[np.int64], count: int) -> list[Figures]:
    counts = {name: np.bincount(group[mask], minlength=count).tolist() for name, mask in measured.masks.items()}
    medians: dict[str, Any] = {
        name: _medians(values, group, count)
        for name, values in (("response_hours", measured.response_ms), ("handling_hours", measured.handling_ms))
    }
    return [
        Figures(**{name: counts[name][place] for name in counts}, **{name: medians[name][place] for name in medians})
        for place in range(count)
    ]


def _medians(values: NDArray[np.float64], group: NDArray[np.int64], count: int) -> list[float | None]:
    """The median of each group in hours, None for an empty one."""
    there = ~np.isnan(values)
    found, which = values[there], group[there]
    if count > 1:
        order = np.argsort(which, kind="stable")
        found, which = found[order], which[order]
    bounds = np.searchsorted(which, np.arange(count + 1)) if count > 1 else np.array([0, len(found)])
    spans = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    return [round(float(np.median(found[a:b])) / _HOUR_MS, 2) if b > a else None for a, b in spans]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
