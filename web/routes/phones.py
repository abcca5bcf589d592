"""Phones: what Traccar Client, OwnTracks, Overland and scripts send, answered as each of them needs once it is kept."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from gisgrid.told import Told
from tracks.phones import (
    MAX_FIXES,
    PhoneBatch,
    PhoneRequest,
    read_overland,
    read_owntracks,
    read_plain,
    read_traccar,
)
from web.phone_door import PhoneVisit, phone_door, phone_request
from web.problems import Problem
from web.receiving import Sent, Taken, inflate

router = APIRouter(prefix="/phones", tags=["phones"])

_SMALL_BYTES: Final = 16_384
_TOLD: Final = 100
_EXAMPLE_JSON: Final = {
    "fixes": [{"time": "2018-05-07T08:00:00+08:00", "lon": 121.4321, "lat": 28.6512, "accuracy_m": 8.0}]
}
_EXAMPLE_CSV: Final = "time,lon,lat,accuracy_m\n2018-05-07T08:00:00+08:00,121.4321,28.6512,8.0\n"
_FIX: Final = {
    "type": "object",
    "required": ["time", "lon", "lat"],
    "properties": {
        "time": {"type": ["string", "number"], "description": "ISO 8601, or seconds or milliseconds since 1970"},
        "lon": {"type": "number", "description": "degrees"},
        "lat": {"type": "number", "description": "degrees"},
        "accuracy_m": {"type": ["number", "null"], "description": "metres"},
        "received_at": {"type": ["string", "number", "null"], "description": "when a relay received it"},
    },
}
_FIXES: Final = {
    "type": "object",
    "required": ["fixes"],
    "properties": {"fixes": {"type": "array", "items": _FIX, "maxItems": MAX_FIXES}},
}
_BATCH: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _FIXES, "example": _EXAMPLE_JSON},
            "text/csv": {"schema": {"type": "string", "minLength": 1}, "example": _EXAMPLE_CSV},
        },
    },
    # Devices are no accounts: their token opens this door only.
    "security": [],
}
_MORE_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Problem, "description": "The body is too large, as sent or unpacked."},
    415: {"model": Problem, "description": "The body is packed in a way that is not read; expected gzip or none."},
}

Read = Callable[[PhoneRequest], PhoneBatch]


class Receipt(BaseModel):
    """What became of a batch: fixes kept (or there before), not kept by reason, and sentences about what is unusable."""

    fixes: int = Field(description="fixes that could be read", examples=[120])
    kept: int = Field(description="of these kept, now or before", examples=[118])
    not_kept: dict[str, int] = Field(description="of these only counted, by reason", examples=[{"off hours": 2}])
    rejected: int = Field(description="fixes that cannot be used", examples=[1])
    reasons: list[str] = Field(description="a sentence for each of the first hundred of them")


@router.api_route("/traccar/{token}", methods=["GET", "POST"], include_in_schema=False)
async def send_by_traccar_link(request: Request, visit: Annotated[PhoneVisit, phone_door()]) -> Response:
    """Fixes of Traccar Client, any version, set up by link or code; answered with an empty 200."""
    return _reply((await _take_in(request, visit, read_traccar))[0])


@router.api_route("/traccar", methods=["GET", "POST"], include_in_schema=False)
async def send_by_traccar(request: Request, visit: Annotated[PhoneVisit, phone_door()]) -> Response:
    """The same of one set up by hand: its device identifier is the token."""
    return _reply((await _take_in(request, visit, read_traccar))[0])


@router.post("/owntracks", include_in_schema=False)
async def send_by_owntracks(request: Request, visit: Annotated[PhoneVisit, phone_door()]) -> Response:
    """A message of OwnTracks in HTTP mode; answered with an empty list."""
    return _reply((await _take_in(request, visit, read_owntracks))[0])


@router.post("/overland", include_in_schema=False)
async def send_by_overland(request: Request, visit: Annotated[PhoneVisit, phone_door()]) -> Response:
    """A batch of Overland; answered with its result."""
    return _reply((await _take_in(request, visit, read_overland))[0])


@router.post("/plain", response_model=Receipt, openapi_extra=_BATCH, responses=_MORE_PROBLEMS)
async def send_fixes(request: Request, visit: Annotated[PhoneVisit, phone_door()]) -> Response:
    """Fixes of a script, JSON or CSV, by the token of a device. They are kept when the answer comes."""
    batch, taken = await _take_in(request, visit, read_plain)
    reasons = list(batch.rejected[:_TOLD])
    if taken.impossible:
        reasons.append(f"{taken.impossible} fixes lie nowhere on earth once converted from {visit.device.datum}")
    receipt = Receipt(
        fixes=len(batch.fixes), kept=taken.kept, not_kept=dict(taken.not_kept),
        rejected=len(batch.rejected) + taken.impossible, reasons=reasons,
    )  # fmt: skip
    return Response(json.dumps(receipt.model_dump(), ensure_ascii=False), media_type="application/json")


async def _take_in(request: Request, visit: PhoneVisit, read: Read) -> tuple[PhoneBatch, Taken]:
    """Read a request and keep what is in it; only then it is answered."""
    services = visit.services
    received_ms = services.store.now_ms()
    # The door has read it already, where the token stands in it.
    read_before: bytes | None = getattr(request.state, "body", None)
    body = await request.body() if read_before is None else read_before
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise HTTPException(
            415,
            Told(
                f"the body is packed as {encoding[:20]!r}; expected gzip, or none",
                f"请求内容的压缩方式是 {encoding[:20]!r}；应为 gzip 或不压缩",
            ),
        )
    most_bytes = services.settings.max_upload_mb << 20

    def batch_of() -> PhoneBatch:
        return read(phone_request(request, inflate(body, encoding, most_bytes), received_ms))

    # A large body takes so long that others would wait; a small one is read before a thread would have begun.
    batch = batch_of() if len(body) <= _SMALL_BYTES and not encoding else await run_in_threadpool(batch_of)
    taken = await services.phones.take(Sent(visit.device, batch, received_ms))
    fates = {"kept": taken.kept, "counted": sum(taken.not_kept.values()), "ignored": batch.ignored}
    for fate, count in (fates | {"rejected": len(batch.rejected) + taken.impossible}).items():
        if count:
            services.meters.fixes.labels(fate).inc(count)
    return batch, taken


def _reply(batch: PhoneBatch) -> Response:
    return Response(batch.body, status_code=batch.status, media_type=batch.content_type)
