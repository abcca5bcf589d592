"""`gisgrid registers`: the lists that a district keeps, in and out as files."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from gisgrid.store.register_files import export_register, import_register
from gisgrid.store.registers import REGISTERS
from gisgrid.tables import write_rejects
from web.stored import COMMAND, DataOption, UrlOption, the_store, who

app = typer.Typer(
    help="Lists in and out as files: units, places, dwellings, people, duties, leave, calendar.", no_args_is_help=True
)

_NAME = typer.Argument(help=f"One of {', '.join(REGISTERS)}.", metavar="REGISTER")


@app.callback()
def _commands() -> None:
    """Lists in and out as files: units, places, dwellings, people, duties, leave, calendar."""


@app.command("list")
def list_command(data: DataOption = None, url: UrlOption = None) -> None:
    """Which registers there are, their columns and how much they hold."""
    table = Table(box=None, pad_edge=False)
    for heading in ("register", "what", "columns of a file"):
        table.add_column(heading)
    table.add_column("entries", justify="right")
    with the_store(data, url) as store, store.reading() as connection:
        for name, register in REGISTERS.items():
            count = connection.execute(sa.select(sa.func.count()).select_from(register.table)).scalar_one()
            columns = ", ".join(field.name if field.needed else f"[{field.name}]" for field in register.fields)
            table.add_row(name, register.title, columns.replace("[", r"\["), f"{count:,}")
    Console().print(table)


@app.command("import")
def import_command(
    name: Annotated[str, _NAME],
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, Parquet, GeoJSON or GeoPackage.", metavar="FILE")],
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Take a file in: new entries are added, differing ones changed, none goes. Exit 1 if rows were set aside."""
    console = Console(highlight=False)
    with the_store(data, url) as store:
        done = import_register(store, name, file, author=who(), origin=COMMAND)
    taken = done.taken
    console.print(f"{name}: {taken.new:,} new, {taken.changed:,} changed, {taken.same:,} as before")
    rejects = file.with_name(f"{file.stem}.rejects.csv")
    if write_rejects(rejects, [done.rejects] if len(done.rejects) else []):
        console.print(f"[yellow]{len(done.rejects):,} rows set aside in {rejects}:[/]")
        for reason, times in Counter(done.rejects.reasons).most_common(5):
            console.print(f"  {times:,}: {reason}", markup=False)
        raise typer.Exit(1)


@app.command("export")
def export_command(
    name: Annotated[str, _NAME],
    file: Annotated[Path, typer.Argument(help="File to write; its ending says which format.", metavar="FILE")],
    language: Annotated[str, typer.Option(help="Headings: en or zh.")] = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Write a register as CSV, XLSX or Parquet, and one with places as GeoJSON or GeoPackage too."""
    with the_store(data, url) as store:
        count = export_register(store, name, file, language=language)
    Console(highlight=False).print(f"{count:,} entries written: {file}", markup=False)
