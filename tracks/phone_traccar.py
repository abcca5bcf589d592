"""Requests of Traccar Client, OsmAnd, GPSLogger: a query string, a form, or the JSON of Traccar Client 9."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from gisgrid.errors import BadColumn, BadOption
from tracks.phone_batches import (
    BatchDraft,
    PhoneBatch,
    PhoneFix,
    PhoneRequest,
    altitude_of,
    first_name,
    flag_of,
    heading_of,
    is_missing,
    json_of,
    make_fix,
    measure_of,
    messages_of,
    shown,
    speed_of,
    text_of,
    word_of,
)

_APP: Final = "Traccar Client"
_NAMES: Final = ("id", "deviceid", "device_id")
_WORDS: Final = frozenset({*_NAMES, "lat", "lon", "location", "timestamp"})
_MAX_FIELDS: Final = 1_000
_KNOTS: Final = 3600.0 / 1852.0  # in one metre a second


def read_traccar(request: PhoneRequest) -> PhoneBatch:
    """The fixes of one request of Traccar Client (any version), and the empty reply with which it forgets them.

    JSON bodies are read as such; else the query counts, and the body as a form only where the query says nothing of a
    place. Speeds are knots, but metres a second inside `coords`; batteries are percent, but 0..1 in `battery`. A query or
    form without a timestamp is of now. A heartbeat without a place is ignored, a fix the phone itself calls invalid
    rejected. Raises `UnreadableFile`, `BadColumn` and `BadOption` when the request as a whole says nothing of a phone.
    """
    query = _fields(request.query)
    body = request.body.strip()
    is_json = "json" in request.headers.get("content-type", "").lower()
    if body and (is_json or (body[:1] in b"{[" and not _has_place(query))):
        return _read_json(body, query)
    fields = query
    if body and not _has_place(query):
        form = _fields(body.decode("utf-8", "replace"))
        if _has_place(form) or not _WORDS & query.keys():
            fields = {**query, **form}
    if not _WORDS & fields.keys():
        raise BadColumn(
            f"the request of {_APP} names neither a device nor a place; expected id, timestamp, lat and lon in the query "
            "or as a form"
        )
    draft = BatchDraft(_name(fields))
    draft.add(_flat_fix(fields, draft.device, request.received_ms))
    return _finish(draft)


def _read_json(body: bytes, query: Mapping[str, object]) -> PhoneBatch:
    message = json_of(body, _APP)
    if isinstance(message, list):
        parts = messages_of(message, _APP)
        named = _name(query)
        draft = BatchDraft(named or first_name(_name(part) for part in parts if isinstance(part, dict)))
        for part in parts:
            draft.add(_any_fix(part, named))
        return _finish(draft)
    if not isinstance(message, dict) or not _WORDS & message.keys():
        raise BadColumn(f"{_APP} sent JSON without location and device_id; expected the JSON of Traccar Client 9")
    draft = BatchDraft(_name(message) or _name(query))
    location = message.get("location")
    if isinstance(location, list):
        for part in messages_of(location, _APP):
            draft.add(_nested_fix(part, draft.device))
    else:
        draft.add(_any_fix(message, draft.device))
    return _finish(draft)


def _any_fix(message: object, device: str) -> PhoneFix | str | None:
    """A flat object, one of the form `{"location": {...}, "device_id": ...}`, or the location itself."""
    if not isinstance(message, dict):
        return f"{shown(message)} is no fix; expected an object"
    device = _name(message) or device
    location = message.get("location")
    if isinstance(location, dict):
        return _nested_fix(location, device)
    if "coords" in message:
        return _nested_fix(message, device)
    if location is not None and not isinstance(location, str):
        return f"location is {shown(location)}; expected an object with timestamp and coords"
    return _flat_fix(message, device, None)


def _flat_fix(fields: Mapping[str, object], device: str, now_ms: int | None) -> PhoneFix | str | None:
    """The fix of a query, form or flat object; None without a place. `now_ms` stands in where no timestamp is."""
    if not _has_place(fields):
        return None
    lon, lat = fields.get("lon"), fields.get("lat")
    pair = fields.get("location")
    if isinstance(pair, str) and is_missing(lon) and is_missing(lat):
        lat, _, lon = pair.partition(",")
    if flag_of(fields.get("valid")) is False:
        return "the phone itself calls this place invalid (valid=false)"
    return make_fix(
        fields.get("timestamp", now_ms),
        lon,
        lat,
        fields.get("accuracy", fields.get("hacc")),
        device=device,
        speed_m_s=speed_of(fields.get("speed"), _KNOTS),
        heading_deg=heading_of(fields.get("bearing", fields.get("heading"))),
        altitude_m=altitude_of(fields.get("altitude")),
        battery=measure_of(fields.get("batt"), 0.0, 100.0, 100.0),
        is_charging=flag_of(fields.get("charge")),
        is_mock=flag_of(fields.get("mock")),
        motion=word_of(fields.get("activity")),
        trigger=word_of(fields.get("alarm")) or word_of(fields.get("event")),
    )


def _nested_fix(location: object, device: str) -> PhoneFix | str | None:
    """The fix of a location of Traccar Client 9; None without coordinates."""
    if location is None:
        return None
    if not isinstance(location, dict):
        return f"{shown(location)} is no location; expected an object with timestamp and coords"
    coords = location.get("coords")
    if coords is None:
        return None
    if not isinstance(coords, dict):
        return f"coords are {shown(coords)}; expected an object with latitude and longitude"
    if is_missing(coords.get("latitude")) and is_missing(coords.get("longitude")):
        return None
    battery = _part(location, "battery")
    activity = location.get("activity")
    return make_fix(
        location.get("timestamp"),
        coords.get("longitude"),
        coords.get("latitude"),
        coords.get("accuracy"),
        device=device,
        speed_m_s=speed_of(coords.get("speed")),
        heading_deg=heading_of(coords.get("heading")),
        altitude_m=altitude_of(coords.get("altitude")),
        battery=measure_of(battery.get("level"), 0.0, 1.0),
        is_charging=flag_of(battery.get("is_charging")),
        is_mock=flag_of(location.get("mock")),
        motion=word_of(activity.get("type") if isinstance(activity, dict) else activity),
        trigger=word_of(location.get("alarm")) or word_of(location.get("event")),
    )


def _fields(text: str) -> dict[str, object]:
    """The fields of a query string or form; of equal names the last counts."""
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise BadOption(
            f"the request of {_APP} has more than {_MAX_FIELDS:,} fields; expected id, timestamp, lat, lon and a few more"
        ) from None


def _has_place(fields: Mapping[str, object]) -> bool:
    location = fields.get("location")
    return not (
        is_missing(fields.get("lat"))
        and is_missing(fields.get("lon"))
        and (is_missing(location) or not isinstance(location, str))
    )


def _name(fields: Mapping[str, object]) -> str:
    return first_name(text_of(fields.get(name)) for name in _NAMES)


def _part(whole: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _finish(draft: BatchDraft) -> PhoneBatch:
    # Text in this reply would be a command for the phone.
    return draft.finish("text/plain; charset=utf-8", b"")
