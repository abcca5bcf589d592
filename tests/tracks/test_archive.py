"""The archive of tracks: whole or not at all, each content once, and nothing lost on the way from the inbox."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisgrid import cli
from gisgrid.errors import UnreadableFile
from gisgrid.local_days import start_of
from gisgrid.store import open_store
from gisgrid.store.fixes import FixBatch, FixInbox
from tests.gisgrid.store.test_fixes import batch_of, fixes, rows_of
from tracks.archive import CATALOGUE, TrackArchive, read_fixes_of, read_tracks_of, seal
from tracks.fixes import collect_fixes

MONDAY, TUESDAY = dt.date(2018, 5, 7), dt.date(2018, 5, 8)
AT = start_of(TUESDAY)
ROWS = [
    ("P1", "phone", AT - 1, 121.4, 28.6, 5.0, AT + 10),
    ("P1", "phone", AT, 121.4000001, 28.6, 5.5, AT + 10),
    ("P2", "phone", AT + 5, -0.0000001, -28.6, None, AT + 10),
]


def stored(rows):
    return batch_of(*[tuple(np.nan if value is None else value for value in row) for row in rows])


@pytest.fixture
def archive(tmp_path):
    return TrackArchive(tmp_path / "tracks")


def test_add__by_local_day_and_back_again(archive):
    changed = archive.add(stored(ROWS))
    assert {day: sealed.fixes for day, sealed in changed.items()} == {MONDAY: 1, TUESDAY: 2}
    assert rows_of(archive.read(MONDAY, TUESDAY)) == ROWS
    assert rows_of(archive.read(TUESDAY, TUESDAY)) == ROWS[1:]
    assert len(archive.read(dt.date(2019, 1, 1), dt.date(2019, 1, 1))) == 0
    assert archive.check() == []


def test_add__the_same_again_changes_no_file(archive, tmp_path):
    archive.add(stored(ROWS))
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "tracks").iterdir() if path.name == CATALOGUE}
    assert archive.add(stored(ROWS[::-1])) == {}
    assert archive.add(stored([(*ROWS[1][:6], AT + 99)])) == {}
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "tracks").iterdir() if path.name == CATALOGUE}
    assert before == after
    assert len(list((tmp_path / "tracks").iterdir())) == 3


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.lists(fixes, min_size=1, max_size=8), min_size=1, max_size=4), turn=st.randoms())
def test_add__any_batches_in_any_order_give_the_same_file(tmp_path_factory, batches, turn):
    one, two = (TrackArchive(tmp_path_factory.mktemp("tracks")) for _ in range(2))
    for batch in batches:
        one.add(batch_of(*batch))
    shuffled = [row for batch in batches for row in batch]
    turn.shuffle(shuffled)
    two.add(batch_of(*shuffled))
    assert one.days() == two.days()


def test_add__late_fixes_are_merged(archive):
    archive.add(stored(ROWS[1:2]))
    late = ("P0", "phone", AT + 1, 121.5, 28.5, 9.0, AT + 80_000_000)
    assert list(archive.add(stored([late]))) == [TUESDAY]
    assert rows_of(archive.read(TUESDAY, TUESDAY)) == [late, ROWS[1]]


def test_add__a_crash_before_the_catalogue_leaves_the_old_day(archive, tmp_path):
    archive.add(stored(ROWS[:2]))

    class Crash(Exception):
        pass

    class Crashing(TrackArchive):
        def _replace_catalogue(self, _days):
            raise Crash

    with pytest.raises(Crash):
        Crashing(tmp_path / "tracks").add(stored(ROWS))
    assert rows_of(archive.read(MONDAY, TUESDAY)) == ROWS[:2]
    archive.add(stored(ROWS))
    assert rows_of(archive.read(MONDAY, TUESDAY)) == ROWS
    assert len(list((tmp_path / "tracks").glob("*.parquet"))) == 2


@pytest.mark.parametrize("damage", ["cut", "gone", "swapped", "catalogue"])
def test_read__a_damaged_archive_is_told(archive, tmp_path, damage):
    archive.add(stored(ROWS))
    sealed = archive.days()[TUESDAY]
    path = tmp_path / "tracks" / sealed.file
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "gone":
        path.unlink()
    elif damage == "swapped":
        path.write_bytes((tmp_path / "tracks" / archive.days()[MONDAY].file).read_bytes())
    else:
        (tmp_path / "tracks" / CATALOGUE).write_text(json.dumps({"days": [{"day": "someday"}]}))
    with pytest.raises(UnreadableFile, match="restore it from a backup"):
        archive.read(TUESDAY, TUESDAY)
    if damage != "catalogue":
        assert [problem[:10] for problem in archive.check()] == ["2018-05-08"]
        assert rows_of(archive.read(MONDAY, MONDAY)) == ROWS[:1]


def test_seal__nothing_lost_and_nothing_doubled(store, archive):
    inbox = FixInbox(store)
    inbox.add(stored(ROWS), author="phone")
    assert rows_of(read_tracks_of(inbox, archive, MONDAY, TUESDAY)) == ROWS
    assert seal(inbox, archive, MONDAY, MONDAY, author="test") == 1
    assert rows_of(inbox.read(MONDAY, TUESDAY)) == ROWS[1:]
    assert rows_of(read_tracks_of(inbox, archive, MONDAY, TUESDAY)) == ROWS
    assert seal(inbox, archive, MONDAY, TUESDAY, author="test") == 2
    assert len(inbox.read(MONDAY, TUESDAY)) == 0
    assert seal(inbox, archive, MONDAY, TUESDAY, author="test") == 0
    # Sent once more after all: the archive has it already, and an earlier reception counts.
    inbox.add(stored([(*ROWS[1][:6], AT + 3)]), author="phone")
    assert read_tracks_of(inbox, archive, TUESDAY, TUESDAY).received_ms.tolist() == [AT + 3, AT + 10]
    seal(inbox, archive, TUESDAY, TUESDAY, author="test")
    assert archive.read(TUESDAY, TUESDAY).received_ms.tolist() == [AT + 3, AT + 10]


def test_seal__what_comes_in_meanwhile_stays(store, archive):
    inbox = FixInbox(store)
    inbox.add(stored(ROWS[1:2]), author="phone")

    class Slow(FixInbox):
        def remove(self, batch: FixBatch, **options):
            inbox.add(stored([ROWS[2], (*ROWS[1][:6], AT + 1)]), author="phone")
            return super().remove(batch, **options)

    assert seal(Slow(store), archive, TUESDAY, TUESDAY, author="test") == 0
    assert read_tracks_of(inbox, archive, TUESDAY, TUESDAY).received_ms.tolist() == [AT + 1, AT + 10]
    assert seal(inbox, archive, TUESDAY, TUESDAY, author="test") == 2
    assert archive.read(TUESDAY, TUESDAY).received_ms.tolist() == [AT + 1, AT + 10]


class SealedWhileRead(TrackArchive):
    """An archive into which an inbox is sealed as soon as it has been read."""

    inbox = None

    def read(self, first, last, person=None):
        return self._then_seal(super().read(first, last, person))

    def read_fixes(self, first, last):
        return self._then_seal(super().read_fixes(first, last))

    def _then_seal(self, found):
        seal(self.inbox, TrackArchive(self.folder), MONDAY, TUESDAY, author="sealer")
        return found


@pytest.mark.parametrize("read", [read_tracks_of, read_fixes_of])
def test_read__what_is_sealed_meanwhile_is_not_missed(store, tmp_path, read):
    inbox, archive = FixInbox(store), SealedWhileRead(tmp_path / "tracks")
    archive.inbox = inbox
    inbox.add(stored(ROWS), author="phones")
    assert len(read(inbox, archive, MONDAY, TUESDAY)) == len(read(inbox, archive, MONDAY, TUESDAY)) > 0
    assert inbox.days() == []


def test_command__files_in_and_the_inbox_sealed(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GISGRID_DATABASE_URL", raising=False)
    file = tmp_path / "tracks.csv"
    file.write_text(
        "patroller,time,lon,lat,accuracy_m,received_at\n"
        "P1,2018-05-07T23:59:59+08:00,121.4,28.6,5,2018-05-08T00:01:00+08:00\n"
        "P1,2018-05-08T00:00:00+08:00,121.4,28.6,5,2018-05-08T00:01:00+08:00\n"
        "P1,yesterday,121.4,28.6,5,2018-05-08T00:01:00+08:00\n",
        encoding="utf-8",
    )
    store = open_store(tmp_path / "data")
    FixInbox(store).add(stored([("P9", "phone", AT, 121.4, 28.6, 5.0, AT)]), author="phone")
    store.close()
    command = ["tracks", "archive", str(file), "--data", str(tmp_path / "data")]
    assert cli.main(command) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "2 fixes read, days changed: 2" in told
    assert "1 rows set aside" in told
    assert "1 fixes sealed" in told
    found = TrackArchive(tmp_path / "data" / "tracks").read(MONDAY, TUESDAY)
    assert found.patroller.tolist() == ["P1", "P1", "P9"]
    assert cli.main(command) == 0
    assert "2 fixes read, days changed: 0" in " ".join(capsys.readouterr().err.split())
    sealed = TrackArchive(tmp_path / "data" / "tracks").days()[TUESDAY]
    (tmp_path / "data" / "tracks" / sealed.file).write_bytes(b"nothing")
    assert cli.main(["tracks", "archive", "--data", str(tmp_path / "data")]) == 1
    assert "is not what was written" in " ".join(capsys.readouterr().err.split())


BATCHES = st.lists(fixes, min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(sealed=BATCHES, fresh=st.lists(fixes, max_size=20))
def test_read_fixes__as_if_they_had_never_been_archived(tmp_path_factory, sealed, fresh):
    folder = tmp_path_factory.mktemp("archive")
    archive, store = TrackArchive(folder / "tracks"), open_store(folder)
    inbox = FixInbox(store)
    archive.add(batch_of(*sealed))
    if fresh:
        inbox.add(batch_of(*fresh), author="phone")
    found = read_fixes_of(inbox, archive, dt.date(1990, 1, 1), dt.date(2100, 1, 1))
    store.close()
    every = batch_of(*sealed, *fresh)
    expected = collect_fixes(every.patroller, every.time_ms, every.lon, every.lat, every.accuracy_m, every.received_ms)
    assert found.patrollers == expected.patrollers
    for name in ("patroller", "time_ms", "lon", "lat", "accuracy_m", "received_ms"):
        assert np.array_equal(getattr(found, name), getattr(expected, name), equal_nan=True)


def test_read_fixes__nothing(archive):
    assert len(archive.read_fixes(dt.date(2018, 1, 1), dt.date(2018, 12, 31))) == 0


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(fixes, min_size=1, max_size=12), person=st.sampled_from(["P1", "P2", "nobody", ""]))
def test_read__of_one_person_is_that_part_of_all(tmp_path_factory, rows, person):
    archive = TrackArchive(tmp_path_factory.mktemp("tracks"))
    archive.add(batch_of(*rows))
    first, last = min(archive.days()), max(archive.days())
    whole = rows_of(archive.read(first, last))
    assert rows_of(archive.read(first, last, person)) == [row for row in whole if row[0] == person]


def test_read__of_one_person_from_a_file_cut_short_is_an_error(archive):
    (sealed,) = archive.add(stored(ROWS[1:])).values()
    other = TrackArchive(archive.folder.parent / "other")
    (short,) = other.add(stored(ROWS[1:2])).values()
    (archive.folder / sealed.file).write_bytes((other.folder / short.file).read_bytes())
    with pytest.raises(UnreadableFile, match="cut short"):
        archive.read(TUESDAY, TUESDAY, "P1")


def test_read_tracks_of__one_person_from_archive_and_inbox(store, archive):
    inbox = FixInbox(store)
    inbox.add(stored(ROWS), author="phones")
    seal(inbox, archive, MONDAY, MONDAY, author="test")
    for person in ("P1", "P2", "P3"):
        found = rows_of(read_tracks_of(inbox, archive, MONDAY, TUESDAY, person))
        assert found == [row for row in ROWS if row[0] == person]
