"""What requests ask with: local days, instants, codes and words, each within what can be answered; the edition meant."""

import datetime as dt
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field

from gisgrid.access import Subject
from gisgrid.errors import BadOption, NotThere
from gisgrid.grid import GridNetwork
from gisgrid.local_days import local_day, start_of
from gisgrid.store.editions import EditionLabel
from web.doors import Visit
from web.services import Services

_FIRST: Final = dt.date(1990, 1, 1)
_END: Final = dt.date(2100, 1, 1)
_DAY: Final = dt.timedelta(days=1)


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL, which no database can keep")
    return text


Day = Annotated[dt.date, Field(ge=_FIRST, lt=_END, description="local day", examples=["2018-05-07"])]
Instant = Annotated[
    AwareDatetime,
    Field(
        ge=dt.datetime(1990, 1, 1, tzinfo=dt.UTC),
        lt=dt.datetime(2100, 1, 1, tzinfo=dt.UTC),
        examples=["2018-05-07T09:30:00+08:00"],
    ),
]
Code = Annotated[str, Field(max_length=60), AfterValidator(_plain)]
Words = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
Cursor = Annotated[str | None, Field(max_length=200, description="`next` of the page before")]


def today_of(services: Services) -> dt.date:
    """The local day that it is now."""
    return local_day(services.store.now_ms())


def edition_asked(services: Services, day: dt.date | None, edition: int | None) -> tuple[EditionLabel, GridNetwork]:
    """The edition of a number, or in force on a local day (neither: today), and its network.

    Raises `NotThere` where there is none, `BadOption` where both are given.
    """
    if day is not None and edition is not None:
        raise BadOption(f"day is {day} and edition {edition}; give one of the two")
    if edition is not None:
        label = next((one for one in services.editions.all() if one.id == edition), None)
        if label is None:
            raise NotThere(f"there is no edition {edition}; GET /api/v1/editions lists them")
    else:
        day = day or today_of(services)
        label = services.editions.at(day)
        if label is None:
            raise NotThere(f"no edition was in force on {day}; GET /api/v1/editions tells from when on there is one")
    return label, services.editions.network(label.id)


def readable_grid(visit: Visit, network: GridNetwork, code: str) -> int:
    """The position of a grid that whoever asks may read; `UnknownGrid`, or `NotAllowed` outside their unit."""
    position = network.position_of(code)
    visit.require("read_grids", Subject(code))
    return position


def span_ms(first: dt.date | None, last: dt.date | None) -> tuple[int | None, int | None]:
    """The instants (ms since 1970 UTC) at which a span of local days, both included, begins and ends; None: open."""
    if first is not None and last is not None and last < first:
        raise BadOption(f"to is {last}, before from, {first}; expected the last day after the first")
    return (
        None if first is None else start_of(first),
        None if last is None else start_of(last + _DAY),
    )
