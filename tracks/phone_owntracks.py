"""Requests of OwnTracks in HTTP mode: one message each, of which only locations are fixes."""

import contextlib
from typing import Final
from urllib.parse import parse_qs

from gisgrid.errors import BadColumn, BadOption
from tracks.phone_batches import (
    BatchDraft,
    PhoneBatch,
    PhoneFix,
    PhoneRequest,
    altitude_of,
    first_name,
    heading_of,
    json_of,
    make_fix,
    measure_of,
    messages_of,
    number_of,
    shown,
    speed_of,
    text_of,
    word_of,
)

_APP: Final = "OwnTracks"
_KMH: Final = 3.6  # in one metre a second
_MAX_FIELDS: Final = 1_000
_IS_CHARGING: Final = {1.0: False, 2.0: True, 3.0: True}


def read_owntracks(request: PhoneRequest) -> PhoneBatch:
    """The fixes of one request of OwnTracks, and the empty list that it expects as reply.

    The device is `user/device` of the headers X-Limit-U and X-Limit-D, else of the query (u, d), else of the topic, else
    the two letters of `tid`. `trigger` is the `t` of the message: "p" is a ping, whose time is when it was sent and whose
    place may be older; "u" was sent by hand. Other messages and empty bodies are ignored. Raises `UnreadableFile` and
    `BadColumn` when nothing in the body can be understood: also when it is encrypted, so that the phone keeps what it has.
    """
    named = _named(request)
    if not request.body.strip():
        return _finish(BatchDraft(named, ignored=1))
    found = json_of(request.body, _APP)
    messages = [found] if isinstance(found, dict) else messages_of(found, _APP)
    draft = BatchDraft(named or first_name(_own_name(message) for message in messages))
    closed: list[str] = []
    for message in messages:
        problem = _message_problem(message)
        if problem:
            closed.append(problem)
        draft.add(problem or _fix(message, named))
    if closed and len(closed) == len(messages):
        raise BadColumn(closed[0])
    return _finish(draft)


def _message_problem(message: object) -> str | None:
    """Why a message cannot be understood at all."""
    kind = message.get("_type") if isinstance(message, dict) else None
    if not isinstance(kind, str):
        return f"{_APP} sent {shown(message)} without _type; expected a message of {_APP} such as a location"
    if kind == "encrypted":
        return (
            f"{_APP} sent an encrypted message; remove the encryption key in the app, the connection itself protects it"
        )
    return None


def _fix(message: object, named: str) -> PhoneFix | str | None:
    if not isinstance(message, dict) or message["_type"] != "location":
        return None
    return make_fix(
        message.get("tst"),
        message.get("lon"),
        message.get("lat"),
        message.get("acc"),
        device=named or _own_name(message),
        speed_m_s=speed_of(message.get("vel"), _KMH),
        heading_deg=heading_of(message.get("cog")),
        altitude_m=altitude_of(message.get("alt")),
        battery=measure_of(message.get("batt"), 0.0, 100.0, 100.0),
        is_charging=_IS_CHARGING.get(number_of(message.get("bs")) or 0.0),
        motion=word_of(message.get("motionactivities")),
        trigger=word_of(message.get("t")),
    )


def _own_name(message: object) -> str:
    """What the message itself calls its phone."""
    if not isinstance(message, dict):
        return ""
    return _of_topic(text_of(message.get("topic"))) or text_of(message.get("tid"))


def _named(request: PhoneRequest) -> str:
    """`user/device` as the headers say, or the query."""
    headers = [_header(request, "x-limit-u"), _header(request, "x-limit-d")]
    if any(headers):
        return text_of("/".join(filter(None, headers)))
    try:
        query = parse_qs(request.query, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise BadOption(
            f"the address {_APP} posts to has more than {_MAX_FIELDS:,} fields in its query; expected u and d"
        ) from None
    return text_of("/".join(filter(None, (text_of(query.get(name, [""])[-1]) for name in ("u", "d")))))


def _header(request: PhoneRequest, name: str) -> str:
    """A header as text; web servers hand over UTF-8 as if it were Latin-1."""
    value = request.headers.get(name, "")
    with contextlib.suppress(ValueError):  # then it was Latin-1, or is text already
        value = value.encode("latin-1").decode("utf-8")
    return text_of(value)


def _of_topic(topic: str) -> str:
    """`user/device` of `owntracks/user/device`, whatever follows; another topic as it is."""
    parts = topic.split("/")
    return "/".join(parts[1:3]) if parts[0] == "owntracks" and len(parts) > 2 else topic


def _finish(draft: BatchDraft) -> PhoneBatch:
    return draft.finish("application/json", b"[]")
