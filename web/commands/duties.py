"""`gisgrid duties`: who answers for which grid, vacancies, who is on call, who has how much to do; in and out as files."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.codes import township_of, village_of
from gisgrid.duty import ANSWERING_ROLES, ROLE_LABELS, SHIFTS
from gisgrid.errors import BadOption, UnknownGrid
from gisgrid.local_days import local_day
from gisgrid.offices import district_of, office_label
from gisgrid.store.answering import loads, office_names, on_call, who_answers
from gisgrid.store.editions import Editions
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.rulebook import rulebook_of
from web.commands import registers
from web.days import read_day
from web.spoken import Language, spoken_language
from web.stored import DataOption, UrlOption, the_store

app = typer.Typer(
    help="Who answers for which grid, vacancies, who is on call, who has how much to do.", no_args_is_help=True
)

Day = Annotated[str | None, typer.Option("--on", help="Local day, YYYY-MM-DD; today otherwise.")]


@app.callback()
def _commands() -> None:
    """Who answers for which grid, vacancies, who is on call, who has how much to do."""


@app.command()
def who(
    unit: Annotated[str, typer.Argument(help="Code of a grid, village or township.", metavar="CODE")],
    on: Day = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """The five roles in office for each grid, with telephones, substitutes, leave and vacancies."""
    spoken = spoken_language(language)
    console = Console(highlight=False)
    with the_store(data, url) as store:
        day = _day(on, store.now_ms())
        network = Editions(store).network_at(day)
        codes = network.codes if network else ()
        official = network is not None and network.code_scheme == "official"
        grids = [
            code for code in codes
            if unit == code or (official and unit in (village_of(code), township_of(code), district_of(code)))
        ]  # fmt: skip
        if not grids:
            raise UnknownGrid(f"the edition of {day} has no grid, village or township {unit!r}")
        with store.reading() as connection:
            answers = who_answers(connection, grids, day)
    for answer in answers.values():
        console.print(answer.grid, style="bold")
        for one in answer.people:
            away = (" (on leave)", "（请假）")[spoken] if one.is_away else ""
            console.print(
                f"  {ROLE_LABELS[one.role][spoken]}: {one.name} {one.person} {one.telephone}{away}", markup=False
            )
        for role in answer.vacant:
            console.print(f"  {ROLE_LABELS[role][spoken]}: [red]{('VACANT', '空缺')[spoken]}[/]")


@app.command()
def vacancies(on: Day = None, language: Language = "en", data: DataOption = None, url: UrlOption = None) -> None:
    """The roles that nobody holds, by grid; exit 1 if there are any."""
    spoken = spoken_language(language)
    with the_store(data, url) as store:
        day = _day(on, store.now_ms())
        network = Editions(store).network_at(day)
        with store.reading() as connection:
            answers = who_answers(connection, network.codes if network else (), day)
    console = Console(highlight=False)
    missing = [answer for answer in answers.values() if answer.vacant]
    for answer in missing:
        roles = ", ".join(ROLE_LABELS[role][spoken] for role in answer.vacant)
        console.print(f"{answer.grid}  {roles}", markup=False, soft_wrap=True)
    count = sum(len(answer.vacant) for answer in missing)
    console.print(f"{count:,} / {len(answers) * len(ANSWERING_ROLES):,} ({day})", markup=False)
    if missing:
        raise typer.Exit(1)


@app.command()
def call(language: Language = "en", data: DataOption = None, url: UrlOption = None) -> None:
    """Who is on call right now, by unit and department."""
    spoken = spoken_language(language)
    console = Console(highlight=False)
    with the_store(data, url) as store, store.reading() as connection:
        names = office_names(connection)
        found = on_call(connection, None, store.now_ms())
    for one in found:
        label = office_label(one.unit, names, spoken)
        told = f"{label} ({one.unit})  {SHIFTS[one.shift][spoken]}  {one.name or one.person} {one.telephone} {one.note}"
        console.print(told.rstrip(), markup=False, soft_wrap=True)
    if not found:
        console.print(("nobody is on the roster right now", "当前无值班安排")[spoken])


@app.command()
def load(
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLE_LABELS)}.")] = "patroller",
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many people to show, the most loaded first.")] = 20,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """What each person answers for: grids, open incidents, due today, yellow, red."""
    spoken = spoken_language(language)
    if role not in ROLE_LABELS:
        raise BadOption(f"--role is {role!r}; expected one of {', '.join(ROLE_LABELS)}")
    with the_store(data, url) as store, Console(stderr=True).status("counting"):
        columns = IncidentMirror(store).refresh()
        with store.reading() as connection:
            found = loads(connection, columns, rulebook_of(connection), store.now_ms(), role)
    table = Table(box=None, pad_edge=False)
    heads = (
        ("person", "name", "grids", "open", "due today", "yellow", "red"),
        ("人员编号", "姓名", "网格数", "在办", "今日到期", "黄牌", "红牌"),
    )[spoken]
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < 2 else "right")
    for one in found[:most]:
        counts = (one.grids, one.open, one.due_today, one.yellow, one.red)
        table.add_row(one.person, one.name, *(f"{count:,}" for count in counts))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{min(most, len(found)):,} / {len(found):,}")


@app.command("import")
def import_command(
    file: Annotated[
        Path, typer.Argument(help="CSV, XLSX or Parquet: patroller, grid, role, from, to.", metavar="FILE")
    ],
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Take duties in from a file; like `gisgrid registers import duties`. Exit 1 if rows were set aside."""
    registers.import_command("duties", file, data, url)


@app.command("export")
def export_command(
    file: Annotated[Path, typer.Argument(help="File to write; its ending says which format.", metavar="FILE")],
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Write the duties as a file."""
    registers.export_command("duties", file, language, data, url)


def _day(text: str | None, now_ms: int) -> dt.date:
    return read_day(text, "--on") if text else local_day(now_ms)
