"""`gisgrid incidents report`: a report by position, grid, name or nothing."""

from typing import Annotated

import numpy as np
import typer

from gisgrid.categories import CATEGORIES
from gisgrid.datum import check_datum, to_wgs84
from gisgrid.errors import BadOption
from gisgrid.flow import GRADES
from gisgrid.incident_rows import SOURCES
from gisgrid.local_days import local_day
from gisgrid.store import Store
from gisgrid.store.editions import Editions
from gisgrid.store.gazetteer import find_one, make_finder
from gisgrid.store.reports import Report, report_incident
from web.commands.incident_loop import Author, show_incident
from web.days import read_time
from web.spoken import Language, spoken_language
from web.stored import COMMAND, DataOption, UrlOption, the_store, who


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
            lon, lat, grid, source = _named(store, editions, place, source, read_time(time, "--time"))
        report = Report(
            known.get(category, category), sub, text, read_time(time, "--time"), lon, lat, accuracy, _source(source), grid, reporter, grade,
            urgent, handled, system, number,
        )  # fmt: skip
        found = report_incident(store, editions, report, author=author or who(), origin=COMMAND)
        show_incident(store, found.incident.id, spoken)


def _named(
    store: Store, editions: Editions, typed: str, source: str, reported_ms: int | None
) -> tuple[float | None, float | None, str, str]:
    """Position, grid or village, and source of what a person calls by name."""
    at_ms = store.now_ms() if reported_ms is None else reported_ms
    network = editions.network_at(local_day(at_ms))
    with store.reading() as connection:
        place = find_one(make_finder(connection, network), typed)
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
