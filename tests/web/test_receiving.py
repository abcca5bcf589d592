"""Many phones taken in together, on both databases: one transaction, each its own count; in parts where it is much."""

import asyncio
import datetime as dt

import pytest

from gisgrid.duty import FOREVER_DAY, Duty
from gisgrid.errors import DatabaseLost
from gisgrid.local_days import day_number
from gisgrid.store.devices import Devices
from gisgrid.store.events import events_after
from gisgrid.store.fixes import FixInbox
from gisgrid.store.staffing import Staffing
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import SmallDistrict
from tests.web.phone_service import FIRST, LAT, LON, NOW
from tracks.phones import PhoneBatch, PhoneFix
from web.receiving import Receiving, Sent, Taken

LONG_AGO, FAR_AHEAD = dt.date(2018, 1, 1), dt.date(2018, 12, 31)


def batch_of(*fixes):
    return PhoneBatch("", tuple(fixes), 0, (), 200, "text/plain", b"")


def fix(step=0, *, time_ms=None, battery=None, lon=LON):
    return PhoneFix(NOW + step * 1_000 if time_ms is None else time_ms, lon, LAT, 5.0, battery=battery)


class Crowd:
    """Phones of P1, P2, … who patrol, and their way in."""

    def __init__(self, database, count=3):
        SmallDistrict(database)
        self.database, self.store = database, database.open()
        first = day_number(FIRST)
        duties = [Duty(f"P{number}", CODES["A"], "patroller", first, FOREVER_DAY) for number in range(1, count + 1)]
        Staffing(self.store).take_in_duties(duties, author="admin")
        self.keeper = Devices(self.store)
        for number in range(1, count + 1):
            self.keeper.add(f"P{number}", "traccar", from_day=FIRST, author="admin")
        self.receiving = Receiving(self.store, FixInbox(self.store))

    def sent(self, number, *fixes, received_ms=NOW):
        return Sent(self.keeper.get(number), batch_of(*fixes), received_ms)

    def kept(self):
        batch = FixInbox(self.store).read(LONG_AGO, FAR_AHEAD)
        return list(zip(batch.patroller.tolist(), batch.time_ms.tolist(), strict=True))

    def receptions(self):
        with self.store.reading() as connection:
            return [event for event in events_after(connection, 0) if event.kind == "fixes_received"]


@pytest.fixture
def crowd(database):
    return Crowd(database)


def test_take_in__many_phones_in_one_transaction_each_with_its_count(crowd):
    night = NOW + 16 * 3_600_000
    taken = crowd.receiving.take_in(
        [
            crowd.sent(1, fix(0), fix(1), fix(0)),
            crowd.sent(2),
            crowd.sent(3, fix(0), fix(time_ms=night), fix(time_ms=NOW - 60 * 86_400_000)),
            crowd.sent(2, fix(5)),
        ]
    )
    assert taken == [Taken(3, {}), Taken(0, {}), Taken(1, {"no holder": 1, "off hours": 1}), Taken(1, {})]
    assert crowd.kept() == [("P1", NOW), ("P1", NOW + 1_000), ("P2", NOW + 5_000), ("P3", NOW)]
    (told,) = crowd.receptions()
    assert (told.author, told.content["count"]) == ("phones", 5)


def test_take_in__nothing_and_pings_only(crowd):
    assert crowd.receiving.take_in([]) == []
    assert crowd.receiving.take_in([crowd.sent(1), crowd.sent(2)]) == [Taken(0, {}), Taken(0, {})]
    assert crowd.receptions() == []
    assert [device.seen_ms for device in crowd.keeper.all()] == [NOW, NOW, None]


def test_take_in__much_goes_in_parts_and_each_part_stands_for_itself(crowd):
    """What one part meets does not take back what those before it have committed."""

    class Second(FixInbox):
        adds = 0

        def add(self, batch, **more):
            self.adds += 1
            if self.adds == 2:
                raise DatabaseLost("gone")
            return super().add(batch, **more)

    receiving = Receiving(crowd.store, Second(crowd.store))
    many = [fix(step) for step in range(30_000)]
    taken = receiving.take_in([crowd.sent(1, *many), crowd.sent(2, *many), crowd.sent(3, *many[:10_000])])
    assert taken[0] == Taken(30_000, {})
    assert [type(one) for one in taken[1:]] == [DatabaseLost, DatabaseLost]
    assert {person for person, _ in crowd.kept()} == {"P1"}
    assert receiving.take_in([crowd.sent(2, *many)]) == [Taken(30_000, {})]
    assert len(crowd.kept()) == 60_000


def test_take_in__a_phone_is_written_of_at_most_once_a_minute(crowd):
    def send(at_ms, *fixes):
        crowd.receiving.take_in([crowd.sent(1, *fixes, received_ms=at_ms)])
        device = crowd.keeper.get(1)
        return device.seen_ms, device.newest_ms, device.battery

    assert send(NOW, fix(0, battery=0.5), fix(-9, battery=0.9)) == (NOW, NOW, 0.5)
    assert send(NOW + 59_999, fix(50, battery=0.4)) == (NOW, NOW, 0.5)
    assert send(NOW + 60_000, fix(60)) == (NOW + 60_000, NOW + 60_000, 0.5)
    # A backlog does not turn the clock back, and a clock that is ahead hides nothing.
    assert send(NOW + 180_000, fix(-500), fix(10**6)) == (NOW + 180_000, NOW + 60_000, 0.5)


def test_take_in__several_requests_of_one_phone_are_one_sighting(crowd):
    crowd.receiving.take_in(
        [crowd.sent(1, fix(5, battery=0.5)), crowd.sent(1, fix(2, battery=0.7), received_ms=NOW + 9), crowd.sent(1)]
    )
    device = crowd.keeper.get(1)
    assert (device.seen_ms, device.newest_ms, device.battery) == (NOW + 9, NOW + 5_000, 0.5)


def test_take_in__duties_and_leave_count_a_second_after_they_changed(crowd):
    now = [0.0]
    receiving = Receiving(crowd.store, FixInbox(crowd.store), now_s=lambda: now[0])
    assert receiving.take_in([crowd.sent(1, fix(0))]) == [Taken(1, {})]
    with crowd.store.changing("test") as change:
        change.connection.exec_driver_sql("delete from duty")
        change.tell("duties_changed", "duties")
    assert receiving.take_in([crowd.sent(1, fix(1))]) == [Taken(1, {})]
    now[0] = 1.0
    assert receiving.take_in([crowd.sent(1, fix(2))]) == [Taken(0, {"no duty": 1})]


def test_take__asked_at_once_by_all_and_answered_when_it_is_kept(database):
    """Fewer transactions than requests is the aim; that every answer comes after its commit is the promise."""
    crowd = Crowd(database, 40)

    async def send(number):
        taken = await crowd.receiving.take(crowd.sent(number, fix(number)))
        assert taken == Taken(1, {})
        return (f"P{number}", NOW + number * 1_000) in await asyncio.to_thread(crowd.kept)

    async def all_at_once():
        answers = await asyncio.gather(*(send(number) for number in range(1, 41)))
        await crowd.receiving.close()
        return answers

    assert all(asyncio.run(all_at_once()))
    assert len(crowd.kept()) == 40
    assert sum(event.content["count"] for event in crowd.receptions()) == 40
