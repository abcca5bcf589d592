"""The filters of incidents as requests say them: the same words for lists, counts, what waits, exports and maps."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Depends, Query

from gisgrid.map_filters import MapFilter
from gisgrid.store.incidents import IncidentFilter
from web.asked import Code, Instant, Words, unit_asked
from web.doors import Visit
from web.incident_shapes import Card, Category, ClockState, How, State
from web.instants import ms_of

Level = Literal["village", "township", "district", "department"]
_Filter = TypeVar("_Filter", IncidentFilter, MapFilter)


@dataclass(frozen=True)
class Asked(Generic[_Filter]):
    """A filter before its unit has been looked up."""

    wanted: _Filter
    unit: str

    def filter(self, visit: Visit) -> _Filter:
        """The filter; `UnknownGrid` where there is no such unit."""
        return dataclasses.replace(self.wanted, unit=unit_asked(visit, self.unit))


@dataclass(frozen=True)
class _Common:
    """What every filter takes."""

    unit: str
    states: tuple[str, ...]
    categories: tuple[str, ...]
    from_ms: int | None
    to_ms: int | None


async def _common(
    unit: Annotated[Code, Query(description="code of a unit or grid of the report, or area:CODE")] = "",
    state: Annotated[list[State], Query(max_length=10)] = [],  # noqa: B006  # FastAPI copies it
    category: Annotated[list[Category], Query(max_length=10)] = [],  # noqa: B006
    reported_from: Annotated[Instant | None, Query(description="reported at this instant or later")] = None,
    reported_before: Annotated[Instant | None, Query(description="reported before this instant")] = None,
) -> _Common:
    from_ms, to_ms = ms_of(reported_from), ms_of(reported_before)
    return _Common(unit, tuple(state), tuple(category), from_ms, to_ms)


_CommonAsked = Annotated[_Common, Depends(_common)]


async def _list_filter(
    common: _CommonAsked,
    how: Annotated[list[How], Query(max_length=10)] = [],  # noqa: B006
    holder: Annotated[Code, Query(description="the office at which open ones wait")] = "",
) -> Asked[IncidentFilter]:
    wanted = IncidentFilter(
        states=common.states, categories=common.categories, hows=tuple(how), from_ms=common.from_ms, to_ms=common.to_ms,
        holder=holder,
    )  # fmt: skip
    return Asked(wanted, common.unit)


async def _map_filter(
    common: _CommonAsked,
    sub_category: Annotated[Words, Query(description="code of a sub-category")] = "",
    level: Annotated[list[Level], Query(max_length=10, description="of the office where it lies")] = [],  # noqa: B006
    card: Annotated[list[Card], Query(max_length=10, description="raised by now; empty: none")] = [],  # noqa: B006
    clock_state: Annotated[list[ClockState], Query(max_length=10)] = [],  # noqa: B006
    is_open: Annotated[bool, Query(description="only what still needs somebody to act")] = False,
    is_urgent: Annotated[bool, Query(description="only urgent ones")] = False,
) -> Asked[MapFilter]:
    wanted = MapFilter(
        common.from_ms, common.to_ms, common.categories, sub_category, common.states, tuple(level), tuple(card),
        tuple(clock_state), is_open=is_open, is_urgent=is_urgent,
    )  # fmt: skip
    return Asked(wanted, common.unit)


FilterAsked = Annotated[Asked[IncidentFilter], Depends(_list_filter)]
MapFilterAsked = Annotated[Asked[MapFilter], Depends(_map_filter)]
