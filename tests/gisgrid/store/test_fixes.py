"""The inbox of fixes on both databases: once per content, earliest reception, refused ones counted and forgotten."""

import datetime as dt

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gisgrid.errors import BadOption
from gisgrid.local_days import start_of
from gisgrid.store.events import events_after
from gisgrid.store.fixes import FixBatch, FixInbox

DAY = dt.date(2018, 5, 8)
NOON = start_of(DAY) + 12 * 3_600_000


def batch_of(*rows):
    """Rows of (patroller, device, time_ms, lon, lat, accuracy_m, received_ms)."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    return FixBatch(
        np.array(columns[0], dtype=object),
        np.array(columns[1], dtype=object),
        np.array(columns[2], np.int64),
        np.array(columns[3], np.float64),
        np.array(columns[4], np.float64),
        np.array(columns[5], np.float64),
        np.array(columns[6], np.int64),
    )


def rows_of(batch):
    columns = (batch.patroller, batch.device, batch.time_ms, batch.lon, batch.lat, batch.accuracy_m, batch.received_ms)
    return [
        tuple(None if value != value else value for value in row)
        for row in zip(*(c.tolist() for c in columns), strict=True)
    ]


ONE = ("P1", "phone", NOON, 121.4000001, 28.6, 5.25, NOON + 900)
LATER = ("P1", "phone", NOON, 121.4000001, 28.6, 5.25, NOON + 5_000)


def test_add__the_earliest_reception_wins_in_either_order(store):
    inbox = FixInbox(store)
    for batch in ((ONE,), (LATER,), (LATER, ONE), (ONE, ONE)):
        assert inbox.add(batch_of(*batch), author="phone").kept == len(batch)
        assert rows_of(inbox.read(DAY, DAY)) == [ONE]
    inbox.add(batch_of((*ONE[:6], NOON + 1)), author="phone")
    assert rows_of(inbox.read(DAY, DAY))[0][6] == NOON + 1


def test_add__what_differs_in_anything_is_another_fix(store):
    others = [
        ("P2", *ONE[1:]),
        (ONE[0], "tablet", *ONE[2:]),
        (*ONE[:2], NOON + 1, *ONE[3:]),
        (*ONE[:3], 121.4000002, *ONE[4:]),
        (*ONE[:5], 5.5, ONE[6]),
        (*ONE[:5], np.nan, ONE[6]),
    ]
    inbox = FixInbox(store)
    inbox.add(batch_of(ONE, *others), author="phone")
    found = inbox.read(DAY, DAY)
    assert len(found) == 7
    assert np.isnan(found.accuracy_m).sum() == 1
    assert found.patroller.tolist() == ["P1"] * 6 + ["P2"]


fixes = st.tuples(
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(["a", "b"]),
    st.integers(0, 3).map(lambda step: NOON + step),
    st.sampled_from([121.4, 121.5, -0.0]),
    st.sampled_from([28.6, 28.7]),
    st.sampled_from([1.5, 3.0]),
    st.integers(NOON, NOON + 9),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches=st.lists(st.lists(fixes, max_size=8), max_size=4))
def test_add__any_batches_in_any_order_give_one_state(make_database, batches):
    expected: dict[tuple[object, ...], int] = {}
    for row in (row for batch in batches for row in batch):
        expected[row[:6]] = min(row[6], expected.get(row[:6], row[6]))
    for kind in ("sqlite", "postgresql"):
        inbox = FixInbox(make_database(kind).open())
        for batch in batches:
            inbox.add(batch_of(*batch), author="test")
        assert {row[:6]: row[6] for row in rows_of(inbox.read(DAY, DAY))} == expected


def test_add__refused_ones_are_counted_once_and_not_kept(store):
    inbox = FixInbox(store)
    batch = batch_of(
        ONE, ("P1", "phone", NOON + 1, 121.41, 28.61, 5.0, NOON), ("P2", "phone", NOON, 121.42, 28.62, 5.0, NOON)
    )
    refused = {"on leave": np.array([False, False, True]), "off duty": np.array([False, True, True])}
    for _ in range(2):
        received = inbox.add(batch, author="phone", refused=refused)
        assert (received.kept, received.refused) == (1, {"on leave": 1, "off duty": 1})
    assert rows_of(inbox.read(DAY, DAY)) == [ONE]
    assert inbox.refused_on(DAY, DAY) == {("P1", DAY, "off duty"): 1, ("P2", DAY, "on leave"): 1}
    with store.reading() as connection:
        written = connection.execute(sa.text("select * from refused_fix")).all()
    assert not any(str(value).startswith(("121", "28.6")) for row in written for value in row)


def test_read__local_days_from_midnight_to_midnight(store):
    inbox = FixInbox(store)
    edges = [start_of(DAY) - 1, start_of(DAY), start_of(DAY) + 86_399_999, start_of(DAY) + 86_400_000]
    inbox.add(batch_of(*(("P1", "phone", time, 121.4, 28.6, 5.0, time) for time in edges)), author="test")
    assert inbox.read(DAY, DAY).time_ms.tolist() == edges[1:3]
    assert len(inbox.read(dt.date(2018, 5, 7), dt.date(2018, 5, 9))) == 4
    assert len(inbox.read(dt.date(2019, 1, 1), dt.date(2019, 1, 2))) == 0


def test_add__nothing_of_a_bad_batch(store):
    inbox = FixInbox(store)
    with pytest.raises(BadOption, match=r"fix 1 of 2 lies at 200\.0"):
        inbox.add(batch_of(ONE, ("P1", "phone", NOON, 200.0, 28.6, 5.0, NOON)), author="phone")
    with pytest.raises(BadOption, match="one length"):
        inbox.add(batch_of(ONE), author="phone", refused={"off duty": np.array([True, False])})
    assert inbox.add(batch_of(), author="phone").kept == 0
    assert len(inbox.read(DAY, DAY)) == 0
    with store.reading() as connection:
        assert events_after(connection, 0) == []


def test_add__a_crowd_at_once_and_each_alone_are_the_same_trackers(store):
    inbox = FixInbox(store)
    rows = [(f"P{number}", f"phone/{number % 3}", NOON + number, 121.4, 28.6, 5.0, NOON) for number in range(250)]
    inbox.add(batch_of(*rows[::2]), author="test")
    inbox.add(batch_of(*rows), author="test")
    for row in rows[::50]:
        inbox.add(batch_of(row, (row[0], "another", *row[2:])), author="test")
    expected = rows + [(row[0], "another", *row[2:]) for row in rows[::50]]
    assert sorted(rows_of(inbox.read(DAY, DAY))) == sorted(expected)
    with store.reading() as connection:
        assert connection.execute(sa.text("select count(*), max(id) from tracker")).one() == (255, 255)
