"""Incidents as a whole: what waits, the worst first; how many; and all of them as a file."""

import datetime as dt
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.categories import sub_category_names
from gisgrid.store.counting import COUNTED, count_chosen
from gisgrid.store.incident_tables import INCIDENT_HEADINGS, incident_table
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.visible import visible_to
from gisgrid.store.waiting import find_waiting
from gisgrid.table_files import write_table
from web.answers import answer
from web.doors import Visit, door
from web.incident_filters import FilterAsked
from web.incident_shapes import IncidentShape, incident_shape
from web.instants import instant
from web.made_files import MEDIA_TYPES, MadeFile, made_file

router = APIRouter(prefix="/api/v1", tags=["incidents"])

WaitingClock = Literal["calm", "at_risk", "due_today", "yellow", "red"]
Ending = Literal["csv", "xlsx", "geojson", "gpkg", "parquet"]


class WaitingShape(BaseModel):
    """An open incident, how its clocks stand, and when the next of them ends (the first instant that is too late)."""

    model_config = ConfigDict(extra="forbid")

    incident: IncidentShape
    clock_state: WaitingClock
    due_at: dt.datetime


class WaitingTable(BaseModel):
    """The first of what waits, and how many there are in all."""

    waiting: list[WaitingShape]
    total: int


class CountTable(BaseModel):
    """How many incidents, and how many of them by state, category and way of assignment; all of one moment."""

    model_config = ConfigDict(extra="forbid")

    total: int = Field(examples=[3])
    states: dict[str, int] = Field(examples=[{"reported": 2, "closed": 1}])
    categories: dict[str, int] = Field(examples=[{"disputes": 3}])
    hows: dict[str, int] = Field(examples=[{"inside": 3}])


@router.get("/incidents-waiting", response_model=WaitingTable)
def list_waiting(
    visit: Annotated[Visit, door("read_incidents")],
    asked: FilterAsked,
    clock: Annotated[
        list[WaitingClock], Query(max_length=10, description="how their clocks stand; any otherwise")
    ] = [],  # noqa: B006  # FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """The open incidents that whoever asks may see, the worst clocks and then the oldest first."""
    store = visit.services.store
    wanted = asked.stored(visit)
    with store.reading() as connection:
        found = find_waiting(connection, wanted, store.now_ms(), tuple(clock), visible=visible_to(visit.holder))
    named = visit.may("read_names")
    shapes = [
        WaitingShape.model_construct(
            incident=incident_shape(one.incident, named=named), clock_state=one.clock_state, due_at=instant(one.due_ms)
        )
        for one in found[:limit]
    ]
    return answer(WaitingTable.model_construct(waiting=shapes, total=len(found)))


@router.get("/incidents-counts")
def count_incidents(visit: Annotated[Visit, door("read_incidents")], asked: FilterAsked) -> CountTable:
    """How many incidents there are of those that whoever asks may see: as many as the list under the same filter has."""
    wanted = asked.filter(visit)
    services = visit.services
    choice = services.maps.state().choice(wanted, services.maps.sight(visit.holder))
    found = count_chosen(choice.parts, choice.words)
    states, categories, hows = (found[column] for column in COUNTED)
    return CountTable(total=sum(states.values()), states=states, categories=categories, hows=hows)


@router.get(
    "/exports/incidents.{ending}",
    response_class=FileResponse,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}, "description": "The file."}},
)
def export_incidents(
    ending: Annotated[Ending, Path(description="which format", examples=["csv"])],
    visit: Annotated[Visit, door("export_incidents")],
    asked: FilterAsked,
    language: Annotated[Literal["en", "zh"], Query(description="language of headings and words")] = "en",
) -> MadeFile:
    """The incidents that whoever asks may see as a file, in the order of their numbers; the audit names who took it."""
    services = visit.services
    wanted = asked.stored(visit)
    with services.store.reading() as connection:
        names = sub_category_names(rulebook_of(connection).sub_categories, int(language == "zh"))
    rows: pa.Table = incident_table(
        services.incidents, wanted, language=language, visible=visible_to(visit.holder), named=visit.may("read_names"),
        sub_categories=names,
    )  # fmt: skip
    with services.store.changing(visit.holder.name, origin=visit.origin) as change:
        change.note("export", "incidents", f"{rows.num_rows} incidents to incidents.{ending}")
    headings = INCIDENT_HEADINGS if language == "zh" else None
    return made_file(f"incidents.{ending}", lambda path: write_table(path, rows, headings=headings))
