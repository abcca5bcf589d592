"""`gisgrid database`: care of the data: upgrade, check, back up, restore, retain, audit."""

import datetime as dt
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.store import open_store
from gisgrid.store.backup import BackupLabel, back_up, restore
from gisgrid.store.health import check_health
from gisgrid.store.retention import export_audit, first_kept_day, forget_fixes
from tracks.archive import TrackArchive
from web.stored import COMMAND, DataOption, UrlOption, place_of, the_store, who

app = typer.Typer(help="Care of the data: upgrade, check, back up, restore, retain, audit.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Care of the data: upgrade, check, back up, restore, retain, audit."""


@app.command()
def upgrade(data: DataOption = None, url: UrlOption = None) -> None:
    """Make the database, or bring it to this version of gisgrid; all of it or nothing."""
    open_store(*place_of(data, url), upgrading=True).close()
    Console(highlight=False).print("[green]up to date[/]")


@app.command()
def check(data: DataOption = None, url: UrlOption = None) -> None:
    """Count what is there and look for damage; exit 0 clean, 1 found wanting, 2 unreadable."""
    console = Console(highlight=False)
    store = open_store(*place_of(data, url))
    try:
        health = check_health(store)
    finally:
        store.close()
    table = Table(box=None, pad_edge=False)
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, rows in health.rows.items():
        table.add_row(name, f"{rows:,}")
    console.print(table)
    for problem in health.problems:
        console.print(f"[yellow]found wanting[/]: {problem}")
    if health.problems:
        raise typer.Exit(1)
    console.print(f"[green]clean[/]: version {health.version}")


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(help="File to write, for instance gisgrid-2018-05-14.zip.", metavar="FILE")],
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Write one state of everything into one file, while others go on writing."""
    store = open_store(*place_of(data, url))
    try:
        label = back_up(store, out, author="gisgrid database backup")
    finally:
        store.close()
    _tell(f"written: {out}", label)


@app.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Restore a backup into an empty database of either kind; wholly or not at all."""
    _tell(f"restored: {file}", restore(file, *place_of(data, url)))


@app.command()
def retain(
    months: Annotated[int, typer.Option(help="How long fixes are kept, in months.")] = 12,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Delete fixes that are older, by whole local days, from the archive and the database; the audit tells of it."""
    with the_store(data, url) as store:
        before = first_kept_day(store.now_ms(), months)
        archive = TrackArchive(place_of(data, url)[0] / "tracks")
        days = [sealed for day, sealed in archive.days().items() if day < before]
        archived = sum(day.fixes for day in days)
        # The audit first: after a crash in between the next run deletes what is left, and nothing has gone untold.
        gone = forget_fixes(store, before, archived=archived, author=who(), origin=COMMAND)
        archive.forget(before)
    Console(highlight=False).print(
        f"before {before}: {archived:,} fixes of {len(days):,} days of the archive and {gone.fixes:,} of the inbox deleted"
    )


@app.command()
def audit(
    out: Annotated[Path, typer.Argument(help="File to write; its ending says which format.", metavar="FILE")],
    first: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First local day.")] = None,
    last: Annotated[
        dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last local day, inclusive.")
    ] = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Write who did what, when, on whom, from where: the audit, as CSV, XLSX or Parquet."""
    with the_store(data, url) as store:
        count = export_audit(store, out, first.date() if first else None, last.date() if last else None)
    Console(highlight=False).print(f"{count:,} lines written: {out}", markup=False)


def _tell(what: str, label: BackupLabel) -> None:
    made = dt.datetime.fromtimestamp(label.made_at_ms / 1000, ZoneInfo("Asia/Shanghai"))
    rows = sum(label.rows.values())
    console = Console(highlight=False)
    console.print(f"{what} ({rows:,} rows, version {label.version}, made {made:%Y-%m-%d %H:%M:%S})", markup=False)
