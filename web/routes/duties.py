"""Duties: who holds which role for which grid, who is on call, what nobody holds, who has how much to do."""

import datetime as dt
from itertools import islice
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.errors import BadOption
from gisgrid.store.answering import loads, on_call, who_answers
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.tables import DUTY, PERSON
from web.asked import Code, Cursor, Day, edition_asked, readable_grid, today_of
from web.doors import Visit, door
from web.incident_shapes import AnswerShape, OnCallShape, answer_shape, on_call_shape
from web.keys import cursor_of, read_cursor

router = APIRouter(prefix="/api/v1", tags=["duties"])

Role = Literal["patroller", "leader", "instructor", "business_instructor", "area_leader", "substitute"]
DayAsked = Annotated[Day | None, Query(description="local day; today otherwise")]

_GRIDS_AT_ONCE = 500


class DutyShape(BaseModel):
    """A role of a person for a grid on local days from `from_day` to the day before `to_day` (null: until further notice)."""

    model_config = ConfigDict(extra="forbid")

    grid: str = Field(examples=["331002001001001"])
    role: Role
    person: str = Field(description="empty for those who may see no names", examples=["P0001"])
    name: str
    telephone: str
    from_day: dt.date
    to_day: dt.date | None


class DutyPage(BaseModel):
    """The duties of some grids, and the cursor of the next ones (null on the last page)."""

    duties: list[DutyShape]
    next: str | None


class LoadShape(BaseModel):
    """What a person answers for now: grids, open incidents, and how many of these are due today, have a yellow or red card."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(description="empty for those who may see no names", examples=["P0001"])
    name: str
    role: Role
    grids: int
    open: int
    due_today: int
    yellow: int
    red: int


class LoadTable(BaseModel):
    """The people with the most to do first, and how many there are in all."""

    loads: list[LoadShape]
    total: int


class VacancyShape(BaseModel):
    """A grid and the roles that nobody holds there."""

    grid: str = Field(examples=["331002001001001"])
    vacant_roles: list[Role]


class VacancyPage(BaseModel):
    """Grids with vacancies on a local day in code order, and the cursor of the next page (null on the last)."""

    day: dt.date
    vacancies: list[VacancyShape]
    next: str | None


@router.get("/duties")
def list_duties(
    visit: Annotated[Visit, door("read_grids")],
    day: Annotated[Day | None, Query(description="only those of this local day; all otherwise")] = None,
    grid: Annotated[Code, Query(description="code of a grid")] = "",
    person: Annotated[Code, Query(description="code of a person; for those who may see names")] = "",
    role: Role | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="of how many grids")] = 100,
    cursor: Cursor = None,
) -> DutyPage:
    """Duties by grid, role, person and first day. Whoever has a unit sees those of the grids within it, others all."""
    if person:
        visit.require("read_names")
    # A page holds whole grids: the key of the next one names no person.
    after = read_cursor(cursor, str)
    wanted = [
        *([DUTY.c.from_day <= day, sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day)] if day else []),
        *([DUTY.c.grid == grid] if grid else []),
        *([DUTY.c.person == person] if person else []),
        *([DUTY.c.role == role] if role else []),
    ]
    grids = sa.select(DUTY.c.grid).where(*wanted).distinct().order_by(DUTY.c.grid)
    if after is not None:
        grids = grids.where(DUTY.c.grid > after[0])
    query = sa.select(DUTY, PERSON.c.name, PERSON.c.telephone).outerjoin(PERSON, PERSON.c.code == DUTY.c.person)
    with visit.services.store.reading() as connection:
        readable = (code for code in connection.execute(grids).scalars() if visit.may("read_grids", Subject(code)))
        found = list(islice(readable, limit + 1))
        rows = connection.execute(
            query.where(*wanted, DUTY.c.grid.in_(found[:limit])).order_by(
                DUTY.c.grid, DUTY.c.role, DUTY.c.person, DUTY.c.from_day
            )
        ).all()
    named = visit.may("read_names")
    return DutyPage(
        duties=[
            DutyShape(
                grid=row.grid, role=row.role, person=row.person if named else "", name=(row.name or "") if named else "",
                telephone=(row.telephone or "") if named else "", from_day=row.from_day, to_day=row.to_day,
            )
            for row in rows
        ],
        next=cursor_of(found[limit - 1]) if len(found) > limit else None,
    )  # fmt: skip


@router.get("/grids/{code}/answers")
def show_answers(
    code: Annotated[Code, Path(description="code of the grid", examples=["331002001001001"])],
    visit: Annotated[Visit, door("read_grids")],
    day: DayAsked = None,
) -> AnswerShape:
    """Who answers for a grid on a local day, and the roles that nobody holds; 403 outside the unit of whoever asks."""
    day = day or today_of(visit.services)
    _, network = edition_asked(visit.services, day, None)
    readable_grid(visit, network, code)
    with visit.services.store.reading() as connection:
        return answer_shape(who_answers(connection, [code], day)[code], named=visit.may("read_names"))


@router.get("/on-call")
def show_on_call(visit: Annotated[Visit, door("read_grids")]) -> list[OnCallShape]:
    """Who is on call now in units and departments; for all in the whole district: help comes from across borders."""
    with visit.services.store.reading() as connection:
        found = on_call(connection, None, visit.services.store.now_ms())
    named = visit.may("read_names")
    return [on_call_shape(one, named=named) for one in found]


@router.get("/loads")
def list_loads(
    visit: Annotated[Visit, door("read_incidents")],
    role: Role = "patroller",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
) -> LoadTable:
    """What each person in a role answers for now, the most loaded first; of the grids within the unit of whoever asks."""
    services = visit.services
    columns = services.mirror.refresh()
    with services.store.reading() as connection:
        found = loads(
            connection, columns, rulebook_of(connection), services.store.now_ms(), role,
            counts_grid=lambda grid: visit.may("read_incidents", Subject(grid)),
        )  # fmt: skip
    named = visit.may("read_names")
    return LoadTable(
        loads=[
            LoadShape(
                person=one.person if named else "", name=one.name if named else "", role=role, grids=one.grids,
                open=one.open, due_today=one.due_today, yellow=one.yellow, red=one.red,
            )
            for one in found[:limit]
        ],
        total=len(found),
    )  # fmt: skip


@router.get("/vacancies")
def list_vacancies(
    visit: Annotated[Visit, door("read_grids")],
    day: DayAsked = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> VacancyPage:
    """Grids with roles that nobody holds on a local day; whoever has a unit sees those within it."""
    after = read_cursor(cursor, str, str)
    day = _day_of(after[0]) if after else day or today_of(visit.services)
    _, network = edition_asked(visit.services, day, None)
    codes = [
        code for code in network.codes if (after is None or code > after[1]) and visit.may("read_grids", Subject(code))
    ]
    found: list[VacancyShape] = []
    with visit.services.store.reading() as connection:
        for start in range(0, len(codes), _GRIDS_AT_ONCE):
            answers = who_answers(connection, codes[start : start + _GRIDS_AT_ONCE], day).values()
            found += [
                VacancyShape.model_validate({"grid": answer.grid, "vacant_roles": answer.vacant})
                for answer in answers
                if answer.vacant
            ]
            if len(found) > limit:
                break
    following = cursor_of(day.isoformat(), found[limit - 1].grid) if len(found) > limit else None
    return VacancyPage(day=day, vacancies=found[:limit], next=following)


def _day_of(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadOption(
            "the cursor names no day; take `next` of the page before, unchanged",
            zh="翻页标记 cursor 无效；请原样使用上一页的 next",
        ) from None
