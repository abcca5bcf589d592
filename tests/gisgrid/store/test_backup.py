"""Backups: one state while others write, restored on either kind of database, damaged ones refused."""

import datetime as dt
import tempfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gisgrid import cli
from gisgrid.errors import BadOption, NewerDatabase, StoreError, UnreadableFile
from gisgrid.flow import Request
from gisgrid.incident_rows import read_incident_rows
from gisgrid.store.accounts import Accounts
from gisgrid.store.backup import back_up, restore
from gisgrid.store.editions import Editions
from gisgrid.store.events import events_after
from gisgrid.store.fixes import FixInbox
from gisgrid.store.health import check_health
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.service_tables import ANSWERED, DEVICE, JOB, PHOTO
from gisgrid.store.steps import take_step
from gisgrid.store.tables import METADATA
from tests.gisgrid.store.test_fixes import DAY, ONE, batch_of, rows_of
from tests.gisgrid.store.test_registers import CONTENT
from tests.gisgrid.test_incident_rows import PLAIN
from tests.worlds import draw_network

NETWORK = draw_network("AAB\nA.B\nAAB")
BOTH = ["sqlite", "postgresql"]


def fill(store):
    Editions(store).publish(NETWORK, dt.date(2018, 5, 1), author="王芳", note="第一版")
    inbox = FixInbox(store)
    inbox.add(batch_of(ONE, ("P2", "phone", *ONE[2:])), author="phone", refused={"off duty": np.array([False, True])})
    with tempfile.TemporaryDirectory() as folder:
        for name, text in CONTENT.items():
            path = Path(folder) / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            import_register(store, name, path, author="clerk")
        path.write_text(PLAIN.replace("05-07", "05-06"), encoding="utf-8")
        Incidents(store).take_in(read_incident_rows(path).rows, "hotline", author="import")
    told = Report("disputes", "neighbours", lon=121.4, lat=28.6)
    first, second = (report_incident(store, Editions(store), told, author="王芳") for _ in range(2))
    assert second.duplicate is not None
    request = Request("accept", first.incident.holder)
    take_step(store, Editions(store), first.incident.id, request, author="王芳")
    accounts = Accounts(store)
    accounts.add("wang", "Grid-by-grid 7", "planner", author="chief")
    accounts.sign_in("wang", "Grid-by-grid 7", origin="test")
    accounts.make_token("wang", "qgis", ["read_grids"], author="wang")
    fill_service(store)


def fill_service(store):
    """A row in each table of the service."""
    device = {
        "id": 1, "phone": 1, "person": "P0001", "app": "traccar", "label": "blue phone", "digest": "aa", "from_day": DAY, "datum": "wgs84",
        "is_trusted": False, "made_ms": 1, "battery": 0.5, "suspicion": {"share": 0.25},
    }  # fmt: skip
    job = {
        "id": 1, "kind": "verify", "account": "wang", "asked": {"month": "2018-05"}, "state": "done", "progress": 1.0,
        "stage": "", "result": {"days": 3}, "is_to_stop": False, "made_ms": 1,
    }  # fmt: skip
    photo = {
        "id": 1, "incident_id": 1, "digest": "bb", "type": "image/jpeg", "width_px": 3, "height_px": 2, "size_bytes": 99,
        "added_ms": 1, "added_by": "wang",
    }  # fmt: skip
    answered = {"account": "wang", "key": "k1", "digest": "cc", "subject": "incident/1", "at_ms": 1}
    with store.changing("test") as change:
        for table, row in ((DEVICE, device), (JOB, job), (PHOTO, photo), (ANSWERED, answered)):
            change.connection.execute(table.insert().values(**row))


def everything(store):
    with store.reading() as connection:
        return {
            table.name: connection.execute(sa.select(table).order_by(*table.primary_key)).all()
            for table in METADATA.sorted_tables
        }


@pytest.mark.parametrize("source", BOTH)
@pytest.mark.parametrize("target", BOTH)
def test_restore__every_row_on_either_kind(make_database, tmp_path, source, target):
    store = make_database(source).open()
    fill(store)
    label = back_up(store, tmp_path / "backup.zip", author="test")
    before = everything(store)
    other = make_database(target)
    assert restore(tmp_path / "backup.zip", other.folder, other.url) == label
    restored = other.open(upgrading=False)
    assert everything(restored) == before
    assert label.rows["grid"] == 2
    assert all(label.rows.values())
    assert rows_of(FixInbox(restored).read(DAY, DAY)) == [ONE]
    assert shapely.equals_identical(Editions(restored).network(1).geometry, NETWORK.geometry).all()
    assert check_health(restored).problems == ()
    # Life goes on where it stood.
    with restored.changing("test") as change:
        assert change.tell("after", "the restore") == label.rows["event"] + 1


def test_back_up__one_state_while_others_write(database, tmp_path):
    store, stop = database.open(), threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with store.changing("writer") as change:
                change.tell("counted", str(number))
                change.note("count", str(number))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        labels = [back_up(store, tmp_path / f"{k}.zip", author="test") for k in range(5)]
    finally:
        stop.set()
        writer.join()
    for k, label in enumerate(labels):
        # Every event has its line of audit, and each backup one of its own.
        assert label.rows["audit"] == label.rows["event"] + k + 1
    restore(tmp_path / "4.zip", tmp_path / "again")


def test_restore__only_into_an_empty_database(database, tmp_path):
    store = database.open()
    fill(store)
    back_up(store, tmp_path / "backup.zip", author="test")
    before = everything(store)
    with pytest.raises(BadOption, match=r"restore backup\.zip into an empty one"):
        restore(tmp_path / "backup.zip", database.folder, database.url)
    assert everything(store) == before


@pytest.mark.parametrize("damage", ["cut", "bit", "part", "letter", "gone", "newer"])
def test_restore__damaged_backups_are_refused_and_nothing_is_touched(make_database, tmp_path, damage):
    store = make_database("sqlite").open()
    fill(store)
    path = tmp_path / "backup.zip"
    back_up(store, path, author="test")
    content = path.read_bytes()
    expected, words = UnreadableFile, "damaged|no whole backup"
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "bit":
        place = content.index(b"PAR1") + 40
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    elif damage == "letter":
        path.write_text("Dear aunt")
    elif damage == "gone":
        path.unlink()
        words = "there is no backup"
    else:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        if damage == "part":
            del parts["grid.parquet"]
        else:
            parts["manifest.json"] = parts["manifest.json"].replace(b'"version": "0', b'"version": "9')
            expected, words = NewerDatabase, "newer gisgrid"
        with zipfile.ZipFile(path, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
    with pytest.raises(expected, match=words):
        restore(path, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_back_up__an_older_backup_stays_when_the_new_one_fails(make_database, tmp_path):
    database = make_database("sqlite")
    store = database.open()
    fill(store)
    back_up(store, tmp_path / "backup.zip", author="test")
    before = (tmp_path / "backup.zip").read_bytes()
    with store.changing("test") as change:
        change.connection.execute(sa.text("alter table tracker rename to lost"))
    with pytest.raises(sa.exc.DBAPIError):
        try:
            back_up(store, tmp_path / "backup.zip", author="test")
        except StoreError as error:
            raise error.__cause__ from None
    assert (tmp_path / "backup.zip").read_bytes() == before
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.zip"]


def test_check_health__tells_of_missing_rows(make_database):
    database = make_database("sqlite")
    store = database.open()
    fill(store)
    assert check_health(store).problems == ()
    with store.changing("intruder") as change:
        change.connection.execute(sa.text("drop trigger event_no_delete"))
        change.connection.execute(sa.text("delete from event where id = 1"))
    last = check_health(store).rows["event"] + 1
    assert check_health(store).problems == (f"the event log has {last - 1} rows and ends at {last}: rows are missing",)


def test_commands__upgrade_check_backup_restore(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GISGRID_DATABASE_URL", raising=False)
    data, again, file = str(tmp_path / "data"), str(tmp_path / "again"), str(tmp_path / "backup.zip")
    assert cli.main(["database", "upgrade", "--data", data]) == 0
    assert cli.main(["database", "backup", file, "--data", data]) == 0
    assert cli.main(["database", "restore", file, "--data", again]) == 0
    assert cli.main(["database", "check", "--data", again]) == 0
    told = capsys.readouterr().out
    assert "up to date" in told
    assert "clean: version" in told
    assert cli.main(["database", "restore", file, "--data", again]) == 2
    assert "already holds data" in capsys.readouterr().err


def test_events__as_restored(make_database, tmp_path):
    store = make_database("sqlite").open()
    fill(store)
    back_up(store, tmp_path / "backup.zip", author="test")
    other = make_database("sqlite")
    restore(tmp_path / "backup.zip", other.folder)
    with store.reading() as one, other.open().reading() as two:
        assert events_after(one, 0) == events_after(two, 0)
