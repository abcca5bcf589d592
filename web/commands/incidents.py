"""`gisgrid incidents`: incidents at the grids that answer for them."""

from collections import Counter
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.datum import check_datum
from gisgrid.errors import BadOption
from gisgrid.grid import read_network
from gisgrid.incident_files import IncidentColumns, assign_file, write_assigned
from gisgrid.incident_map import Language, incident_map
from gisgrid.incidents import DEFAULT_ACCURACY_M, HOWS, AssignOptions, Source
from gisgrid.mapping import write_map
from gisgrid.tables import write_rejects

app = typer.Typer(help="Incidents: assign each to the grid that answers for it.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Incidents: assign each to the grid that answers for it."""


@app.command("assign")
def assign_command(
    file: Annotated[Path, typer.Argument(help="CSV (also .gz) or Parquet, one row per incident.")],
    grids: Annotated[Path, typer.Option(help="The network of grids.")],
    out: Annotated[Path, typer.Option(help="CSV to write: the same rows with their grids.")],
    code: Annotated[str, typer.Option(help="Column of the grid code in the network.")] = "code",
    lon: Annotated[str, typer.Option(help="Column of the longitude.")] = "lon",
    lat: Annotated[str, typer.Option(help="Column of the latitude.")] = "lat",
    time: Annotated[str | None, typer.Option(help="Column of the time; rows without one are set aside.")] = None,
    accuracy: Annotated[str | None, typer.Option(help="Column of the accuracy in metres.")] = None,
    datum: Annotated[str, typer.Option(help="Datum of the positions: wgs84, cgcs2000, gcj02 or bd09.")] = "wgs84",
    source: Annotated[
        str, typer.Option(help="What unstated accuracies are worth: map 10 m, phone 30 m, address 50 m.")
    ] = "phone",
    category: Annotated[str, typer.Option(help="Column of the category, for the map.")] = "category",
    map_file: Annotated[Path | None, typer.Option("--map", help="Map to write (HTML).")] = None,
    language: Annotated[str, typer.Option(help="Language of the map: en or zh.")] = "en",
) -> None:
    """Find the grid of every incident, how it was found and who else it might be."""
    console = Console(stderr=True)
    if source not in get_args(Source):
        raise BadOption(f"--source is {source!r}; expected one of {', '.join(get_args(Source))}")
    if language not in get_args(Language):
        raise BadOption(f"--language is {language!r}; expected en or zh")
    with console.status("assigning"):
        network = read_network(grids, code=code)
        found = assign_file(
            file, network, columns=IncidentColumns(lon, lat, time, accuracy), datum=check_datum(datum),
            options=AssignOptions(default_accuracy_m=DEFAULT_ACCURACY_M[source]),
        )  # fmt: skip
        write_assigned(out, found, network)
        rejects = out.with_name(out.stem + ".rejects.csv")
        set_aside = write_rejects(rejects, [found.rejects] if len(found.rejects) else [])
        if map_file is not None:
            names = found.table.texts(category)[found.rows] if category in found.table.columns else None
            title = {"en": "Incidents at their grids", "zh": "事件归属网格"}[language]
            write_map(
                incident_map(
                    network, found.assignments.position, names, title=title, language="zh" if language == "zh" else "en"
                ),
                map_file,
            )
    counts = Counter(found.assignments.how)
    total = len(found.rows)
    table = Table(title=f"{total:,} incidents in {len(network):,} grids", title_justify="left")
    for head, side in (("how", "left"), ("incidents", "right"), ("share", "right")):
        table.add_column(head, justify="right" if side == "right" else "left")
    for how in HOWS:
        table.add_row(how, f"{counts[how]:,}", f"{counts[how] / total:.2%}")
    Console().print(table)
    doubtful = int((found.assignments.alternatives != "").sum())
    console.print(
        f"{doubtful:,} lie so near a border that another grid may be meant (column alternatives)", highlight=False
    )
    if set_aside:
        console.print(f"[yellow]{set_aside:,} rows set aside in {rejects}:[/]", highlight=False)
        for reason, times in Counter(found.rejects.reasons).most_common(5):
            console.print(f"  {times:,}: {reason}", highlight=False)
    console.print(f"written: {out}" + (f", {map_file}" if map_file else ""), highlight=False)
