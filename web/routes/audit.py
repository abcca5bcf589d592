"""The audit: who did or saw what, when, on whom, with what result, from where; searched, and as a file."""

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.store.audit_lines import Looked, audit_lines, write_audit
from gisgrid.store.tables import AUDIT
from web.asked import Cursor, Instant, Words
from web.doors import Visit, door
from web.instants import instant, ms_of
from web.keys import cursor_of, read_cursor
from web.made_files import MEDIA_TYPES, MadeFile, made_file

router = APIRouter(prefix="/api/v1", tags=["audit"])

Reader = Annotated[Visit, door("read_audit")]


class AuditLine(BaseModel):
    """A line of the audit."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(examples=[1205])
    at: dt.datetime
    author: str = Field(examples=["li.na"])
    action: str = Field(examples=["read_track"])
    subject: str = Field(examples=["person/P0001/2018-05-07"])
    result: str = Field(examples=["done"])
    origin: str = Field(description="an address or a program", examples=["10.0.0.1"])


class AuditPage(BaseModel):
    """Lines, the newest first, and the cursor of the next page (null on the last)."""

    lines: list[AuditLine]
    next: str | None


def looked_for(
    first: Annotated[Instant | None, Query(alias="from", description="at this instant or later")] = None,
    before: Annotated[Instant | None, Query(alias="to", description="before this instant")] = None,
    author: Annotated[Words, Query(description="by this account or program")] = "",
    subject: Annotated[Words, Query(description="what begins so, such as person/P0001/")] = "",
    action: Annotated[Words, Query(description="such as read_track or sign_in")] = "",
) -> Looked:
    """What a request looks for."""
    return Looked(ms_of(first), ms_of(before), author, action, subject)


LookedFor = Annotated[Looked, Depends(looked_for)]


@router.get("/audit")
def list_audit(
    visit: Reader,
    looked: LookedFor,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> AuditPage:
    """Lines by time, author, action and subject; for auditors of the whole district: lines lie in no unit."""
    visit.require("read_audit", Subject())
    after = read_cursor(cursor, int)
    query = audit_lines(looked).limit(limit + 1)
    if after is not None:
        query = query.where(AUDIT.c.id < after[0])
    with visit.services.store.reading() as connection:
        rows = connection.execute(query).all()
    lines = [
        AuditLine(
            number=row.id, at=instant(row.at_ms), author=row.author, action=row.action, subject=row.subject,
            result=row.result, origin=row.origin,
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return AuditPage(lines=lines, next=cursor_of(rows[limit - 1].id) if len(rows) > limit else None)


@router.get(
    "/exports/audit.{ending}",
    response_class=FileResponse,
    responses={200: {"content": {MEDIA_TYPES[ending]: {} for ending in ("csv", "xlsx")}, "description": "The file."}},
)
def export_audit(
    ending: Literal["csv", "xlsx"],
    visit: Reader,
    looked: LookedFor,
    language: Annotated[Literal["en", "zh"], Query(description="language of the headings")] = "en",
) -> MadeFile:
    """The same lines as a file, the oldest first, at most a million; the audit names who took it."""
    visit.require("read_audit", Subject())
    store = visit.services.store
    with store.changing(visit.holder.name, origin=visit.origin) as change:
        change.note("export", "audit", f"audit.{ending}")
    return made_file(f"audit.{ending}", lambda path: write_audit(store, path, looked, language=language))
