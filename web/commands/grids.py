"""`gisgrid grids`: networks of grids."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from rich.console import Console
from rich.table import Table

from boundaries.check_map import check_map
from boundaries.checks import CheckReport, check_rows
from boundaries.defects import KIND_LABELS, Language
from gisgrid.errors import BadOption
from gisgrid.grid import read_network
from gisgrid.grid_rows import GridKind, read_grid_rows
from gisgrid.mapping import write_map
from gisgrid.store.editions import Editions
from web.stored import COMMAND, DataOption, UrlOption, the_store, who

app = typer.Typer(help="Networks of grids: check and publish them.", no_args_is_help=True)

_KIND_WORDS: Final[dict[GridKind | None, tuple[str, str]]] = {
    "community": ("community grids", "个社区网格"),
    "village": ("village grids", "个村网格"),
    "exclusive": ("exclusive grids", "个专属网格"),
    None: ("grids of unstated kind", "个未注明类型的网格"),
}
_HEADS: Final[tuple[tuple[str, ...], ...]] = (
    ("kind", "m²", "lon", "lat", "what is wrong"),
    ("类型", "m²", "经度", "纬度", "说明"),
)
_MOST_ROWS: Final = 60


@app.callback()
def _commands() -> None:
    """Networks of grids: check and publish them."""


@app.command()
def publish(
    network: Annotated[Path, typer.Argument(help="GeoPackage, GeoJSON, shapefile (also zipped) ...", metavar="NET")],
    first: Annotated[dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="From which day on it holds.")],
    code: Annotated[str, typer.Option(help="Column of the grid code.")] = "code",
    crs: Annotated[
        str | None, typer.Option(help="Reference system, where the file does not state the right one.")
    ] = None,
    datum: Annotated[str | None, typer.Option(help="Datum of degrees: wgs84, cgcs2000, gcj02 or bd09.")] = None,
    note: Annotated[str, typer.Option(help="What is to be said of this edition.")] = "",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Publish a network as the edition that holds from a day on; what is published never changes."""
    grids = read_network(network, code=code, crs=crs, datum=datum)
    with the_store(data, url) as store:
        editions = Editions(store)
        newest = editions.latest()
        label = editions.publish(
            grids, first.date(), author=who(), note=note, based_on=newest.id if newest else None, origin=COMMAND
        )
    Console(highlight=False).print(f"edition {label.id}: {len(grids):,} grids from {label.valid_from} on")


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
) -> None:
    """Print the count by kind, then gaps, overlaps, invalid rings; exit 0 clean, 1 found wanting, 2 unreadable."""
    if language not in get_args(Language):
        raise BadOption(f"--language is {language!r}; expected en or zh")
    spoken: Language = "zh" if language == "zh" else "en"
    notes = Console(stderr=True, highlight=False)
    with notes.status("checking"):
        rows = read_grid_rows(network, code=code, kind=kind, layer=layer, crs=crs, datum=datum)
        report = check_rows(rows, larger_than_m2=larger_than)
        if map_file is not None:
            write_map(check_map(rows, report, language=spoken), map_file)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(spoken), ensure_ascii=False, indent=2) + "\n")
    else:
        _tell(Console(highlight=False), report, spoken)
    if map_file is not None:
        notes.print(f"written: {map_file}", markup=False)
    if not report.is_clean:
        raise typer.Exit(1)


def _tell(console: Console, report: CheckReport, language: Language) -> None:
    place = 1 if language == "zh" else 0
    space = "" if place else " "
    kinds = ("," if place else ", ").join(
        f"{count:,}{space}{_KIND_WORDS[kind][place]}" for kind, count in report.count_by_kind.items()
    )
    console.print(f"{report.source}: {kinds}, {report.area_m2 / 1e6:,.2f} km²", markup=False)
    if report.is_clean:
        words = ("no gaps, overlaps or invalid rings", "没有空隙、重叠或无效边界")[place]
        limit = (f"larger than {report.larger_than_m2:g} m²", f"大于{report.larger_than_m2:g} m²")[place]
        console.print(f"[green]{('clean', '合格')[place]}[/]: {words} ({limit})")
        return
    counts = ", ".join(
        f"{count:,} × {KIND_LABELS[kind][place]}" for kind, count in report.defects_by_kind.items() if count
    )
    console.print(f"[yellow]{('found wanting', '发现问题')[place]}[/]: {counts}")
    table = Table(box=None, pad_edge=False)
    for column, head in enumerate(_HEADS[place]):
        table.add_column(head, justify="right" if 0 < column < 4 else "left", no_wrap=column < 4)
    for defect in report.defects[:_MOST_ROWS]:
        table.add_row(
            KIND_LABELS[defect.kind][place],
            f"{defect.area_m2:,.1f}" if defect.area_m2 else "",
            f"{defect.lon:.6f}" if defect.has_place else "",
            f"{defect.lat:.6f}" if defect.has_place else "",
            defect.sentence(language),
        )
    console.print(table)
    if len(report.defects) > _MOST_ROWS:
        more = len(report.defects) - _MOST_ROWS
        console.print((f"... and {more:,} more; --json lists them all", f"……另有{more:,}处;--json 列出全部")[place])
