"""The live stream of what happens, as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request

from gisgrid.errors import Refused
from web.doors import Visit, door, secret_of, visit_of
from web.live_stream import EventStream, Watch, stream

router = APIRouter(prefix="/api/v1/live", tags=["live"])

_LONGEST_NUMBER = 18
_EXAMPLE = (
    'retry: 2000\nevent: hello\nid: 1204\ndata: {"newest":1204,"at":"2018-05-07T00:00:00.000Z","heartbeat_s":15}\n\n'
    'event: incident\nid: 1205\ndata: {"event":1205,"at":"2018-05-07T00:00:01.000Z","move":"report","number":7,'
    '"version":1,"category":"disputes","state":"reported"}\n\n'
)


@router.get(
    "",
    response_class=EventStream,
    status_code=200,
    responses={
        200: {
            "description": "Messages until one side ends the stream: hello, incident, incident_gone, incidents_changed, "
            "edition, fixes, register, reset (load everything anew), stale, current, heartbeat, ended.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def follow(
    request: Request,
    visit: Annotated[Visit, door("own_account")],
    since: Annotated[
        int | None, Query(ge=0, lt=2**62, description="number of the last event that is known; none: from now on")
    ] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="the same as sent by a browser that connects again; it counts")
    ] = None,
) -> EventStream:
    """Follow what happens, as far as it is to be seen. At most 5 streams for a session or token."""
    services = visit.services
    secret, _ = secret_of(request, services)
    release = services.hub.take_seat(secret)
    try:
        await services.hub.open()
    except BaseException:
        release()
        raise
    services.meters.streams.inc()

    def leave() -> None:
        release()
        services.meters.streams.dec()

    async def again() -> Visit | None:
        try:
            now = await visit_of(request, services, visit.origin)
        except Refused:
            return None
        return now if now is not None and now.may("own_account") else None

    watch = Watch(heartbeat_s=services.settings.heartbeat_s)
    return EventStream(
        stream(services.hub, visit, again, _position(since, last_event_id), services.store.now_ms, watch), leave
    )


def _position(since: int | None, last_event_id: str | None) -> int | None:
    """The event after which to go on; -1 for what is no number: then everything is loaded anew."""
    if last_event_id is None or not last_event_id.strip():
        return since
    text = last_event_id.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else -1
