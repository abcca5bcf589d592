"""People who hold duties, found by what is typed."""

from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.store.tables import DUTY, PERSON
from web.asked import Words, today_of
from web.doors import Visit, door

router = APIRouter(prefix="/api/v1", tags=["duties"])

_LOOKED_THROUGH: Final = 500


class PersonShape(BaseModel):
    """A person, and the roles and grids of today within the unit of whoever asks."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(examples=["P0001"])
    name: str
    telephone: str
    roles: list[str] = Field(examples=[["patroller"]])
    grids: list[str] = Field(examples=[["331002001001001"]])


@router.get("/people")
def find_people(
    visit: Annotated[Visit, door("read_names")],
    q: Annotated[Words, Query(min_length=1, description="a name, its pinyin or initials, or a code", examples=["wy"])],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[PersonShape]:
    """People who hold duties today by what is typed, the best first: those of the unit of whoever asks."""
    services, day = visit.services, today_of(visit.services)
    found = services.persons.find(q, most=_LOOKED_THROUGH)
    codes = [one.place.code for one in found]
    duties = sa.select(DUTY.c.person, DUTY.c.role, DUTY.c.grid).where(
        DUTY.c.person.in_(codes), DUTY.c.from_day <= day, sa.or_(DUTY.c.to_day.is_(None), DUTY.c.to_day > day)
    )
    roles: dict[str, list[str]] = {}
    grids: dict[str, list[str]] = {}
    with services.store.reading() as connection:
        for person, role, grid in connection.execute(duties.order_by(DUTY.c.grid, DUTY.c.role)):
            if visit.may("read_names", Subject(grid)):
                roles.setdefault(person, []).append(role)
                grids.setdefault(person, []).append(grid)
        shown = [one.place for one in found if one.place.code in grids][:limit]
        numbers = sa.select(PERSON.c.code, PERSON.c.telephone).where(PERSON.c.code.in_([one.code for one in shown]))
        telephones: dict[str, str] = {row.code: row.telephone for row in connection.execute(numbers)}
    return [
        PersonShape(
            code=one.code, name=one.name, telephone=telephones.get(one.code, ""),
            roles=list(dict.fromkeys(roles[one.code])), grids=list(dict.fromkeys(grids[one.code])),
        )
        for one in shown
    ]  # fmt: skip
