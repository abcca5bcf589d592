"""`gisgrid incidents assign`: every row of a file to the grid that answers for it."""

from collections import Counter
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.datum import check_datum
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork, read_network
from gisgrid.incident_files import (
    AssignedFile,
    IncidentColumns,
    assign_file,
    check_out,
    rejects_path,
    replaced_columns,
    write_assigned,
)
from gisgrid.incident_map import Language, incident_map
from gisgrid.incidents import DEFAULT_ACCURACY_M, HOWS, AssignOptions, How, Source
from gisgrid.mapping import write_map
from gisgrid.tables import write_rejects

_MEANING: dict[How, str] = {
    "inside": "lies in its grid",
    "snapped": "outside, within {snap:g} m of its grid",
    "unassigned": "farther from every grid; someone must place it",
}
_TITLE: dict[Language, str] = {"en": "Incidents at their grids", "zh": "事件归属网格"}


def assign_command(
    file: Annotated[Path, typer.Argument(help="CSV (also .gz) or Parquet, one row per incident.", metavar="FILE")],
    grids: Annotated[Path, typer.Option(help="The network of grids.")],
    out: Annotated[Path, typer.Option(help="CSV to write: the same rows with their grids.")],
    code: Annotated[str, typer.Option(help="Column of the grid code in the network.")] = "code",
    crs: Annotated[
        str | None, typer.Option(help="Reference system of the network, where its file states none.")
    ] = None,
    lon: Annotated[str, typer.Option(help="Column of the longitude.")] = "lon",
    lat: Annotated[str, typer.Option(help="Column of the latitude.")] = "lat",
    time: Annotated[
        str | None, typer.Option(help="Column of the time; rows without a readable one are set aside.")
    ] = None,
    accuracy: Annotated[
        str | None, typer.Option(help="Column of the accuracy in metres; accuracy_m is used where present.")
    ] = None,
    datum: Annotated[str, typer.Option(help="Datum of the incidents: wgs84, cgcs2000, gcj02 or bd09.")] = "wgs84",
    source: Annotated[
        str, typer.Option(help="What unstated accuracies are worth: map 10 m, phone 30 m, address 50 m.")
    ] = "phone",
    source_column: Annotated[str | None, typer.Option(help="Column that says so for every row.")] = None,
    category: Annotated[
        str | None, typer.Option(help="Column of the category, for the map; category is used where present.")
    ] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="Map to write (HTML).")] = None,
    language: Annotated[str, typer.Option(help="Language of the map: en or zh.")] = "en",
) -> None:
    """Find the grid of every incident, how it was found and which other grid it may belong to."""
    console = Console(stderr=True, highlight=False)
    spoken = _language(language)
    options = AssignOptions(default_accuracy_m=DEFAULT_ACCURACY_M[_source(source)])
    known_datum = check_datum(datum)
    rejects = rejects_path(out)
    check_out(file, out, rejects)
    with console.status("reading the grids"):
        network = read_network(grids, code=code, crs=crs)
    with console.status("assigning"):
        columns = IncidentColumns(lon, lat, time, accuracy, source_column)
        found = assign_file(file, network, columns=columns, datum=known_datum, options=options)
        names = _categories(found, category)
    with console.status("writing"):
        write_assigned(out, found, network)
        set_aside = write_rejects(rejects, [found.rejects] if len(found.rejects) else [])
        if map_file is not None:
            position, title = found.assignments.position, _TITLE[spoken]
            page = incident_map(
                network, position, names, lon=found.lon, lat=found.lat, title=title, language=spoken
            )  # fmt: skip
            write_map(page, map_file)
    _tell(console, found, network, options)
    if set_aside:
        console.print(f"[yellow]{set_aside:,} rows set aside in {rejects}:[/]")
        for reason, times in Counter(found.rejects.reasons).most_common(5):
            console.print(f"  {times:,}: {reason}", markup=False)
    console.print(f"written: {out}" + (f", {map_file}" if map_file else ""), markup=False)


def _tell(console: Console, found: AssignedFile, network: GridNetwork, options: AssignOptions) -> None:
    counts, total = found.assignments.count_by_how(), len(found.rows)
    table = Table(title=f"{total:,} incidents, {len(network):,} grids", title_justify="left", box=None)
    table.add_column("how")
    table.add_column("incidents", justify="right")
    table.add_column("share", justify="right")
    table.add_column("what it means")
    for how in HOWS:
        table.add_row(how, f"{counts[how]:,}", f"{counts[how] / total:.2%}", _MEANING[how].format(snap=options.snap_m))
    Console().print(table)
    near = int((found.assignments.alternatives != "").sum())
    worth = f"unstated accuracy taken as {options.default_accuracy_m:g} m"
    told = f"accuracy from column {found.accuracy_column}, {worth}" if found.accuracy_column else worth
    console.print(
        f"{near:,} ({near / total:.1%}) may belong to a neighbour, see column alternatives ({told})", markup=False
    )
    if counts["unassigned"] == total:
        console.print("[yellow]no incident lies at these grids; are --lon, --lat and --datum right?[/]")
    if replaced := replaced_columns(found.table):
        console.print(f"columns of the input not repeated in the result: {', '.join(replaced)}", markup=False)


def _categories(found: AssignedFile, column: str | None) -> list[str] | None:
    if column is None and "category" not in found.table.columns:
        return None
    texts = found.table.texts(found.table.need(column or "category", "--category"))
    return [str(text) for text in texts[found.rows]]


def _source(text: str) -> Source:
    for known in get_args(Source):
        if text == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise BadOption(f"--source is {text!r}; expected one of {', '.join(get_args(Source))}")


def _language(text: str) -> Language:
    for known in get_args(Language):
        if text == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise BadOption(f"--language is {text!r}; expected en or zh")
