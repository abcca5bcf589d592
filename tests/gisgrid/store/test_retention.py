"""Retention by whole days, and the audit read out."""

import datetime as dt

import numpy as np
import pytest

from gisgrid.errors import BadOption
from gisgrid.local_days import start_of
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.retention import export_audit, first_kept_day, forget_fixes
from gisgrid.table_files import read_table
from tracks.archive import TrackArchive

DAY = dt.date(2018, 5, 7)


def batch_of(times):
    count = len(times)
    return FixBatch(
        np.full(count, "P1", dtype=object), np.full(count, "phone", dtype=object), np.array(times, np.int64),
        np.full(count, 121.4), np.full(count, 28.6), np.full(count, 5.0), np.array(times, np.int64),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (dt.date(2019, 5, 7), 12, dt.date(2018, 5, 7)),
        (dt.date(2020, 2, 29), 12, dt.date(2019, 2, 28)),
        (dt.date(2018, 12, 31), 1, dt.date(2018, 11, 30)),
        (dt.date(2018, 1, 31), 1, dt.date(2017, 12, 31)),
        (dt.date(2018, 12, 5), 12, dt.date(2017, 12, 5)),
    ],
)
def test_first_kept_day__months_back(now, months, expected):
    assert first_kept_day(start_of(now), months) == expected
    assert first_kept_day(start_of(now + dt.timedelta(days=1)) - 1, months) == expected


def test_first_kept_day__at_least_a_month():
    with pytest.raises(BadOption, match="0 months"):
        first_kept_day(start_of(DAY), 0)


def test_forget__whole_days_to_the_millisecond(store, tmp_path):
    inbox, archive = FixInbox(store), TrackArchive(tmp_path / "tracks")
    times = [start_of(DAY) - 1, start_of(DAY), start_of(DAY) + 1]
    inbox.add(batch_of([*times, start_of(DAY) - 2]), author="phone", refused={"off_duty": np.array([0, 0, 0, 1], bool)})
    archive.add(batch_of(times))
    days = archive.forget(DAY)
    gone = forget_fixes(store, DAY, archived=sum(day.fixes for day in days), author="clerk")
    assert [day.day for day in days] == [DAY - dt.timedelta(days=1)]
    assert (gone.fixes, gone.refused) == (1, 1)
    assert inbox.read(DAY - dt.timedelta(days=9), DAY).time_ms.tolist() == times[1:]
    assert archive.read(DAY - dt.timedelta(days=9), DAY).time_ms.tolist() == times[1:]
    assert archive.check() == []
    assert len(list((tmp_path / "tracks").glob("*.parquet"))) == 1
    assert archive.forget(DAY) == ()
    export_audit(store, tmp_path / "audit.csv")
    audit = read_table(tmp_path / "audit.csv")
    assert "before 2018-05-07: 1 archived fixes, 1 of the inbox and 1 counts deleted" in audit.texts("result")


def test_export_audit__days(database, tmp_path):
    store = database.open()
    for day in (7, 8, 9):
        database.clock.now_ms = start_of(dt.date(2018, 5, day))
        with store.changing(f"author {day}", origin="10.0.0.1") as change:
            change.note("look", "track/P1")
    path = tmp_path / "audit.xlsx"
    assert export_audit(store, path, dt.date(2018, 5, 8), dt.date(2018, 5, 8)) == 1
    table = read_table(path)
    assert [table.texts(name)[0] for name in ("author", "action", "subject", "result", "origin", "time")] == [
        "author 8", "look", "track/P1", "done", "10.0.0.1", "2018-05-08T00:00:00.000+08:00",
    ]  # fmt: skip
    assert export_audit(store, path) == 3
