"""What an incident looks like to a program: pydantic models with units in their names, and what a role may see of it."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gisgrid.clocks import Deadlines
from gisgrid.store.answering import Answer, OnCall
from gisgrid.store.duplicates import Duplicate
from gisgrid.store.incidents import Incident
from gisgrid.store.steps import Step
from web.incident_card import IncidentCard
from web.instants import instant
from web.move_forms import MoveForm, move_form

Category = Literal["public_security_hazards", "livelihood_services", "disputes", "central_tasks", "other"]
State = Literal["reported", "accepted", "handling", "fed_back", "closed", "evaluated", "invalid"]
Grade = Literal["simple", "ordinary", "prominent", "major"]
Card = Literal["", "yellow", "red"]
ClockState = Literal["settled", "calm", "at_risk", "due_today", "yellow", "red"]
How = Literal["inside", "snapped", "stated", "manual", "unassigned"]

Lon = Annotated[float, Field(ge=-180.0, le=180.0, allow_inf_nan=False, description="degrees", examples=[121.4321])]
Lat = Annotated[float, Field(ge=-90.0, le=90.0, allow_inf_nan=False, description="degrees", examples=[28.6512])]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AlternativeShape(_Shape):
    """A grid in which the incident may lie as well: the share of its circle of accuracy that lies there."""

    grid: str = Field(examples=["331002001001002"])
    share: float = Field(ge=0.0, le=1.0, examples=[0.21])


class IncidentShape(_Shape):
    """An incident as it stands. `grid`, `village`, `township` are those of its report, `answering_grid` the one that answers
    now, `holder` the office that must act. Without a place `lon` and `lat` are null.
    """

    number: int = Field(examples=[7])
    category: Category
    sub_category: str = ""
    state: State
    grade: Grade
    card: Card
    is_urgent: bool
    reported_at: dt.datetime
    lon: float | None = Field(description="degrees, EPSG:4490", examples=[121.4321])
    lat: float | None = Field(description="degrees, EPSG:4490", examples=[28.6512])
    accuracy_m: float | None
    source: str
    how: How = Field(description="how its grid was found")
    grid: str = Field(examples=["331002001001001"])
    answering_grid: str
    village: str = Field(examples=["331002001001"])
    township: str = Field(examples=["331002001000"])
    border_distance_m: float | None
    alternatives: list[AlternativeShape]
    holder: str = Field(examples=["331002001001"])
    assistants: list[str]
    reporter: str = Field(description="code of a person; empty for those who may see no names")
    description: str = Field(description="empty for those who may see no names")
    source_system: str | None
    source_id: str | None
    responded_at: dt.datetime | None
    done_at: dt.datetime | None
    closed_at: dt.datetime | None
    is_satisfied: bool | None
    reopened_times: int
    version: int = Field(description="grows with every change; send it back to change what you have seen", examples=[1])


class ClocksShape(_Shape):
    """The deadlines, each the first instant that is too late, and how they stand now."""

    response_due_at: dt.datetime
    done_due_at: dt.datetime
    most_due_at: dt.datetime
    extended_due_at: dt.datetime | None
    asked_due_at: dt.datetime | None = None
    is_provisional: bool = Field(description="the calendar of that year is not published yet")
    clock_state: ClockState | None = None


class PersonInOffice(_Shape):
    """Someone who answers for a grid; name and telephone are empty for those who may see no names."""

    role: str = Field(examples=["patroller"])
    person: str = Field(examples=["P0001"])
    name: str
    telephone: str
    is_away: bool


class AnswerShape(_Shape):
    """Who answers for a grid on a local day, and the roles that nobody holds."""

    grid: str
    day: dt.date
    people: list[PersonInOffice]
    vacant_roles: list[str]


class OnCallShape(_Shape):
    """Someone on call in a unit or department now."""

    unit: str
    shift: str
    person: str
    name: str
    telephone: str
    note: str


class DuplicateShape(_Shape):
    """A report that may tell of the same as another one; `decision` is empty, `same` or `other`."""

    number: int
    of_number: int
    distance_m: float
    apart_s: float
    decision: Literal["", "same", "other"]


class StepShape(_Shape):
    """What was done to an incident: when, what, for which office, by whom, why, and how it stood afterwards."""

    number: int
    at: dt.datetime
    move: str
    office: str
    author: str
    reason: str
    state: State
    holder: str


class ReportedShape(_Shape):
    """A report taken in: where it belongs, who answers, the clocks, and the earlier one that it may repeat."""

    incident: IncidentShape
    clocks: ClocksShape
    answers: list[AnswerShape]
    on_call: list[OnCallShape]
    duplicate: DuplicateShape | None
    is_new: bool = Field(description="false where it was reported under the same key before")


class CardShape(_Shape):
    """Everything about an incident, with the moves that each office may make now."""

    incident: IncidentShape
    clocks: ClocksShape
    kind: dict[str, str] = Field(description="what its sub-category is called, by language", examples=[{"en": "Fraud"}])
    clock_lines: list[tuple[str, str]] = Field(description="the clocks explained in words, in the language asked for")
    answers: list[AnswerShape]
    on_call: list[OnCallShape]
    duplicates: list[DuplicateShape]
    steps: list[StepShape]
    moves: dict[str, list[str]]
    forms: dict[str, MoveForm] = Field(description="what each of these moves must and may say")
    acts_for: list[str] = Field(description="the offices with moves for which whoever asks acts")
    path: dict[str, str] = Field(description="its offices by level")
    names: dict[str, str] = Field(description="what the offices, units and grids that stand here are called")
    telephones: dict[str, str] = Field(description="of departments that stand here; empty for those who see no names")


def incident_shape(one: Incident, *, named: bool) -> IncidentShape:
    """An incident, with its reporter and words or without. What the database holds needs no second check."""
    return IncidentShape.model_construct(
        number=one.id, category=one.category, sub_category=one.sub_category, state=one.state, grade=one.grade,
        card=one.card, is_urgent=bool(one.is_urgent), reported_at=instant(one.reported_ms), lon=one.lon, lat=one.lat,
        accuracy_m=one.accuracy_m, source=one.source, how=one.how, grid=one.grid,
        answering_grid=one.answering_grid or one.grid, village=one.village, township=one.township,
        border_distance_m=_to_the_mm(one.border_distance_m), alternatives=alternatives_of(one.alternatives), holder=one.holder,
        assistants=one.assistants.split(), reporter=one.reporter if named else "",
        description=one.description if named else "", source_system=one.source_system, source_id=one.source_id,
        responded_at=instant(one.responded_ms), done_at=instant(one.done_ms), closed_at=instant(one.closed_ms),
        is_satisfied=one.is_satisfied, reopened_times=one.reopened, version=one.version,
    )  # fmt: skip


def clocks_shape(due: Deadlines, one: Incident, clock_state: str | None = None) -> ClocksShape:
    """The clocks of an incident (`due` of one row)."""
    return ClocksShape.model_construct(
        response_due_at=instant(int(due.response_ms[0])),
        done_due_at=instant(int(due.done_ms[0])),
        most_due_at=instant(int(due.most_ms[0])),
        extended_due_at=instant(one.extended_due_ms),
        asked_due_at=instant(one.asked_due_ms),
        is_provisional=bool(due.is_provisional[0]),
        clock_state=clock_state,
    )


def answer_shape(answer: Answer, *, named: bool) -> AnswerShape:
    """Who answers, with names or without."""
    people = [
        PersonInOffice.model_construct(
            role=one.role,
            person=one.person if named else "",
            name=one.name if named else "",
            telephone=one.telephone if named else "",
            is_away=one.is_away,
        )
        for one in answer.people
    ]
    return AnswerShape.model_construct(
        grid=answer.grid, day=answer.day, people=people, vacant_roles=list(answer.vacant)
    )


def on_call_shape(one: OnCall, *, named: bool) -> OnCallShape:
    """Someone on call, with the name or without; the telephone of whoever is on call is for all who command."""
    return OnCallShape.model_construct(
        unit=one.unit, shift=one.shift, person=one.person if named else "", name=one.name if named else "",
        telephone=one.telephone if named else "", note=one.note if named else "",
    )  # fmt: skip


def duplicate_shape(one: Duplicate) -> DuplicateShape:
    """A link between two incidents."""
    return DuplicateShape.model_construct(
        number=one.incident_id, of_number=one.of_id, distance_m=one.distance_m, apart_s=one.apart_ms / 1000.0,
        decision=one.decision,
    )  # fmt: skip


def step_shape(one: Step, *, named: bool) -> StepShape:
    """A step, with its author and reason or without."""
    return StepShape.model_construct(
        number=one.number, at=instant(one.at_ms), move=one.move, office=one.office, author=one.author if named else "",
        reason=one.reason if named else "", state=one.state, holder=one.holder,
    )  # fmt: skip


def card_shape(
    card: IncidentCard,
    lines: list[tuple[str, str]],
    *,
    named: bool,
    grid_names: Callable[[Iterable[str]], Mapping[str, str]],
    acts_for: Callable[[str], bool],
) -> CardShape:
    """The whole card; `grid_names` tells what grids of some codes are called, `acts_for` whether whoever asks acts for an office."""
    codes = _codes_of(card)
    names = {**grid_names(codes), **card.names}
    return CardShape.model_construct(
        incident=incident_shape(card.incident, named=named),
        clocks=clocks_shape(card.due, card.incident, card.clock_state),
        kind=_kind(card),
        clock_lines=lines,
        answers=[answer_shape(answer, named=named) for answer in card.answers.values()],
        on_call=[on_call_shape(one, named=named) for one in card.on_call],
        duplicates=[duplicate_shape(one) for one in card.duplicates],
        steps=[step_shape(one, named=named) for one in card.steps],
        moves={office: list(moves) for office, moves in card.moves.items()},
        forms={move: move_form(move) for move in sorted({move for moves in card.moves.values() for move in moves})},
        acts_for=[office for office in card.moves if acts_for(office)],
        path=card.path,
        names={code: names[code] for code in codes if names.get(code)},
        telephones={code: card.telephones[code] for code in codes if code in card.telephones} if named else {},
    )


def _kind(card: IncidentCard) -> dict[str, str]:
    one = card.incident
    if not one.sub_category:
        return {}
    return dict(zip(("en", "zh"), card.rulebook.sub_categories.labels(one.category, one.sub_category), strict=True))


def _codes_of(card: IncidentCard) -> list[str]:
    """The offices, units and grids that stand on a card, in their order."""
    one = card.incident
    offices = (*card.path.values(), one.holder, *one.assistants.split(), *card.moves, *(at.unit for at in card.on_call))
    units = (one.grid, one.answering_grid, one.village, one.township, *card.answers)
    others = (other.grid for other in alternatives_of(one.alternatives))
    stepped = (code for step in card.steps for code in (step.office, step.holder))
    return sorted({code for code in (*offices, *units, *others, *stepped) if code})


def alternatives_of(text: str) -> list[AlternativeShape]:
    """Other grids with their shares, from the text `code:share;…`."""
    pairs = (part.rpartition(":") for part in text.split(";") if part)
    return [AlternativeShape.model_construct(grid=grid, share=float(share)) for grid, _, share in pairs]


def _to_the_mm(metres: float | None) -> float | None:
    return None if metres is None else round(metres, 3)
