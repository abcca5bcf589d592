"""Tracks of people: a local day's fixes with their marks. Every look at one is written down before anything is shown."""

import datetime as dt
from collections import Counter
from typing import Annotated, Final

import numpy as np
import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.duty import PATROLLING_ROLES
from gisgrid.plane import MetricPlane
from gisgrid.store.tables import DUTY
from tracks.archive import TrackArchive, read_tracks_of
from tracks.fixes import UNSTATED, Fixes, collect_fixes
from tracks.marks import MARK_NAMES, find_marks
from tracks.policy import Policy
from web.answers import answer
from web.asked import Code, Day
from web.doors import Visit, door

router = APIRouter(prefix="/api/v1", tags=["tracks"])

DayAsked = Annotated[Day, Query(description="local day")]

_UNSEEN: Final = {"Cache-Control": "no-store"}


class TrackShape(BaseModel):
    """The fixes of a person on a local day as columns of one length, by time, each content once.

    A fix whose mark is not `used` does not count for verdicts: `future` (more than 300 s after it was received), `late`,
    `vague` (accuracy worse than the policy uses), `duplicate` (of one millisecond), `jump` (faster than people move).
    """

    model_config = ConfigDict(extra="forbid")

    person: str = Field(examples=["P0001"])
    day: dt.date
    policy: str = Field(description="hash of the policy by which the marks were computed", examples=["0123456789ab"])
    time_ms: list[int] = Field(description="ms since 1970 UTC", examples=[[1525658400000]])
    lon: list[float] = Field(description="degrees, EPSG:4490", examples=[[121.4321]])
    lat: list[float] = Field(description="degrees, EPSG:4490", examples=[[28.6512]])
    accuracy_m: list[float | None] = Field(description="null where it is not known", examples=[[12.0]])
    received_ms: list[int | None] = Field(description="ms since 1970 UTC, null where it is not known")
    mark: list[str] = Field(description=f"one of {', '.join(MARK_NAMES)}", examples=[["used"]])
    marks: dict[str, int] = Field(description="how many fixes have which mark", examples=[{"used": 1}])


@router.get("/tracks/{person}", response_model=TrackShape)
def show_track(
    person: Annotated[Code, Path(description="code of the person", examples=["P0001"])],
    day: DayAsked,
    visit: Annotated[Visit, door("read_tracks")],
) -> Response:
    """The track of a person who patrols, that day, in the unit of whoever asks; the whole day, also where it leads out of it."""
    grids = _patrolled(visit, person, day)
    if not any(visit.may("read_tracks", Subject(grid)) for grid in grids):
        # Whose grids nobody knows is for those of the whole district.
        visit.require("read_tracks", Subject(grids[0] if grids else ""))
    return _track(visit, person, day)


@router.get("/my/tracks", response_model=TrackShape)
def show_own_track(day: DayAsked, visit: Annotated[Visit, door("read_own_tracks")]) -> Response:
    """One's own track."""
    person = visit.holder.person
    visit.require("read_own_tracks", Subject(person=person))
    return _track(visit, person, day)


def _track(visit: Visit, person: str, day: dt.date) -> Response:
    services = visit.services
    with services.store.changing(visit.holder.name, origin=visit.origin) as change:
        change.note("read_track", f"person/{person}/{day}")
    archive = TrackArchive(services.settings.data / "tracks")
    batch = read_tracks_of(services.inbox, archive, day, day, person)
    fixes = collect_fixes(batch.patroller, batch.time_ms, batch.lon, batch.lat, batch.accuracy_m, batch.received_ms)
    policy = Policy()
    x_m, y_m = _plane(visit, fixes, day).to_xy(fixes.lon, fixes.lat)
    marks = [MARK_NAMES[mark] for mark in find_marks(fixes, x_m, y_m, policy).tolist()]
    shape = TrackShape.model_construct(
        person=person, day=day, policy=policy.hash, time_ms=fixes.time_ms.tolist(), lon=fixes.lon.tolist(),
        lat=fixes.lat.tolist(), accuracy_m=[None if value != value else value for value in fixes.accuracy_m.tolist()],
        received_ms=[None if value == UNSTATED else value for value in fixes.received_ms.tolist()], mark=marks,
        marks=dict(Counter(marks)),
    )  # fmt: skip
    return answer(shape, headers=_UNSEEN)


def _patrolled(visit: Visit, person: str, day: dt.date) -> list[str]:
    """The grids that a person patrols on a local day, in code order of the database."""
    query = sa.select(DUTY.c.grid).where(
        DUTY.c.person == person,
        DUTY.c.role.in_(PATROLLING_ROLES),
        DUTY.c.from_day <= day,
        sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day),
    )
    with visit.services.store.reading() as connection:
        return list(connection.execute(query.order_by(DUTY.c.grid)).scalars())


def _plane(visit: Visit, fixes: Fixes, day: dt.date) -> MetricPlane:
    """Where metres are measured: the plane of the network of that day; before the first edition one of the fixes' own."""
    network = visit.services.editions.network_at(day)
    if network is not None:
        return network.plane
    if len(fixes) == 0:
        return MetricPlane(0.0, 0.0)
    return MetricPlane(round(float(np.median(fixes.lon)), 2), round(float(np.median(fixes.lat)), 2))
