"""Phones: every shape an app sends, its units and replies; and that no body at all brings a reader down."""

import json
import math
import time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.errors import BadColumn, BadOption, EmptyInput, InputError, MissingColumn, UnreadableFile
from tracks.phones import (
    MAX_FIXES,
    PhoneBatch,
    PhoneRequest,
    read_overland,
    read_owntracks,
    read_plain,
    read_traccar,
)

NOW = 1_788_220_800_000  # 2026-09-01T00:00:00Z
S = NOW // 1000
READERS = (read_traccar, read_owntracks, read_overland, read_plain)
JSON_TYPE = {"content-type": "application/json"}
FORM_TYPE = {"content-type": "application/x-www-form-urlencoded"}


def sent(body=b"", *, query="", headers=None, method="POST"):
    """A request of a phone; what is no bytes goes as JSON."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), {**JSON_TYPE, **(headers or {})}
    return PhoneRequest(method, "/", query, headers or {}, body, NOW)


def only(batch: PhoneBatch):
    """The one fix of a batch in which nothing else stands."""
    assert (len(batch.fixes), batch.ignored, batch.rejected) == (1, 0, ())
    return batch.fixes[0]


def query(**fields):
    return urlencode({"id": "31020017", "timestamp": S, "lat": 28.66, "lon": 121.43, **fields})


def ask(**fields):
    return read_traccar(sent(query=query(**fields), method="GET"))


# Traccar Client


def test_read_traccar__query_of_version_8_with_units():
    batch = ask(speed="2.70", bearing="93.5", altitude="12.0", accuracy="8.5", batt="57", mock="true", charge="false")
    fix = only(batch)
    assert batch.device == fix.device == "31020017"
    assert (fix.time_ms, fix.lon, fix.lat, fix.accuracy_m) == (NOW, 121.43, 28.66, 8.5)
    assert fix.speed_m_s == pytest.approx(2.70 * 1852 / 3600)
    assert (fix.heading_deg, fix.altitude_m, fix.battery) == (93.5, 12.0, 0.57)
    assert fix.is_mock is True
    assert fix.is_charging is False


def test_read_traccar__reply_is_200_without_a_word():
    batch = ask()
    assert (batch.status, batch.content_type, batch.body) == (200, "text/plain; charset=utf-8", b"")


def test_read_traccar__what_is_not_said_is_unknown():
    fix = only(ask())
    assert math.isnan(fix.accuracy_m)
    assert fix.speed_m_s is fix.heading_deg is fix.altitude_m is fix.battery is fix.is_charging is fix.is_mock is None
    assert fix.motion == fix.trigger == ""


@pytest.mark.parametrize("accuracy", ["0", "0.0", "-1", "nan", "", " "])
def test_read_traccar__accuracy_of_nothing_is_unknown(accuracy):
    assert math.isnan(only(ask(accuracy=accuracy)).accuracy_m)


@pytest.mark.parametrize("accuracy", ["1e999", "1e300"])
def test_read_traccar__huge_accuracy_stays_the_worst(accuracy):
    assert only(ask(accuracy=accuracy)).accuracy_m == 20_037_508.0


@pytest.mark.parametrize(
    ("timestamp", "time_ms"),
    [
        (str(S), NOW),
        (f"{S}.25", NOW + 250),
        (str(NOW + 123), NOW + 123),
        ("4000000000", 4_000_000_000_000),
        ("2026-09-01T00:00:00Z", NOW),
        ("2026-09-01T00:00:00.123Z", NOW + 123),
        ("2026-09-01T08:00:00+08:00", NOW),
        ("2026-09-01T08:00:00+0800", NOW),
        ("20260901T000000Z", NOW),
        ("2026-09-01T08:00:00", NOW),
        ("2026-09-01 08:00:00", NOW),
        (" 2026-09-01 08:00:00 +0800 ", NOW),
        ("2026-08-31 19:00:00 -05:00", NOW),
    ],
)
def test_read_traccar__timestamps(timestamp, time_ms):
    assert only(ask(timestamp=timestamp)).time_ms == time_ms


def test_read_traccar__plus_of_an_offset_that_nobody_encoded():
    batch = read_traccar(sent(query="id=7&lat=28.66&lon=121.43&timestamp=2026-09-01T08:00:00+08:00"))
    assert only(batch).time_ms == NOW


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("", "there is no time"),
        ("yesterday", "'yesterday' is not readable"),
        ("2026-09-01", "not readable"),
        ("2026-09-01T25:00:00Z", "not readable"),
        ("NaN", "not readable"),
        ("1e999", "not readable"),
        ("0", "before 2000"),
        ("-5", "before 2000"),
        ("1999-12-31T23:59:59Z", "before 2000"),
        ("0001-01-01T00:00:00+14:00", "before 2000"),
        ("9999-12-31T23:59:59-12:00", "after 2099"),
        ("1e15", "after 2099"),
    ],
)
def test_read_traccar__times_that_cannot_be_are_told_and_acknowledged(timestamp, reason):
    batch = ask(timestamp=timestamp)
    assert (batch.fixes, batch.status, batch.body) == ((), 200, b"")
    (sentence,) = batch.rejected
    assert sentence.startswith("fix 1: ")
    assert reason in sentence


def test_read_traccar__without_a_timestamp_it_is_now():
    assert only(read_traccar(sent(query="id=7&lat=28.66&lon=121.43"))).time_ms == NOW


def test_read_traccar__location_instead_of_lat_and_lon():
    fix = only(read_traccar(sent(query=f"deviceid=7&timestamp={S}&location=28.66,121.43")))
    assert (fix.lon, fix.lat, fix.device) == (121.43, 28.66, "7")


def test_read_traccar__heartbeat_without_a_place_is_ignored():
    batch = read_traccar(sent(query=f"id=7&timestamp={S}&batt=50&cell=460,0,1,2"))
    assert (batch.device, batch.fixes, batch.ignored, batch.rejected) == ("7", (), 1, ())
    assert (batch.status, batch.body) == (200, b"")


def test_read_traccar__form_of_version_10():
    body = query(speed="1.94", bearing="0", charge="true", batt="100", alarm="sos").encode()
    batch = read_traccar(sent(body, headers=FORM_TYPE))
    fix = only(batch)
    assert batch.device == "31020017"
    assert (fix.lon, fix.lat, fix.battery, fix.is_charging, fix.trigger) == (121.43, 28.66, 1.0, True, "sos")
    assert fix.speed_m_s == pytest.approx(0.998, abs=1e-3)
    assert fix.heading_deg == 0.0


def test_read_traccar__query_goes_before_the_form():
    fix = only(read_traccar(sent(query(lat=28.0).encode(), query=query(), headers=FORM_TYPE)))
    assert fix.lat == 28.66


@pytest.mark.parametrize("address_query", ["id=7", "token=abc"])
def test_read_traccar__a_query_without_a_place_does_not_hide_the_form(address_query):
    batch = read_traccar(sent(query().encode(), query=address_query, headers=FORM_TYPE))
    assert only(batch).device == "31020017"


def test_read_traccar__of_equal_names_the_last_counts():
    assert only(read_traccar(sent(query=query() + "&lat=28.5"))).lat == 28.5


def test_read_traccar__not_valid_is_rejected():
    assert "invalid" in ask(valid="false").rejected[0]
    assert "invalid" in ask(valid="0").rejected[0]
    assert only(ask(valid="1"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lat": "95"}, "outside"),
        ({"lat": "121.43", "lon": "28.66"}, "look exchanged"),
        ({"lon": "180.01"}, "outside"),
        ({"lat": "NaN"}, "'NaN' is not a number"),
        ({"lat": "1e999"}, "outside"),
        ({"lat": "1_0"}, "is not a number"),
        ({"lat": "28,66"}, "is not a number"),
        ({"lat": ""}, "there is no latitude"),
        ({"lon": "  "}, "there is no longitude"),
        ({"lat": "0", "lon": "0"}, "both 0"),
        ({"lat": "0", "lon": "-0", "accuracy": "0"}, "both 0"),
        ({"accuracy": "good"}, "accuracy 'good' is not a number"),
        ({"lat": "9" * 5_000}, "is not a number"),
    ],
)
def test_read_traccar__places_that_cannot_be(fields, reason):
    batch = ask(**fields)
    assert batch.fixes == ()
    assert reason in batch.rejected[0]
    assert batch.status == 200
    assert len(batch.rejected[0]) < 200


def test_read_traccar__null_island_with_an_accuracy_is_a_place():
    assert only(ask(lat="0", lon="0", accuracy="5")).accuracy_m == 5.0


@pytest.mark.parametrize("bad", ["-1", "x", "nan", "1e999", "", "361"])
def test_read_traccar__what_is_beside_never_costs_a_fix(bad):
    fix = only(ask(bearing=bad, batt=bad, speed="-1", altitude="1e9", charge=bad, mock=bad))
    assert fix.heading_deg is fix.battery is fix.speed_m_s is fix.altitude_m is fix.is_charging is fix.is_mock is None


@pytest.mark.parametrize("request_", [sent(), sent(b"   "), sent(query="a=b"), sent(b"hello"), sent({}), sent(5)])
def test_read_traccar__nothing_of_a_phone(request_):
    with pytest.raises(BadColumn):
        read_traccar(request_)


def test_read_traccar__too_many_fields():
    with pytest.raises(BadOption, match="fields"):
        read_traccar(sent(query=query() + "&a=1" * 2_000))


def place(**fields):
    """A location of Traccar Client 9."""
    return {
        "timestamp": "2026-09-01T00:00:00.000Z",
        "coords": {
            "latitude": 28.66,
            "longitude": 121.43,
            "accuracy": 5,
            "speed": 1.5,
            "heading": 270,
            "altitude": 4.5,
        },
        "is_moving": True,
        "odometer": 812.5,
        "event": "motionchange",
        "battery": {"level": 0.79, "is_charging": True},
        "activity": {"type": "on_foot"},
        "extras": {},
        "_": "&id=44&lat=28.66&lon=121.43&timestamp=2026-09-01T00:00:00.000Z&",
        **fields,
    }


def test_read_traccar__json_of_version_9():
    batch = read_traccar(sent({"location": place(), "device_id": "31020044"}))
    fix = only(batch)
    assert (batch.device, fix.device) == ("31020044", "31020044")
    assert (fix.time_ms, fix.lon, fix.lat, fix.accuracy_m) == (NOW, 121.43, 28.66, 5.0)
    assert (fix.speed_m_s, fix.heading_deg, fix.altitude_m) == (1.5, 270.0, 4.5)
    assert (fix.battery, fix.is_charging, fix.is_mock, fix.motion, fix.trigger) == (
        0.79,
        True,
        None,
        "on_foot",
        "motionchange",
    )
    assert (batch.status, batch.body) == (200, b"")


def test_read_traccar__json_minus_one_is_unknown():
    coords = {"latitude": 28.66, "longitude": 121.43, "accuracy": -1, "speed": -1, "heading": -1, "altitude": None}
    location = place(coords=coords, battery={"level": -1}, activity="still", mock=True, alarm="sos")
    fix = only(read_traccar(sent({"location": location, "device_id": 44})))
    assert math.isnan(fix.accuracy_m)
    assert fix.speed_m_s is fix.heading_deg is fix.altitude_m is fix.battery is fix.is_charging is None
    assert (fix.device, fix.motion, fix.trigger, fix.is_mock) == ("44", "still", "sos", True)


@pytest.mark.parametrize(
    "location",
    [None, {"timestamp": "2026-09-01T00:00:00Z"}, {"coords": None}, {"coords": {"latitude": None}}],
)
def test_read_traccar__json_without_coords_is_a_heartbeat(location):
    batch = read_traccar(sent({"location": location, "device_id": "44", "battery": {"level": 1}}))
    assert (batch.device, batch.fixes, batch.ignored, batch.status) == ("44", (), 1, 200)


def test_read_traccar__json_batch_keeps_order_and_copies():
    later = place(timestamp="2026-09-01T00:00:10Z")
    broken = place(coords={"latitude": 99, "longitude": 121})
    batch = read_traccar(
        sent(
            {"location": [later, place(), place(), broken, {"event": "heartbeat"}, 5, {"coords": 1}], "device_id": "44"}
        )
    )
    assert [fix.time_ms for fix in batch.fixes] == [NOW + 10_000, NOW, NOW]
    assert batch.ignored == 1
    assert [sentence[:6] for sentence in batch.rejected] == ["fix 4:", "fix 6:", "fix 7:"]
    assert batch.status == 200


def test_read_traccar__json_array_of_flat_objects_speaks_knots():
    rows = [
        {"id": 7, "lat": 28.66, "lon": 121.43, "timestamp": S, "accuracy": 8, "speed": 10, "batt": 50, "charge": True},
        {"id": "8", "lat": "28.67", "lon": "121.44", "timestamp": str(S + 1), "alarm": "sos"},
        {"id": 7, "lat": 28.66, "lon": 121.43},
        {"id": 7, "batt": 50},
    ]
    batch = read_traccar(sent(rows))
    assert [(fix.device, fix.time_ms) for fix in batch.fixes] == [("7", NOW), ("8", NOW + 1_000)]
    assert batch.fixes[0].speed_m_s == pytest.approx(5.144, abs=1e-3)
    assert (batch.fixes[0].battery, batch.fixes[1].trigger) == (0.5, "sos")
    assert (batch.device, batch.ignored) == ("7", 1)
    assert "there is no time" in batch.rejected[0]


@pytest.mark.parametrize(
    "message",
    [
        {"id": "7", "lat": 28.66, "lon": 121.43, "timestamp": S},
        {"id": "7", "location": "28.66,121.43", "timestamp": S},
        [{"location": place(), "device_id": "7"}],
        {**place(), "id": "7"},
    ],
)
def test_read_traccar__json_of_other_clients(message):
    batch = read_traccar(sent(message))
    assert (only(batch).lat, batch.device, batch.fixes[0].device) == (28.66, "7", "7")


def test_read_traccar__json_without_its_content_type_and_with_the_name_in_the_address():
    body = json.dumps({"location": place()}).encode()
    assert only(read_traccar(sent(body, query="id=7"))).device == "7"


@pytest.mark.parametrize("location", [5, True, {"coords": [1]}, [{"coords": "x"}]])
def test_read_traccar__json_of_wrong_types(location):
    batch = read_traccar(sent({"location": location, "device_id": "7"}))
    assert (batch.fixes, len(batch.rejected), batch.status) == ((), 1, 200)


def test_read_traccar__json_list_without_one_object():
    with pytest.raises(BadColumn, match="begins with a list"):
        read_traccar(sent({"location": [[5]], "device_id": "7"}))


# OwnTracks


def told(**fields):
    """A location message of OwnTracks."""
    return {"_type": "location", "lat": 28.66, "lon": 121.43, "tst": S, "acc": 12, "tid": "ab", **fields}


def test_read_owntracks__location_with_units_and_reply():
    batch = read_owntracks(
        sent(told(vel=18, cog=45, alt=7, batt=64, bs=2, t="u", conn="m", _id="77aa", created_at=S + 9, m=1))
    )
    fix = only(batch)
    assert (fix.time_ms, fix.lon, fix.lat, fix.accuracy_m) == (NOW, 121.43, 28.66, 12.0)
    assert fix.speed_m_s == pytest.approx(5.0)
    assert (fix.heading_deg, fix.altitude_m, fix.battery, fix.is_charging, fix.trigger) == (45.0, 7.0, 0.64, True, "u")
    assert (batch.device, batch.status, batch.content_type, batch.body) == ("ab", 200, "application/json", b"[]")


def test_read_owntracks__a_ping_is_a_fix_that_says_so():
    assert only(read_owntracks(sent(told(t="p")))).trigger == "p"


def test_read_owntracks__time_as_text():
    assert only(read_owntracks(sent(told(tst=str(S))))).time_ms == NOW


@pytest.mark.parametrize("accuracy", [{"acc": 0}, {"acc": None}, {"acc": -1}])
def test_read_owntracks__unknown_is_never_zero(accuracy):
    fix = only(read_owntracks(sent(told(vel=-1, cog=-1, batt=-1, bs=0, **accuracy))))
    assert math.isnan(fix.accuracy_m)
    assert fix.speed_m_s is fix.heading_deg is fix.battery is fix.is_charging is None


@pytest.mark.parametrize(
    ("state", "is_charging"), [(1, False), (2, True), (3, True), (0, None), ("x", None), ([], None)]
)
def test_read_owntracks__battery_state(state, is_charging):
    assert only(read_owntracks(sent(told(bs=state)))).is_charging is is_charging


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_read_owntracks__empty_body_is_a_ping(body):
    batch = read_owntracks(sent(body, headers={"x-limit-u": "chen", "x-limit-d": "mi"}))
    assert (batch.device, batch.fixes, batch.ignored, batch.status, batch.body) == ("chen/mi", (), 1, 200, b"[]")


@pytest.mark.parametrize(
    "kind",
    ["transition", "waypoint", "waypoints", "lwt", "card", "cmd", "configuration", "steps", "beacon", "status", "x"],
)
def test_read_owntracks__other_messages_are_ignored(kind):
    batch = read_owntracks(sent(told(_type=kind)))
    assert (batch.fixes, batch.ignored, batch.rejected, batch.device) == ((), 1, (), "ab")
    assert (batch.status, batch.body) == (200, b"[]")


def test_read_owntracks__encrypted_is_refused_with_the_remedy():
    with pytest.raises(BadColumn, match="remove the encryption key"):
        read_owntracks(sent({"_type": "encrypted", "data": "AAAA"}))


@pytest.mark.parametrize("message", [{}, {"lat": 1, "lon": 2, "tst": S}, {"_type": 5}, {"_type": ["location"]}, 5, [5]])
def test_read_owntracks__what_is_no_message_is_refused(message):
    with pytest.raises(BadColumn):
        read_owntracks(sent(message))


def test_read_owntracks__list_goes_on_past_what_cannot_be_understood():
    batch = read_owntracks(sent([told(), {"_type": "encrypted"}, told(lat=91), {"_type": "lwt"}, told(tst=S + 1)]))
    assert [fix.time_ms for fix in batch.fixes] == [NOW, NOW + 1_000]
    assert batch.ignored == 1
    assert [sentence[:6] for sentence in batch.rejected] == ["fix 2:", "fix 3:"]
    assert batch.body == b"[]"


@pytest.mark.parametrize(
    ("headers", "address_query", "message", "device"),
    [
        ({"x-limit-u": "chen", "x-limit-d": "mi"}, "u=a&d=b", {"topic": "owntracks/x/y"}, "chen/mi"),
        ({"x-limit-d": "mi"}, "", {"topic": "owntracks/x/y"}, "mi"),
        ({"x-limit-u": "陈".encode().decode("latin-1")}, "", {}, "陈"),
        ({"x-limit-u": "陈"}, "", {}, "陈"),
        ({"x-limit-u": "h\xe9"}, "", {}, "hé"),
        ({}, "u=a&d=b", {"topic": "owntracks/x/y"}, "a/b"),
        ({}, "token=t", {"topic": "owntracks/x/y/event"}, "x/y"),
        ({}, "", {"topic": "other/x"}, "other/x"),
        ({}, "", {"topic": 5}, "5"),
        ({}, "", {}, "ab"),
        ({}, "", {"tid": None}, ""),
    ],
)
def test_read_owntracks__who_it_is(headers, address_query, message, device):
    batch = read_owntracks(sent(told(**message), headers=headers, query=address_query))
    assert batch.device == only(batch).device == device


# Overland


def feature(**properties):
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [121.43, 28.66]},
        "properties": {
            "timestamp": "2026-09-01T00:00:00Z",
            "altitude": 3,
            "speed": 4,
            "horizontal_accuracy": 30,
            "vertical_accuracy": -1,
            "motion": ["walking", "stationary"],
            "battery_state": "charging",
            "battery_level": 0.89,
            "wifi": "",
            "device_id": "linhai-3",
            **properties,
        },
    }


def test_read_overland__batch_with_units_and_reply():
    batch = read_overland(
        sent({"locations": [feature()], "trip": {"mode": "walk"}}, headers={"authorization": "Bearer x"})
    )
    fix = only(batch)
    assert (fix.time_ms, fix.lon, fix.lat, fix.accuracy_m) == (NOW, 121.43, 28.66, 30.0)
    assert (fix.speed_m_s, fix.altitude_m, fix.battery, fix.is_charging) == (4.0, 3.0, 0.89, True)
    assert (fix.motion, fix.heading_deg, batch.device, fix.device) == (
        "walking,stationary",
        None,
        "linhai-3",
        "linhai-3",
    )
    assert (batch.status, batch.content_type, batch.body) == (200, "application/json", b'{"result":"ok"}')


def test_read_overland__unknown_is_never_zero():
    fix = only(
        read_overland(
            sent({"locations": [feature(speed=-1, horizontal_accuracy=-1, battery_level=-1, battery_state="unknown")]})
        )
    )
    assert math.isnan(fix.accuracy_m)
    assert fix.speed_m_s is fix.battery is fix.is_charging is None


@pytest.mark.parametrize(
    "message",
    [
        {k: v for k, v in feature().items() if k != "geometry"},
        {**feature(), "geometry": None},
        feature(action="visit", arrival_date="2026-09-01T00:00:00Z"),
        feature(action="paused_location_updates"),
        feature(type="trip", end="2026-09-01T00:00:00Z"),
    ],
)
def test_read_overland__what_is_no_fix_is_ignored(message):
    batch = read_overland(sent({"locations": [message]}))
    assert (batch.fixes, batch.ignored, batch.rejected, batch.device) == ((), 1, (), "linhai-3")
    assert batch.body == b'{"result":"ok"}'


def test_read_overland__current_comes_again_and_is_ignored():
    batch = read_overland(sent({"locations": [feature()], "current": feature(timestamp="2026-09-01T01:00:00Z")}))
    assert (len(batch.fixes), batch.ignored) == (1, 1)


def test_read_overland__order_and_copies_are_kept():
    stamps = ["2026-09-01T08:00:09+08:00", "2026-09-01T00:00:01Z", "2026-09-01T00:00:01Z"]
    batch = read_overland(sent({"locations": [feature(timestamp=stamp) for stamp in stamps]}))
    assert [fix.time_ms - NOW for fix in batch.fixes] == [9_000, 1_000, 1_000]


def test_read_overland__backlog_of_two_names_keeps_both():
    batch = read_overland(sent({"locations": [feature(device_id=""), feature(device_id="b"), feature(device_id="c")]}))
    assert (batch.device, [fix.device for fix in batch.fixes]) == ("b", ["", "b", "c"])


def test_read_overland__bad_features_are_told_one_by_one():
    broken = [
        5,
        {**feature(), "geometry": {"type": "Polygon", "coordinates": []}},
        {**feature(), "geometry": {"type": "Point", "coordinates": [121]}},
        {**feature(), "geometry": {"type": "Point", "coordinates": "121,28"}},
        {**feature(), "geometry": [121, 28]},
        {**feature(), "properties": None},
        feature(timestamp="2031"),
        feature(timestamp=["x"]),
    ]
    batch = read_overland(sent({"locations": [*broken, feature()]}))
    assert len(batch.fixes) == 1
    assert [sentence.split(":")[0] for sentence in batch.rejected] == [f"fix {n}" for n in range(1, 9)]
    assert batch.body == b'{"result":"ok"}'


def test_read_overland__nothing_to_send_is_in_order():
    assert read_overland(sent({"locations": []})).body == b'{"result":"ok"}'


@pytest.mark.parametrize("body", [{}, [], {"locations": None}, {"locations": {}}, {"locations": [1, 2]}, "x", None])
def test_read_overland__what_is_no_batch_is_refused(body):
    with pytest.raises(BadColumn):
        read_overland(sent(body))


def test_read_overland__a_thousand_in_a_few_milliseconds():
    request = sent({"locations": [feature(device_id=f"d{n % 3}") for n in range(1_000)]})
    took = []
    for _ in range(5):
        start = time.perf_counter()
        read_overland(request)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.1  # about 0.01 s on a quiet machine


# Our own words


def test_read_plain__object_list_and_wrapped_list_of_json():
    row = {"device": "d", "time": "2026-09-01T08:00:00+08:00", "lon": 121.43, "lat": 28.66, "accuracy_m": 9}
    for body in (row, [row], {"fixes": [row]}, {"patroller": "x", "fixes": [row]}):
        batch = read_plain(sent(body))
        fix = only(batch)
        assert (batch.device, fix.time_ms, fix.lon, fix.lat, fix.accuracy_m) == ("d", NOW, 121.43, 28.66, 9.0)
        assert (batch.status, batch.content_type) == (200, "application/json")
        assert batch.body == b'{"fixes": 1, "rejected": 0, "reasons": []}'


def test_read_plain__name_of_the_list_stands_in_for_its_fixes():
    rows = [{"time": S, "lon": 121, "lat": 28}, {"time": S, "lon": 121, "lat": 28, "patroller": "b"}]
    batch = read_plain(sent({"device": "a", "fixes": rows}))
    assert (batch.device, [fix.device for fix in batch.fixes]) == ("a", ["a", "b"])


def test_read_plain__csv_with_rejects_told_in_the_reply():
    body = (
        "\ufeffpatroller,time,lon,lat,accuracy_m,received_at,note\r\n"
        "陈一,2026-09-01T08:00:00,121.43,28.66,,2026-09-01T08:05:00+08:00,\r\n"
        "陈一,2026-09-01T08:00:10,121.43,98.66,5,,\r\n"
        "\r\n"
        "陈一,2026-09-01T08:00:20\r\n"
        '陈一,2026-09-01T08:00:30,121.43,28.66,5,soon,"a\nb"\r\n'
        "陈一,2026-09-01T08:00:40,121.43,28.66,5,,\r\n"
    )
    batch = read_plain(sent(body.encode()))
    first, last = batch.fixes
    assert (batch.device, first.time_ms, first.received_ms) == ("陈一", NOW, NOW + 300_000)
    assert math.isnan(first.accuracy_m)
    assert (last.time_ms, last.accuracy_m, last.received_ms) == (NOW + 40_000, 5.0, None)
    assert [sentence.split(":")[0] for sentence in batch.rejected] == ["fix 2", "fix 3", "fix 4"]
    assert "2 fields; expected 7" in batch.rejected[1]
    assert "received_at 'soon'" in batch.rejected[2]
    told_back = json.loads(batch.body)
    assert (told_back["fixes"], told_back["rejected"], told_back["reasons"]) == (2, 3, list(batch.rejected))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", EmptyInput),
        (b" \n", EmptyInput),
        (b"device,time,lon\n", MissingColumn),
        (b"\xb3\xc2,time,lon,lat\n", UnreadableFile),
        (b'time,lon,lat\n"' + b"x" * 200_000, UnreadableFile),
        (b"{}", BadColumn),
        (b'{"fixes": 5}', BadColumn),
        (b"[1]", BadColumn),
        (b"{", UnreadableFile),
    ],
)
def test_read_plain__bodies_that_cannot_be_used(body, error):
    with pytest.raises(error):
        read_plain(sent(body))


# All of them


NASTY = [
    b"{",
    b"nonsense",
    b"[" * 100_000,
    b'{"location":' * 50_000,
    b'{"locations":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"_type":"location","lat":' + b"9" * 5_000 + b',"lon":1e999,"tst":-1e999}',
    b'{"id":' + b"9" * 5_000 + b',"lat":NaN,"lon":Infinity,"timestamp":1}',
    b'{"locations":[{"geometry":{"type":"Point","coordinates":[null,{}]},"properties":{"timestamp":{}}}]}',
    b'{"device_id":"\\ud800\\u0000","location":{"coords":{"latitude":true,"longitude":[]}}}',
    b'{"_type":"location","tid":"\xff\xfe","topic":"\xc3"}',
    b"\x00\x01\x02",
    b"id=%ff%fe%00&lat=%&lon=1",
    b"device,time,lon,lat\n\x00,1,2,3\n",
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("body", NASTY)
@pytest.mark.parametrize("headers", [{}, JSON_TYPE])
def test_readers__nasty_bodies_meet_our_errors_only(read, body, headers):
    check(read, sent(body, headers=headers))


def test_readers__huge_numbers_do_not_cost_the_batch():
    body = b'{"locations":[%s,%s]}' % (
        json.dumps(feature()).encode(),
        json.dumps(feature(speed=5)).replace('"speed": 5', '"speed": ' + "9" * 5_000).encode(),
    )
    batch = read_overland(sent(body))
    assert [fix.speed_m_s for fix in batch.fixes] == [4.0, None]


def test_readers__broken_characters_and_line_feeds_do_not_cost_the_batch():
    body = json.dumps({"locations": [feature(wifi="?")]}).encode().replace(b'"?"', b'"\xff\n\x01"')
    assert only(read_overland(sent(body)))


def test_readers__of_equal_keys_the_last_counts():
    body = json.dumps(told()).encode()[:-1] + b',"lat":28.5}'
    assert only(read_owntracks(sent(body))).lat == 28.5


def test_readers__names_are_one_line_of_bounded_length():
    for name, device in (
        ("a" * 500, "a" * 200),
        (" 陈\n\x00\ud800 ", "陈\ufffd\ufffd\ufffd"),
        (True, ""),
        (1.5, ""),
        (1e3, "1000"),
    ):
        batch = read_overland(sent({"locations": [feature(device_id=name)]}))
        assert batch.device == only(batch).device == device


@pytest.mark.parametrize(
    ("read", "wrap"),
    [
        (read_traccar, lambda rows: rows),
        (read_traccar, lambda rows: {"device_id": "a", "location": rows}),
        (read_owntracks, lambda rows: rows),
        (read_overland, lambda rows: {"locations": rows}),
        (read_plain, lambda rows: rows),
    ],
)
def test_readers__too_many_fixes_are_refused(read, wrap):
    assert read(sent(wrap([{"_type": "lwt"}] * 3))).status == 200
    with pytest.raises(BadOption, match="100,000"):
        read(sent(wrap([{}] * (MAX_FIXES + 1))))


def test_read_plain__too_many_rows_are_refused():
    with pytest.raises(BadOption, match="100,000"):
        read_plain(sent(b"time,lon,lat\n" + b"1,2,3\n" * (MAX_FIXES + 1)))


def check(read, request):
    """Read a request; only our errors may come, and what is read is bounded, finite and counted."""
    try:
        batch = read(request)
    except InputError as error:
        assert len(str(error)) < 400  # noqa: PT017  # any of our errors will do
        str(error).encode()
        return None
    assert batch.status == 200
    for text in (batch.device, *batch.rejected, *(fix.device for fix in batch.fixes)):
        assert len(text) <= 250
        text.encode()
        assert "\x00" not in text
    assert len(batch.device) <= 200
    for fix in batch.fixes:
        assert -180.0 <= fix.lon <= 180.0
        assert -90.0 <= fix.lat <= 90.0
        assert 946_684_800_000 <= fix.time_ms < 4_102_444_800_000
        assert math.isnan(fix.accuracy_m) or 0.0 < fix.accuracy_m <= 20_037_508.0
        assert all(
            value is None or math.isfinite(value)
            for value in (fix.speed_m_s, fix.heading_deg, fix.altitude_m, fix.battery, fix.received_ms)
        )
        assert fix.battery is None or 0.0 <= fix.battery <= 1.0
        assert len(fix.device) <= 200
        assert max(len(fix.motion), len(fix.trigger)) <= 50
    return batch


WORDS = [
    "id", "deviceid", "device_id", "lat", "lon", "timestamp", "location", "coords", "latitude", "longitude", "accuracy",
    "speed", "heading", "altitude", "battery", "level", "is_charging", "activity", "type", "event", "alarm", "mock",
    "_type", "tst", "acc", "vel", "cog", "alt", "batt", "bs", "t", "tid", "topic", "locations", "current", "geometry",
    "coordinates", "properties", "horizontal_accuracy", "motion", "battery_state", "battery_level", "action", "fixes",
    "device", "patroller", "time", "accuracy_m", "received_at", "valid", "charge",
]  # fmt: skip
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 28.66, 121.43, S, NOW, 1e300, 10**400, -0.0]),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    NUMBERS.map(str),
    st.text(),
    st.text(st.characters(categories=["Cs", "Cc", "Nd"]), max_size=5),
    st.sampled_from(
        ["location", "Point", "encrypted", "trip", "2026-09-01T08:00:00Z", "28.66,121.43", "u", "a/b", "陈"]
    ),
    st.datetimes().map(str),
)
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=8)
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("read", READERS)
@given(body=st.binary(max_size=300), text=st.text(max_size=60), is_json=st.booleans())
def test_readers__any_bytes(read, body, text, is_json):
    check(read, sent(body, query=text, headers=JSON_TYPE if is_json else {}))
    check(read, sent(b"{" + body, query="", headers={"x-limit-u": text, "content-type": text}))


@pytest.mark.parametrize("read", READERS)
@given(tree=TREES, fields=st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=8))
def test_readers__any_json_and_query(read, tree, fields):
    try:
        body = json.dumps(tree).encode()
        address_query = "&".join(f"{name}={value}" for name, value in fields.items())
    except ValueError:
        return  # a number that Python itself does not write
    check(read, sent(body, headers=JSON_TYPE))
    check(read, sent(body, query=address_query))
    check(read, sent(b"", query=address_query))
    check(read, sent(address_query.encode("utf-8", "surrogatepass"), headers=FORM_TYPE))


@st.composite
def shaped(draw):
    """A reader and a well-shaped batch for it in which single values are whatever comes."""

    def mostly(value):
        return value if draw(st.integers(0, 5)) else draw(TREES)

    def coords():
        return {name: mostly(value) for name, value in place()["coords"].items()}

    def properties():
        return {name: mostly(value) for name, value in feature()["properties"].items()}

    count = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(READERS))
    if kind is read_traccar:
        rows = [
            mostly({**{k: mostly(v) for k, v in place().items()}, "coords": mostly(coords())}) for _ in range(count)
        ]
        return kind, {"device_id": mostly("a"), "location": rows}, len(rows)
    if kind is read_owntracks:
        rows = [mostly({k: mostly(v) for k, v in told(vel=1, cog=1, batt=1, bs=1).items()}) for _ in range(count)]
        return kind, rows, len(rows)
    if kind is read_overland:
        rows = [
            mostly({"geometry": {"type": "Point", "coordinates": mostly([mostly(121), mostly(28)])}, "properties": mostly(properties())})
            for _ in range(count)
        ]  # fmt: skip
        return kind, {"locations": rows}, len(rows)
    names = {"device": "d", "time": S, "lon": 121, "lat": 28, "accuracy_m": 5, "received_at": NOW}
    return kind, [mostly({name: mostly(value) for name, value in names.items()}) for _ in range(count)], count


@given(shaped())
def test_readers__every_message_is_a_fix_or_ignored_or_rejected(case):
    read, message, count = case
    batch = check(read, sent(json.dumps(message).encode(), headers=JSON_TYPE))
    if batch is not None:
        assert len(batch.fixes) + batch.ignored + len(batch.rejected) == count
