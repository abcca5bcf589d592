"""`gisgrid incidents show|step|duplicate|tick`: an incident from its report to its end."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from gisgrid.flow import MOVES, Request
from gisgrid.store import Store
from gisgrid.store.answering import office_names
from gisgrid.store.editions import Editions
from gisgrid.store.steps import decide_duplicate, take_step
from gisgrid.store.ticking import tick
from web.called import office_called
from web.days import end_of_day
from web.incident_card import card_lines, incident_card
from web.spoken import Language, spoken_language
from web.stored import COMMAND, DataOption, UrlOption, the_store, who

Author = Annotated[
    str | None, typer.Option("--as", help="Who does it, for the audit; the name of this account otherwise.")
]
Number = Annotated[int, typer.Argument(help="Number of the incident.", metavar="NUMBER")]
Office = Annotated[
    str,
    typer.Option(
        help="For which office: its code or name, a department's code such as fire, or village, township, district."
    ),
]


def show_command(number: Number, language: Language = "en", data: DataOption = None, url: UrlOption = None) -> None:
    """Show an incident: its grid, who answers, its clocks explained, its steps, and what may be done now."""
    spoken = spoken_language(language)
    with the_store(data, url) as store:
        show_incident(store, number, spoken)


def step_command(
    number: Number,
    move: Annotated[str, typer.Argument(help=f"One of {', '.join(MOVES)}.", metavar="MOVE")],
    office: Office,
    reason: Annotated[str, typer.Option(help="Why; most moves need it.")] = "",
    to: Annotated[str, typer.Option(help="hand_down, hand_across: the office; reassign: the grid or village.")] = "",
    assist: Annotated[
        list[str] | None, typer.Option(help="hand_across: a department that assists; may be repeated.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="ask_extension: the last local day, YYYY-MM-DD.")] = None,
    satisfied: Annotated[
        bool | None, typer.Option("--satisfied/--unsatisfied", help="evaluate: the reporter's word.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="The version that you saw; refused if it has changed since.")
    ] = None,
    author: Author = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Move an incident on, for an office."""
    spoken = spoken_language(language)
    with the_store(data, url) as store:
        code_of = _offices_of(store, number)
        request = Request(
            move.replace("-", "_"), code_of(office), reason,
            code_of(to) if to and move.replace("-", "_") != "reassign" else to,
            tuple(code_of(one) for one in assist or ()), end_of_day(until, "--until"), satisfied,
        )  # fmt: skip
        take_step(store, Editions(store), number, request, author=author or who(), version=version, origin=COMMAND)
        show_incident(store, number, spoken)


def duplicate_command(
    number: Number,
    of: Annotated[int, typer.Argument(help="Number of the earlier one.", metavar="OF")],
    office: Office,
    same: Annotated[bool, typer.Option("--same/--other", help="Whether both tell of the same; say which.")],
    author: Author = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Say whether a probable duplicate is one; if so, it ends here and the earlier one goes on."""
    spoken = spoken_language(language)
    with the_store(data, url) as store:
        code = _offices_of(store, number)(office)
        decide_duplicate(
            store, Editions(store), number, of, is_same=same, office=code, author=author or who(), origin=COMMAND
        )
        show_incident(store, number, spoken)


def tick_command(data: DataOption = None, url: UrlOption = None) -> None:
    """Raise the cards that are due and pass open incidents to the grids of a new edition. Run it daily, or as often as
    you like: nothing is done twice.
    """
    with the_store(data, url) as store:
        done = tick(store, Editions(store), author=who(), origin=COMMAND)
    Console(highlight=False).print(
        f"{len(done.yellow):,} yellow cards, {len(done.red):,} red cards, {len(done.passed_on):,} passed on to another grid"
    )


def _offices_of(store: Store, number: int) -> Callable[[str], str]:
    """How the offices of an incident are found by what a person calls them; `UnknownIncident` where there is none."""
    with store.reading() as connection:
        names = office_names(connection)
        path = incident_card(connection, number, store.now_ms()).path
    return lambda text: office_called(names, text, path)


def show_incident(store: Store, number: int, language: int) -> None:
    """Print the card of an incident."""
    with store.reading() as connection:
        card = incident_card(connection, number, store.now_ms())
    sys.stdout.write("\n".join(card_lines(card, language)) + "\n")
