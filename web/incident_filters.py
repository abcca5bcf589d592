"""The filters of incidents as requests say them: the same words for lists, counts, what waits, exports and maps."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from gisgrid.incident_filters import IncidentFilter
from web.asked import Code, Instant, Words, unit_asked
from web.doors import Visit
from web.incident_shapes import Card, Category, ClockState, Grade, How, State
from web.instants import ms_of

Level = Literal["village", "township", "district", "department"]


@dataclass(frozen=True)
class Asked:
    """A filter before its unit has been looked up."""

    wanted: IncidentFilter
    unit: str

    def filter(self, visit: Visit) -> IncidentFilter:
        """The filter; `UnknownGrid` where there is no such unit."""
        return dataclasses.replace(self.wanted, unit=unit_asked(visit, self.unit))

    def stored(self, visit: Visit) -> IncidentFilter:
        """The same for a query of the database, which does not know by itself how clocks stand."""
        wanted, maps = self.filter(visit), visit.services.maps
        return maps.state().told_clocks(wanted, maps.sight(visit.holder)) if wanted.clock_states else wanted


async def _filter(
    unit: Annotated[Code, Query(description="code of a unit or grid of the report, or area:CODE")] = "",
    state: Annotated[list[State], Query(max_length=10)] = [],  # noqa: B006  # FastAPI copies it
    category: Annotated[list[Category], Query(max_length=10)] = [],  # noqa: B006
    sub_category: Annotated[Words, Query(description="code of a sub-category")] = "",
    grade: Annotated[list[Grade], Query(max_length=10)] = [],  # noqa: B006
    level: Annotated[list[Level], Query(max_length=10, description="of the office where it lies")] = [],  # noqa: B006
    holder: Annotated[Code, Query(description="the office at which open ones wait")] = "",
    how: Annotated[list[How], Query(max_length=10)] = [],  # noqa: B006
    card: Annotated[list[Card], Query(max_length=10, description="raised by now; empty: none")] = [],  # noqa: B006
    clock_state: Annotated[list[ClockState], Query(max_length=10)] = [],  # noqa: B006
    is_open: Annotated[bool, Query(description="only what still needs somebody to act")] = False,
    is_urgent: Annotated[bool, Query(description="only urgent ones")] = False,
    reported_from: Annotated[Instant | None, Query(description="reported at this instant or later")] = None,
    reported_before: Annotated[Instant | None, Query(description="reported before this instant")] = None,
) -> Asked:
    wanted = IncidentFilter(
        states=tuple(state), categories=tuple(category), hows=tuple(how), from_ms=ms_of(reported_from),
        to_ms=ms_of(reported_before), holder=holder, sub_category=sub_category, grades=tuple(grade), levels=tuple(level), cards=tuple(card),
        clock_states=tuple(clock_state), is_open=is_open, is_urgent=is_urgent,
    )  # fmt: skip
    return Asked(wanted, unit)


FilterAsked = Annotated[Asked, Depends(_filter)]
