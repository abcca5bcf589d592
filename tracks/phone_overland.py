"""Requests of Overland: a batch of GeoJSON features, not all of them fixes."""

from collections.abc import Mapping
from typing import Final

from gisgrid.errors import BadColumn
from tracks.phone_batches import (
    BatchDraft,
    PhoneBatch,
    PhoneFix,
    PhoneRequest,
    altitude_of,
    first_name,
    json_of,
    make_fix,
    measure_of,
    messages_of,
    shown,
    speed_of,
    text_of,
    word_of,
)

_APP: Final = "Overland"
_IS_CHARGING: Final = {"charging": True, "full": True, "unplugged": False}


def read_overland(request: PhoneRequest) -> PhoneBatch:
    """The fixes of one batch of Overland, and the result without which it sends the batch again.

    Features of trips and visits, events of the app and features without a geometry are ignored; so is `current`, which
    comes again in a later batch. Raises `UnreadableFile`, `BadColumn` without `locations`, `BadOption` for too many.
    """
    found = json_of(request.body, _APP)
    if not isinstance(found, dict) or "locations" not in found:
        raise BadColumn(f'{_APP} sent {shown(found)} without locations; expected {{"locations": [...]}}')
    features = messages_of(found["locations"], _APP)
    draft = BatchDraft(first_name(text_of(_about(feature).get("device_id")) for feature in features))
    for feature in features:
        draft.add(_fix(feature))
    if found.get("current") is not None:
        draft.add(None)
    return draft.finish("application/json", b'{"result":"ok"}')


def _fix(feature: object) -> PhoneFix | str | None:
    if not isinstance(feature, dict):
        return f"{shown(feature)} is no feature; expected a GeoJSON feature"
    about = _about(feature)
    geometry = feature.get("geometry")
    if geometry is None or about.get("action") is not None or about.get("type") == "trip":
        return None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return f"the geometry is {shown(geometry)} but no point; expected a GeoJSON point"
    place = geometry.get("coordinates")
    if not isinstance(place, list) or len(place) < 2:
        return "the point has no coordinates; expected longitude and latitude in degrees"
    return make_fix(
        about.get("timestamp"),
        place[0],
        place[1],
        about.get("horizontal_accuracy"),
        device=text_of(about.get("device_id")),
        speed_m_s=speed_of(about.get("speed")),
        altitude_m=altitude_of(about.get("altitude")),
        battery=measure_of(about.get("battery_level"), 0.0, 1.0),
        is_charging=_IS_CHARGING.get(word_of(about.get("battery_state"))),
        motion=word_of(about.get("motion")),
    )


def _about(feature: object) -> Mapping[str, object]:
    about = feature.get("properties") if isinstance(feature, dict) else None
    return about if isinstance(about, dict) else {}
