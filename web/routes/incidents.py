"""Incidents: reported, listed, looked at, moved on."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gisgrid.access import Subject, acts_for
from gisgrid.errors import BadOption, NotAllowed, UnknownIncident
from gisgrid.flow import Request
from gisgrid.store.answered import Key as AnsweredKey
from gisgrid.store.answered import find_answered
from gisgrid.store.incidents import Incident
from gisgrid.store.reports import Asked, Report
from gisgrid.store.seen_pages import seen_page
from gisgrid.store.steps import decide_duplicate, take_step
from gisgrid.store.visible import subject_of, visible_to
from web.answers import answer, written
from web.conditional import tag_of, version_seen
from web.doors import Visit, door
from web.grid_names import grid_names
from web.incident_card import clock_lines, incident_card
from web.incident_filters import FilterAsked
from web.incident_shapes import (
    CardShape,
    Category,
    Grade,
    IncidentShape,
    Lon,
    ReportedShape,
    answer_shape,
    card_shape,
    clocks_shape,
    duplicate_shape,
    incident_shape,
    on_call_shape,
)
from web.instants import ms_of
from web.keys import cursor_of, key_of, read_cursor
from web.problems import Problem

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])

_LATEST_H: Final = 72
"""A worker's report may be sent so many hours later: as long as a phone's fixes count (`late_upload_h`)."""

Number = Annotated[int, Path(ge=1, lt=2**62, description="number of the incident", examples=[7])]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=100,
        description="a random word of the sender; the same request sent again under it is done once",
        examples=["7f9c6c0e-3d0f-4d8e-9a55-0e2d1c1c5a10"],
    ),
]
Seen = Annotated[
    str | None, Header(alias="If-Match", max_length=100, description="the ETag of the incident as it was seen")
]
Language = Annotated[Literal["en", "zh"], Query(description="language of what is said in words")]
Code = Annotated[str, Field(max_length=60, examples=["331002001001"])]
Word = Annotated[str, Field(max_length=100)]


_CONFLICT: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "The flow does not allow it, or the key was used for another request."}
}
_OVERTAKEN: Final[dict[int | str, dict[str, Any]]] = {
    412: {"model": Problem, "description": "It has changed since it was seen."}
}


_SaidLat = Annotated[
    float,
    Field(
        allow_inf_nan=False,
        description="degrees",
        examples=[28.6512],
        # Held by the report itself, which knows what longitude and latitude the wrong way round look like.
        json_schema_extra={"minimum": -90.0, "maximum": 90.0},
    ),
]


class ReportIn(BaseModel):
    """A report: its place in degrees with its accuracy, or the grid or village that it states, or neither."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "category": "public_security_hazards",
                    "description": "a manhole without its cover",
                    "lon": 121.4321,
                    "lat": 28.6512,
                    "accuracy_m": 12.0,
                    "source": "phone",
                }
            ]
        },
    )

    category: Category
    sub_category: Word = ""
    description: str = Field("", max_length=4_000)
    reported_at: AwareDatetime | None = Field(None, description="now, where it is not given")
    lon: Lon | None = None
    lat: _SaidLat | None = None
    accuracy_m: Annotated[float, Field(gt=0.0, lt=1e7, allow_inf_nan=False, examples=[12.0])] | None = None
    source: Word = Field("", description="phone, map, address …; decides the accuracy where none is given")
    stated: Code = Field("", description="grid or village, where the place is not known")
    reporter: Word = Field("", description="code of the person; a grid worker is always the reporter of their reports")
    grade: Grade = "ordinary"
    is_urgent: bool = False
    is_handled: bool = Field(False, description="handled on the spot: nobody has to do anything more")
    source_system: Word = ""
    source_id: Word = ""


class StepIn(BaseModel):
    """A move for an office, and what it needs besides; `version` is the one that was seen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"move": "accept", "office": "331002001001", "version": 1}]},
    )

    move: Annotated[str, Field(max_length=40, examples=["accept"])]
    office: Annotated[str, Field(max_length=60, examples=["331002001001"])]
    reason: str = Field("", max_length=4_000)
    to: Code = Field("", description="office that it is handed to; of a re-assignment the grid or village")
    assistants: list[Code] = Field([], max_length=20, description="departments that assist")
    until: AwareDatetime | None = Field(None, description="end of the extension that is asked for")
    is_satisfied: bool | None = None
    version: int | None = Field(None, ge=1, lt=2**31)


class DecisionIn(BaseModel):
    """Whether two reports tell of the same."""

    model_config = ConfigDict(extra="forbid")

    is_same: bool
    office: Annotated[str, Field(max_length=60, examples=["331002001001"])]


class IncidentPage(BaseModel):
    """Incidents, the newest first, and the cursor of the next page (null on the last)."""

    incidents: list[IncidentShape]
    next: str | None


@router.post(
    "",
    status_code=201,
    response_model=ReportedShape,
    responses=_CONFLICT | {200: {"model": ReportedShape, "description": "It was reported under this key before."}},
)
async def report_incident(
    asked: ReportIn, visit: Annotated[Visit, door("report_incident")], key: Key = None
) -> Response:
    """Report an incident. When the answer comes it is kept, has its grid and its clocks, and those who answer are named, to
    those who may see names there. What another platform reports (`source_system`, `source_id`) comes from those only who
    report for the whole district: it updates what is known of it.
    """
    if asked.source_system or asked.source_id:
        visit.require("report_incident", Subject())
    sent_as = key_of(visit.holder.name, key, "report", asked)
    report = Asked(_report(asked, visit), visit.holder.name, visit.origin, sent_as)
    found = await visit.services.reporting.do(report)
    one, duplicate = found.reported.incident, found.reported.duplicate
    named = visit.may("read_names", subject_of(one))
    shape = ReportedShape.model_construct(
        incident=incident_shape(one, named=named),
        clocks=clocks_shape(found.reported.due, one),
        answers=[answer_shape(answer, named=named) for answer in found.answers],
        on_call=[on_call_shape(person, named=named) for person in found.on_call],
        duplicate=duplicate_shape(duplicate) if duplicate else None,
        is_new=found.reported.is_new,
    )
    if found.reported.is_new:
        visit.services.meters.reports.inc()
    headers = {"ETag": _tag(one)}
    if visit.may("read_incidents", subject_of(one)):
        headers["Location"] = f"/api/v1/incidents/{one.id}"
    return answer(shape, 201 if found.reported.is_new else 200, headers)


@router.get("", response_model=IncidentPage)
def list_incidents(
    visit: Annotated[Visit, door("read_incidents")],
    asked: FilterAsked,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
) -> Response:
    """Incidents by unit, state, category, way of assignment and time; the newest first."""
    services = visit.services
    wanted = asked.stored(visit)
    after = read_cursor(cursor, int, int)
    if visit.holder.unit:
        page = seen_page(
            services.store, services.mirror, services.maps.sight(visit.holder), wanted, after=after, most=limit
        )
    else:
        page = services.incidents.page(wanted, after=after, most=limit, visible=visible_to(visit.holder))
    named = visit.may("read_names")
    shapes = [incident_shape(one, named=named) for one in page.incidents]
    following = cursor_of(*page.after) if page.after else None
    return answer(IncidentPage.model_construct(incidents=shapes, next=following))


@router.get("/{number}", response_model=CardShape)
def show_incident(
    number: Number, visit: Annotated[Visit, door("read_incidents")], language: Language = "en"
) -> Response:
    """Everything about an incident: grid, who answers, clocks explained, steps, duplicates, and the moves of each office."""
    services = visit.services
    with services.store.reading() as connection:
        card = incident_card(connection, number, services.store.now_ms(), lambda incident: need_to_see(visit, incident))
    spoken = int(language == "zh")
    lines = [(label[spoken], text) for label, text in clock_lines(card, spoken)]
    subject = subject_of(card.incident)
    shape = card_shape(
        card, lines, named=visit.may("read_names"),
        grid_names=lambda codes: grid_names(services.editions, codes, card.incident.edition_id),
        acts_for=lambda office: visit.may("move_incident", subject) and acts_for(visit.holder, office),
    )  # fmt: skip
    content = shape.model_dump_json().encode()
    return written(content, headers={"ETag": _tag(card.incident, content)})


@router.post("/{number}/steps", responses=_CONFLICT | _OVERTAKEN)
def move_incident(
    number: Number,
    asked: StepIn,
    response: Response,
    visit: Annotated[Visit, door("move_incident")],
    key: Key = None,
    seen: Seen = None,
) -> IncidentShape:
    """Move an incident on for an office. 409 says what the flow does not allow, 412 that it has changed since it was seen."""
    services = visit.services
    sent_as = key_of(visit.holder.name, key, "step", number, asked)
    if sent_as is not None and (before := _made_before(visit, number, sent_as)) is not None:
        response.headers["ETag"] = _tag(before)
        return incident_shape(before, named=visit.may("read_names", subject_of(before)))
    need_to_move(visit, number, asked.office)
    version = version_seen(seen, asked.version)
    move = Request(
        asked.move,
        asked.office,
        asked.reason,
        asked.to,
        tuple(asked.assistants),
        ms_of(asked.until),
        asked.is_satisfied,
    )
    one = take_step(
        services.store, services.editions, number, move, author=visit.holder.name, version=version, origin=visit.origin,
        key=sent_as,
    )  # fmt: skip
    response.headers["ETag"] = _tag(one)
    return incident_shape(one, named=visit.may("read_names"))


@router.post("/{number}/duplicates/{of_number}", responses=_CONFLICT)
def decide_on_duplicate(
    number: Number,
    of_number: Annotated[int, Path(ge=1, lt=2**62, examples=[3])],
    asked: DecisionIn,
    visit: Annotated[Visit, door("move_incident")],
) -> IncidentShape:
    """Say whether a probable duplicate is one; if so, it ends here and the earlier one goes on."""
    services = visit.services
    need_to_move(visit, number, asked.office)
    one = decide_duplicate(
        services.store, services.editions, number, of_number, is_same=asked.is_same, office=asked.office,
        author=visit.holder.name, origin=visit.origin,
    )  # fmt: skip
    return incident_shape(one, named=visit.may("read_names"))


def need_to_see(visit: Visit, incident: Incident) -> None:
    """`UnknownIncident` where whoever asks may not see it: what one may not see is not there."""
    if not visit.may("read_incidents", subject_of(incident)):
        raise UnknownIncident(f"there is no incident {incident.id}", zh=f"没有编号为 {incident.id} 的事件")


def seen_incident(visit: Visit, number: int) -> Incident:
    """An incident that whoever asks may see; `UnknownIncident` otherwise."""
    incident = visit.services.incidents.get(number)
    if incident is None:
        raise UnknownIncident(f"there is no incident {number}", zh=f"没有编号为 {number} 的事件")
    need_to_see(visit, incident)
    return incident


def need_to_move(visit: Visit, number: int, office: str) -> None:
    """`UnknownIncident` where whoever asks may not see it, `NotAllowed` where they do not act for that office."""
    visit.require("move_incident", subject_of(seen_incident(visit, number)))
    if not acts_for(visit.holder, office):
        raise NotAllowed(
            f"you do not act for the office {office!r}; act for your own, or ask those who may",
            zh=f"您不能代表单位 {office!r} 操作；请以自己的单位操作，或请有权限的人办理",
        )


def _made_before(visit: Visit, number: int, key: AnsweredKey) -> Incident | None:
    """The incident as it stands, where this very move was made before: perhaps whoever made it sees it no more."""
    with visit.services.store.reading() as connection:
        if find_answered(connection, key) is None:
            return None
    return visit.services.incidents.get(number)


def _report(asked: ReportIn, visit: Visit) -> Report:
    is_worker = visit.holder.role == "worker"
    if is_worker and asked.reported_at is not None:
        earliest_ms = visit.services.store.now_ms() - _LATEST_H * 3_600_000
        if ms_of(asked.reported_at) < earliest_ms:
            raise BadOption(
                f"reported_at lies more than {_LATEST_H} hours back; the reports of a day are counted for those who "
                "report, so an older one is entered by command staff",
                zh=f"上报时间 reported_at 早于 {_LATEST_H} 小时以前；当天的上报计入考核，更早的事件请由指挥人员录入",
            )
    return Report(
        asked.category, asked.sub_category, asked.description, ms_of(asked.reported_at), asked.lon, asked.lat,
        asked.accuracy_m, asked.source, asked.stated, visit.holder.person if is_worker else asked.reporter, asked.grade,
        asked.is_urgent, asked.is_handled, asked.source_system, asked.source_id,
    )  # fmt: skip


def _tag(one: Incident, content: bytes = b"") -> str:
    """The ETag of an incident: its version, by which a writer says what was seen, and what else is shown."""
    rest = tag_of(content)[1:9] if content else "0"
    return f'"v{one.version}-{rest}"'
