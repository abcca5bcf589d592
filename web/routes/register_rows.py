"""Registers by single entries: searched, added, changed, taken back; and duties for a whole unit at once."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.store.assigning import Giving, foresee_duties, give_duties
from gisgrid.store.register_rows import find_entries, put_entry, remove_entry
from gisgrid.store.registers import REGISTERS
from web.asked import Code, Day, Words, edition_asked, unit_asked
from web.doors import Visit, door
from web.problems import Problem
from web.routes.registers import check_register, need_district

router = APIRouter(prefix="/api/v1", tags=["registers"])

Keeper = Annotated[Visit, door("keep_registers")]
RegisterName = Annotated[Words, Path(description=f"one of {', '.join(REGISTERS)}", examples=["people"])]
Text = Annotated[str, Field(max_length=2_000)]
FieldName = Annotated[str, Field(max_length=60)]
EntryTexts = Annotated[dict[FieldName, Text], Field(max_length=40, description="texts by field, as in a file")]

_CHANGED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "There is such an entry already."},
    412: {"model": Problem, "description": "It has changed since it was seen."},
}
_MOST_SKIPPED: Final = 10_000_000


class EntryPage(BaseModel):
    """Entries in the order of their keys, and how many there are in all; `names` says what people and units among them are
    called, by code.
    """

    model_config = ConfigDict(extra="forbid")

    entries: list[dict[str, str]] = Field(examples=[[{"code": "P1", "name": "王一", "telephone": "13800000001"}]])
    total: int = Field(examples=[3_120])
    names: dict[str, str] = Field(examples=[{"P1": "王一"}])


class EntryIn(BaseModel):
    """An entry to be kept; `before` is how it was seen, null for a new one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"entry": {"code": "P7", "name": "陈七", "telephone": "13800000007"}, "before": None}]
        },
    )

    entry: EntryTexts
    before: EntryTexts | None = None


class RemovalIn(BaseModel):
    """An entry to be taken back, as it was seen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"before": {"day": "2018-05-05", "is_workday": "true", "note": "调休"}}]},
    )

    before: EntryTexts


class GivingIn(BaseModel):
    """A role for a person in a grid, or in all grids of a unit (`area:NAME` for an area), from `from_day` to the day before
    `to_day` (null: until further notice). `in_place`: whoever else holds it then ends. `dry_run`: only say what it would do.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "unit": "331002001000", "person": "P2", "role": "substitute", "from_day": "2018-05-07",
                    "to_day": "2018-05-14",
                }
            ]
        },
    )  # fmt: skip

    unit: Annotated[Code, Field(min_length=1)]
    person: Annotated[Code, Field(min_length=1)]
    role: Literal["patroller", "leader", "instructor", "business_instructor", "area_leader", "substitute"]
    from_day: Day
    to_day: Day | None = None
    in_place: bool = False
    dry_run: bool = False


class GivenShape(BaseModel):
    """What became of it, or (`is_done` false) what would: so many grids; duties new, with another last day, as before; duties
    of others that end.
    """

    model_config = ConfigDict(extra="forbid")

    is_done: bool
    grids: int = Field(examples=[42])
    new: int
    changed: int
    same: int
    ended: int


@router.get("/registers/{name}/rows")
def list_entries(
    name: RegisterName,
    visit: Keeper,
    q: Annotated[Words, Query(description="words that each entry holds, or the names of its people and units")] = "",
    day: Annotated[Day | None, Query(description="only those in force on this local day")] = None,
    skip: Annotated[int, Query(ge=0, le=_MOST_SKIPPED, description="so many entries before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> EntryPage:
    """Entries of a register by key."""
    need_district(visit)
    check_register(name)
    found = find_entries(visit.services.store, name, words=q, day=day, skip=skip, most=limit)
    return EntryPage(entries=list(found.entries), total=found.total, names=dict(found.names))


@router.put("/registers/{name}/rows", responses=_CHANGED)
def keep_entry(name: RegisterName, asked: EntryIn, visit: Keeper) -> dict[str, str]:
    """Add an entry, or change one that is as it was seen; the answer is how it is kept."""
    need_district(visit)
    check_register(name)
    return put_entry(
        visit.services.store, name, asked.entry, asked.before, author=visit.holder.name, origin=visit.origin
    )


@router.post("/registers/{name}/removals", status_code=204, responses=_CHANGED)
def take_entry_back(name: RegisterName, asked: RemovalIn, visit: Keeper) -> None:
    """Take an entry back that is as it was seen; 422 where its register does not allow that (any more)."""
    need_district(visit)
    check_register(name)
    remove_entry(visit.services.store, name, asked.before, author=visit.holder.name, origin=visit.origin)


@router.post("/duties")
def give_many_duties(asked: GivingIn, visit: Keeper) -> GivenShape:
    """Give a person a role in all grids of a unit, as the edition of the first day has them: a duty for each grid."""
    need_district(visit)
    _, network = edition_asked(visit.services, asked.from_day, None)
    unit = unit_asked(visit, asked.unit)
    grids = tuple(code for code in network.codes if unit.has_grid(code))
    giving = Giving(asked.person, asked.role, grids, asked.from_day, asked.to_day, asked.in_place)
    store = visit.services.store
    if asked.dry_run:
        given = foresee_duties(store, giving)
    else:
        given = give_duties(store, giving, author=visit.holder.name, origin=visit.origin)
    return GivenShape(
        is_done=not asked.dry_run, grids=len(grids), new=given.new, changed=given.changed, same=given.same,
        ended=given.ended,
    )  # fmt: skip
