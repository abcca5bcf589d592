"""Live points against a slow twin that keeps them in a list."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gisgrid.errors import BadOption
from gisgrid.live_points import LivePoints
from gisgrid.plane import MetricPlane

PLANE = MetricPlane(121.4, 28.6)

names = st.sampled_from("ABCDEFGH")
lons = st.integers(-3, 3).map(lambda step: 121.4 + step * 0.01) | st.floats(100.0, 140.0)
lats = st.integers(-3, 3).map(lambda step: 28.6 + step * 0.01) | st.floats(10.0, 45.0)
times = st.integers(0, 20)


class Twin(RuleBasedStateMachine):
    """Every answer is compared with one from plain lists."""

    def __init__(self) -> None:
        super().__init__()
        self.live = LivePoints(PLANE)
        self.known: dict[str, tuple[float, float, int]] = {}
        self.gone: dict[str, int] = {}

    @rule(name=names, lon=lons, lat=lats, at_ms=times)
    def put(self, name, lon, lat, at_ms):
        stale = (name in self.known and self.known[name][2] > at_ms) or self.gone.get(name, -1) >= at_ms
        assert self.live.put(name, lon, lat, at_ms) is not stale
        if not stale:
            self.known[name] = (lon, lat, at_ms)
            self.gone.pop(name, None)

    @rule(name=names, at_ms=times | st.none())
    def remove(self, name, at_ms):
        newer = at_ms is not None and name in self.known and self.known[name][2] > at_ms
        assert self.live.remove(name, at_ms) is (name in self.known and not newer)
        if not newer:
            self.known.pop(name, None)
            if at_ms is not None:
                self.gone[name] = max(at_ms, self.gone.get(name, at_ms))

    @rule(lon=lons, lat=lats, count=st.integers(1, 10))
    def nearest(self, lon, lat, count):
        x, y = PLANE.to_xy(np.array([lon]), np.array([lat]))
        expected = []
        for name, (a, b, _) in self.known.items():
            u, v = PLANE.to_xy(np.array([a]), np.array([b]))
            expected.append((float(np.hypot(u - x, v - y)[0]), name))
        found = self.live.nearest(lon, lat, count)
        assert [(near.distance_m, near.point.name) for near in found] == sorted(expected)[:count]

    @rule(lon=lons, lat=lats, wide=st.floats(0.0, 0.05) | st.floats(0.0, 60.0), high=st.floats(0.0, 20.0))
    def within(self, lon, lat, wide, high):
        found = [point.name for point in self.live.within((lon, lat, lon + wide, lat + high))]
        assert found == sorted(
            name for name, (a, b, _) in self.known.items() if lon <= a <= lon + wide and lat <= b <= lat + high
        )

    @invariant()
    def same_points(self):
        assert len(self.live) == len(self.known)
        for name, (lon, lat, at_ms) in self.known.items():
            point = self.live.get(name)
            assert point is not None
            assert (point.lon, point.lat, point.at_ms) == (lon, lat, at_ms)


TestLivePoints = Twin.TestCase
TestLivePoints.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_put__newest_wins_from_many_threads():
    live = LivePoints(PLANE)
    moves = [(f"P{k % 20}", 121.4 + k * 1e-5, 28.6, k) for k in range(2000)]
    shuffled = [moves[k] for k in np.random.default_rng(1).permutation(len(moves))]
    start = threading.Barrier(4)

    def work(mine):
        start.wait()
        for name, lon, lat, at_ms in mine:
            live.put(name, lon, lat, at_ms)
            assert len(live.nearest(121.4, 28.6, 3)) <= 3
            live.within((121.39, 28.59, 121.41, 28.61))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, shuffled[k::4]) for k in range(4)]:
            done.result()
    assert len(live) == 20
    for k in range(1980, 2000):
        point = live.get(f"P{k % 20}")
        assert point is not None
        assert point.at_ms == k


@pytest.mark.parametrize(("lon", "lat"), [(float("nan"), 28.6), (181.0, 28.6), (121.4, float("inf")), (28.6, 121.4)])
def test_put__refuses_what_is_not_a_position(lon, lat):
    live = LivePoints(PLANE)
    with pytest.raises(BadOption, match="expected longitude"):
        live.put("P", lon, lat, 0)
    with pytest.raises(BadOption, match="in degrees"):
        live.nearest(lon, lat)
    assert len(live) == 0


def test_within__refuses_a_window_the_wrong_way_round():
    with pytest.raises(BadOption, match="west, south, east, north"):
        LivePoints(PLANE).within((122.0, 28.0, 121.0, 29.0))


def test_get__a_point_that_moves_is_always_somewhere():
    live, done = LivePoints(PLANE), threading.Event()
    live.put("P", 121.4, 28.6, 0)

    def move():
        for step in range(3000):
            live.put("P", 121.4 + step * 1e-6, 28.6, step)
        done.set()

    mover = threading.Thread(target=move)
    mover.start()
    missed = 0
    while not done.is_set():
        missed += live.get("P") is None or "P" not in live or len(live) != 1
    mover.join()
    assert missed == 0


def test_nearest__more_than_there_are():
    live = LivePoints(PLANE)
    assert live.nearest(121.4, 28.6, 5) == []
    for step in range(4):
        live.put(f"P{step}", 121.4 + step, 28.6, 0)
    assert [near.point.name for near in live.nearest(121.4, 28.6, 2**70)] == ["P0", "P1", "P2", "P3"]
