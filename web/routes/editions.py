"""Editions: which networks were published, and from when to when each is in force."""

import datetime as dt
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.errors import NotThere
from gisgrid.store.editions import EditionLabel
from gisgrid.store.tables import EDITION, GRID
from web.doors import Visit, door
from web.instants import instant

router = APIRouter(prefix="/api/v1/editions", tags=["grids"])

Number = Annotated[int, Path(ge=1, lt=2**31, description="number of the edition", examples=[1])]


class EditionShape(BaseModel):
    """A published network: in force on local days from `valid_from` to the day before `valid_to` (null: until the next)."""

    model_config = ConfigDict(extra="forbid")

    edition: int = Field(examples=[1])
    valid_from: dt.date
    valid_to: dt.date | None
    published_at: dt.datetime
    published_by: str = Field(description="empty for those who may see no names", examples=["planner"])
    note: str
    grids: int = Field(description="how many it has", examples=[659])
    code_scheme: str = Field(
        description="official: codes tell village and township; opaque: not", examples=["official"]
    )
    is_sample: bool = Field(description="of the made-up sample district")


@router.get("")
def list_editions(visit: Annotated[Visit, door("read_grids")]) -> list[EditionShape]:
    """All editions, the oldest first; the newest may begin in the future. For all in the whole district."""
    return _shapes(visit, visit.services.editions.all())


@router.get("/{number}")
def show_edition(number: Number, visit: Annotated[Visit, door("read_grids")]) -> EditionShape:
    """One edition. For all in the whole district."""
    found = _shapes(visit, [label for label in visit.services.editions.all() if label.id == number])
    if not found:
        raise NotThere(
            f"there is no edition {number}; GET /api/v1/editions lists them",
            zh=f"没有编号为 {number} 的版本；清单见 GET /api/v1/editions",
        )
    return found[0]


def _shapes(visit: Visit, labels: list[EditionLabel]) -> list[EditionShape]:
    numbers = [label.id for label in labels]
    counted = sa.select(GRID.c.edition_id, sa.func.count()).where(GRID.c.edition_id.in_(numbers))
    about = sa.select(EDITION.c.id, EDITION.c.code_scheme, EDITION.c.is_sample).where(EDITION.c.id.in_(numbers))
    with visit.services.store.reading() as connection:
        counts = {row[0]: row[1] for row in connection.execute(counted.group_by(GRID.c.edition_id))}
        rest = {row.id: row for row in connection.execute(about)}
    named = visit.may("read_names")
    return [
        EditionShape(
            edition=label.id, valid_from=label.valid_from, valid_to=label.valid_to,
            published_at=instant(label.published_at_ms), published_by=label.published_by if named else "",
            note=label.note, grids=counts.get(label.id, 0), code_scheme=rest[label.id].code_scheme,
            is_sample=bool(rest[label.id].is_sample),
        )
        for label in labels
    ]  # fmt: skip
