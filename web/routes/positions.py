"""Where those who patrol are now, as far as their phones have told: for command staff, within their unit."""

import datetime as dt
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.errors import BadOption
from gisgrid.live_points import LivePoint, NearPoint
from gisgrid.local_days import local_day
from web.answers import answer
from web.doors import Visit, door
from web.incident_shapes import Lat, Lon
from web.instants import instant
from web.positions import SHOWN_DAYS, Patrolling

router = APIRouter(prefix="/api/v1", tags=["tracks"])

_UNSEEN: Final = {"Cache-Control": "no-store"}
"""Positions are kept by no cache."""

_MOST: Final = 5_000


class PositionShape(BaseModel):
    """The last position of somebody who patrols, and how old it is. `grid` is where it lies, `grids` are those that they
    patrol today; `distance_m` is null where no place was asked for. `name` and `telephone` are empty where they are not known.
    """

    model_config = ConfigDict(extra="forbid")

    person: str = Field(examples=["P0001"])
    name: str
    telephone: str
    grids: list[str]
    grid: str = Field(description="empty outside all grids")
    lon: float = Field(description="degrees, EPSG:4490", examples=[121.4321])
    lat: float = Field(description="degrees, EPSG:4490", examples=[28.6512])
    at: dt.datetime
    age_s: int = Field(ge=0, examples=[42])
    distance_m: float | None


class PositionList(BaseModel):
    """Last positions by the code of the person, or the nearest first; `now` is the time of the service."""

    now: dt.datetime
    positions: list[PositionShape]


@router.get("/positions", response_model=PositionList)
def list_positions(
    visit: Annotated[Visit, door("read_positions")],
    near_lon: Annotated[Lon | None, Query(description="with near_lat: the nearest to this place first")] = None,
    near_lat: Annotated[Lat | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="so many at most")] = _MOST,
    within_h: Annotated[int, Query(ge=1, le=24 * SHOWN_DAYS, description="not older than so many hours")] = 24
    * SHOWN_DAYS,
) -> Response:
    """The last positions of those who patrol in the unit of whoever asks. A session's first look is written to the audit."""
    if (near_lon is None) != (near_lat is None):
        raise BadOption(
            f"near_lon is {near_lon}, near_lat {near_lat}; expected both, or neither",
            zh=f"near_lon 为 {near_lon}，near_lat 为 {near_lat}；两者须同时填写，或都不填",
        )
    services = visit.services
    if services.positions.is_first_look(visit.holder.name, visit.session):
        with services.store.changing(visit.holder.name, origin=visit.origin) as change:
            change.note("read_positions", f"unit/{visit.holder.unit or 'district'}")
    now_ms = services.store.now_ms()
    patrolling = services.positions.patrolling()
    seen = [
        point
        for point in services.positions.seen_since(now_ms - within_h * 3_600_000)
        if _may_see(visit, patrolling.get(point.name))
    ]
    if near_lon is not None and near_lat is not None:
        visible = {point.name for point in seen}
        near = [one for one in services.positions.nearest(near_lon, near_lat) if one.point.name in visible]
    else:
        near = [NearPoint(point, np.nan) for point in seen]
    return answer(_list(visit, near[:limit], patrolling, now_ms), headers=_UNSEEN)


def _may_see(visit: Visit, who: Patrolling | None) -> bool:
    """Whether somebody patrols in the unit of whoever asks; who patrols nothing today is for those of the whole district."""
    grids = who.grids if who is not None else ()
    return any(visit.may("read_positions", Subject(grid)) for grid in grids or ("",))


def _list(visit: Visit, near: list[NearPoint], patrolling: dict[str, Patrolling], now_ms: int) -> PositionList:
    named = visit.may("read_names")
    grids = _grids(visit, [one.point for one in near], now_ms)
    nobody = Patrolling("", "", ())
    shapes = []
    for one, grid in zip(near, grids, strict=True):
        point, who = one.point, patrolling.get(one.point.name, nobody)
        shapes.append(
            PositionShape(
                person=point.name, name=who.name if named else "", telephone=who.telephone if named else "",
                grids=list(who.grids), grid=grid, lon=round(point.lon, 7), lat=round(point.lat, 7), at=instant(point.at_ms),
                age_s=max(0, (now_ms - point.at_ms) // 1000),
                distance_m=None if np.isnan(one.distance_m) else round(one.distance_m, 1),
            )
        )  # fmt: skip
    return PositionList(now=instant(now_ms), positions=shapes)


def _grids(visit: Visit, points: list[LivePoint], now_ms: int) -> list[str]:
    """The codes of the grids in which points lie, empty outside."""
    network = visit.services.editions.network_at(local_day(now_ms))
    if network is None or not points:
        return [""] * len(points)
    places = network.index.locate(np.array([one.lon for one in points]), np.array([one.lat for one in points]))
    return [network.codes[place] if place >= 0 else "" for place in places.tolist()]
