"""The kinds of long jobs, and what each does: verify patrols, assign incidents anew, take incidents in."""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gisgrid.clocks import NEVER
from gisgrid.duty import PATROLLING_ROLES, Duty
from gisgrid.errors import BadOption, EmptyInput
from gisgrid.incident_filters import IncidentFilter
from gisgrid.incident_rows import IncidentRows
from gisgrid.local_days import day_number, start_of
from gisgrid.store.belonging import belongings
from gisgrid.store.editions import EditionLabel
from gisgrid.store.intake import take_in_rows
from gisgrid.store.jobs import Job
from gisgrid.store.register_files import translations_of
from gisgrid.store.staffing import Staffing
from gisgrid.store.units import find_unit
from gisgrid.table_files import write_table
from gisgrid.tables import write_rejects
from gisgrid.units import EVERYWHERE, Unit
from tracks.archive import TrackArchive, read_fixes_of
from tracks.filed_reports import FiledReports, collect_reports
from tracks.own_zones import Edition, unknown_grids
from tracks.policy import Policy
from tracks.results import local_time, write_verification
from tracks.verdicts import DayVerdict, WeekVerdict
from tracks.verify import Verification, verify_tracks
from tracks.visits import Visit
from web.services import Services
from web.uploads import Uploads, read_upload

Progress = Callable[[float, str], None]
"""How far a job is (0 to 1) and what it does; raises where the job shall stop."""

_DAY: Final = dt.timedelta(days=1)
_MOST_PAIRS: Final = 50


@dataclass(frozen=True)
class Kind:
    """A kind of job: which action it needs, what runs it (its files go into the folder), and whether it may run again."""

    action: str
    run: Callable[[Job, Services, Progress, Path], dict[str, Any]]
    is_repeatable: bool = True


def verify(job: Job, services: Services, progress: Progress, folder: Path) -> dict[str, Any]:
    """Judge the patrols of local days (of those who patrol in a unit), week by week, so that memory stays that of a week."""
    first, last = (dt.date.fromisoformat(job.asked[name]) for name in ("first_day", "last_day"))
    unit, policy = job.asked["unit"], Policy()
    progress(0.0, "duties")
    staffing = Staffing(services.store)
    leave, calendar = staffing.leave(), staffing.calendar()
    editions = [
        Edition(services.editions.network(label.id), day_number(label.valid_from)) for label in services.editions.all()
    ]
    if not editions:
        raise BadOption(
            "no network has been published, so that nobody has grids to patrol; publish one first",
            zh="还没有发布网格网，没有人有网格可巡；请先发布",
        )
    duties = _duties_in(staffing.duties(), _unit_of(services, unit), first, last)
    strangers = set(unknown_grids(editions, duties))
    duties = [duty for duty in duties if duty not in strangers]
    if not duties:
        raise EmptyInput(
            f"nobody holds a patrolling duty there from {first} to {last}; look at the register of duties",
            zh=f"从 {first} 到 {last}，那里没有人承担巡查责任；请检查责任人名册",
        )
    with services.store.changing(job.account, origin=f"job/{job.id}") as change:
        change.note("read_tracks", f"tracks/{unit or 'all'}", f"{first} to {last}")
    reports = filed_reports(services, first, last)
    archive = TrackArchive(services.settings.data / "tracks")
    days: list[DayVerdict] = []
    visits: list[tuple[str, Visit]] = []
    weeks: list[WeekVerdict] = []
    parts = list(_weeks(first, last))
    for number, (start, end) in enumerate(parts):
        progress(number / len(parts), f"reading {start} to {end}")
        # A leg may reach across midnight, a visit not: the duty window ends within the day.
        fixes = read_fixes_of(services.inbox, archive, start - _DAY, end + _DAY)

        def tell(done: int, total: int, *, number: int = number, start: dt.date = start, end: dt.date = end) -> None:
            progress((number + done / total) / len(parts), f"judging {start} to {end}")

        found = verify_tracks(
            fixes, editions, duties, start, end, policy=policy, leave=leave, reports=reports, calendar=calendar,
            on_progress=tell,
        )  # fmt: skip
        days += found.days
        visits += found.visits
        weeks += found.weeks
    progress(1.0, "writing")
    whole = Verification(
        tuple(sorted(days, key=lambda day: (day.patroller, day.day))),
        tuple(sorted(visits, key=lambda pair: (pair[0], pair[1].start_ms))),
        tuple(sorted(weeks, key=lambda week: (week.patroller, week.monday))), {}, {},
    )  # fmt: skip
    paths = write_verification(folder, whole, policy, "zh" if job.asked["language"] == "zh" else "en")
    return {
        "patrollers": len({day.patroller for day in days}), "days": len(days), "visits": len(visits),
        "weeks": len(weeks), "policy": policy.hash,
        "day_verdicts": dict(Counter(day.patrol_verdict for day in days)),
        "day_verdicts_with_reports": dict(Counter(day.full_verdict for day in days if day.full_verdict)),
        "week_verdicts": dict(Counter(week.patrol_verdict for week in weeks)),
        "week_verdicts_with_reports": dict(Counter(week.full_verdict for week in weeks if week.full_verdict)),
        "files": _files(paths),
    }  # fmt: skip


def reassign(job: Job, services: Services, progress: Progress, folder: Path) -> dict[str, Any]:
    """Find out which incidents of local days would have another grid under an edition; nothing is changed.

    Those whose grid a person has said are counted and left alone.
    """
    first, last = (dt.date.fromisoformat(job.asked[name]) for name in ("first_day", "last_day"))
    label = next((one for one in services.editions.all() if one.id == job.asked["edition"]), None)
    if label is None:
        raise BadOption(
            f"there is no edition {job.asked['edition']}; take the number of one that was published",
            zh=f"没有编号为 {job.asked['edition']} 的版本；请填写已发布版本的编号",
        )
    counts: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    rows: list[tuple[Any, ...]] = []
    names = ("id", "reported_ms", "lon", "lat", "accuracy_m", "source", "stated", "grid", "how")
    for done, columns in _incidents(services, names, _unit_of(services, job.asked["unit"]), first, last):
        progress(done, "assigning")
        then, how = _grids_under(services, label, columns)
        is_manual = columns["how"] == "manual"
        changed = np.flatnonzero((columns["grid"] != then) & ~is_manual)
        counts += Counter(
            incidents=len(then), manual=int(is_manual.sum()), without_grid=int((columns["grid"] == "").sum()),
            would_be_without_grid=int((then[~is_manual] == "").sum()),
        )  # fmt: skip
        told = (columns["id"], columns["reported_ms"], columns["grid"], columns["how"], then, how)
        rows += zip(*(column[changed].tolist() for column in told), strict=True)
        pairs.update(zip(columns["grid"][changed].tolist(), then[changed].tolist(), strict=True))
    progress(1.0, "writing")
    kept = list(zip(*sorted(rows), strict=True)) or [()] * 6
    table = pa.table(
        {
            "number": pa.array(kept[0], pa.int64()),
            "time": pa.array([local_time(at_ms) for at_ms in kept[1]], pa.string()),
            "grid": pa.array(kept[2], pa.string()), "how": pa.array(kept[3], pa.string()),
            "new_grid": pa.array(kept[4], pa.string()), "new_how": pa.array(kept[5], pa.string()),
        }
    )  # fmt: skip
    write_table(folder / "changed.csv", table)
    return {
        "edition": label.id, "changed": len(rows),
        **{name: counts[name] for name in ("incidents", "manual", "without_grid", "would_be_without_grid")},
        "pairs": [{"grid": a, "new_grid": b, "incidents": n} for (a, b), n in pairs.most_common(_MOST_PAIRS)],
        "files": _files([folder / "changed.csv"]),
    }  # fmt: skip


def import_incidents(job: Job, services: Services, progress: Progress, folder: Path) -> dict[str, Any]:
    """Take in the incidents of a file that was looked at and confirmed; what is kept before a stop stays kept."""
    upload = Uploads(services.settings.data, services.store.now_ms).get(job.asked["import_id"], job.account)
    progress(0.0, "reading")
    found = read_upload(upload, translations_of(services.store, upload.source_system))
    progress(0.2, "keeping")
    taken = take_in_rows(
        services.store, services.editions, found.rows, upload.source_system, author=job.account, origin=f"job/{job.id}",
        on_progress=lambda done, total: progress(0.2 + 0.8 * done / total, "keeping"),
    )  # fmt: skip
    rejects = dataclasses.replace(found.reject(taken.refused), source=upload.name)
    path = folder / "rejects.csv"
    write_rejects(path, [rejects] if len(rejects) else [], language=int(job.asked.get("language") == "zh"))
    return {
        "source_system": upload.source_system, "new": taken.new, "changed": taken.changed, "same": taken.same,
        "rejected": len(rejects), "files": _files([path] if len(rejects) else []),
    }  # fmt: skip


KINDS: Final = {
    "verify": Kind("judge_tracks", verify),
    "reassign": Kind("draw_grids", reassign),
    "import_incidents": Kind("report_incident", import_incidents),
}
"""What a worker can do."""


def filed_reports(services: Services, first: dt.date, last: dt.date) -> FiledReports:
    """The incidents that people reported on local days, as verification takes them; invalid ones and confirmed
    duplicates do not count.
    """
    names = ("id", "reporter", "reported_ms", "lon", "lat", "state")
    parts = [columns for _, columns in _incidents(services, names, EVERYWHERE, first, last)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in names}
    mine = np.flatnonzero(found["reporter"] != "")
    # A confirmed duplicate has ended as invalid too.
    valid = found["state"] != "invalid"
    lon, lat = (found[name].astype(np.float64)[mine] for name in ("lon", "lat"))
    numbers = np.array([str(number) for number in found["id"][mine]], dtype=object)
    return collect_reports(
        numbers, found["reporter"][mine], found["reported_ms"][mine].astype(np.int64), lon, lat, valid[mine]
    )


def _incidents(
    services: Services, names: tuple[str, ...], unit: Unit, first: dt.date, last: dt.date
) -> Iterator[tuple[float, dict[str, NDArray[Any]]]]:
    """Columns of the incidents of local days, week by week with the share of the span that lies before: the drivers hold
    everyone up while they fetch.
    """
    days = (last - first).days + 1
    for start, end in _weeks(first, last):
        wanted = IncidentFilter(unit, from_ms=start_of(start), to_ms=start_of(end + _DAY))
        yield (start - first).days / days, dict(_objects(services.incidents.columns(names, wanted)))


def _objects(columns: dict[str, list[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, values in columns.items():
        column = np.empty(len(values), dtype=object)
        column[:] = values
        yield name, column


def _unit_of(services: Services, code: str) -> Unit:
    with services.store.reading() as connection:
        return find_unit(connection, code)


def _duties_in(duties: Sequence[Duty], unit: Unit, first: dt.date, last: dt.date) -> list[Duty]:
    """All patrolling duties of those who patrol in a unit within the days."""
    start, end = day_number(first), day_number(last) + 1
    patrolling = [duty for duty in duties if duty.role in PATROLLING_ROLES]
    people = {
        duty.person for duty in patrolling if duty.from_day < end and duty.to_day > start and unit.has_grid(duty.grid)
    }
    return [duty for duty in patrolling if duty.person in people]


def _weeks(first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """The days cut at Mondays."""
    start = first
    while start <= last:
        end = min(start + (6 - start.weekday()) * _DAY, last)
        yield start, end
        start = end + _DAY


def _grids_under(
    services: Services, label: EditionLabel, columns: dict[str, NDArray[Any]]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """The grids (n,) that reports would have under one edition, whatever their time, and how they are found."""
    count = len(columns["id"])
    text, never = np.full(count, "", dtype=object), np.full(count, NEVER, np.int64)
    number = {name: columns[name].astype(np.float64) for name in ("lon", "lat", "accuracy_m")}
    rows = IncidentRows(
        text, text, text, columns["reported_ms"].astype(np.int64), number["lon"], number["lat"], number["accuracy_m"],
        columns["source"], columns["stated"], text, np.zeros(count, bool), text, text, text, text, never, never, never,
        np.full(count, -1, np.int8),
    )  # fmt: skip
    always = dataclasses.replace(label, valid_from=dt.date.min)
    found = belongings(services.editions, rows, labels=[always])
    return found.grid, found.how


def _files(paths: Sequence[Path]) -> list[dict[str, Any]]:
    return [{"name": path.name, "size_bytes": path.stat().st_size} for path in paths]
