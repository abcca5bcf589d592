"""The audit: who did or saw what, when, on whom, with what result, from where."""

import datetime as dt
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.store.tables import AUDIT
from web.asked import Cursor, Instant, Words
from web.doors import Visit, door
from web.incident_shapes import instant, ms_of
from web.keys import cursor_of, read_cursor

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


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


@router.get("")
def list_audit(
    visit: Annotated[Visit, door("read_audit")],
    first: Annotated[Instant | None, Query(alias="from", description="at this instant or later")] = None,
    before: Annotated[Instant | None, Query(alias="to", description="before this instant")] = None,
    author: Annotated[Words, Query(description="by this account or program")] = "",
    subject: Annotated[Words, Query(description="what begins so, such as person/P0001/")] = "",
    action: Annotated[Words, Query(description="such as read_track or sign_in")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> AuditPage:
    """Lines by time, author, action and subject; for auditors of the whole district: lines lie in no unit."""
    visit.require("read_audit", Subject())
    after = read_cursor(cursor, int)
    query = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(AUDIT.c.id < after[0])
    if first is not None:
        query = query.where(AUDIT.c.at_ms >= ms_of(first))
    if before is not None:
        query = query.where(AUDIT.c.at_ms < ms_of(before))
    if author:
        query = query.where(AUDIT.c.author == author)
    if action:
        query = query.where(AUDIT.c.action == action)
    if subject:
        # Not LIKE: SQLite's takes capital and small letters for the same.
        query = query.where(sa.func.substr(AUDIT.c.subject, 1, len(subject)) == subject)
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
