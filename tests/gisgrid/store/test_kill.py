"""Killed at any moment while writing: nothing acknowledged is lost, nothing is doubled, and the next start is healthy."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from gisgrid.store import open_store
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixInbox
from gisgrid.store.health import check_health
from gisgrid.store.incidents import Incidents
from gisgrid.store.tables import STEP
from tests.gisgrid.store.kill_victim import FIRST, NETWORK
from tracks.archive import TrackArchive, read_tracks_of

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def kill_rounds(folder, rounds, seed, url=None):
    """Start the victim, kill it at a random moment, look at what is left; again and again on the same data."""
    rng = np.random.default_rng(seed)
    acknowledged: set[str] = set()
    described: dict[str, int] = {}
    moved: set[tuple[int, int, str]] = set()
    editions = 0
    for number in range(rounds):
        output = folder / f"{number}.txt"
        with output.open("wb") as stream:
            victim = subprocess.Popen(
                [sys.executable, "-m", "tests.gisgrid.store.kill_victim", str(folder / "data"), str(seed * 1000 + number)]
                + ([url] if url else []),
                stdout=stream, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            while output.read_bytes().count(b"\n") < 3 and victim.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.6))
            assert victim.poll() is None, "the victim ended by itself"
            victim.kill()
            victim.wait()
        for line in output.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                continue  # cut off in mid-sentence
            word, *rest = line.split()
            acknowledged |= set(rest) if word == "fixes" else set()
            if word == "incidents":
                described |= {f"N{part.split(':')[0]}": int(part.split(":")[1]) for part in rest}
            if word == "moved":
                number_at, step, round_number = rest[0].split(":")
                moved.add((int(number_at), int(step), round_number))
            editions = max(editions, int(rest[0])) if word == "edition" else editions
        store = open_store(folder / "data", url)
        try:
            archive, inbox = TrackArchive(folder / "data" / "tracks"), FixInbox(store)
            found = read_tracks_of(inbox, archive, FIRST, FIRST.replace(day=FIRST.day + 2))
            keys = np.rint(found.lon * 1e7).astype(np.int64)
            there = [f"{time}:{key}" for time, key in zip(found.time_ms.tolist(), keys.tolist(), strict=True)]
            assert acknowledged <= set(there)
            assert len(there) == len(set(there))
            told = Incidents(store).columns(("source_id", "description"))
            imported = [
                pair for pair in zip(told["source_id"], told["description"], strict=True) if pair[0] is not None
            ]
            latest = {number: int(round_number) for number, round_number in imported}
            assert len(latest) == len(imported)
            # What came in after the last acknowledgement may be there or not; nothing older may be.
            assert all(latest[number] >= round_number for number, round_number in described.items())
            assert check_health(store).problems == ()
            with store.reading() as connection:
                steps = {(row.incident_id, row.number, row.reason) for row in connection.execute(sa.select(STEP))}
            assert moved <= steps
            assert archive.check() == []
            labels = Editions(store).all()
            assert len(labels) >= editions
            assert [label.id for label in labels] == list(range(1, len(labels) + 1))
            if labels:
                assert Editions(store).network(labels[-1].id).codes == NETWORK.codes
        finally:
            store.close()
    return len(acknowledged), editions, len(described), len(moved)


def test_kill__a_tenth(tmp_path):
    assert_much_was_written(kill_rounds(tmp_path, 20, seed=1))


def test_kill__a_client_of_postgresql(tmp_path, make_database):
    database = make_database("postgresql")
    database.open()
    assert_much_was_written(kill_rounds(tmp_path, 5, seed=12, url=database.url))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_kill__two_hundred_rounds(tmp_path, seed):
    assert_much_was_written(kill_rounds(tmp_path, 20, seed=seed))


def assert_much_was_written(counts):
    """The rounds prove something only when the victims got to work."""
    fixes, editions, incidents, moved = counts
    assert fixes > 200
    assert editions > 0
    assert incidents > 100
    assert moved > 0
