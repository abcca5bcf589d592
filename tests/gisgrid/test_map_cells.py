"""Cells of viewports: the rows, the sums and the counts that a plain walk over all points finds."""

import numpy as np
import pandas as pd
import pyproj
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.map_cells import (
    BITS,
    LOOKS,
    chosen_rows,
    count_looks,
    count_looks_by,
    degrees_of_world,
    keys_of,
    narrow,
    narrow_to_sight,
    narrow_to_span,
    rows_within,
    sum_cells,
    world_of,
)

LEVEL = 4
SHIFT = BITS - LEVEL
whole = st.integers(0, 2**BITS - 1)
# Many in few cells, on their borders too, and some anywhere.
near = st.builds(lambda cell, off: (cell << SHIFT) + off, st.integers(3, 6), st.sampled_from((0, 1, (1 << SHIFT) - 1)))
places = st.lists(st.tuples(whole | near, whole | near), max_size=80)
rectangles = st.tuples(*(st.integers(0, 2**LEVEL - 1) for _ in range(4)))


def ordered(points):
    """Columns of points in the order of their keys."""
    x, y = (np.array([point[part] for point in points], np.int64) for part in (0, 1))
    key = keys_of(x, y)
    order = np.argsort(key, kind="stable")
    return x[order], y[order], key[order]


def interleaved(x, y):
    """A key made of texts of binary digits."""
    return int("".join(south + east for south, east in zip(f"{y:031b}", f"{x:031b}", strict=True)), 2)


@given(places)
def test_keys_of__bits_in_turns(points):
    x, y, key = ordered(points)
    assert key.tolist() == [interleaved(east, south) for east, south in zip(x.tolist(), y.tolist(), strict=True)]


@given(places, rectangles)
def test_rows_within__exactly_the_rows_of_the_cells(points, corners):
    first_x, last_x = sorted(corners[:2])
    first_y, last_y = sorted(corners[2:])
    x, y, key = ordered(points)
    runs = rows_within(key, LEVEL, first_x, first_y, last_x, last_y)
    found = [row for low, high in runs.tolist() for row in range(low, high)]
    column, row = x >> SHIFT, y >> SHIFT
    inside = (column >= first_x) & (column <= last_x) & (row >= first_y) & (row <= last_y)
    assert found == np.flatnonzero(inside).tolist()
    assert all(low < high for low, high in runs.tolist())


def test_rows_within__of_the_world_and_of_one_point():
    _, _, key = ordered([(0, 0), (2**BITS - 1, 2**BITS - 1), (5, 5)])
    assert rows_within(key, 0, 0, 0, 0, 0).tolist() == [[0, 3]]
    assert rows_within(key, BITS, 5, 5, 5, 5).tolist() == [[1, 2]]
    assert rows_within(key, BITS, 4, 5, 4, 5).tolist() == []
    assert rows_within(key[:0], 7, 0, 0, 3, 3).tolist() == []


def test_rows_within__more_runs_than_at_first_thought():
    # A strip one cell wide along the diagonal order of a quadtree meets hundreds of runs.
    side = np.arange(512, dtype=np.int64) << (BITS - 9)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    key = np.sort(keys_of(x, y))
    runs = rows_within(key, 9, 1, 0, 1, 511)
    assert len(runs) > 128
    assert int(np.diff(runs, axis=1).sum()) == 512


@given(places, st.randoms(use_true_random=False), st.integers(0, 6))
def test_sum_cells__as_a_table_grouped_by_cell(points, random, level):
    _, y, key = ordered(points)
    count = len(key)
    frame = pd.DataFrame(
        {
            "cell": key >> (2 * (BITS - level)),
            "lon": np.array([random.randint(-1_800_000_000, 1_800_000_000) for _ in range(count)], np.int32),
            "lat": np.array([random.randint(-900_000_000, 900_000_000) for _ in range(count)], np.int32),
            "state": np.array([random.randint(0, 5) for _ in range(count)], np.int8),
            "urgent": np.array([random.random() < 0.5 for _ in range(count)], bool),
            "chosen": np.array([random.random() < 0.7 for _ in range(count)], bool),
        }
    )
    look = (frame["state"] + 8 * frame["urgent"]).to_numpy(np.int8)
    last = 2**level - 1
    runs = rows_within(key, level, 0, last // 3, last, last)
    lon, lat, chosen = (frame[name].to_numpy() for name in ("lon", "lat", "chosen"))
    found = sum_cells(key, lon, lat, look, chosen, runs, level)
    some = frame[frame["chosen"] & (y >> (BITS - level) >= last // 3)].astype(np.int64)
    by = some.assign(open=some["state"] > 0, overdue=some["state"] >= 4).groupby("cell")
    expected = by.agg(
        n=("lon", "size"), open=("open", "sum"), overdue=("overdue", "sum"), urgent=("urgent", "sum"),
        worst=("state", "max"), lon=("lon", "sum"), lat=("lat", "sum"), west=("lon", "min"), south=("lat", "min"),
        east=("lon", "max"), north=("lat", "max"),
    ).reset_index()  # fmt: skip
    assert found.tolist() == expected.to_numpy(np.int64).tolist()


def test_sum_cells__more_cells_than_at_first_thought():
    side = np.arange(32, dtype=np.int64) << (BITS - 5)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    key = np.sort(keys_of(x, y))
    zeros = np.zeros(len(key), np.int32)
    everything = (zeros.astype(np.int8), np.ones(len(key), bool), rows_within(key, 5, 0, 0, 31, 31))
    found = sum_cells(key, zeros, zeros, *everything, 5)
    assert found[:, 0].tolist() == list(range(1024))
    assert found[:, 1].tolist() == [1] * 1024


def test_chosen_rows__one_more_than_asked_for():
    chosen = np.array([True, False, True, True, True, True])
    runs = np.array([[0, 3], [4, 6]])
    assert chosen_rows(chosen, runs, 10).tolist() == [0, 2, 4, 5]
    assert chosen_rows(chosen, runs, 4).tolist() == [0, 2, 4, 5]
    assert chosen_rows(chosen, runs, 3).tolist() == [0, 2, 4, 5]
    assert chosen_rows(chosen, runs, 1).tolist() == [0, 2]
    assert chosen_rows(chosen, runs, 0).tolist() == [0]


@given(
    st.lists(st.tuples(st.integers(0, LOOKS - 1), st.booleans(), st.integers(0, 3)), max_size=60), st.integers(0, 60)
)
def test_count_looks__as_counted_one_by_one(rows, first):
    look, code = (np.array([row[part] for row in rows], kind) for part, kind in ((0, np.int8), (2, np.int32)))
    chosen = np.array([row[1] for row in rows], bool)
    some = [row[0] for row in rows[first:] if row[1]]
    first = min(first, len(rows))
    assert count_looks(look, chosen, first, len(rows)).tolist() == [some.count(value) for value in range(LOOKS)]
    expected = np.zeros((4, LOOKS), int)
    for value, is_chosen, group in rows:
        expected[group, value] += is_chosen
    assert count_looks_by(code, look, chosen, 4).tolist() == expected.tolist()


def test_narrow__only_what_was_chosen_before():
    chosen = np.array([True, True, False, True])
    narrow(chosen, np.array([0, 1, 0, 1], np.int8), np.array([True, False]))
    assert chosen.tolist() == [True, False, False, False]
    chosen = np.ones(4, bool)
    narrow_to_span(chosen, np.array([1, 2, 3, 4]), 2, 4)
    assert chosen.tolist() == [False, True, True, False]


def test_narrow_to_sight__the_smallest_unit_that_is_known_or_the_offices():
    none, yes = np.array([False, False]), np.array([False, True])
    codes = [np.array(column, np.int32) for column in ([1, 0, 0, 1], [1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 1])]

    def seen(*tables):
        chosen = np.ones(4, bool)
        narrow_to_sight(chosen, *codes, *tables)
        return chosen.tolist()

    assert seen(yes, none, none, none) == [True, False, False, True]
    assert seen(none, yes, none, none) == [False, True, False, False]
    assert seen(none, none, yes, none) == [False, False, True, False]
    assert seen(none, none, none, yes) == [False, False, False, True]


@given(st.floats(-180.0, 180.0), st.floats(-85.0, 85.0))
def test_world_of__as_another_library_projects(lon, lat):
    x, y = world_of(np.array([lon]), np.array([lat]))
    east_m, north_m = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    half_m = 20_037_508.342789244
    assert abs((east_m + half_m) / (2 * half_m) * 2**BITS - x[0]) <= 2
    assert abs((half_m - north_m) / (2 * half_m) * 2**BITS - y[0]) <= 2
    back = degrees_of_world(float(x[0]), float(y[0]))
    assert np.allclose(back, (lon, lat), atol=1e-6, rtol=0.0)


def test_world_of__what_lies_beyond_lies_on_the_edge():
    x, y = world_of(np.array([-180.0, 180.0, 0.0, 0.0]), np.array([90.0, -90.0, 85.06, -85.06]))
    last = 2**BITS - 1
    assert x.tolist() == [0, last, 2 ** (BITS - 1), 2 ** (BITS - 1)]
    assert y.tolist() == [0, last, 0, last]
