"""Phones over HTTP: every app and version, exact units and replies, who is let in, and that nothing is lost or doubled."""

import base64
import contextlib
import datetime as dt
import gzip
import json
import zlib
from urllib.parse import urlencode

import psycopg
import pytest
from fastapi.testclient import TestClient

from gisgrid.datum import gcj02_to_wgs84
from gisgrid.errors import DatabaseLost
from gisgrid.local_days import start_of
from gisgrid.store.fixes import FixInbox
from tests.web.phone_service import APPS, FIRST, LAT, LON, NOW, TODAY, PhoneService, S, phone_service
from web.app import create_app
from web.receiving import PER_MINUTE, Receiving
from web.services import open_services
from web.settings import make_settings

DAY_MS = 86_400_000
ISO = "2018-05-07T00:00:00.000Z"


@pytest.fixture
def service(make_database):
    with phone_service(make_database("sqlite")) as service:
        yield service


@pytest.fixture
def either(database):
    """The service on each kind of database."""
    with phone_service(database) as service:
        yield service


def query(**fields):
    return urlencode({"id": "any name", "timestamp": S, "lat": LAT, "lon": LON, **fields})


def nested(**more):
    """What Traccar Client 9 sends."""
    coords = {
        "latitude": LAT, "longitude": LON, "accuracy": 5, "speed": 1.4, "speed_accuracy": -1, "heading": -1,
        "heading_accuracy": -1, "altitude": 5.2, "altitude_accuracy": -1, "ellipsoidal_altitude": 5.2, "floor": None,
    }  # fmt: skip
    return {
        "location": {
            "timestamp": ISO, "coords": coords, "is_moving": True, "odometer": 10.5, "event": "motionchange",
            "uuid": "0b0e2a4e-0000-4000-8000-000000000000", "age": 188, "battery": {"level": 0.79, "is_charging": False},
            "activity": {"type": "walking", "confidence": 100}, "extras": {}, **more,
        },
        "device_id": "any name",
    }  # fmt: skip


def owntracks(**more):
    return {
        "_type": "location", "_id": "1f2e3d4c", "lat": LAT, "lon": LON, "tst": S, "created_at": S, "acc": 5, "vac": 3,
        "vel": 4, "cog": 90, "alt": 7, "batt": 79, "bs": 1, "conn": "m", "t": "t", "m": 2, "tid": "p1",
        "topic": "owntracks/phone-1/phone-1", **more,
    }  # fmt: skip


def overland(*times, **more):
    return {
        "locations": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [LON, LAT]},
                "properties": {
                    "timestamp": time, "altitude": 7, "speed": 1, "horizontal_accuracy": 5, "vertical_accuracy": -1,
                    "motion": ["walking"], "battery_state": "unplugged", "battery_level": 0.79, "wifi": "",
                    "device_id": "phone-1", "unique_id": "x", **more,
                },
            }
            for time in times
        ]
    }  # fmt: skip


def send_one(service, app, token, time_s=S):
    """One fix of an app, as that app sends it."""
    at = dt.datetime.fromtimestamp(time_s, dt.UTC)
    if app == "traccar":
        return service.get(f"traccar/{token}?{query(timestamp=time_s, accuracy=5)}")
    if app == "owntracks":
        return service.post("owntracks", json=owntracks(tst=time_s), auth=("phone-1", token))
    if app == "overland":
        return service.post("overland", json=overland(f"{at:%Y-%m-%dT%H:%M:%SZ}"), headers=bearer(token))
    return service.plain(token, [{"time": time_s, "lon": LON, "lat": LAT, "accuracy_m": 5}])


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def one_fix(accuracy_m=5.0, phone=1, person="P1", time_ms=NOW):
    return (person, f"phone/{phone}", time_ms, LON, LAT, accuracy_m, NOW)


# --- every app and version: what is kept and what is answered


REPLIES = {
    "traccar": (200, "text/plain; charset=utf-8", b""),
    "owntracks": (200, "application/json", b"[]"),
    "overland": (200, "application/json", b'{"result":"ok"}'),
    "plain": (
        200,
        "application/json",
        b'{"fixes": 1, "kept": 1, "not_kept": {}, "rejected": 0, "reasons": []}',
    ),
}


@pytest.mark.parametrize("app", APPS)
def test_send__kept_answered_as_the_app_needs_and_sent_again_changes_nothing(either, app):
    token = either.pair(app)
    for again in range(3):
        reply = send_one(either, app, token)
        assert (reply.status_code, reply.headers["content-type"], reply.content) == REPLIES[app]
        assert either.kept() == [one_fix()], again
        either.database.clock.now_ms += 1_000
    assert either.counted() == {}


TRACCAR = {
    "version 8, query": lambda post, token: post(
        f"/{token}?{query(accuracy='5.0', speed='2.70', batt='57', mock='true')}"
    ),
    "version 8, milliseconds": lambda post, token: post(f"/{token}?{query(timestamp=NOW, accuracy='5.0')}"),
    "version 9, JSON": lambda post, token: post(f"/{token}", json=nested()),
    "version 9, several at once": lambda post, token: post(
        f"/{token}", json={"location": [nested()["location"]] * 2, "device_id": "x"}
    ),
    "version 10, form": lambda post, token: post(
        f"/{token}",
        content=query(accuracy="5.0", speed="0.0", batt="57", charge="true"),
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
    "by hand, query": lambda post, token: post(f"?{query(id=token, accuracy=5)}"),
    "by hand, deviceid": lambda post, token: post(
        f"/?{query(accuracy=5)}&deviceid={token}".replace("id=any+name&", "")
    ),
    "by hand, form": lambda post, token: post(
        "", data={"id": token, "timestamp": S, "lat": LAT, "lon": LON, "accuracy": 5}
    ),
    "by hand, JSON": lambda post, token: post("", json={**nested(), "device_id": token}),
    "list of flat objects": lambda post, token: post(
        f"/{token}", json=[{"id": "x", "lat": LAT, "lon": LON, "timestamp": S, "accuracy": 5, "speed": 2.7}]
    ),
}


@pytest.mark.parametrize("version", TRACCAR)
def test_traccar__every_version(service, version):
    token = service.pair()
    reply = TRACCAR[version](lambda rest, **more: service.client.post(f"/phones/traccar{rest}", **more), token)
    assert (reply.status_code, reply.content) == (200, b"")
    assert service.kept() == [one_fix()]


def test_traccar__by_get_with_the_token_as_id(service):
    token = service.pair()
    assert service.get(f"traccar?{query(id=token, accuracy=5)}").status_code == 200
    assert service.kept() == [one_fix()]


def test_battery__each_app_says_it_in_its_own_unit(service):
    for app, full in (("traccar", 0.57), ("owntracks", 0.79), ("overland", 0.79)):
        token = service.pair(app)
        if app == "traccar":
            assert service.get(f"traccar/{token}?{query(batt=57)}").status_code == 200
        else:
            assert send_one(service, app, token).status_code == 200
        newest = service.devices.all()[-1]
        assert (newest.app, newest.battery, newest.seen_ms, newest.newest_ms) == (app, full, NOW, NOW)


def test_owntracks__what_is_no_fix_is_answered_and_not_kept(service):
    token = service.pair("owntracks")
    others = [{"_type": kind, "tst": S} for kind in ("lwt", "waypoint", "transition", "status", "card", "cmd", "steps")]
    for body in [b"", b"  ", *(json.dumps(other).encode() for other in others)]:
        reply = service.post("owntracks", content=body, auth=("u", token))
        assert (reply.status_code, reply.content) == (200, b"[]")
    assert service.kept() == []
    assert service.devices.get(1).seen_ms == NOW


def test_owntracks__user_and_device_of_the_headers_name_nobody(service):
    token = service.pair("owntracks", "P2")
    headers = {"x-limit-u": "P1", "x-limit-d": "phone/9"}
    assert service.post("owntracks?u=P1&d=9", json=owntracks(), auth=("P1", token), headers=headers).content == b"[]"
    assert service.kept() == [one_fix(person="P2")]


def test_owntracks__encrypted_stays_on_the_phone(service):
    token = service.pair("owntracks")
    reply = service.post("owntracks", json={"_type": "encrypted", "data": "aa"}, auth=("u", token))
    assert reply.status_code == 422
    assert "remove the encryption key in the app" in reply.json()["detail"]


def test_overland__a_batch_with_events_and_without_places(service):
    token = service.pair("overland")
    body = overland("2018-05-07T00:00:00Z", "2018-05-07T08:00:01+08:00", "2018-05-07T00:00:00Z")
    event = {"type": "Feature", "geometry": None, "properties": {"action": "will_terminate", "timestamp": ISO}}
    body["locations"].append(event)
    body["current"] = body["locations"][0]
    assert service.post("overland", json=body, headers=bearer(token)).content == b'{"result":"ok"}'
    assert service.kept() == [one_fix(), one_fix(time_ms=NOW + 1_000)]


def test_plain__csv_with_bad_rows_reports_them_and_keeps_the_rest(service):
    token = service.pair("plain")
    rows = [
        "time,lon,lat,accuracy_m",
        f"{ISO},{LON},{LAT},5",
        f"{ISO},200,{LAT},5",
        f"1970-01-01T00:00:00Z,{LON},{LAT},5",
        "x",
    ]
    reply = service.plain(token, "\n".join(rows), **{"content-type": "text/csv"})
    assert reply.status_code == 200
    told = reply.json()
    assert (told["fixes"], told["kept"], told["rejected"]) == (1, 1, 3)
    assert told["reasons"][0].startswith("fix 2: longitude '200' or latitude")
    assert "before 2000" in told["reasons"][1]
    assert service.kept() == [one_fix()]


def test_plain__only_a_relay_is_believed_when_it_received(service):
    rows = [{"time": ISO, "lon": LON, "lat": LAT, "accuracy_m": 5, "received_at": "2018-05-07T07:00:00+08:00"}]
    ahead = [{**rows[0], "time": S + 1, "received_at": "2018-05-07T09:00:00+08:00"}]
    for trusted in (False, True):
        token = service.pair("plain", is_trusted=trusted)
        assert service.plain(token, rows).json()["kept"] == 1
        assert service.plain(token, ahead).json()["kept"] == 1
    received = {(row[1], row[2]): row[6] for row in service.kept()}
    assert received == {
        ("phone/1", NOW): NOW, ("phone/1", NOW + 1_000): NOW, ("phone/2", NOW): NOW - 3_600_000, ("phone/2", NOW + 1_000): NOW
    }  # fmt: skip


# --- one bad fix, bad bodies


BAD_POINTS = {
    "traccar, no position": lambda service, token: service.get(f"traccar/{token}?{query(lat='x')}"),
    "traccar, clock": lambda service, token: service.get(f"traccar/{token}?{query(timestamp=5)}"),
    "traccar, invalid": lambda service, token: service.get(f"traccar/{token}?{query(valid='false')}"),
    "traccar, far away": lambda service, token: service.get(f"traccar/{token}?{query(lon=1e9)}"),
    "owntracks": lambda service, token: service.post("owntracks", json=owntracks(lat=91), auth=("u", token)),
    "overland": lambda service, token: service.post("overland", json=overland("yesterday"), headers=bearer(token)),
}


@pytest.mark.parametrize("case", BAD_POINTS)
def test_send__a_bad_fix_is_set_aside_and_the_phone_goes_on(service, case):
    token = service.pair()
    assert BAD_POINTS[case](service, token).status_code == 200
    assert service.kept() == []


def test_overland__a_bad_fix_among_good_ones(service):
    token = service.pair("overland")
    body = overland("2018-05-07T00:00:00Z", "nonsense", "2018-05-07T00:00:01Z")
    body["locations"].insert(1, 7)
    assert service.post("overland", json=body, headers=bearer(token)).content == b'{"result":"ok"}'
    assert [row[2] for row in service.kept()] == [NOW, NOW + 1_000]


@pytest.mark.parametrize("path", ["traccar", "owntracks", "overland", "plain"])
@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe", b"{}", b"null", b"[" * 100_000])
def test_send__an_unreadable_body_is_a_problem_of_theirs(service, path, body):
    token = service.pair()
    where = f"traccar/{token}" if path == "traccar" else path
    reply = service.post(where, content=body, headers={**bearer(token), "content-type": "application/json"})
    assert reply.status_code == 422, reply.content
    assert reply.headers["content-type"] == "application/problem+json"
    assert service.kept() == []


# --- who is let in


STRANGERS = {
    "traccar": (400, lambda service, token: service.get(f"traccar/{token}?{query()}")),
    "traccar by hand": (400, lambda service, token: service.post("traccar", data={"id": token, "lat": 1, "lon": 1})),
    "owntracks": (401, lambda service, token: service.post("owntracks", json=owntracks(), auth=("u", token))),
    "overland": (401, lambda service, token: service.post("overland", json=overland(ISO), headers=bearer(token))),
    "plain": (401, lambda service, token: service.plain(token, [])),
}


@pytest.mark.parametrize("app", STRANGERS)
@pytest.mark.parametrize("token", ["gp_unknown", "%00", "x" * 5_000, "é", ""])
def test_door__strangers_are_refused_without_a_trace(service, app, token):
    service.pair()
    status, send = STRANGERS[app]
    if app == "traccar" and not token:
        return
    with contextlib.suppress(UnicodeEncodeError):
        reply = send(service, token)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
    assert service.kept() == []


def test_door__nothing_at_all_is_refused(service):
    for path, status in (("traccar", 400), ("owntracks", 401), ("overland", 401), ("plain", 401)):
        assert service.post(path).status_code == status
        assert service.post(path, headers={"authorization": "Basic !!!"}).status_code == status
    large = {"id": service.pair(), "lat": LAT, "lon": LON, "note": "x" * 70_000}
    assert service.post("traccar", data=large).status_code == 400


@pytest.mark.parametrize("app", [name for name in STRANGERS if name != "traccar by hand"])
def test_door__a_revoked_token_is_refused_and_the_phone_keeps_what_it_has(service, app):
    token = service.pair()
    service.devices.revoke(1, author="admin")
    service.look()
    assert STRANGERS[app][1](service, token).status_code == 403
    assert service.kept() == []


def test_door__an_accounts_token_is_no_phones_and_a_phones_no_accounts(service):
    token = service.pair("plain")
    service.services.accounts.add("admin", "Grid-by-grid 7!", "administrator", author="test")
    of_account = service.services.accounts.make_token("admin", "x", ["keep_accounts"], author="test")
    assert service.plain(of_account, []).status_code == 401
    for path in ("devices", "incidents", "sessions/current"):
        assert service.client.get(f"/api/v1/{path}", headers=bearer(token)).status_code == 401


def test_door__the_token_of_another_person_sends_for_that_person_only(service):
    mine, other = service.pair(person="P1"), service.pair(person="P2")
    service.get(f"traccar/{other}?{query(id='P1', driverUniqueId='P1', accuracy=5)}")
    service.get(f"traccar/{mine}?{query(id=other, accuracy=5)}")
    assert service.kept() == [one_fix(), one_fix(person="P2", phone=2)]


# --- whose a fix is, and what is not kept


def test_send__a_backlog_goes_to_who_had_the_phone_on_the_day_of_the_fix(service):
    old = service.pair(from_day=FIRST + dt.timedelta(days=1))
    new = service.pair(person="P2", phone=1, from_day=TODAY)
    times = [start_of(TODAY) // 1000 + 8 * 3_600 - days * 86_400 for days in (0, 1, 5, 6)]
    for token in (old, new):
        told = service.plain(token, [{"time": time, "lon": LON, "lat": LAT} for time in times]).json()
        assert (told["kept"], told["not_kept"]) == (3, {"no holder": 1})
    assert [(row[0], row[2] // 1000) for row in service.kept()] == [
        ("P1", times[2]),
        ("P1", times[1]),
        ("P2", times[0]),
    ]
    day = FIRST
    assert service.counted() == {("P1", day, "no holder"): 1, ("P2", day, "no holder"): 1}


@pytest.mark.parametrize("app", APPS)
def test_send__a_token_whose_days_are_over_ends_in_peace(service, app):
    """What is still of its days is kept, the rest counted; the phone hears that all is well."""
    token = service.pair(app, to_day=TODAY)
    assert send_one(service, app, token).status_code == 200
    assert send_one(service, app, token, S - 86_400).status_code == 200
    assert service.kept() == [one_fix(time_ms=NOW - DAY_MS)]
    assert service.counted() == {("P1", TODAY, "no holder"): 1}


def test_send__off_hours_leave_and_days_without_duty_are_counted_and_forgotten(service):
    token = service.pair("plain")
    with service.store.changing("test") as change:
        change.connection.exec_driver_sql(
            "insert into leave (person, from_day, to_day, reason) values ('P1', '2018-05-03', '2018-05-04', 'ill')"
        )
        change.tell("leave_changed", "leave")
    service.look()
    at = {name: start_of(day) + hour * 3_600_000 for name, day, hour in (
        ("kept", TODAY, 8), ("night", TODAY, 5), ("late", TODAY - dt.timedelta(days=1), 23), ("leave", dt.date(2018, 5, 3), 9))}  # fmt: skip
    rows = [{"time": time, "lon": LON, "lat": LAT} for time in at.values()]
    assert service.plain(token, rows).json()["not_kept"] == {"on leave": 1, "off hours": 2}
    assert [row[2] for row in service.kept()] == [at["kept"]]
    with service.store.changing("test") as change:
        change.connection.exec_driver_sql("delete from duty where person = 'P1'")
        change.tell("duties_changed", "duties")
    service.look()
    assert service.plain(token, rows[:1]).json()["not_kept"] == {"no duty": 1}


def test_send__everything_is_kept_where_the_district_has_said_so(make_database):
    with phone_service(make_database("sqlite"), keep_off_duty=True) as service:
        token = service.pair("plain")
        rows = [{"time": start_of(TODAY) + hour * 3_600_000, "lon": LON, "lat": LAT} for hour in (0, 5, 8, 23)]
        assert service.plain(token, rows).json()["kept"] == 4
        assert len(service.kept()) == 4
        early = [{"time": start_of(FIRST) - 1, "lon": LON, "lat": LAT}]
        assert service.plain(token, early).json()["not_kept"] == {"no holder": 1}


def test_send__a_phone_of_another_datum_is_converted_on_the_way_in(service):
    token = service.pair()
    service.devices.set_datum(1, "gcj02", author="admin")
    service.look()
    assert service.get(f"traccar/{token}?{query(accuracy=5)}").status_code == 200
    ((_, _, _, lon, lat, _, _),) = service.kept()
    expected = gcj02_to_wgs84(LON, LAT)
    assert (lon, lat) == (pytest.approx(expected[0], abs=5.1e-8), pytest.approx(expected[1], abs=5.1e-8))


def test_send__what_lies_nowhere_once_converted_is_reported(service):
    token = service.pair("plain", datum="bd09")
    told = service.plain(token, [{"time": S, "lon": -180, "lat": 0}, {"time": S, "lon": LON, "lat": LAT}]).json()
    assert (told["fixes"], told["kept"], told["rejected"]) == (2, 1, 1)
    assert told["reasons"] == ["1 fixes lie nowhere on earth once converted from bd09"]


# --- sizes, packing, pace


def test_plain__packed_bodies_are_unpacked(service):
    token = service.pair("plain")
    body = gzip.compress(b"time,lon,lat,accuracy_m\n") + gzip.compress(f"{ISO},{LON},{LAT},5\n".encode())
    assert service.plain(token, body, **{"content-encoding": "gzip"}).json()["kept"] == 1
    assert service.kept() == [one_fix()]


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(b"x" * (3 << 20)), "gzip", 413),
        (gzip.compress(b"x" * (1 << 20)) * 3, "gzip", 413),
        (gzip.compress(b"abc", mtime=0)[:-9], "gzip", 422),
        (b"abc", "gzip", 422),
        (zlib.compress(b"abc"), "gzip", 422),
        (b"abc", "br", 415),
        (b"abc", "gzip, gzip", 415),
        (b"x" * (2 << 20) + b"x", "identity", 413),
    ],
)
def test_plain__bombs_and_broken_packing(make_database, body, encoding, status):
    with phone_service(make_database("sqlite"), max_upload_mb=2) as service:
        token = service.pair("plain")
        reply = service.plain(token, body, **{"content-encoding": encoding})
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
        assert service.kept() == []


def test_pace__too_much_waits_and_nothing_is_lost(service):
    now = [0.0]
    receiving = Receiving(service.store, FixInbox(service.store), now_s=lambda: now[0])
    token = service.pair()
    receiving.book.refresh()
    device = receiving.book.find(token)
    waits = [receiving.wait_s(device, 200) for _ in range(PER_MINUTE + 1)]
    assert waits[:-1] == [0] * PER_MINUTE
    assert waits[-1] >= 1
    now[0] += waits[-1]
    assert receiving.wait_s(device, 200) == 0
    # A million fixes of Traccar Client's JSON in batches of 64 MB: ten minutes at the most.
    now[0] += 60.0
    waited = 0.0
    for _ in range(6):
        while wait_s := receiving.wait_s(device, 64 << 20):
            now[0] += wait_s
            waited += wait_s
    assert waited < 600.0


@pytest.mark.parametrize("app", APPS)
def test_pace__429_says_when_and_the_fix_sent_again_is_kept(make_database, app):
    now = [0.0]

    def receiving(store):
        return Receiving(store, FixInbox(store), now_s=lambda: now[0])

    with phone_service(make_database("sqlite"), receiving) as service:
        token = service.pair(app)
        while not service.services.phones.wait_s(service.devices.get(1), 0):
            pass
        reply = send_one(service, app, token)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
        assert service.kept() == []
        now[0] += 1.0
        assert send_one(service, app, token).status_code == 200
        assert service.kept() == [one_fix()]


# --- a lost database, a restart


class Falling(FixInbox):
    """An inbox whose database is lost so many times."""

    def __init__(self, store, falls):
        super().__init__(store)
        self.falls = falls

    def add(self, batch, **more):
        if self.falls:
            self.falls -= 1
            raise DatabaseLost("the database cannot be reached; nothing of this change was kept")
        return super().add(batch, **more)


@pytest.mark.parametrize("app", APPS)
def test_send__a_lost_database_is_503_and_the_fix_sent_again_is_kept(make_database, app):
    with phone_service(make_database("sqlite"), lambda store: Receiving(store, Falling(store, 2))) as service:
        token = service.pair(app)
        for _ in range(2):
            reply = send_one(service, app, token)
            assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
            assert service.kept() == []
            assert service.devices.get(1).seen_ms is None
        assert send_one(service, app, token).status_code == 200
        assert service.kept() == [one_fix()]
        assert service.devices.get(1).seen_ms == NOW


def test_send__every_connection_cut_and_nothing_acknowledged_is_lost(make_database):
    database = make_database("postgresql")
    with phone_service(database) as service:
        token = service.pair()
        acknowledged = []
        for number in range(30):
            if number % 10 == 5:
                with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection:
                    connection.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity "
                        "where datname = current_database() and pid <> pg_backend_pid()"
                    )
            reply = service.get(f"traccar/{token}?{query(timestamp=S + number, accuracy=5)}")
            while reply.status_code == 503:
                reply = service.get(f"traccar/{token}?{query(timestamp=S + number, accuracy=5)}")
            assert reply.status_code == 200
            acknowledged.append(NOW + number * 1_000)
        assert [row[2] for row in service.kept()] == acknowledged


def test_send__after_a_restart_the_token_holds_and_a_batch_sent_again_changes_nothing(database):
    rows = [{"time": S + step, "lon": LON, "lat": LAT, "accuracy_m": 5} for step in range(50)]
    with phone_service(database) as service:
        token = service.pair("plain")
        assert service.plain(token, rows).json()["kept"] == 50
        before = service.kept()
    services = open_services(
        make_settings({"data": database.folder, "database_url": database.url}), now_ms=database.clock
    )
    with TestClient(create_app(services)) as client:
        again = PhoneService(database, services, client)
        assert again.plain(token, rows).json()["kept"] == 50
        assert again.kept() == before


def test_basic__the_password_is_the_token_whatever_the_user(service):
    token = service.pair("owntracks")
    for user in ("", "phone-1", "用户"):
        credentials = base64.b64encode(f"{user}:{token}".encode()).decode()
        reply = service.post("owntracks", json=owntracks(), headers={"authorization": f"Basic {credentials}"})
        assert reply.status_code == 200
