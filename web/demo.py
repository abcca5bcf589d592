"""The demonstration: the three main jobs on the sample district, from its files to results, maps and a summary."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from boundaries.check_map import check_map
from boundaries.checks import CheckReport, check_rows
from gisgrid.codes import township_of
from gisgrid.duty import Duty, Leave, read_duties, read_leave
from gisgrid.grid import GridNetwork
from gisgrid.grid_rows import read_grid_rows
from gisgrid.incident_files import AssignedFile, IncidentColumns, assign_file, write_assigned
from gisgrid.incident_map import incident_map
from gisgrid.local_days import day_number
from gisgrid.mapping import write_map
from gisgrid.sample import SAMPLE_NOW, SampleDistrict, build_district, build_incidents, build_tracks, write_sample
from gisgrid.tables import write_rejects
from tracks.day_map import day_map
from tracks.filed_reports import read_reports
from tracks.fixes import Fixes
from tracks.formats import read_tracks
from tracks.own_zones import Edition, make_own_zones
from tracks.policy import Policy
from tracks.results import write_verification
from tracks.sentences import Language
from tracks.verify import Verification, verify_tracks
from tracks.week_map import week_map
from web.demo_store import keep_sample, open_demo_store
from web.summary import MapLink, Summary, TownshipRow, write_summary

FIRST_DAY: Final = dt.date(2018, 5, 7)
LAST_DAY: Final = dt.date(2018, 5, 13)

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

# Kinds of days worth a look, in the order of the page.
_SHOWN_KINDS: Final = {
    "diligent": ("A diligent day", "认真的一天"),
    "phone_off_hour": ("Phone off for an hour", "手机关机一小时"),
    "border_walker": ("Along the border", "沿边界巡查"),
    "phone_at_home": ("Phone left at home", "手机留在家中"),
    "driving_through": ("Driving through", "驾车穿过"),
    "gcj02_phone": ("A phone in GCJ-02", "坐标为 GCJ-02 的手机"),
    "late_upload": ("Uploaded too late", "上传过迟"),
}


@dataclass
class _Clock:
    """Tells which step runs, and keeps how long each took."""

    on_step: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        """Time one step."""
        self.on_step(text)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)


@dataclass(frozen=True)
class _Verified:
    fixes: Fixes
    duties: tuple[Duty, ...]
    leave: tuple[Leave, ...]
    result: Verification


def run_demo(folder: Path, *, on_step: Callable[[str], None]) -> Summary:
    """Build the sample in `folder`, check its grids, verify its patrols, assign its incidents, draw maps, sum up.

    Everything goes the way of the commands: written to files first, then read back from them, and kept in the store.
    Raises `BadOption` where the folder holds the data of a real district.
    """
    clock = _Clock(on_step)
    open_demo_store(folder).close()
    sample, results = folder / "sample", folder / "results"
    policy = Policy()
    with clock.step("sample", "building the sample district: 659 grids, a week of tracks, ten months of incidents"):
        district = build_district()
        tracks = build_tracks(district)
        paths = write_sample(sample, district, tracks, incidents=build_incidents(district))
        labels = tracks.labels
        del tracks
    with clock.step("check", "checking the grids"):
        rows = read_grid_rows(paths["grids"])
        network = GridNetwork.from_rows(rows)
        report = check_rows(rows, plane=network.plane)
    with clock.step("verify", "verifying a week of patrols of 659 people"):
        verified = _verify(paths, network, policy, results)
    with clock.step("assign", "assigning 564,342 incidents"):
        assigned = assign_file(paths["incidents"], network, columns=IncidentColumns(time="time", accuracy="accuracy_m"))
        results.mkdir(parents=True, exist_ok=True)
        write_assigned(results / "incidents.csv", assigned, network)
        write_rejects(results / "incidents.rejects.csv", [assigned.rejects])
    with clock.step("store", "keeping it all in the store"):
        store = open_demo_store(folder)
        try:
            keep_sample(store, folder, paths, network, verified.fixes)
        finally:
            store.close()
    with clock.step("maps", "drawing the maps"):
        links = _write_maps(folder / "maps", network, verified, assigned, labels_of(labels), policy)
        for language in LANGUAGES:
            write_map(check_map(rows, report, language=language), folder / "maps" / f"check.{language}.html")
        links = (*links, MapLink("check", "Grids checked", "网格检查"))
    summary = _sum_up(district, network, report, verified, assigned, links, clock.seconds)
    write_summary(folder, summary)
    return summary


def labels_of(labels: object) -> dict[str, tuple[str, str]]:
    """For each kind of day the first patroller and day that shows it."""
    found: dict[str, tuple[str, str]] = {}
    for patroller, day, kind in labels[["patroller", "day", "kind"]].itertuples(index=False):  # type: ignore[index]  # a data frame
        found.setdefault(str(kind), (str(patroller), str(day)[:10]))
    return found


def _verify(paths: dict[str, Path], network: GridNetwork, policy: Policy, results: Path) -> _Verified:
    duties, _ = read_duties(paths["duties"])
    leave, _ = read_leave(paths["leave"])
    reports, _ = read_reports(paths["reports"])
    tracks = read_tracks([paths["tracks"]], bounds=network.bounds)
    result = verify_tracks(
        tracks.fixes, [Edition(network)], duties, FIRST_DAY, LAST_DAY, policy=policy, leave=leave, reports=reports
    )
    write_verification(results, result, policy)
    return _Verified(tracks.fixes, duties, leave, result)


def _write_maps(
    folder: Path,
    network: GridNetwork,
    verified: _Verified,
    assigned: AssignedFile,
    kinds: dict[str, tuple[str, str]],
    policy: Policy,
) -> tuple[MapLink, ...]:
    links = [
        MapLink("incidents", "Incidents at their grids", "事件归属网格"),
        MapLink("week", "The week's patrols", "本周巡查考核"),
    ]
    categories = assigned.table.texts("category")[assigned.rows]
    own = make_own_zones([Edition(network)], verified.duties)
    for language in LANGUAGES:
        title = links[0].title_zh if language == "zh" else links[0].title_en
        write_map(
            incident_map(network, assigned.assignments.position, categories, title=title, language=language),
            folder / f"incidents.{language}.html",
        )
        write_map(
            week_map(own, verified.result.weeks, day_number(FIRST_DAY), language), folder / f"week.{language}.html"
        )
    for kind, (title_en, title_zh) in _SHOWN_KINDS.items():
        if kind not in kinds:
            continue
        patroller, day = kinds[kind]
        links.append(MapLink(f"day_{kind}", title_en, title_zh, f"{patroller} · {day}"))
        for language in LANGUAGES:
            page = day_map(
                patroller,
                day_number(dt.date.fromisoformat(day)),
                verified.fixes,
                [Edition(network)],
                verified.duties,
                policy,
                verified.result,
                language,
            )
            write_map(page, folder / f"day_{kind}.{language}.html")
    return tuple(links)


def _sum_up(
    district: SampleDistrict, network: GridNetwork, report: CheckReport, verified: _Verified, assigned: AssignedFile,
    links: tuple[MapLink, ...], seconds: dict[str, float],
) -> Summary:  # fmt: skip
    days = verified.result.days
    categories = assigned.table.texts("category")[assigned.rows]
    position = assigned.assignments.position
    return Summary(
        now=SAMPLE_NOW.isoformat(),
        first_day=FIRST_DAY.isoformat(),
        last_day=LAST_DAY.isoformat(),
        area_km2=round(float(network.areas_m2.sum()) / 1e6, 1),
        grids_by_kind={
            str(kind): count for kind, count in sorted(Counter(network.kinds).items(), key=lambda item: str(item[0]))
        },
        villages=len({*network.villages}),
        residents=int(district.dwellings["residents"].sum()),
        migrants=int(district.dwellings["migrants"].sum()),
        fixes=len(verified.fixes),
        defects=len(report.defects),
        days=dict(Counter(day.patrol_verdict for day in days)),
        days_with_reports=dict(Counter(day.full_verdict for day in days if day.full_verdict is not None)),
        weeks=dict(Counter(week.patrol_verdict for week in verified.result.weeks)),
        incidents=len(assigned.rows) + len(assigned.rejects),
        incidents_by_how={
            **dict(Counter(str(how) for how in assigned.assignments.how)),
            "without_place": len(assigned.rejects),
        },
        incidents_by_category=dict(Counter(str(name) for name in assigned.table.texts("category"))),
        townships=_townships(district, network, verified, position, categories),
        maps=links,
        seconds=seconds,
    )


def _townships(
    district: SampleDistrict, network: GridNetwork, verified: _Verified, position: np.ndarray, categories: np.ndarray
) -> tuple[TownshipRow, ...]:
    grid_of = {duty.person: duty.grid for duty in verified.duties if duty.role == "patroller"}
    days: dict[str, Counter[str]] = {code: Counter() for code in district.townships.codes}
    for day in verified.result.days:
        if day.patroller in grid_of:
            days[township_of(grid_of[day.patroller])][day.patrol_verdict] += 1
    incidents: dict[str, Counter[str]] = {code: Counter() for code in district.townships.codes}
    townships = np.array([township_of(code) for code in network.codes], dtype=object)
    assigned = position >= 0
    for (township, category), count in Counter(
        zip(townships[position[assigned]], categories[assigned], strict=True)
    ).items():
        incidents[str(township)][str(category)] += count
    return tuple(
        TownshipRow(code, name, dict(days[code]), dict(incidents[code]))
        for code, name in zip(district.townships.codes, district.townships.names, strict=True)
    )
