"""Fixes and incidents into the embedded database and the archive, against plain inserts."""

import dataclasses
import datetime as dt
import sqlite3
import tempfile
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.peers import Peer, PeersAnswerDiffersError
from benchmarks.report import Report
from benchmarks.timing import take_turns
from gisgrid.grid import GridNetwork
from gisgrid.incident_filters import IncidentFilter
from gisgrid.incident_rows import read_incident_rows
from gisgrid.sample import build_district, build_incidents, build_tracks, write_sample
from gisgrid.store import open_store
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.incidents import Incidents
from gisgrid.store.tables import FIX
from gisgrid.units import unit_meant
from tracks.archive import TrackArchive


def storing(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """Fixes into the embedded database, and days of them into the archive."""
    count, step = 1_000_000, 100_000
    fixes = build_tracks(build_district()).fixes.slice(0, count)
    names = fixes["patroller"].cast("string").to_numpy().astype(object)
    batch = FixBatch(
        names,
        np.full(count, "phone", dtype=object),
        fixes["time"].cast("int64").to_numpy(),
        fixes["lon"].to_numpy(),
        fixes["lat"].to_numpy(),
        fixes["accuracy_m"].to_numpy(),
        fixes["received_at"].cast("int64").to_numpy(),
    )
    columns = [getattr(batch, field.name) for field in dataclasses.fields(batch)]
    parts = [FixBatch(*(column[at : at + step] for column in columns)) for at in range(0, count, step)]
    numbers = np.unique(names, return_inverse=True)[1].tolist()
    e7 = [np.rint(degrees * 1e7).astype(np.int64).tolist() for degrees in (batch.lon, batch.lat)]
    rows = list(
        zip(numbers, batch.time_ms.tolist(), *e7, batch.accuracy_m.tolist(), batch.received_ms.tolist(), strict=True)
    )

    def through_the_inbox() -> int:
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(Path(folder))
            inbox = FixInbox(store)
            for part in parts:
                inbox.add(part, author="benchmark")
            with store.reading() as connection:
                found = connection.execute(sa.select(sa.func.count()).select_from(FIX)).scalar_one()
            store.close()
        return int(found)

    def plainly() -> int:
        with tempfile.TemporaryDirectory() as folder:
            connection = sqlite3.connect(Path(folder) / "plain.db")
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute(
                "create table fix (tracker_id integer, time_ms bigint, lon_e7 integer, lat_e7 integer, accuracy_m float, "
                "received_ms bigint)"
            )
            for at in range(0, count, step):
                connection.executemany("insert into fix values (?, ?, ?, ?, ?, ?)", rows[at : at + step])
                connection.commit()
            found = connection.execute("select count(*) from fix").fetchone()[0]
            connection.close()
        return int(found)

    def into_the_archive() -> float:
        with tempfile.TemporaryDirectory() as folder:
            days = TrackArchive(Path(folder)).add(batch)
            return sum(day.bytes for day in days.values()) / sum(day.fixes for day in days.values())

    timed = take_turns({"inbox": through_the_inbox, "plain": plainly, "archive": into_the_archive}, rounds=3)
    if not timed["inbox"].result == timed["plain"].result == count:
        raise PeersAnswerDiffersError("the inbox and a plain table hold different numbers of fixes")
    inbox, plain = timed["inbox"].best_s, timed["plain"].best_s
    title = f"{count:,} fixes into SQLite, in batches of {step:,}"
    report.add(title, "gisgrid: each content once, with key, event and commit", f"{inbox:.1f} s")
    report.add(
        title,
        "executemany of the same rows into a table without a key",
        f"{plain:.1f} s",
        f"at {inbox / plain:.1f} times its time",
    )
    report.want("1 million fixes into SQLite, times plain executemany", inbox / plain, 4.0, at_least=False)
    report.add(
        "The same into the archive",
        "gisgrid",
        f"{timed['archive'].best_s:.1f} s, {timed['archive'].result:.2f} bytes a fix",
    )
    report.want("bytes a fix in the archive, with the time of reception", timed["archive"].result, 6.5, at_least=False)


def incidents_into_the_store(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """The year's incidents from a file into the embedded database, and pages of them out again."""
    district = build_district()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_sample(Path(folder), district, incidents=build_incidents(district))
        store = open_store(Path(folder) / "data")
        editions = Editions(store)
        editions.publish(district.network, dt.date(2018, 1, 1), author="benchmark")
        incidents = Incidents(store, editions)
        started = time.perf_counter()
        rows = read_incident_rows(paths["incidents"]).rows
        incidents.take_in(rows, "sample", author="benchmark")
        loaded_s = time.perf_counter() - started
        if not incidents.count() == len(rows) == 564_342:
            raise PeersAnswerDiffersError("the store does not hold the incidents of the file")
        started = time.perf_counter()
        incidents.take_in(rows, "sample", author="benchmark")
        again_s = time.perf_counter() - started
        title = f"{len(rows):,} incidents from a CSV file into SQLite"
        report.add(title, "gisgrid: read, assigned, indexed, committed", f"{loaded_s:.1f} s")
        report.add(title, "the same file again: nothing changes", f"{again_s:.1f} s")
        report.want("564,342 incidents loaded with assignment, in seconds", loaded_s, 20.0, at_least=False)
        wanted = IncidentFilter(unit=unit_meant("331002001000"), categories=("disputes",))
        page, times = incidents.page(wanted), [0.0]
        while page.after is not None:
            started = time.perf_counter()
            page = incidents.page(wanted, after=page.after)
            times.append(time.perf_counter() - started)
        tenth = len(times) // 10
        report.add(
            f"Pages of 100 disputes of one township ({len(times)} pages)",
            "the first tenth of the pages, and the last",
            f"{np.median(times[1:tenth]) * 1e3:.1f} ms, {np.median(times[-tenth:]) * 1e3:.1f} ms",
        )
        store.close()
