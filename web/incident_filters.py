"""The filter of incidents as requests say it: the same words for lists, counts, what waits and exports."""

from typing import Annotated

from fastapi import Depends, Query

from gisgrid.store.belonging import check_unit
from gisgrid.store.incidents import IncidentFilter
from web.asked import Code, Instant
from web.doors import Visit
from web.incident_shapes import Category, How, State, ms_of


def filter_asked(
    unit: Annotated[Code, Query(description="code of a unit or grid, or area:CODE")] = "",
    state: Annotated[list[State], Query(max_length=10)] = [],  # noqa: B006  # FastAPI copies it
    category: Annotated[list[Category], Query(max_length=10)] = [],  # noqa: B006
    how: Annotated[list[How], Query(max_length=10)] = [],  # noqa: B006
    holder: Annotated[Code, Query(description="the office at which open ones wait")] = "",
    reported_from: Annotated[Instant | None, Query(description="reported at this instant or later")] = None,
    reported_before: Annotated[Instant | None, Query(description="reported before this instant")] = None,
) -> IncidentFilter:
    """The filter of a request."""
    from_ms = None if reported_from is None else ms_of(reported_from)
    to_ms = None if reported_before is None else ms_of(reported_before)
    return IncidentFilter(unit, tuple(state), tuple(category), tuple(how), from_ms, to_ms, holder)


FilterAsked = Annotated[IncidentFilter, Depends(filter_asked)]


def check_filter(visit: Visit, wanted: IncidentFilter) -> IncidentFilter:
    """The filter, if its unit is one; `UnknownGrid` otherwise."""
    if wanted.unit and not wanted.unit.startswith("area:"):
        check_unit(visit.services.store, wanted.unit)
    return wanted
