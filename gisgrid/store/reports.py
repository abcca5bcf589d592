"""One report taken in: checked, assigned, given to its office, its probable duplicates linked."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from gisgrid.clocks import NEVER, Deadlines
from gisgrid.errors import BadOption, Conflict, InputError, UnknownGrid
from gisgrid.flow import GRADES
from gisgrid.incident_rows import SOURCES, IncidentRows, join_rows
from gisgrid.local_days import local_day
from gisgrid.store.answered import Key, find_answered, remember
from gisgrid.store.belonging import Belonging, belongings
from gisgrid.store.duplicates import Duplicate, duplicates_of, find_earlier
from gisgrid.store.editions import Editions
from gisgrid.store.ground import Ground, GroundKeeper
from gisgrid.store.incidents import Incident, incident_of
from gisgrid.store.intake import FUTURE_MS, columns_of_rows, take_in_rows
from gisgrid.store.reach import out_of_reach
from gisgrid.store.rulebook import Rulebook, rulebook_of
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import DUPLICATE, INCIDENT
from gisgrid.tables import check_text
from gisgrid.told import told_in

_DEGREE_DIGITS: Final = 7
_AT_FIRST: Final[dict[str, Any]] = {
    "version": 1, "assistants": "", "reopened": 0, "steps": 0, "source_system": None, "source_id": None,
    "source_digest": None,
}  # fmt: skip
_EARLIEST_MS: Final = 631_123_200_000
"""The beginning of 1990 in China."""

_NOT_YET: Final[dict[str, Any]] = {
    "answering_grid": None,
    "started_ms": None,
    "asked_due_ms": None,
    "extended_due_ms": None,
}


@dataclass(frozen=True)
class Report:
    """What is reported: degrees (EPSG:4490) and metres, ms since 1970 UTC; what is not known stays out.

    `stated` is the code of a grid or village where the place is not known, `reporter` the code of a person. `is_handled`:
    it was handled on the spot, and nobody has to do anything more. `source_system` and `source_id` name it where another
    platform knows it already.
    """

    category: str
    sub_category: str = ""
    description: str = ""
    reported_ms: int | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    source: str = ""
    stated: str = ""
    reporter: str = ""
    grade: str = "ordinary"
    is_urgent: bool = False
    is_handled: bool = False
    source_system: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Reported:
    """A report as it stands now, its deadlines (columns of one row), and the earlier one that it may repeat."""

    incident: Incident
    due: Deadlines
    duplicate: Duplicate | None
    is_new: bool = True
    """Whether it was taken in now; else it was there under its key already."""


@dataclass(frozen=True)
class Asked:
    """A report to take in, by whom, from where, and perhaps under a key: then it is taken in once, however often it is sent."""

    report: Report
    author: str
    origin: str = "local"
    key: Key | None = None


def report_incident(
    store: Store, editions: Editions, report: Report, *, author: str, origin: str = "local", key: Key | None = None
) -> Reported:
    """Take in a report; it is there, with grid, office and clocks, when this returns.

    Raises `BadOption` for a time in the future, a place that cannot be, an unknown or ended category, `UnknownGrid` for a
    grid or village that the edition of its time does not have, `Conflict` for a key that something else was reported under.
    One that names its platform and number is taken in as from there: sent again it changes what differs and doubles nothing.
    """
    (answer,) = report_incidents(store, editions, [Asked(report, author, origin, key)])
    if isinstance(answer, Exception):
        raise answer
    return answer


def report_incidents(
    store: Store, editions: Editions, asked: Sequence[Asked], keeper: GroundKeeper | None = None
) -> list[Reported | Exception]:
    """Take in reports of several people in one transaction: for each how it stands now, or the error that is its own.

    Whoever does so often gives a `keeper`. Those of other platforms go one by one, each in a transaction of its own. Raises
    only what keeps the others out, such as a lost database; then none of them is in.
    """
    now_ms = store.now_ms()
    answers: list[Reported | Exception | None] = [None] * len(asked)
    rows: dict[int, IncidentRows] = {}
    for place, one in enumerate(asked):
        try:
            checked = _checked(editions, one.report, now_ms)
            if one.report.source_system or one.report.source_id:
                answers[place] = _from_elsewhere(store, editions, one, checked)
            else:
                rows[place] = checked
        except (InputError, Conflict) as error:
            answers[place] = error
    if rows:
        _take_in(store, editions, keeper or GroundKeeper(editions), asked, rows, answers)
    return [answer for answer in answers if answer is not None]


def _take_in(
    store: Store,
    editions: Editions,
    keeper: GroundKeeper,
    asked: Sequence[Asked],
    rows: dict[int, IncidentRows],
    answers: list[Reported | Exception | None],
) -> None:
    """Take in the checked rows, by their places among what is asked, and fill in the answers of those places."""
    together = join_rows(list(rows.values()))
    ground = keeper.last
    if ground is None:
        with store.reading() as connection:
            ground = keeper.ground(connection)
    if far := out_of_reach(editions, together, ground.labels):
        places = list(rows)
        refused = {places[row]: BadOption(str(told), zh=told.zh) for row, told in far.items()}
        rows = {place: one for place, one in rows.items() if place not in refused}
        for place, error in refused.items():
            answers[place] = error
        if not rows:
            return
        together = join_rows(list(rows.values()))
    # Outside the transaction that writes, so that nobody waits for it; it is looked at again there.
    found = belongings(editions, together, labels=ground.labels)
    first = asked[next(iter(rows))]
    with store.changing(first.author, origin=first.origin, in_turn=True, gathers=True) as change:
        ground = keeper.ground(change.connection)
        if ground.newest_edition != found.newest_edition:
            found = belongings(editions, together, change.connection, ground.labels)
        fresh, twins = _fresh_of(change, ground.rulebook, asked, rows, together, answers)
        if fresh:
            _keep(change, editions, ground, asked, fresh, together, found, answers)
    for place, earlier in twins.items():
        same = answers[earlier]
        answers[place] = dataclasses.replace(same, is_new=False) if isinstance(same, Reported) else same


def _keep(
    change: Change,
    editions: Editions,
    ground: Ground,
    asked: Sequence[Asked],
    fresh: list[tuple[int, int]],
    together: IncidentRows,
    found: Belonging,
    answers: list[Reported | Exception | None],
) -> None:
    """Insert the fresh rows (row among all, place among what is asked) with events, links, audit and keys."""
    which = np.array([row for row, _ in fresh], np.int64)
    by = [dataclasses.replace(change, author=asked[place].author, origin=asked[place].origin) for _, place in fresh]
    numbers = [change.next_number(INCIDENT) for _ in fresh]
    events = [
        _tell(one, number, found, row, is_urgent=asked[place].report.is_urgent)
        for one, number, (row, place) in zip(by, numbers, fresh, strict=True)
    ]
    rows = together.at(which)
    due = ground.rulebook.deadlines(rows.reported_ms, rows.is_urgent)
    columns = columns_of_rows(change.connection, rows, found.at(which), due, ground.home)
    columns |= {"id": numbers, "event_id": events}
    columns |= {name: [value] * len(fresh) for name, value in _AT_FIRST.items()}
    told = [name for name in columns if name not in {"place", "source_digest"}]
    unwritten: list[Incident] = []
    for at, (_, place) in enumerate(fresh):
        lon, lat = (None if np.isnan(degrees[at]) else float(degrees[at]) for degrees in (rows.lon, rows.lat))
        one = Incident(**_NOT_YET, **{name: columns[name][at] for name in told}, lon=lon, lat=lat)
        change.insert(INCIDENT, {name: values[at] for name, values in columns.items()})
        duplicate = find_earlier(change.connection, editions, ground, one, unwritten)
        if duplicate is None:
            unwritten.append(one)
        else:
            change.insert(DUPLICATE, duplicate.as_row())
        by[at].note("report", f"incident/{one.id}", one.how)
        key = asked[place].key
        if key is not None:
            remember(by[at], key, f"incident/{one.id}")
        answers[place] = Reported(one, due.at(slice(at, at + 1)), duplicate)


def _fresh_of(
    change: Change,
    rulebook: Rulebook,
    asked: Sequence[Asked],
    rows: dict[int, IncidentRows],
    together: IncidentRows,
    answers: list[Reported | Exception | None],
) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """Those that are to be kept: row among all and place among what is asked; of the others the answers are filled in, but
    for the twins: places that are asked under the same key as an earlier place.
    """
    fresh: list[tuple[int, int]] = []
    keys: dict[Key, int] = {}
    twins: dict[int, int] = {}
    for row, place in enumerate(rows):
        report, key = asked[place].report, asked[place].key
        try:
            if key is not None:
                if key in keys:
                    twins[place] = keys[key]
                    continue
                if any((known.account, known.key) == (key.account, key.key) for known in keys):
                    raise Conflict(
                        f"the key {key.key!r} came twice for different requests; take a key for each request",
                        zh=f"幂等键 {key.key!r} 被用于两个不同的请求；每个请求请用不同的键",
                    )
                before = find_answered(change.connection, key)
                if before is not None:
                    answers[place] = _again(change.connection, rulebook, before)
                    continue
            day = local_day(int(together.reported_ms[row]))
            together.sub_category[row] = rulebook.sub_categories.find_open(report.category, report.sub_category, day)
            rows[place].sub_category[0] = together.sub_category[row]
        except (InputError, Conflict) as error:
            answers[place] = error
            continue
        fresh.append((row, place))
        if key is not None:
            keys[key] = place
    return fresh, twins


def _again(connection: sa.Connection, rulebook: Rulebook, subject: str) -> Reported:
    """How an incident stands that was reported under the same key before."""
    number = int(subject.removeprefix("incident/"))
    row = connection.execute(sa.select(INCIDENT).where(INCIDENT.c.id == number)).one()
    started_ms = row.started_ms if row.started_ms is not None else row.reported_ms
    links = [link for link in duplicates_of(connection, number) if link.incident_id == number]
    due = rulebook.deadlines_of(started_ms, row.is_urgent)
    return Reported(incident_of(row), due, links[0] if links else None, is_new=False)


def _tell(change: Change, number: int, found: Belonging, row: int, *, is_urgent: bool) -> int:
    content = {"grid": found.grid[row], "village": found.village[row], "urgent": is_urgent, "how": found.how[row]}
    return change.tell("incident_reported", f"incident/{number}", content)


def _checked(editions: Editions, report: Report, now_ms: int) -> IncidentRows:
    """The report as a list of one, once it can be one."""
    for name in (
        "category",
        "sub_category",
        "description",
        "source",
        "stated",
        "reporter",
        "source_system",
        "source_id",
    ):
        check_text(name, getattr(report, name))
    reported_ms = now_ms if report.reported_ms is None else report.reported_ms
    if reported_ms < _EARLIEST_MS:
        raise BadOption(
            "the time of the report lies before 1990; expected a time up to now",
            zh="上报时间早于 1990 年；应不晚于现在",
        )
    if reported_ms > now_ms + FUTURE_MS:
        raise BadOption(
            "the time of the report lies in the future; expected a time up to now", zh="上报时间在将来；应不晚于现在"
        )
    for name, word, known in (("grade", report.grade, GRADES), ("source", report.source, SOURCES)):
        if word not in known:
            raise BadOption(
                f"{name} is {word!r}; expected one of {', '.join(filter(None, known))}",
                zh=f"{name} 为 {word!r}；应为以下之一：{'、'.join(filter(None, known))}",
            )
    if (report.lon is None) != (report.lat is None):
        raise BadOption(
            "a place needs both longitude and latitude; give both or neither",
            zh="位置须同时有经度和纬度；请都填或都不填",
        )
    lon, lat = (np.nan if degrees is None else float(degrees) for degrees in (report.lon, report.lat))
    if abs(lon) <= 90.0 < abs(lat) <= 180.0:
        raise BadOption(
            f"the place {lon}, {lat} cannot be: longitude and latitude seem to be swapped; expected degrees, longitude first, "
            "such as 121.4321, 28.6500",
            zh=f"位置 {lon}, {lat} 不存在：经纬度可能填反了；应为度数，经度在前，例如 121.4321, 28.6500",
        )
    if report.lon is not None and not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        raise BadOption(
            f"the place {lon}, {lat} cannot be; expected degrees, longitude first, such as 121.4321, 28.6500",
            zh=f"位置 {lon}, {lat} 不存在；应为度数，经度在前，例如 121.4321, 28.6500",
        )
    accuracy_m = np.nan if report.accuracy_m is None else float(report.accuracy_m)
    if report.accuracy_m is not None and not 0.0 < accuracy_m < 1e7:
        raise BadOption(
            f"accuracy is {accuracy_m} m; expected metres above 0, or nothing",
            zh=f"精度为 {accuracy_m} 米；应为大于 0 的米数，或留空",
        )
    if report.stated:
        _check_stated(editions, report.stated, local_day(reported_ms))
    on_the_spot = reported_ms if report.is_handled else NEVER

    def text(value: str) -> np.ndarray[Any, np.dtype[np.object_]]:
        return np.array([value], dtype=object)

    def instant(value: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array([value], np.int64)

    return IncidentRows(
        text(report.source_id), text(report.category), text(report.sub_category), instant(reported_ms),
        np.round([lon], _DEGREE_DIGITS), np.round([lat], _DEGREE_DIGITS), np.array([accuracy_m]), text(report.source),
        text(report.stated), text("closed" if report.is_handled else "reported"), np.array([report.is_urgent]),
        text(report.reporter), text(report.description), text(report.grade), text(""), instant(on_the_spot),
        instant(on_the_spot), instant(on_the_spot), np.array([-1], np.int8),
    )  # fmt: skip


def _check_stated(editions: Editions, stated: str, day: dt.date) -> None:
    """`UnknownGrid` for a grid or village that the edition of the day does not have, naming when there was such a one."""
    labels = editions.all()
    held = [label for label in labels if _has(editions, label.id, stated)]
    if any(label.valid_from <= day and (label.valid_to is None or day < label.valid_to) for label in held):
        return
    if not held:
        raise UnknownGrid(
            f"no edition has a grid or village {stated!r}; give a code of the edition of {day}",
            zh=f"没有任何版本包含网格或村社 {stated!r}；请填写 {day} 当日版本中的编号",
        )
    before = [label for label in held if label.valid_from <= day]
    told = f"ended on {before[-1].valid_to}" if before else f"begins on {held[0].valid_from}"
    told_zh = f"已于 {before[-1].valid_to} 停用" if before else f"自 {held[0].valid_from} 起启用"
    raise UnknownGrid(
        f"{stated} {told} and cannot be reported for {day}; name the grid of that day, or the place",
        zh=f"{stated} {told_zh}，不能用于 {day} 的上报；请填写当日的网格，或填写位置",
    )


def _has(editions: Editions, number: int, stated: str) -> bool:
    network = editions.network(number)
    return stated in network.codes or (network.code_scheme == "official" and stated in network.villages)


def _from_elsewhere(store: Store, editions: Editions, asked: Asked, rows: IncidentRows) -> Reported:
    """Take in what another platform reports; a key is remembered after it, as sending it again changes nothing."""
    report, key = asked.report, asked.key
    if not report.source_system or not report.source_id:
        raise BadOption(
            "a report of another platform needs both its name and its number there",
            zh="其他平台的上报须同时有平台名称和在该平台的编号",
        )
    with store.reading() as connection:
        rulebook = rulebook_of(connection)
        before = find_answered(connection, key) if key is not None else None
        if before is not None:
            return _again(connection, rulebook, before)
    day = local_day(int(rows.reported_ms[0]))
    rows.sub_category[0] = rulebook.sub_categories.find_open(report.category, report.sub_category, day)
    taken = take_in_rows(store, editions, rows, report.source_system, author=asked.author, origin=asked.origin)
    if taken.refused:
        (told,) = taken.refused.values()
        raise BadOption(told_in(told, 0), zh=told_in(told, 1))
    with store.reading() as connection:
        known = (INCIDENT.c.source_system == report.source_system, INCIDENT.c.source_id == report.source_id)
        row = connection.execute(sa.select(INCIDENT).where(*known)).one()
    if key is not None:
        with store.changing(asked.author, origin=asked.origin) as change:
            change.take_turn()
            if find_answered(change.connection, key) is None:
                remember(change, key, f"incident/{row.id}")
    started_ms = row.started_ms if row.started_ms is not None else row.reported_ms
    due = rulebook.deadlines_of(started_ms, row.is_urgent)
    return Reported(incident_of(row), due, None, is_new=taken.new > 0)
