"""What requests ask with: local days, instants, codes and words, each within what can be answered; the edition meant."""

import datetime as dt
import re
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from gisgrid.access import Subject
from gisgrid.errors import BadOption, NotThere
from gisgrid.grid import GridNetwork
from gisgrid.local_days import local_day, start_of
from gisgrid.store.editions import EditionLabel
from gisgrid.store.units import find_unit
from gisgrid.told import Told
from gisgrid.units import Unit
from web.doors import Visit
from web.services import Services
from web.validation import DAY_EXPECTED

_FIRST: Final = dt.date(1990, 1, 1)
_END: Final = dt.date(2100, 1, 1)
_DAY: Final = dt.timedelta(days=1)
_WRITTEN_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError(Told("holds a NUL, which no database can keep", "含有 NUL 字符，无法保存"))
    return text


def _written_day(sent: object) -> object:
    """A day as it is written, nothing else: an instant lies in different local days, depending on where one stands."""
    if isinstance(sent, dt.date) and not isinstance(sent, dt.datetime):
        return sent
    if not isinstance(sent, str) or not _WRITTEN_DAY.fullmatch(sent):
        raise ValueError(Told(f"is {_shown(sent)}; {DAY_EXPECTED[0]}", f"为 {_shown(sent)}，{DAY_EXPECTED[1]}"))
    return sent


def _shown(sent: object) -> str:
    return repr(sent)[:60]


LocalDay = Annotated[dt.date, BeforeValidator(_written_day)]
"""A day written YYYY-MM-DD."""

Day = Annotated[
    dt.date,
    Field(ge=_FIRST, lt=_END, description="local day", examples=["2018-05-07"]),
    BeforeValidator(_written_day),
]
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
        raise BadOption(
            f"day is {day} and edition {edition}; give one of the two",
            zh=f"day 为 {day}，edition 为 {edition}；两者只能填一个",
        )
    if edition is not None:
        label = next((one for one in services.editions.all() if one.id == edition), None)
        if label is None:
            raise NotThere(
                f"there is no edition {edition}; GET /api/v1/editions lists them",
                zh=f"没有编号为 {edition} 的版本；清单见 GET /api/v1/editions",
            )
    else:
        day = day or today_of(services)
        label = services.editions.at(day)
        if label is None:
            raise NotThere(
                f"no edition was in force on {day}; GET /api/v1/editions tells from when on there is one",
                zh=f"{day} 没有生效的版本；各版本的生效日期见 GET /api/v1/editions",
            )
    return label, services.editions.network(label.id)


def readable_grid(visit: Visit, network: GridNetwork, code: str) -> int:
    """The position of a grid that whoever asks may read; `UnknownGrid`, or `NotAllowed` outside their unit."""
    position = network.position_of(code)
    visit.require("read_grids", Subject(code))
    return position


def unit_asked(visit: Visit, code: str) -> Unit:
    """The unit of a code, `area:NAME` of an area, empty for everything; `UnknownGrid` where there is none."""
    with visit.services.store.reading() as connection:
        return find_unit(connection, code)


def unit_within(visit: Visit, action: str, code: str) -> Unit:
    """The unit of a code, or (empty) that of whoever asks, wholly within which they may take an action; `NotAllowed` if not."""
    unit = unit_asked(visit, code or visit.holder.unit)
    for part in unit.grids or ("",) if unit.is_area else (unit.code,):
        visit.require(action, Subject(part))
    return unit


def span_ms(first: dt.date | None, last: dt.date | None) -> tuple[int | None, int | None]:
    """The instants (ms since 1970 UTC) at which a span of local days, both included, begins and ends; None: open."""
    if first is not None and last is not None and last < first:
        raise BadOption(
            f"to is {last}, before from, {first}; expected the last day after the first",
            zh=f"截止日期 {last} 早于开始日期 {first}；应不早于开始日期",
        )
    return (
        None if first is None else start_of(first),
        None if last is None else start_of(last + _DAY),
    )
