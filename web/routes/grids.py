"""Grids of an edition or a day, with their polygons where asked for; which grid a place lies in and who answers there."""

import datetime as dt
import json
from typing import Annotated, Any, Literal

import numpy as np
import shapely
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.grid import GridNetwork
from gisgrid.incidents import AssignOptions, assign
from gisgrid.local_days import local_day
from gisgrid.offices import district_of
from gisgrid.store.answering import office_names, on_call, who_answers
from web.answers import answer
from web.asked import Code, Cursor, Day, Instant, edition_asked, readable_grid, unit_asked
from web.doors import Visit, door
from web.incident_shapes import (
    AlternativeShape,
    AnswerShape,
    Lat,
    Lon,
    OnCallShape,
    alternatives_of,
    answer_shape,
    on_call_shape,
)
from web.instants import ms_of
from web.keys import cursor_of, read_cursor

router = APIRouter(prefix="/api/v1", tags=["grids"])

GridCode = Annotated[Code, Path(description="code of the grid", examples=["331002001001001"])]
EditionAsked = Annotated[int | None, Query(ge=1, lt=2**31, description="number of an edition; or give a day")]
DayAsked = Annotated[Day | None, Query(description="the edition in force on this local day; today otherwise")]


class GridShape(BaseModel):
    """A grid: `lon`, `lat` is a point inside it, `geometry` its polygon as GeoJSON (null where it was not asked for). Where
    codes are opaque it has no village and township.
    """

    model_config = ConfigDict(extra="forbid")

    code: str = Field(examples=["331002001001001"])
    name: str
    kind: Literal["community", "village", "exclusive"] | None
    village: str | None = Field(examples=["331002001001"])
    township: str | None = Field(examples=["331002001000"])
    area_m2: float = Field(examples=[425_300.1])
    lon: float = Field(description="degrees, EPSG:4490", examples=[121.4321])
    lat: float = Field(description="degrees, EPSG:4490", examples=[28.6512])
    geometry: dict[str, Any] | None = Field(None, description="GeoJSON, longitude before latitude, EPSG:4490")


class GridPage(BaseModel):
    """Grids of one edition in code order, and the cursor of the next page (null on the last)."""

    edition: int = Field(examples=[1])
    valid_from: dt.date
    valid_to: dt.date | None
    grids: list[GridShape]
    next: str | None


class LocatedShape(BaseModel):
    """The grid of a place (empty: none), how it was found (`snapped`: the nearest within 30 m), metres to the border of that
    grid, else of the nearest, the other grids that the circle of accuracy touches, who answers, and who is on call now above
    it.
    """

    model_config = ConfigDict(extra="forbid")

    edition: int = Field(examples=[1])
    day: dt.date
    grid: str = Field(examples=["331002001001001"])
    how: Literal["inside", "snapped", "unassigned"]
    border_distance_m: float = Field(examples=[12.345])
    alternatives: list[AlternativeShape]
    answers: AnswerShape | None
    across: list[AnswerShape] = Field(description="who answers for the other grids, as far as they may be read")
    on_call: list[OnCallShape] = Field(description="empty where another time than now is asked for")
    names: dict[str, str] = Field(description="what these grids and their units are called")


@router.get("/grids", response_model=GridPage)
def list_grids(
    visit: Annotated[Visit, door("read_grids")],
    day: DayAsked = None,
    edition: EditionAsked = None,
    unit: Annotated[Code, Query(description="code of a unit or grid, or area:CODE")] = "",
    geometry: Annotated[bool, Query(description="with polygons")] = False,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """The grids of an edition. Whoever has a unit sees those within it, others all."""
    after = read_cursor(cursor, int, str)
    # The next page is of the same edition, whatever day has come meanwhile.
    label, network = (
        edition_asked(visit.services, None, after[0]) if after else edition_asked(visit.services, day, edition)
    )
    wanted = _codes_of(visit, network, unit)
    codes = [code for code in wanted if after is None or code > after[1]][: limit + 1]
    shapes = _shapes(network, [network.position_of(code) for code in codes[:limit]], with_polygons=geometry)
    following = cursor_of(label.id, codes[limit - 1]) if len(codes) > limit else None
    page = GridPage.model_construct(
        edition=label.id, valid_from=label.valid_from, valid_to=label.valid_to, grids=shapes, next=following
    )
    return answer(page)


@router.get("/grids/{code}")
def show_grid(
    code: GridCode,
    visit: Annotated[Visit, door("read_grids")],
    day: DayAsked = None,
    edition: EditionAsked = None,
    geometry: Annotated[bool, Query(description="with its polygon")] = False,
) -> GridShape:
    """One grid; 403 outside the unit of whoever asks."""
    _, network = edition_asked(visit.services, day, edition)
    return _shapes(network, [readable_grid(visit, network, code)], with_polygons=geometry)[0]


@router.get("/locate")
def locate_place(
    visit: Annotated[Visit, door("read_grids")],
    lon: Annotated[Lon, Query()],
    lat: Annotated[Lat, Query()],
    accuracy_m: Annotated[
        float | None, Query(gt=0.0, lt=1e7, allow_inf_nan=False, description="30 m where it is not given")
    ] = None,
    at: Annotated[
        Instant | None, Query(description="the edition and the people of this instant; now otherwise")
    ] = None,
) -> LocatedShape:
    """Who answers here: the grid of a place, as an incident there would find it, and the people of that day.

    403 where the grid lies outside the unit of whoever asks.
    """
    services = visit.services
    now_ms = services.store.now_ms()
    day = local_day(now_ms if at is None else ms_of(at))
    label, network = edition_asked(services, day, None)
    radius_m = AssignOptions().default_accuracy_m if accuracy_m is None else accuracy_m
    found = assign(network, np.array([lon]), np.array([lat]), np.array([radius_m]))
    code = str(found.codes(network)[0])
    named = visit.may("read_names")
    called: list[OnCallShape] = []
    alternatives = alternatives_of(str(found.alternatives[0]))
    if code:
        visit.require("read_grids", Subject(code))
    across = [other.grid for other in alternatives if visit.may("read_grids", Subject(other.grid))]
    told = [code, *across] if code else across
    places = [network.position_of(one) for one in told]
    units = {unit for place in places for unit in (network.villages[place], network.townships[place]) if unit}
    with services.store.reading() as connection:
        answering = who_answers(connection, told, day)
        units_called = office_names(connection)
        if at is None and code:
            position = network.position_of(code)
            offices = (network.villages[position], network.townships[position], district_of(code))
            above = on_call(connection, [office for office in offices if office], now_ms)
            called = [on_call_shape(one, named=named) for one in above]
    answers = {grid: answer_shape(one, named=named) for grid, one in answering.items()}
    return LocatedShape(
        edition=label.id, day=day, grid=code, how=found.how[0], border_distance_m=round(float(found.border_distance_m[0]), 3),
        alternatives=alternatives, answers=answers.get(code), across=[answers[grid] for grid in across], on_call=called,
        names={unit: units_called[unit] for unit in sorted(units) if unit in units_called}
        | {network.codes[place]: network.names[place] for place in places if network.names[place]},
    )  # fmt: skip


def _codes_of(visit: Visit, network: GridNetwork, unit: str) -> list[str]:
    """The codes, in order, that lie in a unit (empty: everywhere) and in that of whoever asks."""
    within = unit_asked(visit, unit)
    return [code for code in network.codes if within.has_grid(code) and visit.may("read_grids", Subject(code))]


def _shapes(network: GridNetwork, positions: list[int], *, with_polygons: bool) -> list[GridShape]:
    chosen = network.geometry[positions]
    points = shapely.point_on_surface(chosen)
    lons, lats = np.round(shapely.get_x(points), 7).tolist(), np.round(shapely.get_y(points), 7).tolist()
    polygons = [json.loads(text) for text in shapely.to_geojson(chosen)] if with_polygons else [None] * len(positions)
    areas_m2 = np.round(network.areas_m2[positions], 1).tolist()
    return [
        GridShape(
            code=network.codes[place], name=network.names[place], kind=network.kinds[place],
            village=network.villages[place], township=network.townships[place], area_m2=area_m2, lon=lon, lat=lat,
            geometry=polygon,
        )
        for place, area_m2, lon, lat, polygon in zip(positions, areas_m2, lons, lats, polygons, strict=True)
    ]  # fmt: skip
