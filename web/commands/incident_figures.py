"""`gisgrid incidents figures|evidence`: how many, how soon, how well; and what lay where."""

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table

from gisgrid.categories import CATEGORIES, sub_category_names
from gisgrid.errors import BadOption
from gisgrid.figure_tables import SHOWN, figure_table, headings
from gisgrid.figures import DEFINITIONS, GROUPINGS, FiguresQuery, count_figures, roles_of_reporters, year_before
from gisgrid.local_days import local_day
from gisgrid.store.answering import office_names
from gisgrid.store.editions import Editions
from gisgrid.store.evidence import EVIDENCE_HEADINGS, evidence_table
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.staffing import Staffing
from gisgrid.store.units import find_unit
from gisgrid.table_files import write_table
from web.days import end_of_day, span_of_days
from web.entered import NotEntered, grids_not_entered
from web.spoken import Language, spoken_language
from web.stored import COMMAND, DataOption, UrlOption, place_of, the_store, who

First = Annotated[str | None, typer.Option("--from", help="First local day of the report, YYYY-MM-DD.")]
Last = Annotated[str | None, typer.Option("--to", help="Last local day, inclusive.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="As things stood at the end of this local day; now otherwise.")
]

_MOST_GRIDS = 10
_PRINTED = ("reported", "closing_rate", "on_time_rate", "overdue", "yellow", "red", "satisfaction")
_SHORT = {
    # What fits into 80 columns; the file has all.
    "reported": ("reported", "上报"), "closing_rate": ("closed%", "办结率"), "on_time_rate": ("in time%", "按时率"),
    "overdue": ("overdue", "逾期"), "yellow": ("yellow", "黄牌"), "red": ("red", "红牌"), "satisfaction": ("satisf.%", "满意率"),
}  # fmt: skip


def figures_command(
    by: Annotated[str | None, typer.Option(help=f"One of {', '.join(GROUPINGS)}.")] = None,
    unit: Annotated[str, typer.Option(help="Code of a district, township, village or grid, or area:CODE.")] = "",
    category: Annotated[str | None, typer.Option(help=f"One of {', '.join(CATEGORIES)}.")] = None,
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    last_year: Annotated[bool, typer.Option("--last-year", help="Also the same period of last year.")] = False,
    out: Annotated[Path | None, typer.Option(help="File to write too: CSV, XLSX or Parquet.")] = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Closing, on-time, response and handling, overdue, cards, satisfaction, repeats: with what each of them means."""
    spoken = spoken_language(language)
    if category is not None and category not in CATEGORIES:
        raise BadOption(f"--category is {category!r}; expected one of {', '.join(CATEGORIES)}")
    console = Console(highlight=False)
    with the_store(data, url) as store, Console(stderr=True).status("counting"):
        now_ms = store.now_ms()
        with store.reading() as connection:
            within = find_unit(connection, unit)
        query = FiguresQuery(end_of_day(as_of, "--as-of") or now_ms, *span_of_days(first, last), within, category, by)
        columns, repeats = IncidentMirror(store).with_repeats()
        roles = roles_of_reporters(columns, Staffing(store).duties()) if by == "role" else None
        found = count_figures(columns, query, repeats, roles)
        before = count_figures(columns, _a_year_before(query), repeats, roles) if last_year else None
        with store.reading() as connection:
            names = office_names(connection)
            if by == "sub_category":
                names = sub_category_names(rulebook_of(connection).sub_categories, spoken)
        day = local_day(query.as_of_ms - 1)
        unentered = grids_not_entered(store, Editions(store), place_of(data, url)[0] / "tracks", day)
    rows = figure_table(found, by, spoken, last_year=before, names=names)
    if by is None:
        _tell_one(console, rows, spoken)
    else:
        _tell_groups(console, rows, headings(by, spoken), spoken)
    console.print(_entered_line(unentered, spoken), markup=False)
    if out is not None:
        write_table(out, rows, headings=headings(by, spoken))
        console.print(f"{rows.num_rows:,} rows written: {out}", markup=False)


def evidence_command(
    file: Annotated[Path, typer.Argument(help="File to write: CSV, XLSX or Parquet.", metavar="FILE")],
    first: Annotated[str, typer.Option("--from", help="First local day of the report, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last local day, inclusive.")],
    as_of: AsOf = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Write what lay where for how long at whom, for the accountability rules; people decide, no sanction is computed."""
    spoken = spoken_language(language)
    console = Console(highlight=False)
    with the_store(data, url) as store, Console(stderr=True).status("looking"):
        columns = IncidentMirror(store).refresh()
        from_ms, to_ms = span_of_days(first, last)
        with store.reading() as connection:
            rulebook = rulebook_of(connection)
            rows = evidence_table(
                connection, columns, rulebook, from_ms=from_ms or 0, to_ms=to_ms or 0, now_ms=end_of_day(as_of, "--as-of") or store.now_ms(), language=language,
            )  # fmt: skip
        write_table(file, rows, headings=EVIDENCE_HEADINGS if spoken else None)
        with store.changing(who(), origin=COMMAND) as change:
            change.note("export", "accountability", f"{rows.num_rows} cases to {file.name}")
    console.print(f"{rows.num_rows:,} cases written: {file}", markup=False)
    for case in dict.fromkeys(rows.column("case").to_pylist()):
        console.print(f"  {rows.column('case').to_pylist().count(case):,} {case}", markup=False)
    rules = rulebook.rules.accountability
    console.print(
        f"way: {rules.ways.replace(';', ', ')}; degree: {rules.degrees.replace(';', ', ')} (for people to fill in)"
    )


def _tell_one(console: Console, rows: pa.Table, language: int) -> None:
    """Every figure on a line of its own, with what it means."""
    table = Table(box=None, pad_edge=False, show_header=rows.num_rows > 1)
    table.add_column("")
    for label in rows.column("group").to_pylist():
        table.add_column(label, justify="right")
    table.add_column("", style="dim")
    heads = headings(None, language)
    for name in SHOWN:
        values = (_text(value) for value in rows.column(name).to_pylist())
        table.add_row(heads[name], *values, DEFINITIONS[name][1][language])
    console.print(table)


def _tell_groups(console: Console, rows: pa.Table, heads: dict[str, str], language: int) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(heads["group"], overflow="ellipsis", no_wrap=True, max_width=20)
    for name in _PRINTED:
        table.add_column(_SHORT[name][language], justify="right", no_wrap=True, min_width=7)
    for row in rows.to_pylist():
        table.add_row(str(row["group"]), *(_text(row[name]) for name in _PRINTED))
    console.print(table)
    told = (("what each means: without --by; all figures: --out FILE", "各项含义：不加 --by；全部指标：--out 文件"))[
        language
    ]
    console.print(told, style="dim", markup=False)


def _a_year_before(query: FiguresQuery) -> FiguresQuery:
    from_ms, to_ms = (None if at is None else year_before(at) for at in (query.from_ms, query.to_ms))
    return FiguresQuery(year_before(query.as_of_ms), from_ms, to_ms, query.unit, query.category, query.by)


def _entered_line(found: NotEntered | None, language: int) -> str:
    if found is None:
        return ("no edition was in force: who entered which grid is not known", "当日无生效版本，无法判断网格进入情况")[
            language
        ]
    if not found.is_known:
        return (
            f"no track of {found.week} lies in any grid: nothing can be said of who entered which",
            f"{found.week}无任何轨迹落入网格，无法判断进入情况",
        )[language]
    count = f"{len(found.grids):,} / {found.total:,}"
    shown = ", ".join(found.grids[:_MOST_GRIDS]) + (" …" if len(found.grids) > _MOST_GRIDS else "")
    return (f"grids nobody entered in {found.week}: {count}  {shown}", f"{found.week}无人进入的网格：{count}  {shown}")[
        language
    ]


def _text(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}"
