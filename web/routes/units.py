"""Units, places and departments: what is called how, and finding it by what a person types."""

import math
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.offices import DEPARTMENT, DEPARTMENTS
from gisgrid.store.answering import department_telephones, office_names
from gisgrid.store.tables import AREA_GRID, UNIT
from web.asked import Code, Cursor, Words
from web.doors import Visit, door
from web.keys import cursor_of, read_cursor

router = APIRouter(prefix="/api/v1", tags=["units"])

Level = Literal["township", "village", "area"]


class UnitShape(BaseModel):
    """A township, village (or community) or area: a named set of grids."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(examples=["331002001000"])
    level: Level
    name: str = Field(examples=["海门街道"])
    kind: str
    grids: list[str] = Field(description="of an area, the codes of its grids; else empty")


class UnitPage(BaseModel):
    """Units by code, and the cursor of the next page (null on the last)."""

    units: list[UnitShape]
    next: str | None


class PlaceShape(BaseModel):
    """A place, unit or grid that fits what was typed. Units have no point of their own: `lon` and `lat` are null."""

    model_config = ConfigDict(extra="forbid")

    code: str
    kind: str = Field(description="centre, school, road …; township, village, area; grid", examples=["school"])
    name: str = Field(examples=["实验小学"])
    village: str = Field(description="in which it lies, where that is known", examples=["331002001001"])
    lon: float | None = Field(description="degrees, EPSG:4490", examples=[121.4321])
    lat: float | None = Field(description="degrees, EPSG:4490", examples=[28.6512])
    rank: int = Field(ge=0, le=7, description="0: its code, 1: its name … 7: the code begins so; the best first")


class DepartmentShape(BaseModel):
    """A department; the telephone is empty where it is not known, and for those who may see no names."""

    model_config = ConfigDict(extra="forbid")

    office: str = Field(description="as holders and offices name it", examples=["department:fire"])
    code: str = Field(examples=["fire"])
    name_en: str = Field(examples=["Fire"])
    name_zh: str = Field(examples=["消防"])
    telephone: str


@router.get("/units")
def list_units(
    visit: Annotated[Visit, door("read_grids")],
    level: Annotated[Level | None, Query(description="only those of a level")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> UnitPage:
    """What units are called. For all in the whole district: their codes stand in incidents everywhere."""
    after = read_cursor(cursor, str)
    query = sa.select(UNIT).order_by(UNIT.c.code).limit(limit + 1)
    if level is not None:
        query = query.where(UNIT.c.level == level)
    if after is not None:
        query = query.where(UNIT.c.code > after[0])
    with visit.services.store.reading() as connection:
        rows = connection.execute(query).all()
        areas = [row.code for row in rows[:limit] if row.level == "area"]
        grids: dict[str, list[str]] = {}
        made_of = sa.select(AREA_GRID).where(AREA_GRID.c.area.in_(areas)).order_by(AREA_GRID.c.grid)
        for row in connection.execute(made_of):
            grids.setdefault(row.area, []).append(row.grid)
    return UnitPage(
        units=[
            UnitShape(code=row.code, level=row.level, name=row.name, kind=row.kind, grids=grids.get(row.code, []))
            for row in rows[:limit]
        ],
        next=cursor_of(rows[limit - 1].code) if len(rows) > limit else None,
    )


@router.get("/places")
def find_places(
    visit: Annotated[Visit, door("read_grids")],
    q: Annotated[Words, Query(min_length=1, description="characters, pinyin, initials, or a code", examples=["syxx"])],
    village: Annotated[Code, Query(description="only within the unit whose code begins so")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[PlaceShape]:
    """Places, units and grids by what a person types, the best first. Names and points, for all in the whole district."""
    found = visit.services.naming.finder().find(q, most=limit, village=village)
    return [
        PlaceShape(
            code=one.place.code, kind=one.place.kind, name=one.place.name, village=one.place.village,
            lon=_degrees(one.place.lon), lat=_degrees(one.place.lat), rank=one.rank,
        )
        for one in found
    ]  # fmt: skip


@router.get("/departments")
def list_departments(visit: Annotated[Visit, door("read_grids")]) -> list[DepartmentShape]:
    """The nine departments and those of the register, with their telephones. For all in the whole district."""
    with visit.services.store.reading() as connection:
        names = office_names(connection)
        telephones = department_telephones(connection) if visit.may("read_names") else {}
    offices = dict.fromkeys(
        [*(DEPARTMENT + code for code in DEPARTMENTS), *sorted(code for code in names if code.startswith(DEPARTMENT))]
    )
    shapes = []
    for office in offices:
        code = office.removeprefix(DEPARTMENT)
        english, chinese = DEPARTMENTS.get(code, (names.get(office, code), names.get(office, code)))
        shapes.append(
            DepartmentShape(
                office=office, code=code, name_en=english, name_zh=names.get(office, chinese),
                telephone=telephones.get(office, ""),
            )
        )  # fmt: skip
    return shapes


def _degrees(value: float) -> float | None:
    return None if math.isnan(value) else value
