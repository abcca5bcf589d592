"""Turns of those who write: one that is stuck keeps the others waiting for a while, not for ever, and readers not at all."""

import threading
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from gisgrid.errors import DatabaseLost, StoreError
from gisgrid.store.engine import MOST_WRITERS
from gisgrid.store.events import last_event
from web.problems import problem_of, status_of

WAIT_S = 0.6
PATIENCE_S = 10.0


@contextmanager
def stuck(store, count=1):
    """Changes that have their turn, or wait for it, and do not end before the block does."""
    begun, may_end = threading.Semaphore(0), threading.Event()

    def hold():
        with store.changing("stuck") as change:
            change.take_turn()
            begun.release()
            may_end.wait(PATIENCE_S)

    threads = [threading.Thread(target=hold) for _ in range(count)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=PATIENCE_S)
    try:
        yield
    finally:
        may_end.set()
        for thread in threads:
            thread.join(PATIENCE_S)


def change_something(store):
    with store.changing("li.na") as change:
        change.tell("tried", "turn")


def test_changing__gives_up_after_a_while_and_says_so(database):
    store, other = database.open(), database.open(wait_s=WAIT_S)
    with stuck(store):
        began_s = time.monotonic()
        with pytest.raises(StoreError, match="busy for too long; nothing of this one was kept") as told:
            change_something(other)
        assert WAIT_S * 0.9 <= time.monotonic() - began_s < PATIENCE_S
        # Whoever reads is not kept waiting.
        with other.reading() as connection:
            assert last_event(connection) == 0
    answer = problem_of(told.value)
    assert (answer.status_code, answer.headers["retry-after"], status_of(StoreError)) == (503, "5", 503)
    assert b"busy for too long" in answer.body
    change_something(other)
    with store.reading() as connection:
        assert last_event(connection) == 1


def test_changing__many_that_wait_in_one_process_are_given_up_too(database):
    database.open()
    store = database.open(wait_s=PATIENCE_S)
    impatient = database.open(wait_s=WAIT_S)
    with stuck(store):
        failed = []

        def wait():
            try:
                change_something(impatient)
            except StoreError as error:
                failed.append(str(error))

        threads = [threading.Thread(target=wait) for _ in range(3 * MOST_WRITERS)]
        began_s = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        # Some wait for a place among those who wait, and some of these for the turn: twice as long at the most, and a little.
        assert time.monotonic() - began_s < 2 * WAIT_S + PATIENCE_S / 2
        assert len(failed) == 3 * MOST_WRITERS
    change_something(impatient)


def test_changing__one_that_does_nothing_loses_its_turn(make_database):
    database = make_database("postgresql")
    database.open()
    idle, other = database.open(wait_s=WAIT_S), database.open(wait_s=PATIENCE_S)
    with pytest.raises(DatabaseLost), idle.changing("idle") as change:
        change.tell("begun", "turn")
        began_s = time.monotonic()
        change_something(other)
        assert time.monotonic() - began_s < 4 * WAIT_S + PATIENCE_S / 2
        change.tell("goes_on", "turn")
    with other.reading() as connection:
        kinds = connection.execute(sa.text("select kind from event order by id")).scalars().all()
    assert kinds == ["tried"]
    change_something(idle)
