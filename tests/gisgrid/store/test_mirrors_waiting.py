"""Who waits for whom at the mirrors: nobody for a computation that they do not need, and nobody is shown what is old."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gisgrid.clocks import MINUTE_MS
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.map_mirror import MapMirror, looked
from tests.gisgrid.store.test_incident_mirror import Loop

PATIENCE_S = 20.0


@pytest.fixture
def loop(make_database):
    return Loop(make_database("sqlite"))


class Slow:
    """A computation that waits until it may end, and counts; the first ones pass without waiting."""

    def __init__(self, compute, passing=0):
        self.compute, self.passing, self.count = compute, passing, 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, *told):
        self.count += 1
        if self.count > self.passing:
            self.begun.set()
            assert self.may_end.wait(PATIENCE_S)
        return self.compute(*told)


def test_with_repeats__keeps_nobody_from_the_columns_and_is_shared(loop):
    slow = Slow(lambda columns, _rules: np.zeros(len(columns), bool))
    mirror = IncidentMirror(loop.store, find_repeats=slow)
    loop.report()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(mirror.with_repeats)
        assert slow.begun.wait(PATIENCE_S)
        loop.report()
        assert len(pool.submit(mirror.refresh).result(PATIENCE_S)) == 2
        assert len(pool.submit(mirror.parts).result(PATIENCE_S).whole()) == 2
        others = [pool.submit(mirror.with_repeats) for _ in range(5)]
        slow.may_end.set()
        found = [one.result(PATIENCE_S) for one in (first, *others)]
    # What was reported before they asked is in what each was given.
    assert [len(columns) for columns, _ in found] == [1, 2, 2, 2, 2, 2]
    assert all(len(columns) == len(repeats) for columns, repeats in found)
    assert slow.count == 2


def test_state__others_go_on_with_the_minute_before_but_not_with_what_has_changed(loop):
    slow = Slow(looked, passing=2)
    maps = MapMirror(loop.store, IncidentMirror(loop.store), look=slow)
    loop.report()
    before = maps.state()
    loop.clock.now_ms += MINUTE_MS
    with ThreadPoolExecutor(4) as pool:
        computing = pool.submit(maps.state)
        assert slow.begun.wait(PATIENCE_S)
        assert pool.submit(maps.state).result(PATIENCE_S) is before
        loop.report()
        newest = pool.submit(maps.state)
        assert not newest.done()
        slow.may_end.set()
        computing.result(PATIENCE_S)
        assert newest.result(PATIENCE_S).version[0] > before.version[0]
    assert maps.state() is newest.result()
