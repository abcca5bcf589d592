"""`gisgrid database`: care of the data: upgrade, check, back up, restore."""

import datetime as dt
import os
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.store import open_store
from gisgrid.store.backup import BackupLabel, back_up, restore
from gisgrid.store.health import check_health
from web.settings import read_settings

app = typer.Typer(help="Care of the data: upgrade, check, back up, restore.", no_args_is_help=True)

_DATA = typer.Option(help="Folder of the embedded database; the setting GISGRID_DATA otherwise.")
_URL = typer.Option("--database-url", help="PostgreSQL database; the setting GISGRID_DATABASE_URL otherwise.")


@app.callback()
def _commands() -> None:
    """Care of the data: upgrade, check, back up, restore."""


@app.command()
def upgrade(data: Annotated[Path | None, _DATA] = None, url: Annotated[str | None, _URL] = None) -> None:
    """Make the database, or bring it to this version of gisgrid; all of it or nothing."""
    open_store(*_place(data, url), upgrading=True).close()
    Console(highlight=False).print("[green]up to date[/]")


@app.command()
def check(data: Annotated[Path | None, _DATA] = None, url: Annotated[str | None, _URL] = None) -> None:
    """Count what is there and look for damage; exit 0 clean, 1 found wanting, 2 unreadable."""
    console = Console(highlight=False)
    store = open_store(*_place(data, url))
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
    data: Annotated[Path | None, _DATA] = None,
    url: Annotated[str | None, _URL] = None,
) -> None:
    """Write one state of everything into one file, while others go on writing."""
    store = open_store(*_place(data, url))
    try:
        label = back_up(store, out, author="gisgrid database backup")
    finally:
        store.close()
    _tell(f"written: {out}", label)


@app.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    data: Annotated[Path | None, _DATA] = None,
    url: Annotated[str | None, _URL] = None,
) -> None:
    """Restore a backup into an empty database of either kind; wholly or not at all."""
    _tell(f"restored: {file}", restore(file, *_place(data, url)))


def _place(data: Path | None, url: str | None) -> tuple[Path, str | None]:
    settings = read_settings(os.environ)
    return data or settings.data, url or (None if data else settings.database_url)


def _tell(what: str, label: BackupLabel) -> None:
    made = dt.datetime.fromtimestamp(label.made_at_ms / 1000, ZoneInfo("Asia/Shanghai"))
    rows = sum(label.rows.values())
    console = Console(highlight=False)
    console.print(f"{what} ({rows:,} rows, version {label.version}, made {made:%Y-%m-%d %H:%M:%S})", markup=False)
