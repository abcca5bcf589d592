"""The store on both databases: opening, versions, authors, what only grows, the log that loses nothing."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from gisgrid.errors import BadOption, DatabaseLost, NewerDatabase, OutdatedDatabase, StoreError
from gisgrid.store import open_store
from gisgrid.store.events import events_after, last_event
from gisgrid.store.tables import AUDIT, EVENT, METADATA, ONLY_GROWING


@pytest.mark.filterwarnings("ignore:Did not recognize type 'geometry'")
def test_open__migrations_make_what_the_tables_say(store):
    with store.reading() as connection:
        # PostGIS brings a table of its own.
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _, name, kind, *__: (
                    not (kind == "table" and name == "spatial_ref_sys")
                    and name not in {"ix_grid_shape", "ix_incident_place"}
                ),
            },
        )
        assert compare_metadata(context, METADATA) == []


def test_open__an_existing_database_is_upgraded_only_when_asked(database):
    database.open().close()
    database.open(upgrading=False)
    with database.open().changing("test") as change:
        change.connection.execute(sa.text("update alembic_version set version_num = '0000'"))
    with pytest.raises(NewerDatabase, match=r"0000.*install that, or restore"):
        database.open(upgrading=False)
    with pytest.raises(NewerDatabase):
        database.open(upgrading=True)


def test_open__an_empty_server_has_to_be_upgraded_first(make_database):
    database = make_database("postgresql")
    with pytest.raises(OutdatedDatabase, match="gisgrid database upgrade"):
        database.open(upgrading=False)
    database.open(upgrading=True)
    database.open(upgrading=False)


def test_open__what_is_no_database(tmp_path):
    (tmp_path / "gisgrid.db").write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(StoreError, match="not a database of gisgrid"):
        open_store(tmp_path)
    with pytest.raises(BadOption, match="expected postgresql://"):
        open_store(tmp_path, "mysql://somewhere/else")
    with pytest.raises(BadOption, match="data folder"):
        open_store(None)
    with pytest.raises(DatabaseLost, match="cannot be reached"):
        open_store(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing")


def test_changing__needs_an_author(store):
    with pytest.raises(BadOption, match="needs an author"), store.changing("  "):
        pass


def test_changing__all_or_nothing(store):
    with pytest.raises(ZeroDivisionError), store.changing("test") as change:
        change.tell("tried", "something")
        change.note("try", "something")
        raise ZeroDivisionError
    with store.reading() as connection:
        assert last_event(connection) == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(AUDIT)).scalar_one() == 0


def test_tell_and_note__who_when_what_from_where(database):
    store = database.open()
    with store.changing("Wang Fang", origin="10.1.2.3") as change:
        assert change.tell("incident_closed", "incident/7", {"grid": "331002001001001", "名": "网格"}) == 1
        change.note("close", "incident/7")
    with store.reading() as connection:
        (event,) = events_after(connection, 0)
        assert (event.id, event.at_ms, event.author) == (1, database.clock.now_ms, "Wang Fang")
        assert event.content == {"grid": "331002001001001", "名": "网格"}
        line = connection.execute(sa.select(AUDIT)).one()
        assert (line.author, line.action, line.subject, line.result, line.origin) == (
            "Wang Fang", "close", "incident/7", "done", "10.1.2.3",
        )  # fmt: skip


@pytest.mark.parametrize("table", ONLY_GROWING)
@pytest.mark.parametrize("statement", ["delete from {}", "update {} set {} = {}"])
def test_only_growing__the_database_itself_refuses(store, table, statement):
    column = next(iter(METADATA.tables[table].primary_key)).name
    with store.changing("test") as change:
        change.tell("kind", "subject")
        change.note("action", "subject")
        change.connection.execute(
            sa.text("insert into edition values (1, '2018-01-01', 0, 'test', '', 'opaque', 121.4, 28.6, :no)"),
            {"no": False},
        )
    with pytest.raises((sa.exc.DBAPIError, StoreError), match="only grows"), store.changing("test") as change:
        if table == "grid" and change.connection.dialect.name == "sqlite":
            # A trigger for each row needs a row.
            change.connection.execute(sa.text("insert into grid values (1, 'A', '', null, x'00', 0)"))
        if table == "step" and change.connection.dialect.name == "sqlite":
            change.connection.execute(sa.text("pragma defer_foreign_keys = on"))
            change.connection.execute(sa.text("insert into step values (1, 1, 0, 'accept', '', '', '', '', '', '{}')"))
        change.connection.execute(sa.text(statement.format(table, column, column)))


def write_many(store, author, count):
    for number in range(count):
        with store.changing(author) as change:
            change.tell("counted", f"{author}/{number}")


def read_along(store, done, read):
    """Read as a subscriber does, from the last number known, until the writers are done and nothing is left."""
    last = 0
    while True:
        finished = done.is_set()
        with store.reading() as connection:
            events = read(connection, last)
        for event in events:
            yield event
            last = max(last, event.id)
        if finished and not events:
            return


def test_events__readers_miss_nothing_while_many_write(database):
    store, done = database.open(), threading.Event()
    with ThreadPoolExecutor(5) as pool:
        seen = pool.submit(lambda: [event.id for event in read_along(store, done, events_after)])
        writers = [pool.submit(write_many, store, f"writer {k}", 40) for k in range(4)]
        for writer in writers:
            writer.result()
        done.set()
        assert seen.result() == list(range(1, 161))


def test_events__numbers_from_a_sequence_would_be_lost(make_database):
    # Why numbers are given under a lock: a sequence gives 1 to the first writer, who commits last.
    database = make_database("postgresql")
    store = database.open()
    with store.changing("test") as change:
        change.connection.execute(sa.text("create table naive (id bigserial primary key, author text)"))
    slow, quick = store.engine.connect(), store.engine.connect()
    insert = sa.text("insert into naive (author) values (:author)")
    with slow, quick:
        slow.execute(insert, {"author": "slow"})
        quick.execute(insert, {"author": "quick"})
        quick.commit()
        with store.reading() as connection:
            seen = connection.execute(sa.text("select id from naive where id > 0 order by id")).scalars().all()
        slow.commit()
        with store.reading() as connection:
            later = connection.execute(sa.text("select id from naive where id > :last"), {"last": max(seen)}).all()
    assert (seen, later) == ([2], [])  # 1 is there now, and the reader will never ask for it


def test_changing__a_lost_connection_keeps_nothing_and_the_next_change_works(make_database):
    database = make_database("postgresql")
    store = database.open()
    with pytest.raises(DatabaseLost, match="nothing of this change was kept"), store.changing("test") as change:
        change.tell("before", "the cut")
        own = change.connection.execute(sa.text("select pg_backend_pid()")).scalar_one()
        with store.engine.connect() as other:
            other.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": own})
        change.tell("after", "the cut")
    write_many(store, "test", 1)
    with store.reading() as connection:
        assert [event.subject for event in events_after(connection, 0)] == ["test/0"]


def test_changing__a_full_disk_keeps_nothing(make_database):
    store = make_database("sqlite").open()
    write_many(store, "test", 1)
    with pytest.raises(StoreError, match="disk of the database is full"), store.changing("test") as change:
        pages = change.connection.execute(sa.text("pragma page_count")).scalar_one()
        change.connection.execute(sa.text(f"pragma max_page_count = {pages}"))
        for number in range(5_000):
            change.tell("filling", "the disk" * 100, {"number": number})
    with store.changing("test") as change:
        change.connection.execute(sa.text("pragma max_page_count = 1000000"))
        assert change.tell("after", "the flood") == 2


def test_sqlite__durable_and_strict(make_database):
    database = make_database("sqlite")
    store = database.open()
    with store.reading() as connection:
        found = [
            connection.execute(sa.text(f"pragma {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
    with sqlite3.connect(database.folder / "gisgrid.db") as plain:
        assert plain.execute("select count(*) from event").fetchone() == (0,)


def test_event_table__has_the_columns_of_an_event(store):
    with store.reading() as connection:
        assert events_after(connection, 0) == []
    assert [column.name for column in EVENT.columns] == ["id", "at_ms", "kind", "subject", "author", "content"]
