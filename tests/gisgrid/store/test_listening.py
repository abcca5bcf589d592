"""Hearing that the log has grown: after the commit, from every process, also when the server was away for a while."""

import subprocess
import sys
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa

from gisgrid.store import Store, open_store
from gisgrid.store.engine import database_url, make_engine
from gisgrid.store.events import events_after, events_from, last_event
from gisgrid.store.listening import Listening
from tests.gisgrid.store.small_district import all_at_once

LONG_S = 3_600.0
PATIENCE_S = 30.0


class Ear:
    """Counts the wakings, and can wait for one."""

    def __init__(self):
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self):
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def waits_for(self, count):
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, PATIENCE_S)


def tell(store, kind="tried", times=1):
    with store.changing("test") as change:
        return [change.tell(kind, "something") for _ in range(times)]


def test_on_events__once_for_a_change_when_it_is_there(store):
    seen = []

    def hear():
        with store.reading() as connection:
            seen.append(last_event(connection))

    end = store.on_events(hear)
    tell(store, times=3)
    assert seen == [3]
    end()
    end()
    tell(store)
    assert seen == [3]


def test_on_events__not_for_what_was_taken_back_nor_for_what_tells_nothing(store):
    ear = Ear()
    store.on_events(ear)
    with pytest.raises(ZeroDivisionError), store.changing("test") as change:
        change.tell("tried", "something")
        raise ZeroDivisionError
    with store.changing("test") as change:
        change.note("looked", "something")
    assert ear.count == 0


def test_changing__one_notification_for_all_the_events_of_a_change(make_database):
    store = make_database("postgresql").open()
    address = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("listen gisgrid_event")
        tell(store, times=5)
        with store.changing("test") as change:
            change.note("looked", "something")
        tell(store)
        heard = list(connection.notifies(timeout=PATIENCE_S, stop_after=2))
        assert [one.payload for one in heard] == ["", ""]
        assert list(connection.notifies(timeout=0.2)) == []


def test_listening__another_process_is_heard(database):
    store, ear = database.open(), Ear()
    # On PostgreSQL nothing but the notification can wake it.
    listening = Listening(store, ear, poll_s=LONG_S if database.kind == "postgresql" else 0.05)
    try:
        assert database.kind == "sqlite" or listening.wait_connected(PATIENCE_S)
        before = ear.count
        other = (
            "import sys; from pathlib import Path; from gisgrid.store import open_store\n"
            "store = open_store(Path(sys.argv[1]), sys.argv[2] or None)\n"
            "with store.changing('other') as change: change.tell('tried', 'something')\n"
        )
        subprocess.run([sys.executable, "-c", other, str(database.folder), database.url or ""], check=True)
        assert ear.waits_for(before + 1)
        with store.reading() as connection:
            assert [event.author for event in events_after(connection, 0)] == ["other"]
    finally:
        listening.close()


def test_listening__a_lost_connection_is_made_again_and_nothing_is_missed(make_database):
    database = make_database("postgresql")
    store, ear = database.open(), Ear()
    other = open_store(database.folder, database.url)
    listening = Listening(store, ear, poll_s=LONG_S)
    try:
        for _ in range(3):
            assert listening.wait_connected(PATIENCE_S)
            with other.changing("test") as change:
                cut = "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen gisgrid_event'"
                assert change.connection.execute(sa.text(cut)).scalars().all() == [True]
                before = ear.count
                change.tell("tried", "while nobody listened")
            # Woken by the new connection: the notification itself was lost.
            assert ear.waits_for(before + 1)
    finally:
        listening.close()
        other.close()


def test_listening__looks_again_where_no_server_answers():
    ear = Ear()
    store = Store(make_engine(database_url(None, "postgresql://nobody@127.0.0.1:1/nothing")), lambda: 0)
    listening = Listening(store, ear, poll_s=0.05)
    try:
        assert ear.waits_for(3)
        assert not listening.is_connected()
    finally:
        listening.close()


def test_listening__closed_it_is_silent(store):
    ear = Ear()
    listening = Listening(store, ear, poll_s=0.01)
    assert ear.waits_for(1)
    listening.close()
    before = ear.count
    tell(store)
    time.sleep(0.1)
    assert ear.count == before


def test_events_from__goes_on_after_the_known_one_while_many_write(store):
    read = []

    def follow():
        known = (0, 0)
        while len(read) < 80:
            with store.reading() as connection:
                found = events_from(connection, known, 7)
            read.extend(found)
            known = (read[-1].id, read[-1].at_ms) if read else known

    reader = threading.Thread(target=follow)
    reader.start()
    all_at_once(8, lambda _: [tell(store) for _ in range(10)])
    reader.join(PATIENCE_S)
    assert [event.id for event in read] == list(range(1, 81))


def test_events_from__another_log_is_noticed(store, database):
    tell(store, times=3)
    with store.reading() as connection:
        assert events_from(connection, (3, database.clock.now_ms)) == []
        assert [event.id for event in events_from(connection, (1, database.clock.now_ms))] == [2, 3]
        assert events_from(connection, (3, database.clock.now_ms + 1)) is None
        assert events_from(connection, (4, database.clock.now_ms)) is None
        assert len(events_from(connection, (0, 0))) == 3
