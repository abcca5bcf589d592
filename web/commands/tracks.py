"""`gisgrid tracks`: patrol trajectories against the 5225 standard."""

import datetime as dt
import os
from collections import Counter
from pathlib import Path
from typing import Annotated, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gisgrid.datum import check_datum
from gisgrid.duty import PATROLLING_ROLES, read_duties, read_leave
from gisgrid.errors import BadOption, EmptyInput
from gisgrid.grid import read_network
from gisgrid.local_days import day_number
from gisgrid.mapping import write_map
from gisgrid.store import open_store
from gisgrid.store.fixes import FixInbox
from gisgrid.tables import Rejects, write_rejects
from tracks.archive import TrackArchive, batch_of_fixes, seal
from tracks.day_map import day_map
from tracks.filed_reports import read_reports
from tracks.formats import TrackColumns, read_tracks
from tracks.own_zones import Edition, unknown_grids
from tracks.policy import Policy, read_policy
from tracks.results import write_verification
from tracks.sentences import Language
from tracks.verify import Verification, verify_tracks
from web.days import read_day
from web.settings import read_settings

app = typer.Typer(help="Patrol trajectories against the 5225 standard.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Patrol trajectories against the 5225 standard."""


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="CSV, Parquet or GPX files of fixes.")],
    grids: Annotated[list[str], typer.Option(help="The network; PATH@YYYY-MM-DD, repeated, for editions.")],
    duties: Annotated[Path, typer.Option(help="CSV: patroller,grid,role,from,to (to exclusive or empty).")],
    first: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last day, inclusive.")],
    out: Annotated[Path, typer.Option(help="Folder for days.csv, visits.csv and weeks.csv.")],
    reports: Annotated[Path | None, typer.Option(help="CSV: incident,patroller,time,lon,lat[,valid].")] = None,
    leave: Annotated[Path | None, typer.Option(help="CSV: patroller,from,to,reason (to exclusive or empty).")] = None,
    policy: Annotated[Path | None, typer.Option(help="TOML; what it does not name keeps its default.")] = None,
    code: Annotated[str, typer.Option(help="Column of the grid code in the network.")] = "code",
    patroller: Annotated[str, typer.Option(help="Column of the patroller.")] = "patroller",
    time: Annotated[str, typer.Option(help="Column of the time.")] = "time",
    lon: Annotated[str, typer.Option(help="Column of the longitude.")] = "lon",
    lat: Annotated[str, typer.Option(help="Column of the latitude.")] = "lat",
    accuracy: Annotated[str, typer.Option(help="Column of the accuracy in metres.")] = "accuracy_m",
    received: Annotated[str, typer.Option(help="Column of the time of arrival.")] = "received_at",
    zone: Annotated[str | None, typer.Option(help="What times without an offset mean, such as Asia/Shanghai.")] = None,
    datum: Annotated[str, typer.Option(help="Datum of the fixes: wgs84, cgcs2000, gcj02 or bd09.")] = "wgs84",
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Map of a day, PATROLLER:YYYY-MM-DD; may be repeated.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the sentences: en or zh.")] = "en",
) -> None:
    """Judge days, visits and weeks of every patroller and say why."""
    console = Console(stderr=True)
    spoken = _language(language)
    first_day, last_day = read_day(first, "--from"), read_day(last, "--to")
    wanted_maps = [_map_request(text) for text in maps or []]
    rules = read_policy(policy) if policy else Policy()
    editions = [_edition(text, code) for text in grids]
    all_duties, duty_rejects = read_duties(duties)
    strangers = unknown_grids(editions, all_duties)
    if all_duties and len(strangers) == sum(duty.role in PATROLLING_ROLES for duty in all_duties) > 0:
        raise EmptyInput(
            f"{duties}: none of its grids is in the network, for instance {strangers[0].grid!r}; is --code right?"
        )
    known_duties = [duty for duty in all_duties if duty not in set(strangers)]
    leaves, leave_rejects = read_leave(leave) if leave else ((), None)
    columns = TrackColumns(patroller, time, lon, lat, accuracy, received)
    with console.status("reading the tracks"):
        tracks = read_tracks(
            files, columns=columns, zone=_zone(zone), datum=check_datum(datum), bounds=editions[0].network.bounds
        )
        filed, report_rejects = read_reports(reports, zone=_zone(zone)) if reports else (None, None)
    with Progress(
        TextColumn("judging {task.completed} of {task.total} patrollers"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=None)
        result = verify_tracks(
            tracks.fixes, editions, known_duties, first_day, last_day, policy=rules, leave=leaves, reports=filed,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )  # fmt: skip
    if not result.days:
        raise EmptyInput(
            f"nobody holds a patrolling duty between {first_day} and {last_day}; look at {duties} and the period"
        )
    write_verification(out, result, rules, spoken)
    for name, parts in (
        ("rejected_fixes.csv", tracks.rejects),
        ("rejected_duties.csv", (duty_rejects,)),
        ("rejected_leave.csv", (leave_rejects,)),
        ("rejected_reports.csv", (report_rejects,)),
    ):
        _tell_rejects(console, out / name, [part for part in parts if part is not None])
    for person, day in wanted_maps:
        page = day_map(person, day_number(day), tracks.fixes, editions, known_duties, rules, result, spoken)
        path = out / f"map_{person}_{day}.html"
        write_map(page, path)
        console.print(f"map of {person} on {day}: {path}")
    for duty in strangers:
        console.print(f"[yellow]duty left out:[/] grid {duty.grid} of {duty.person} is in no edition", highlight=False)
    _tell(console, result, tracks.fixes.copies, tracks.rows_read, rules, out)


def _tell(console: Console, result: Verification, copies: int, rows_read: int, policy: Policy, out: Path) -> None:
    marks = ", ".join(f"{count:,} {name}" for name, count in result.marked.items() if count)
    console.print(f"{rows_read:,} rows, {copies:,} of them copies; fixes: {marks}", highlight=False)
    if result.strangers:
        shown = ", ".join(list(result.strangers)[:5])
        console.print(
            f"[yellow]{sum(result.strangers.values()):,} fixes of {len(result.strangers)} people without a patrolling duty are not judged:[/] {shown}",
            highlight=False,
        )
    if not any(day.fixes_used for day in result.days):
        console.print("[yellow]no fix lies in the period; every day is judged as silent[/]")
    table = Table(title=f"policy {policy.name} ({policy.hash})", title_justify="left")
    table.add_column("")
    for name in ("pass", "fail", "undetermined", "not_due"):
        table.add_column(name, justify="right")
    full = any(day.full_verdict is not None for day in result.days)
    rows = [("days, patrols", Counter(day.patrol_verdict for day in result.days))]
    rows += (
        [("days, with reports", Counter(day.full_verdict for day in result.days if day.full_verdict))] if full else []
    )
    rows += [("weeks, patrols", Counter(week.patrol_verdict for week in result.weeks))]
    rows += (
        [("weeks, with reports", Counter(week.full_verdict for week in result.weeks if week.full_verdict))]
        if full
        else []
    )
    for label, counts in rows:
        table.add_row(label, *(f"{counts.get(name, 0):,}" for name in ("pass", "fail", "undetermined", "not_due")))
    Console().print(table)
    console.print(f"written: {out}/days.csv, visits.csv, weeks.csv", highlight=False)


@app.command()
def archive(
    files: Annotated[list[Path] | None, typer.Argument(help="CSV, Parquet or GPX files of fixes to take in.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data; GISGRID_DATA otherwise.")] = None,
    url: Annotated[
        str | None, typer.Option("--database-url", help="PostgreSQL database; GISGRID_DATABASE_URL otherwise.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Seal the inbox up to this local day, YYYY-MM-DD; yesterday otherwise.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="What times without an offset mean, such as Asia/Shanghai.")] = None,
    datum: Annotated[str, typer.Option(help="Datum of the files: wgs84, cgcs2000, gcj02 or bd09.")] = "wgs84",
) -> None:
    """Take files of fixes into the archive, and seal what has come into the database: once each, nothing lost."""
    console = Console(stderr=True, highlight=False)
    settings = read_settings(os.environ)
    folder = data or settings.data
    shelf = TrackArchive(folder / "tracks")
    last = (
        read_day(until, "--until")
        if until
        else dt.datetime.now(ZoneInfo("Asia/Shanghai")).date() - dt.timedelta(days=1)
    )
    if files:
        with console.status("reading the tracks"):
            tracks = read_tracks(files, zone=_zone(zone), datum=check_datum(datum))
        with console.status("archiving"):
            changed = shelf.add(batch_of_fixes(tracks.fixes))
        console.print(f"{len(tracks.fixes):,} fixes read, days changed: {len(changed)}")
        _tell_rejects(console, folder / "rejected_fixes.csv", list(tracks.rejects))
    store = open_store(folder, url or (None if data else settings.database_url))
    try:
        sealed = seal(FixInbox(store), shelf, dt.date(1990, 1, 1), last, author="gisgrid tracks archive")
    finally:
        store.close()
    days = shelf.days()
    fixes, size = sum(day.fixes for day in days.values()), sum(day.bytes for day in days.values())
    console.print(f"{sealed:,} fixes sealed from the inbox up to {last}")
    console.print(f"the archive holds {fixes:,} fixes (days: {len(days)}) in {size / 1e6:,.1f} MB: {shelf.folder}")
    problems = shelf.check()
    for problem in problems:
        console.print(f"[yellow]found wanting[/]: {problem}")
    if problems:
        raise typer.Exit(1)


def _tell_rejects(console: Console, path: Path, rejects: list[Rejects]) -> None:
    count = write_rejects(path, rejects)
    if count:
        reasons = Counter(reason for part in rejects for reason in part.reasons)
        console.print(f"[yellow]{count:,} rows set aside in {path}:[/]", highlight=False)
        for reason, times in reasons.most_common(5):
            console.print(f"  {times:,}: {reason}", highlight=False)


def _edition(text: str, code: str) -> Edition:
    path, at, day = text.rpartition("@")
    if at and not Path(text).exists():
        return Edition(read_network(path, code=code), day_number(read_day(day, "--grids PATH@FROM")))
    return Edition(read_network(text, code=code))


def _map_request(text: str) -> tuple[str, dt.date]:
    person, colon, day = text.rpartition(":")
    if not colon or not person:
        raise BadOption(f"--map is {text!r}; expected PATROLLER:YYYY-MM-DD such as P0001:2018-05-07")
    return person, read_day(day, "--map")


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadOption(f"--zone is {name!r}; expected the name of a time zone such as Asia/Shanghai") from None


def _language(text: str) -> Language:
    for known in get_args(Language):
        if text == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise BadOption(f"--language is {text!r}; expected en or zh")
