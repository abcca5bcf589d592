"""`gisgrid incidents import|export|list`: incidents in and out of the store."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.categories import CATEGORIES, sub_category_names
from gisgrid.clocks import CLOCK_STATES
from gisgrid.datum import check_datum
from gisgrid.errors import BadOption
from gisgrid.flow import STATES
from gisgrid.incident_filters import IncidentFilter
from gisgrid.incident_rows import FIELDS, read_incident_rows
from gisgrid.store.incident_tables import INCIDENT_HEADINGS, incident_table
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import translations_of
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.waiting import WAITING_STATES, Waiting, find_waiting
from gisgrid.table_files import write_table
from gisgrid.tables import write_rejects
from web.called import holder_called, unit_called
from web.days import span_of_days
from web.incident_card import local_time
from web.stored import COMMAND, DataOption, UrlOption, the_store, who

Unit = Annotated[
    str, typer.Option(help="District, township, village or grid by code (or name), or area:CODE; all otherwise.")
]
State = Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(STATES)}; may be repeated.")]
Category = Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(CATEGORIES)}; may be repeated.")]
How = Annotated[list[str] | None, typer.Option(help="inside, snapped, stated, manual or unassigned; may be repeated.")]
First = Annotated[str | None, typer.Option("--from", help="First local day of the report, YYYY-MM-DD.")]
Last = Annotated[str | None, typer.Option("--to", help="Last local day, inclusive.")]


def import_command(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, Parquet, GeoJSON or GeoPackage.", metavar="FILE")],
    system: Annotated[str, typer.Option(help="Name of the platform that the incidents come from.")],
    column: Annotated[
        list[str] | None, typer.Option(help=f"FIELD=HEADING; fields: {', '.join(FIELDS)}. May be repeated.")
    ] = None,
    zone: Annotated[str, typer.Option(help="What times without an offset mean.")] = "Asia/Shanghai",
    datum: Annotated[str, typer.Option(help="Datum of the file: wgs84, cgcs2000, gcj02 or bd09.")] = "wgs84",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Take in incidents of another platform; sending them again changes what differs and doubles nothing.

    Rows that cannot be used are set aside in FILE.rejects.csv, to be corrected and sent again (exit 1).
    """
    console = Console(highlight=False)
    columns = dict(_pair(text) for text in column or [])
    with the_store(data, url) as store:
        with Console(stderr=True).status("reading"):
            words = translations_of(store, system)
            found = read_incident_rows(
                file, translations=words, columns=columns, zone=_zone(zone), datum=check_datum(datum)
            )
        with Console(stderr=True).status("assigning and keeping"):
            incidents = Incidents(store)
            taken = incidents.take_in(found.rows, system, author=who(), origin=COMMAND)
            waiting = incidents.count(IncidentFilter(hows=("unassigned",)))
    console.print(f"{taken.new:,} new, {taken.changed:,} changed, {taken.same:,} as before", markup=False)
    if waiting:
        console.print(f"{waiting:,} incidents wait for a grid: gisgrid incidents list --how unassigned", markup=False)
    rejects = found.reject(taken.refused) if taken.refused else found.rejects
    path = file.with_name(f"{file.name.removesuffix('.gz').rsplit('.', 1)[0]}.rejects.csv")
    if write_rejects(path, [rejects] if len(rejects) else []):
        console.print(f"[yellow]{len(rejects):,} rows set aside in {path}:[/]")
        for reason, times in Counter(rejects.reasons).most_common(5):
            console.print(f"  {times:,}: {reason}", markup=False)
        raise typer.Exit(1)


def export_command(
    file: Annotated[Path, typer.Argument(help="File to write; its ending says which format.", metavar="FILE")],
    unit: Unit = "",
    state: State = None,
    category: Category = None,
    how: How = None,
    first: First = None,
    last: Last = None,
    language: Annotated[str, typer.Option(help="Headings and words: en or zh.")] = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Write incidents as CSV, XLSX, Parquet, GeoJSON or GeoPackage."""
    if language not in {"en", "zh"}:
        raise BadOption(f"--language is {language!r}; expected en or zh")
    wanted = _wanted(state, category, how, first, last)
    with the_store(data, url) as store:
        wanted = dataclasses.replace(wanted, unit=unit_called(store, unit))
        with store.reading() as connection:
            names = sub_category_names(rulebook_of(connection).sub_categories, int(language == "zh"))
        rows = incident_table(Incidents(store), wanted, language=language, sub_categories=names)
        write_table(file, rows, headings=INCIDENT_HEADINGS if language == "zh" else None)
        with store.changing(who(), origin=COMMAND) as change:
            change.note("export", "incidents", f"{rows.num_rows} incidents to {file.name}")
    Console(highlight=False).print(f"{rows.num_rows:,} incidents written: {file}", markup=False)


def list_command(
    unit: Unit = "",
    state: State = None,
    category: Category = None,
    how: How = None,
    holder: Annotated[
        str, typer.Option(help="The office at which they wait, by code or name, or a department such as fire.")
    ] = "",
    clock: Annotated[
        list[str] | None,
        typer.Option(help=f"Open ones whose clocks stand so: {', '.join(WAITING_STATES)}; may be repeated."),
    ] = None,
    first: First = None,
    last: Last = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="How many to show, the newest (with --clock the worst) first.")
    ] = 20,
    language: Annotated[str, typer.Option(help="Language of what is shown: en or zh.")] = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Show the newest incidents and count them by state and category; or those that wait, the worst first."""
    console = Console(highlight=False)
    if language not in {"en", "zh"}:
        raise BadOption(f"--language is {language!r}; expected en or zh")
    clock = coded("--clock", clock, {name: CLOCK_STATES[name] for name in WAITING_STATES})
    spoken = int(language == "zh")
    wanted = _wanted(state, category, how, first, last)
    with the_store(data, url) as store:
        wanted = dataclasses.replace(wanted, unit=unit_called(store, unit), holder=holder_called(store, holder))
        if clock:
            with store.reading() as connection:
                waiting = find_waiting(connection, wanted, store.now_ms(), tuple(clock))
            _tell_waiting(console, waiting, limit, spoken)
            return
        incidents = Incidents(store)
        page = incidents.page(wanted, most=limit)
        states, categories = (incidents.count_by(column, wanted) for column in ("state", "category"))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in (
        ("number", "time", "category", "state", "grid", "how"),
        ("编号", "上报时间", "类别", "状态", "网格", "归属"),
    )[spoken]:
        category_column = heading in {"category", "类别"}
        table.add_column(heading, no_wrap=True, max_width=16 if category_column else None, overflow="ellipsis")
    for one in page.incidents:
        table.add_row(
            str(one.id), local_time(one.reported_ms), CATEGORIES[one.category][spoken], STATES[one.state][spoken],
            one.grid or one.village, one.how,
        )  # fmt: skip
    console.print(table)
    for counts, labels in ((states, STATES), (categories, CATEGORIES)):
        console.print(", ".join(f"{labels[name][spoken]} {count:,}" for name, count in counts.items()), markup=False)
    console.print(_of_all(len(page.incidents), sum(states.values()), spoken), markup=False)


def _tell_waiting(console: Console, waiting: tuple[Waiting, ...], limit: int, language: int) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in (
        ("number", "clocks", "due", "state", "category", "waits at"),
        ("编号", "时限状态", "到期", "状态", "类别", "当前办理"),
    )[language]:
        category = heading in {"category", "类别"}
        table.add_column(heading, no_wrap=True, max_width=18 if category else None, overflow="ellipsis")
    for one in waiting[:limit]:
        table.add_row(
            str(one.incident.id), CLOCK_STATES[one.clock_state][language], local_time(one.due_ms - 1),
            STATES[one.incident.state][language], CATEGORIES[one.incident.category][language], one.incident.holder,
        )  # fmt: skip
    console.print(table)
    console.print(_of_all(min(limit, len(waiting)), len(waiting), language), markup=False)


def _of_all(shown: int, total: int, language: int) -> str:
    return (f"{shown:,} of {total:,} incidents", f"共{total:,}件，显示{shown:,}件")[language]


def _wanted(
    state: list[str] | None,
    category: list[str] | None,
    how: list[str] | None,
    first: str | None,
    last: str | None,
) -> IncidentFilter:
    state, category = coded("--state", state, STATES), coded("--category", category, CATEGORIES)
    how = coded("--how", how, dict.fromkeys(("inside", "snapped", "stated", "manual", "unassigned"), ("", "")))
    from_ms, to_ms = span_of_days(first, last)
    return IncidentFilter(
        states=tuple(state or ()), categories=tuple(category or ()), hows=tuple(how or ()), from_ms=from_ms, to_ms=to_ms
    )


def coded(option: str, values: list[str] | None, known: Mapping[str, tuple[str, str]]) -> list[str]:
    """The codes of words that are given as codes or labels; `BadOption` for others."""
    codes = {label: code for code, labels in known.items() for label in (code, *labels) if label}
    for value in values or []:
        if value not in codes:
            raise BadOption(f"{option} is {value!r}; expected one of {', '.join(known)}")
    return [codes[value] for value in values or []]


def _pair(text: str) -> tuple[str, str]:
    field, equals, heading = text.partition("=")
    if not equals or field not in FIELDS:
        raise BadOption(f"--column is {text!r}; expected FIELD=HEADING with a field of {', '.join(FIELDS)}")
    return field, heading


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        raise BadOption(f"--zone is {name!r}; expected the name of a time zone such as Asia/Shanghai") from None
