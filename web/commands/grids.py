"""`gisgrid grids`: networks of grids."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from boundaries.check_map import check_map
from boundaries.checks import CheckReport, check_rows
from boundaries.defects import KIND_LABELS, Language
from gisgrid.errors import BadOption
from gisgrid.grid_rows import read_grid_rows
from gisgrid.mapping import write_map

app = typer.Typer(help="Networks of grids: check them.", no_args_is_help=True)

_KIND_WORDS = {
    "community": "community grids",
    "village": "village grids",
    "exclusive": "exclusive grids",
    None: "grids of unstated kind",
}
_MOST_ROWS = 60


@app.callback()
def _commands() -> None:
    """Networks of grids: check them."""


@app.command()
def check(
    network: Annotated[Path, typer.Argument(help="GeoPackage, GeoJSON, shapefile (also zipped) ...", metavar="NET")],
    code: Annotated[str, typer.Option(help="Column of the grid code.")] = "code",
    kind: Annotated[str | None, typer.Option(help="Column of the kind; 'kind' is used where present.")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer, where the file has several.")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Reference system, where the file does not state the right one.")
    ] = None,
    datum: Annotated[str | None, typer.Option(help="Datum of degrees: wgs84, cgcs2000, gcj02 or bd09.")] = None,
    larger_than: Annotated[float, typer.Option(help="Overlaps and gaps count above this area in m2.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    map_file: Annotated[Path | None, typer.Option("--map", help="Map of the defects to write (HTML).")] = None,
    language: Annotated[str, typer.Option(help="Language of the sentences: en or zh.")] = "en",
) -> int:
    """Print gaps, overlaps, invalid rings and the count by kind; exit 0 clean, 1 found wanting, 2 unreadable."""
    if language not in get_args(Language):
        raise BadOption(f"--language is {language!r}; expected en or zh")
    spoken: Language = "zh" if language == "zh" else "en"
    rows = read_grid_rows(network, code=code, kind=kind, layer=layer, crs=crs, datum=datum)
    report = check_rows(rows, larger_than_m2=larger_than)
    if map_file is not None:
        write_map(check_map(rows, report, language=spoken), map_file)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(spoken), ensure_ascii=False, indent=2) + "\n")
    else:
        _tell(Console(highlight=False), report, spoken)
        if map_file is not None:
            Console(stderr=True, highlight=False).print(f"map: {map_file}")
    return 0 if report.is_clean else 1


def _tell(console: Console, report: CheckReport, language: Language) -> None:
    place = 1 if language == "zh" else 0
    kinds = ", ".join(
        f"{count:,} {_KIND_WORDS[kind]}"
        for kind, count in sorted(report.count_by_kind.items(), key=lambda item: str(item[0]))
    )
    console.print(f"[bold]{report.source}[/]: {kinds}, {report.area_m2 / 1e6:,.2f} km²")
    if report.is_clean:
        console.print(f"[green]clean[/]: no gaps, overlaps or invalid rings (larger than {report.larger_than_m2:g} m²)")
        return
    counts = Counter(defect.kind for defect in report.defects)
    console.print(
        "[yellow]found wanting[/]: "
        + ", ".join(f"{counts[kind]:,} × {labels[place]}" for kind, labels in KIND_LABELS.items() if counts[kind])
    )
    table = Table(box=None, pad_edge=False)
    for head in ("kind", "m²", "lon", "lat", ""):
        table.add_column(head, justify="right" if head in {"m²", "lon", "lat"} else "left", no_wrap=head != "")
    for defect in report.defects[:_MOST_ROWS]:
        where = ("", "") if defect.lon != defect.lon else (f"{defect.lon:.6f}", f"{defect.lat:.6f}")  # NaN
        table.add_row(
            KIND_LABELS[defect.kind][place],
            f"{defect.area_m2:,.1f}" if defect.area_m2 else "",
            *where,
            defect.sentence(language),
        )
    console.print(table)
    if len(report.defects) > _MOST_ROWS:
        console.print(f"... and {len(report.defects) - _MOST_ROWS:,} more; --json lists them all")
