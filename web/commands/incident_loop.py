"""`gisgrid incidents report|show|step|duplicate|tick`: an incident from its report to its end."""

import datetime as dt
import sys
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import numpy as np
import typer
from rich.console import Console

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import date_of, day_number, end_of, local_days
from gisgrid.datum import check_datum, to_wgs84
from gisgrid.errors import BadOption
from gisgrid.flow import GRADES, MOVES, Request
from gisgrid.incident_rows import SOURCES
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, DISTRICT, LEVELS
from gisgrid.store import Store
from gisgrid.store.answering import office_names
from gisgrid.store.editions import Editions
from gisgrid.store.gazetteer import find_one, make_finder
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.steps import decide_duplicate, take_step
from gisgrid.store.ticking import tick
from web.incident_card import card_lines, incident_card
from web.stored import COMMAND, DataOption, UrlOption, the_store, who

Language = Annotated[str, typer.Option(help="Language of what is shown: en or zh.")]
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

_LOCAL: Final = ZoneInfo("Asia/Shanghai")


def report_command(
    category: Annotated[str, typer.Option(help=f"One of {', '.join(CATEGORIES)}, or its label.")],
    sub: Annotated[str, typer.Option(help="Sub-category, by code or label.")] = "",
    text: Annotated[str, typer.Option(help="What has happened.")] = "",
    at: Annotated[str | None, typer.Option(help="LON,LAT in degrees.")] = None,
    accuracy: Annotated[
        float | None, typer.Option(help="How exact that is, in metres; else what its source is worth.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="Where the position comes from: phone (30 m), map (10 m), address (50 m).")
    ] = "",
    datum: Annotated[str, typer.Option(help="Datum of the position: wgs84, cgcs2000, gcj02 or bd09.")] = "wgs84",
    grid: Annotated[str, typer.Option(help="Code of the grid or village, where the position is not known.")] = "",
    place: Annotated[str, typer.Option(help="Name of a place, unit or grid, also by pinyin or its initials.")] = "",
    time: Annotated[
        str | None, typer.Option(help="When it was reported, such as 2018-05-07T09:30; now otherwise.")
    ] = None,
    reporter: Annotated[str, typer.Option(help="Code of the person who reports.")] = "",
    grade: Annotated[str, typer.Option(help=f"One of {', '.join(GRADES)}.")] = "ordinary",
    urgent: Annotated[bool, typer.Option("--urgent", help="The clocks run on minutes, day and night.")] = False,
    handled: Annotated[
        bool, typer.Option("--handled", help="Handled on the spot: nothing more is to be done.")
    ] = False,
    system: Annotated[str, typer.Option(help="Name of another platform that knows it already.")] = "",
    number: Annotated[str, typer.Option("--id", help="Its number there.")] = "",
    author: Author = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Take in a report and say which grid answers, who, by when, and whether it was reported before."""
    spoken = spoken_language(language)
    if sum(bool(where) for where in (at, grid, place)) > 1:
        raise BadOption("--at, --grid and --place each say where it is; give one of them")
    lon, lat = _position(at, datum)
    known = {label: code for code, labels in CATEGORIES.items() for label in (code, *labels)}
    with the_store(data, url) as store:
        editions = Editions(store)
        if place:
            lon, lat, grid, source = _named(store, editions, place, source)
        report = Report(
            known.get(category, category), sub, text, _time(time), lon, lat, accuracy, _source(source), grid, reporter, grade,
            urgent, handled, system, number,
        )  # fmt: skip
        found = report_incident(store, editions, report, author=author or who(), origin=COMMAND)
        _show(store, found.incident.id, spoken)


def show_command(number: Number, language: Language = "en", data: DataOption = None, url: UrlOption = None) -> None:
    """Show an incident: its grid, who answers, its clocks explained, its steps, and what may be done now."""
    spoken = spoken_language(language)
    with the_store(data, url) as store:
        _show(store, number, spoken)


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
        offices = _Offices(store, number)
        request = Request(
            move.replace("-", "_"), offices.code(office), reason,
            offices.code(to) if to and move.replace("-", "_") != "reassign" else to,
            tuple(offices.code(one) for one in assist or ()), _end_of_day(until), satisfied,
        )  # fmt: skip
        take_step(store, Editions(store), number, request, author=author or who(), version=version, origin=COMMAND)
        _show(store, number, spoken)


def duplicate_command(
    number: Number,
    of: Annotated[int, typer.Argument(help="Number of the earlier one.", metavar="OF")],
    office: Office,
    same: Annotated[bool, typer.Option("--same/--other", help="Whether both tell of the same.")] = True,
    author: Author = None,
    language: Language = "en",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Say whether a probable duplicate is one; if so, it ends here and the earlier one goes on."""
    spoken = spoken_language(language)
    with the_store(data, url) as store:
        code = _Offices(store, number).code(office)
        decide_duplicate(
            store, Editions(store), number, of, is_same=same, office=code, author=author or who(), origin=COMMAND
        )
        _show(store, number, spoken)


def tick_command(data: DataOption = None, url: UrlOption = None) -> None:
    """Raise the cards that are due and pass open incidents to the grids of a new edition. Run it daily, or as often as
    you like: nothing is done twice.
    """
    with the_store(data, url) as store:
        done = tick(store, Editions(store), author=who(), origin=COMMAND)
    Console(highlight=False).print(
        f"{len(done.yellow):,} yellow cards, {len(done.red):,} red cards, {len(done.passed_on):,} passed on to another grid"
    )


def spoken_language(text: str) -> int:
    """0 for English, 1 for Chinese; `BadOption` for another language."""
    if text not in {"en", "zh"}:
        raise BadOption(f"--language is {text!r}; expected en or zh")
    return int(text == "zh")


class _Offices:
    """Offices by what a person calls them: code, name, department, or the level in the path of an incident."""

    def __init__(self, store: Store, number: int) -> None:
        with store.reading() as connection:
            self._names = office_names(connection)
            card = incident_card(connection, number, store.now_ms())
        one = card.incident
        self._path = {"village": one.village, "township": one.township}
        self._path["district"] = next((office for office in card.moves if office.endswith("000000")), DISTRICT)

    def code(self, text: str) -> str:
        """The code of an office; `BadOption` for what nothing is called, or for a level that the incident has not."""
        if text in LEVELS:
            if not self._path[text]:
                raise BadOption(f"this incident has no {text} yet; re-assign it for the district first")
            return self._path[text]
        if text in DEPARTMENTS or DEPARTMENT + text in self._names:
            return DEPARTMENT + text
        found = [code for code, name in self._names.items() if text in (code, name, name.split(" ")[0])]
        found += [DEPARTMENT + code for code, labels in DEPARTMENTS.items() if text in labels]
        if len(found) > 1:
            raise BadOption(f"{text!r} may be {', '.join(found)}; give the code")
        if not found and not (text.isdecimal() or text == DISTRICT or text.startswith(DEPARTMENT)):
            raise BadOption(
                f"no office is called {text!r}; give its code, or village, township, district, or a department"
            )
        return found[0] if found else text


def _show(store: Store, number: int, language: int) -> None:
    with store.reading() as connection:
        card = incident_card(connection, number, store.now_ms())
    sys.stdout.write("\n".join(card_lines(card, language)) + "\n")


def _named(store: Store, editions: Editions, typed: str, source: str) -> tuple[float | None, float | None, str, str]:
    """Position, grid or village, and source of what a person calls by name."""
    today = date_of(int(local_days(np.array([store.now_ms()], np.int64))[0]))
    with store.reading() as connection:
        place = find_one(make_finder(connection, editions.network_at(today)), typed)
    if place.kind in {"grid", "village"}:
        return None, None, place.code, source
    if place.lon != place.lon:  # a township has no point of its own
        raise BadOption(f"{place.name} ({place.code}) is a {place.kind}; name a place, grid or village in it")
    return place.lon, place.lat, "", source or "address"


def _position(text: str | None, datum: str) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    try:
        lon, lat = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise BadOption(f"--at is {text!r}; expected LON,LAT in degrees such as 121.4321,28.6543") from None
    if abs(lat) > 90.0 >= abs(lon):
        raise BadOption(f"--at is {text!r}: longitude and latitude look exchanged; expected LON,LAT")
    x, y = to_wgs84(np.array([lon]), np.array([lat]), check_datum(datum))
    return float(x[0]), float(y[0])


def _source(text: str) -> str:
    known = {label: code for code, labels in SOURCES.items() for label in (code, *labels)}
    return known.get(text, text)


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(f"--time is {text!r}; expected for instance 2018-05-07T09:30") from None
    return int((found if found.tzinfo else found.replace(tzinfo=_LOCAL)).timestamp() * 1000)


def _end_of_day(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise BadOption(f"--until is {text!r}; expected a date such as 2018-05-31") from None
    return int(end_of(np.array([day_number(day)], np.int64))[0])
