"""Phones in the store: paired, handed over, revoked, known by token; no token kept; who had a phone on which day."""

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gisgrid.errors import BadOption, DatabaseLost, NotThere
from gisgrid.local_days import day_number, start_of
from gisgrid.store.device_book import DeviceBook
from gisgrid.store.devices import Devices, Sighting, digest_of, note_sightings
from gisgrid.store.events import events_after
from gisgrid.store.service_tables import DEVICE
from gisgrid.store.tables import AUDIT, PERSON

FIRST = dt.date(2018, 5, 1)
DAY = dt.timedelta(days=1)
PEOPLE = ("P1", "P2", "P3")


def with_people(store):
    with store.changing("test") as change:
        change.connection.execute(PERSON.insert(), [{"code": code, "name": code, "telephone": ""} for code in PEOPLE])
    return store


@pytest.fixture
def devices(store):
    return Devices(with_people(store))


def pair(devices, person="P1", app="traccar", **more):
    return devices.add(person, app, author="admin", **{"from_day": FIRST, **more})


class Seconds:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_add__the_token_opens_and_only_its_digest_is_kept(devices, store):
    paired = pair(devices, label="blue one")
    book = DeviceBook(store)
    book.refresh()
    assert book.find(paired.token) == paired.device == devices.get(1)
    assert book.find(paired.token[:-1]) is book.find("") is book.find("\udcff") is None
    with store.reading() as connection:
        kept = [repr(connection.execute(sa.select(table)).all()) for table in (DEVICE, AUDIT)]
        kept.append(repr(events_after(connection, 0)))
    assert digest_of(paired.token) in kept[0]
    assert not any(paired.token[3:] in text for text in kept)


def test_add__each_phone_has_a_token_of_its_own_and_one_person_may_have_two(devices):
    one, other = pair(devices), pair(devices)
    assert one.token != other.token
    assert [(device.id, device.phone, device.person) for device in devices.all()] == [(1, 1, "P1"), (2, 2, "P1")]
    assert devices.all(after=1) == (other.device,)
    assert devices.all(most=1) == (one.device,)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"person": "nobody"}, "there is no person 'nobody'"),
        ({"person": "P1\x00"}, "there is no person 'P1"),
        ({"from_day": dt.date(9999, 12, 31)}, "expected one from 1990 to 2100"),
        ({"to_day": dt.date(1, 1, 1)}, "expected one from 1990 to 2100"),
        ({"app": "telegram"}, "there is no app 'telegram'; expected one of traccar"),
        ({"to_day": FIRST}, "to is exclusive"),
        ({"datum": "mars"}, "unknown datum 'mars'"),
        ({"label": "x" * 81}, "at most 80"),
        ({"label": "a\nb"}, "printable"),
        ({"phone": 1}, "with P1 from 2018-05-01 on; hand it over from 2018-05-02"),
        ({"phone": 1, "from_day": FIRST - DAY}, "hand it over from 2018-05-02"),
    ],
)
def test_add__what_cannot_be_is_refused_and_changes_nothing(devices, asked, sentence):
    pair(devices)
    before = devices.all()
    with pytest.raises(BadOption, match=sentence):
        pair(devices, **asked)
    assert devices.all() == before


def test_add__an_unknown_phone_cannot_change_hands(devices):
    with pytest.raises(NotThere, match="there is no phone 9"):
        pair(devices, phone=9)


def test_add__a_duty_makes_a_person_known(store):
    with store.changing("test") as change:
        change.connection.execute(
            sa.text("insert into duty (person, grid, role, from_day) values ('P9', 'g', 'patroller', '2018-01-01')")
        )
    assert pair(Devices(store), "P9").device.person == "P9"


def test_hand_over__days_before_stay_with_who_had_it(devices, store):
    one = pair(devices, datum="gcj02")
    other = pair(devices, "P2", phone=one.device.phone, from_day=FIRST + 5 * DAY)
    assert other.device.datum == "gcj02"
    assert devices.get(1).to_day == FIRST + 5 * DAY
    book = DeviceBook(store)
    known = book.refresh()
    assert book.find(one.token).id == 1
    assert book.find(other.token).id == 2
    holders = [known.holder_on(1, day_number(FIRST + step * DAY)) for step in range(-1, 8)]
    assert [holder and holder.person for holder in holders] == [None, *["P1"] * 5, *["P2"] * 3]


def test_revoke__today_is_the_last_day_and_it_may_be_paired_anew_today(devices, store, database):
    database.clock.now_ms = start_of(FIRST) + 1
    pair(devices)
    assert devices.revoke(1, author="admin").revoked_ms == database.clock.now_ms
    assert devices.revoke(1, author="admin").revoked_ms == database.clock.now_ms
    known = DeviceBook(store).refresh()
    assert known.holder_on(1, day_number(FIRST)).id == 1
    assert known.holder_on(1, day_number(FIRST + DAY)) is None
    pair(devices, "P2", phone=1)
    assert DeviceBook(store).refresh().holder_on(1, day_number(FIRST)).person == "P2"
    with pytest.raises(NotThere, match="there is no device 7"):
        devices.revoke(7, author="admin")


spans = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(0, 12), st.integers(1, 8) | st.none()), min_size=1, max_size=5
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(spans=spans)
def test_holder_on__as_a_plain_list_of_days_says(make_database, spans):
    store = with_people(make_database("sqlite").open())
    devices = Devices(store)
    holder_of: dict[int, str] = {}
    first_days = []
    for person, start, length in spans:
        from_day, to_day = FIRST + start * DAY, None if length is None else FIRST + (start + length) * DAY
        fits = all(start > before for before in first_days)
        try:
            pair(devices, person, from_day=from_day, to_day=to_day, phone=1 if first_days else None)
        except BadOption:
            assert not fits
            continue
        assert fits
        first_days.append(start)
        for day in range(start, 30):
            holder_of.pop(day, None)
            if length is None or day < start + length:
                holder_of[day] = person
    known = DeviceBook(store).refresh()
    for day in range(-1, 30):
        found = known.holder_on(1, day_number(FIRST + day * DAY))
        assert (found and found.person) == holder_of.get(day)


def test_set_datum__holds_for_the_phone_in_all_hands_and_clears_the_suspicion(devices, database):
    pair(devices)
    pair(devices, "P2", phone=1, from_day=FIRST + DAY)
    pair(devices, "P3")
    assert devices.suspect({2: {"suspects": "gcj02", "fixes": 9}, 3: {"suspects": ""}, 77: {}}, author="night") == 2
    assert devices.get(2).suspicion == {"suspects": "gcj02", "fixes": 9}
    devices.set_datum(2, "GCJ-02", author="admin")
    assert [device.datum for device in devices.all()] == ["gcj02", "gcj02", "wgs84"]
    assert devices.get(2).suspicion == {"since_ms": database.clock.now_ms}
    assert devices.suspect({2: {"suspects": ""}}, author="night") == 1
    assert devices.get(2).suspicion == {"since_ms": database.clock.now_ms, "suspects": ""}
    assert devices.suspect({2: {"suspects": ""}}, author="night") == 0
    with pytest.raises(BadOption, match="unknown datum"):
        devices.set_datum(2, "mars", author="admin")


def test_changes__are_told_and_noted_by_whom(devices, store):
    pair(devices)
    devices.set_datum(1, "bd09", author="wang", origin="10.0.0.1")
    devices.revoke(1, author="wang")
    with store.reading() as connection:
        assert [(event.kind, event.subject) for event in events_after(connection, 0)] == [
            ("device_paired", "device/1"),
            ("device_changed", "device/1"),
            ("device_revoked", "device/1"),
        ]
        rows = connection.execute(sa.select(AUDIT.c.author, AUDIT.c.action, AUDIT.c.result, AUDIT.c.origin)).all()
    assert [tuple(row) for row in rows] == [
        ("admin", "pair_device", "P1, phone 1, 2018-05-01 to for ever", "local"),
        ("wang", "set_datum", "wgs84 to bd09", "10.0.0.1"),
        ("wang", "revoke_device", "P1", "local"),
    ]


def test_note_sightings__no_time_goes_back_and_an_unknown_battery_leaves_the_known(devices, store):
    pair(devices)
    pair(devices)
    for sightings in (
        {1: Sighting(1_000, 900, 0.5), 2: Sighting(1_000)},
        {1: Sighting(2_000, 800, None)},
        {1: Sighting(1_500, None, 0.25)},
        {},
    ):
        with store.changing("phones") as change:
            note_sightings(change, sightings)
    one, other = devices.all()
    assert (one.seen_ms, one.newest_ms, one.battery) == (2_000, 900, 0.25)
    assert (other.seen_ms, other.newest_ms, other.battery) == (1_000, None, None)


def test_refresh__sees_what_another_process_did_after_a_second(devices, database, store):
    now = Seconds()
    book = DeviceBook(store, now)
    assert book.refresh().by_phone == {}
    elsewhere = Devices(database.open())
    token = pair(elsewhere).token
    assert book.is_fresh
    book.refresh()
    assert book.find(token) is None
    now.now = 1.0
    assert not book.is_fresh
    book.refresh()
    assert book.find(token).revoked_ms is None
    elsewhere.revoke(1, author="admin")
    now.now = 2.0
    book.refresh()
    assert book.find(token).revoked_ms is not None


def test_refresh__reads_the_phones_again_only_after_news(devices, store):
    now = Seconds()
    book = DeviceBook(store, now)
    pair(devices)
    first = book.refresh()
    with store.changing("test") as change:
        change.tell("fixes_received", "fixes")
    now.now = 5.0
    assert book.refresh() is first
    pair(devices)
    now.now = 10.0
    assert len(book.refresh().by_phone) == 2


def test_refresh__another_log_is_read_anew(make_database):
    class Restored:
        """A store whose database is replaced by another one."""

        def __init__(self, store):
            self.store = store

        def reading(self):
            return self.store.reading()

    before, after = make_database("sqlite"), make_database("sqlite")
    after.clock.now_ms += 7  # as many events, at another time
    store, now = Restored(with_people(before.open())), Seconds()
    book = DeviceBook(store, now)
    pair(Devices(store.store))
    book.refresh()
    store.store = with_people(after.open())
    pair(Devices(store.store), "P3")
    now.now = 1.0
    assert book.refresh().holder_on(1, day_number(FIRST)).person == "P3"


def test_refresh__a_failed_look_is_repeated(devices, database):
    class Falling:
        """A store whose database is lost once, when the events were read already."""

        def __init__(self, store):
            self.store, self.falls = store, True

        def reading(self):
            if self.falls:
                self.falls = False
                raise DatabaseLost("gone")
            return self.store.reading()

    store = database.open()
    token = pair(devices).token
    book = DeviceBook(Falling(store), Seconds())
    with pytest.raises(DatabaseLost):
        book.refresh()
    assert not book.is_fresh
    book.refresh()
    assert book.find(token) is not None
