"""The live stream on both databases: nothing lost, doubled or told to the wrong ones; slow, late and unwelcome readers."""

import asyncio
import datetime as dt
import json
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gisgrid.access import ROLES, Holder, may
from gisgrid.errors import ForbiddenMove, StoreError, TooMany, UnknownGrid
from gisgrid.flow import Request
from gisgrid.store.editions import Editions
from gisgrid.store.engine import database_url, make_engine
from gisgrid.store.events import Event, events_after, last_event
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.incidents import Incidents
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import take_step
from gisgrid.store.store import Store
from gisgrid.store.ticking import tick
from gisgrid.store.visible import subject_of
from tests.gisgrid.store.history_store import HistoryStore
from tests.gisgrid.store.incident_places import CODES, network_of
from tests.gisgrid.store.small_district import (
    DAY,
    DISTRICT,
    FIRE,
    TOWNSHIPS,
    VILLAGES,
    WATER,
    SmallDistrict,
    all_at_once,
)
from tests.web.live_reader import Parser, follow, visit_of
from tests.worlds import at
from web.live import Hub
from web.live_messages import TOLD_TO, messages_of
from web.live_stream import EventStream, told

SAME = ["version", "category", "sub_category", "state", "grade", "card", "lon", "lat", "how", "grid", "holder"]
"""What is said of an incident in the words in which it is kept."""

IN_A, IN_B, IN_C = (50.0, 150.0), (350.0, 150.0), (50.0, 50.0)


@pytest.fixture
def district(database):
    return SmallDistrict(database)


@asynccontextmanager
async def opened(store, **options):
    hub = Hub(store, poll_s=options.pop("poll_s", 0.05), **options)
    release = hub.take_seat("test")
    try:
        yield hub
    finally:
        release()
        await hub.close()


def some_fixes(count):
    who, steps = np.array(["P0001"] * count, object), np.arange(count)
    time_ms = 1_525_651_200_000 + steps
    return FixBatch(who, who, time_ms, 121.4 + steps / 1e4, 28.6 + steps / 1e4, steps + 1.0, time_ms)


def tell(store, times=1, kind="tried"):
    with store.changing("test") as change:
        return [change.tell(kind, "something") for _ in range(times)][-1]


# --- what is said


def test_stream__a_report_as_maps_and_lists_need_it(district):
    async def watch():
        async with opened(district.store) as hub:
            follower = await follow(hub)
            written = "two metres deep, ask Mr Wang 13800000000"
            await asyncio.to_thread(lambda: district.report(IN_A, description=written, reporter="P0001"))
            return await follower.next()

    said = asyncio.run(watch())
    with district.store.reading() as connection:
        event = last_event(connection)
    assert (said.name, said.id, said.data["event"]) == ("incident", event, event)
    one = district.get(1)
    for name in SAME:
        assert said.data[name] == getattr(one, name)
    assert (said.number, said.data["move"], said.data["clock_state"]) == (1, "report", "at_risk")
    assert (said.data["answering_grid"], said.data["is_urgent"]) == (CODES["A"], False)
    assert dt.datetime.fromisoformat(said.data["reported_at"]).timestamp() * 1000 == one.reported_ms
    assert dt.datetime.fromisoformat(said.data["done_due_at"]) > dt.datetime.fromisoformat(said.data["response_due_at"])
    text = json.dumps(said.data)
    assert not any(word in text for word in ("Wang", "13800000000", "metres deep", "P0001", "Li Na"))


def test_stream__moves_cards_editions_registers_fixes_each_to_those_who_may_know(database, district):
    viewers = {
        role: Holder(role, role) for role in ("commander", "planner", "assessor", "administrator", "auditor", "wall")
    }

    def act():
        number = district.report(IN_A).incident.id
        district.step(number, "accept", VILLAGES["A"])
        Staffing(district.store).set_workdays({dt.date(2018, 6, 6): False}, author="test")
        FixInbox(district.store).add(some_fixes(3), author="phone")
        tell(district.store)
        district.publish_second(dt.date(2018, 6, 1))
        database.clock.now_ms += 40 * DAY
        tick(district.store, district.editions)
        with district.store.reading() as connection:
            return last_event(connection)

    async def watch():
        async with opened(district.store) as hub:
            followers = {name: await follow(hub, holder, heartbeat_s=0.05) for name, holder in viewers.items()}
            event = await asyncio.to_thread(act)
            return {name: await one.upto(event) for name, one in followers.items()}

    said = {name: [(one.name, one.data.get("move")) for one in all_of] for name, all_of in asyncio.run(watch()).items()}
    loop = [("incident", "report"), ("incident", "accept"), ("incidents_changed", None)]
    ground, end = ("edition", None), ("incident", "")
    assert said["planner"] == said["wall"] == [*loop, ground, end]
    # Of fixes it is said that there are some: to those who may see tracks or positions.
    assert said["commander"] == said["assessor"] == [*loop, ("fixes", None), ground, end]
    assert said["administrator"] == [("register", None), ground]
    assert said["auditor"] == []


def test_messages__what_is_in_no_table_is_told_to_nobody(store):
    event = Event(1, 0, "somebody_has_invented_this", "incident/1", "test", {"name": "Wang"})
    with store.reading() as connection:
        (message,) = messages_of(connection, [event], rulebook_of(connection), 0)
    assert message.pieces == ()
    assert told([message], lambda *_: True, 0) == []
    assert {action for pairs in TOLD_TO.values() for _, action in pairs} == {
        "read_incidents", "read_grids", "read_tracks", "read_positions", "keep_registers", "keep_accounts",
    }  # fmt: skip


def test_messages__photos_and_phones(district):
    number = district.report(IN_A).incident.id
    events = [
        Event(8, 0, "incident_photo", f"incident/{number}", "test", {"photo": 3}),
        Event(9, 0, "device_paired", "device/5", "test", {}),
    ]
    with district.store.reading() as connection:
        photo, device = messages_of(connection, events, rulebook_of(connection), 0)
    assert [(piece.name, piece.number, json.loads(piece.data)["move"]) for piece in photo.pieces] == [
        ("incident", 1, "photo")
    ]
    assert [(piece.name, piece.action, json.loads(piece.data)["register"]) for piece in device.pieces] == [
        ("register", "keep_accounts", "devices")
    ]


def test_messages__of_very_many_incidents_only_that_they_changed(store):
    content = {"yellow": list(range(1, 502)), "red": [], "passed_on": []}
    event = Event(1, 0, "incidents_ticked", "incidents", "test", content)
    with store.reading() as connection:
        (message,) = messages_of(connection, [event], rulebook_of(connection), 0)
    assert [piece.name for piece in message.pieces] == ["incidents_changed"]


def test_told__cut_off_within_an_event_all_of_it_comes_again(database, district):
    for _ in range(3):
        district.report(IN_A)
    database.clock.now_ms += 40 * DAY
    tick(district.store, district.editions)

    async def watch():
        async with opened(district.store) as hub:
            with district.store.reading() as connection:
                event = last_event(connection)
            first = await (await follow(hub, position=event - 1)).upto(event)
            again = await (await follow(hub, position=first[1].id)).upto(event)
            return event, first, again

    event, first, again = asyncio.run(watch())
    assert [one.id for one in first] == [event - 1, event - 1, event]
    assert again == first
    assert {one.data["card"] for one in first} == {"red"}


# --- who is told

UNITS = ["", DISTRICT, *dict.fromkeys([*TOWNSHIPS.values(), *VILLAGES.values(), *CODES.values()])]
HOLDERS = st.one_of(
    st.builds(
        Holder, st.just("x"), st.sampled_from(sorted(set(ROLES) - {"department", "worker"})), st.sampled_from(UNITS)
    ),
    st.builds(Holder, st.just("x"), st.just("worker"), st.sampled_from(UNITS[1:])),
    st.builds(Holder, st.just("x"), st.just("department"), st.sampled_from([FIRE, WATER])),
)
MOVES = st.tuples(
    st.integers(0, 3),
    st.sampled_from(
        ["accept", "hand_up", "hand_down", "hand_across", "return", "reassign", "feed_back", "close", "re_open"]
    ),
    st.sampled_from([*VILLAGES.values(), *TOWNSHIPS.values(), DISTRICT, FIRE, WATER]),
    st.sampled_from([FIRE, WATER, *CODES.values()]),
)
OPENING = [
    # Handed to the fire service with water assisting, back, to another township: whoever had it no longer has it.
    (0, "hand_up", VILLAGES["A"], ""),
    (0, "hand_across", TOWNSHIPS["A"], FIRE),
    (0, "return", FIRE, ""),
    (0, "reassign", TOWNSHIPS["A"], CODES["C"]),
]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_told__everyone_what_they_may_see_and_what_they_may_see_no_longer(kind, make_database):
    history = HistoryStore(make_database(kind))

    @given(moves=st.lists(MOVES, max_size=12), holders=st.lists(HOLDERS, min_size=4, max_size=8, unique=True))
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def check(moves, holders):
        history.start_anew()

        def compare(number, before):
            """What the newest event tells each, against what they may see of the incident before and after it."""
            after = Incidents(history.store).get(number)
            with history.store.reading() as connection:
                events = events_after(connection, last_event(connection) - 1)
                messages = messages_of(connection, events, rulebook_of(connection), history.clock())
            for holder in holders:
                said = Parser().feed(b"".join(told(messages, visit_of(holder).may, 0)))
                expected = []
                if may(holder, "read_incidents", subject_of(after)):
                    expected = [("incident", events[0].id, number)]
                elif before is not None and may(holder, "read_incidents", subject_of(before)):
                    expected = [("incident_gone", events[0].id, number)]
                assert [(one.name, one.id, one.number) for one in said] == expected

        for number, place in enumerate((IN_A, IN_B, IN_C, None), start=1):
            lon, lat = at(*place) if place else (None, None)
            report_incident(history.store, history.editions, Report("disputes", lon=lon, lat=lat), author="x")
            compare(number, None)
        for which, move, office, to in [*OPENING, *moves]:
            before = Incidents(history.store).get(which + 1)
            others = (WATER,) if move == "hand_across" and to == FIRE else ()
            request = Request(move, office, "because", to if move in {"hand_across", "reassign"} else "", others)
            try:
                take_step(history.store, history.editions, which + 1, request, author="x")
            except (ForbiddenMove, UnknownGrid):
                continue
            compare(which + 1, before)

    check()


def test_stream__a_new_edition_takes_incidents_away_from_some(database, district):
    number = district.report((350.0, 50.0)).incident.id  # in E, which the second edition gives to B
    district.publish_second(dt.date(2018, 6, 1))
    database.clock.now_ms = 1_528_000_000_000
    holders = [
        Holder("x", "commander", unit) for unit in (TOWNSHIPS["E"], VILLAGES["E"], TOWNSHIPS["B"], TOWNSHIPS["A"], "")
    ]
    holders.append(Holder("y", "commander", TOWNSHIPS["C"]))

    async def watch():
        async with opened(district.store) as hub:
            followers = [await follow(hub, holder, heartbeat_s=0.05) for holder in holders]
            await asyncio.to_thread(tick, district.store, district.editions)
            with district.store.reading() as connection:
                event = last_event(connection)
            return [[(one.name, one.number) for one in await follower.upto(event)] for follower in followers]

    gone, there = [("incident_gone", number)], [("incident", number)]
    said = asyncio.run(watch())
    assert district.get(number).answering_grid == CODES["B"]
    assert said == [gone, gone, there, there, there, gone]


def test_stream__a_token_is_told_only_what_it_is_for(district):
    async def watch():
        async with opened(district.store) as hub:
            follower = await follow(hub, heartbeat_s=0.05, scopes=frozenset({"read_grids"}))
            await asyncio.to_thread(district.report, IN_A)
            await asyncio.to_thread(district.publish_second, dt.date(2018, 6, 1))
            return [await follower.next() for _ in range(2)]

    said = [one for one in asyncio.run(watch()) if one.name != "heartbeat"]
    assert [one.name for one in said] == ["edition"]


# --- nothing lost, nothing twice


def test_stream__every_event_once_and_in_order_while_eight_write(district):
    writers, each = 8, 12

    def write(_):
        for _ in range(each):
            district.report(IN_A)

    async def watch():
        async with opened(district.store) as hub:
            with district.store.reading() as connection:
                start = last_event(connection)
            end = start + writers * each
            early = [await follow(hub) for _ in range(3)]
            reading = [asyncio.create_task(one.upto(end)) for one in early]
            writing = asyncio.create_task(asyncio.to_thread(all_at_once, writers, write))
            await asyncio.sleep(0.05)
            late = await (await follow(hub, position=start)).upto(end)
            await writing
            return start, [*await asyncio.gather(*reading), late]

    start, all_said = asyncio.run(watch())
    for said in all_said:
        assert [one.id for one in said] == list(range(start + 1, start + writers * each + 1))
        assert sorted(one.number for one in said) == list(range(1, writers * each + 1))


def test_stream__another_process_writes_and_is_heard(database, district):
    other = database.open()

    async def watch():
        async with opened(district.store, poll_s=None) as hub:
            follower = await follow(hub, Holder("x", "planner"))
            day = dt.date(2018, 6, 1)
            await asyncio.to_thread(lambda: Editions(other).publish(network_of(2), day, author="planner", based_on=1))
            return await follower.next()

    assert asyncio.run(watch()).data["valid_from"] == "2018-06-01"


@pytest.mark.parametrize("remembered", [5, 4_000])
def test_stream__goes_on_where_it_was_left_from_memory_and_from_the_database(district, remembered):
    async def watch():
        async with opened(district.store, remembered=remembered) as hub:
            first = await follow(hub)
            numbers = [await asyncio.to_thread(lambda: district.report(IN_A).incident.id) for _ in range(4)]
            said = [await first.next(), await first.next()]
            await first.stream.aclose()
            said += await (await follow(hub, position=said[-1].id)).upto(said[-1].id + 2)
            return numbers, said

    numbers, said = asyncio.run(watch())
    assert [one.number for one in said] == numbers == [1, 2, 3, 4]


def test_stream__after_a_restart_what_was_missed_comes_first(district):
    async def once(position):
        async with opened(district.store) as hub:
            follower = await follow(hub, position=position)
            await asyncio.to_thread(district.report, IN_A)
            with district.store.reading() as connection:
                return await follower.upto(last_event(connection))

    async def watch():
        first = await once(None)
        district.report(IN_A)
        return first, await once(first[-1].id)

    first, second = asyncio.run(watch())
    assert [one.number for one in first + second] == [1, 2, 3]


@pytest.mark.parametrize(("position", "why"), [(1, "too_old"), (10**9, "unknown"), (-1, "unknown")])
def test_stream__what_cannot_be_gone_on_from_is_loaded_anew(store, position, why):
    newest = tell(store, times=600)

    async def watch():
        async with opened(store, remembered=20) as hub:
            follower = await follow(hub, position=position, heartbeat_s=0.05)
            return [await follower.next() for _ in range(2)]

    reset, beat = asyncio.run(watch())
    assert (reset.name, reset.id, reset.data) == ("reset", newest, {"newest": newest, "why": why})
    assert (beat.name, beat.id) == ("heartbeat", newest)


def test_stream__the_number_goes_on_though_nothing_is_for_the_viewer(store):
    async def watch():
        async with opened(store) as hub:
            follower = await follow(hub, Holder("x", "auditor"), heartbeat_s=0.05)
            newest = await asyncio.to_thread(tell, store, 1_200)
            said = [await follower.next()]
            while said[-1].id < newest:
                said.append(await follower.next())
            return said

    assert {one.name for one in asyncio.run(watch())} == {"heartbeat"}


def test_stream__a_slow_reader_loads_anew_and_goes_on_and_costs_nobody_anything(store):
    async def watch():
        async with opened(store, remembered=50) as hub:
            slow, quick = await follow(hub), await follow(hub, heartbeat_s=0.02)
            await asyncio.to_thread(tell, store, 1, "rules_changed")
            assert (await slow.next()).name == (await quick.until("incidents_changed"))[-1].name
            for _ in range(60):
                newest = await asyncio.to_thread(tell, store, 5)
                while (await quick.next()).id < newest:
                    pass
            # Nothing is kept for the slow one beyond what is remembered for all.
            assert len(hub._memory) <= 100
            reset = await slow.next()
            await asyncio.to_thread(lambda: Staffing(store).set_workdays({dt.date(2018, 6, 6): False}, author="test"))
            return newest, reset, await slow.next()

    newest, reset, then = asyncio.run(watch())
    assert (reset.name, reset.data["why"], reset.id) == ("reset", "too_slow", newest)
    assert (then.name, then.id) == ("incidents_changed", newest + 1)


def test_stream__another_log_is_loaded_anew(database, store):
    tell(store, times=10)

    async def watch():
        async with opened(store) as hub:
            follower = await follow(hub, Holder("x", "commander"))
            # As after a backup was restored: shorter, and what has happened since has the same numbers.
            await asyncio.to_thread(forget_events_after, store, 5)
            reset = await follower.next()
            database.clock.now_ms += 1
            number = await asyncio.to_thread(tell, store, 1, "rules_changed")
            return reset, number, await follower.next()

    reset, number, then = asyncio.run(watch())
    assert (reset.name, reset.data) == ("reset", {"newest": 5, "why": "restored"})
    assert (then.name, then.id, number) == ("incidents_changed", 6, 6)


def forget_events_after(store, number):
    with store.changing("test") as change:
        run = change.connection.exec_driver_sql
        if store.engine.dialect.name == "postgresql":
            run("set local session_replication_role = replica")
            run(f"delete from event where id > {number}")
            return
        guards = run("select name, sql from sqlite_master where type = 'trigger'").all()
        for name, _ in guards:
            run(f"drop trigger {name}")
        run(f"delete from event where id > {number}")
        for _, sql in guards:
            run(sql)


# --- whoever is not welcome, and the end


def test_stream__ends_with_its_session(store):
    async def watch():
        gone = asyncio.Event()

        async def again():
            return None if gone.is_set() else visit_of()

        async with opened(store) as hub:
            follower = await follow(hub, again=again, heartbeat_s=0.02, checked_every_s=0.05)
            beats = [await follower.next() for _ in range(5)]
            gone.set()
            return beats, await follower.until("ended"), await follower.next()

    beats, last, after = asyncio.run(watch())
    assert {one.name for one in beats} == {"heartbeat"}
    assert last[-1].name == "ended"
    assert after is None


def test_stream__whoever_may_see_less_from_now_on_loads_anew(district):
    async def watch():
        now = [Holder("x", "commander")]

        async def again():
            return visit_of(now[0])

        async with opened(district.store) as hub:
            follower = await follow(hub, now[0], again=again, heartbeat_s=0.02, checked_every_s=0.05)
            now[0] = Holder("x", "commander", TOWNSHIPS["C"])
            reset = (await follower.until("reset"))[-1]
            await asyncio.to_thread(district.report, IN_A)
            await asyncio.to_thread(district.report, IN_C)
            return reset, (await follower.until("incident"))[-1]

    reset, said = asyncio.run(watch())
    assert reset.data["why"] == "rights"
    assert said.number == 2


def test_hub__so_many_streams_and_no_more(store):
    async def watch():
        async with opened(store, most=8, most_each=5) as hub:
            mine = [hub.take_seat("me") for _ in range(5)]
            with pytest.raises(TooMany, match="5 live streams of this session"):
                hub.take_seat("me")
            others = [hub.take_seat("you") for _ in range(2)]
            with pytest.raises(StoreError, match="all 8 live streams"):
                hub.take_seat("somebody")
            mine[0]()
            mine[0]()
            hub.take_seat("me")
            with pytest.raises(StoreError):
                hub.take_seat("somebody")
            others[0]()
            hub.take_seat("somebody")
            hub.end()
            with pytest.raises(StoreError, match="being stopped"):
                hub.take_seat("late")

    asyncio.run(watch())


def test_hub__reads_nothing_while_nobody_watches_and_all_of_it_afterwards(district):
    async def watch():
        hub = Hub(district.store, poll_s=0.02)
        release = hub.take_seat("first")
        await hub.open()
        before = hub.newest
        release()
        await asyncio.to_thread(lambda: [district.report(IN_A) for _ in range(3)])
        await asyncio.sleep(0.1)
        assert hub.newest == before
        hub.take_seat("second")
        said = await (await follow(hub, position=before)).upto(before + 3)
        await hub.close()
        return [one.number for one in said]

    assert asyncio.run(watch()) == [1, 2, 3]


def test_stream__says_that_it_is_stale_while_the_database_is_away(database, store):
    class Away(Store):
        """A store whose database can be away."""

        is_away = False

        def reading(self):
            if self.is_away:
                return Store(
                    make_engine(database_url(None, "postgresql://nobody@127.0.0.1:1/nothing")), self.now_ms
                ).reading()
            return super().reading()

    away = Away(store.engine, store.now_ms)

    async def watch():
        async with opened(away) as hub:
            follower = await follow(hub)
            away.is_away = True
            stale = await follower.next()
            await asyncio.to_thread(tell, store, 1, "rules_changed")
            away.is_away = False
            return stale, [await follower.next() for _ in range(2)]

    stale, then = asyncio.run(watch())
    assert (stale.name, stale.data["since"]) == ("stale", "2018-05-07T00:00:00.000Z")
    assert sorted(one.name for one in then) == ["current", "incidents_changed"]


def test_hub__closed_it_ends_all_streams(store):
    async def watch():
        hub = Hub(store)
        hub.take_seat("test")
        followers = [await follow(hub) for _ in range(20)]
        ends = [asyncio.create_task(one.next()) for one in followers]
        await asyncio.sleep(0.05)
        await hub.close()
        return await asyncio.gather(*ends)

    assert asyncio.run(watch()) == [None] * 20


def test_answer__whoever_takes_nothing_for_long_has_gone_and_gives_the_place_back(store):
    async def watch():
        hub = Hub(store)
        release = hub.take_seat("stuck")
        follower = await follow(hub, heartbeat_s=0.01)
        sent = []

        async def send(message):
            sent.append(message["type"])
            await asyncio.sleep(0 if len(sent) < 3 else 3_600)

        async def receive():
            await asyncio.sleep(3_600)

        answer = EventStream(follower.stream, release, send_s=0.05)
        async with asyncio.timeout(30.0):
            await answer({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
        free = not hub._seats
        await hub.close()
        return sent, free

    sent, free = asyncio.run(watch())
    assert sent == ["http.response.start", "http.response.body", "http.response.body"]
    assert free
