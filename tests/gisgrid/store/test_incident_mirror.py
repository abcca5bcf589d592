"""The mirror of the incidents: after every kind of change it shows what a fresh one shows; and what the sample holds."""

import contextlib
import dataclasses
import datetime as dt
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gisgrid.clocks import NEVER
from gisgrid.figures import FiguresQuery, count_figures
from gisgrid.flow import Request
from gisgrid.incident_columns import FIXED_WORDS
from gisgrid.incident_rows import read_incident_rows
from gisgrid.offices import DEPARTMENT
from gisgrid.sample import QUICK_TOTAL, SAMPLE_NOW, build_district, build_incidents, write_sample
from gisgrid.store.bulk import degrees_of, point_values
from gisgrid.store.editions import Editions
from gisgrid.store.engine import DATABASE_FILE, is_postgresql
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import decide_duplicate, take_step
from gisgrid.store.ticking import tick
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.gisgrid.store.test_incidents import rows_of
from tests.worlds import at

HOUR = 3_600_000
DAY = 24 * HOUR
VILLAGE, TOWNSHIP = CODES["E"][:12], CODES["E"][:9] + "000"


@pytest.fixture
def loop(database):
    """An open store with one edition, and what is done to it."""
    return Loop(database)


class Loop:
    """Reports and steps at a clock that stands still until it is moved."""

    def __init__(self, database):
        self.clock, self.store, self.file = database.clock, database.open(), database.folder / DATABASE_FILE
        self.editions = Editions(self.store)
        self.editions.publish(network_of(1), FIRST_DAY, author="planner")

    def report(self, spot=(350.0, 50.0), **changes):
        lon, lat = at(*spot) if spot else (None, None)
        told = {"category": "disputes", "sub_category": "family", "lon": lon, "lat": lat, "grade": "simple"} | changes
        return report_incident(self.store, self.editions, Report(**told), author="Li Na").incident.id

    def step(self, number, move, office=VILLAGE, **more):
        take_step(self.store, self.editions, number, Request(move, office, "because", **more), author="Li Na")

    def take_in(self, rows):
        return Incidents(self.store, self.editions).take_in(rows, "hotline", author="import")


def told(columns):
    """Every column as words, instants and numbers."""
    found = {}
    for field in dataclasses.fields(columns):
        value = getattr(columns, field.name)
        if field.name == "due":
            found |= {f"due_{part.name}": getattr(value, part.name).tolist() for part in dataclasses.fields(value)}
        elif field.name == "answering_grid":
            found[field.name] = [columns.words["grid"][code] for code in value.tolist()]
        elif field.name in columns.words:
            found[field.name] = [columns.words[field.name][code] for code in value.tolist()]
        elif field.name != "words":
            found[field.name] = [None if each != each else each for each in value.tolist()]
    return found


def in_the_database(store):
    """What the database says of the same, row by row."""
    with store.reading() as connection:
        rows = connection.execute(sa.text("select * from incident order by id")).all()
    words = (
        "category",
        "state",
        "grade",
        "card",
        "sub_category",
        "township",
        "village",
        "grid",
        "reporter",
        "how",
        "holder",
    )
    found = {name: [getattr(row, name) for row in rows] for name in words}
    found["number"] = [row.id for row in rows]
    found["answering_grid"] = [row.answering_grid or row.grid for row in rows]
    found["started_ms"] = [row.reported_ms if row.started_ms is None else row.started_ms for row in rows]
    found["reported_ms"] = [row.reported_ms for row in rows]
    for name in ("responded_ms", "done_ms", "closed_ms", "extended_due_ms"):
        found[name] = [NEVER if getattr(row, name) is None else getattr(row, name) for row in rows]
    found["satisfied"] = [-1 if row.is_satisfied is None else int(row.is_satisfied) for row in rows]
    found["is_urgent"] = [bool(row.is_urgent) for row in rows]
    offices = [f"{row.holder} {row.handed} {row.assistants}".split() for row in rows]
    found["offices"] = [" ".join(dict.fromkeys(each)) for each in offices]
    return found


def of_parts(parts):
    """The incidents of both parts, in the words of the newer, by number."""
    kept = np.delete(np.arange(len(parts.base)), parts.replaced)
    both = [told(dataclasses.replace(one, words=parts.delta.words)) for one in (parts.base.at(kept), parts.delta)]
    order = np.argsort(both[0]["number"] + both[1]["number"])
    return {name: [(both[0][name] + both[1][name])[place] for place in order] for name in both[0]}


def test_refresh__after_every_kind_of_change_as_a_fresh_mirror(loop, tmp_path):
    mirror, often, apart = (IncidentMirror(loop.store, most_apart=most) for most in (4_096, 2, 4_096))
    assert len(mirror.refresh()) == 0
    assert mirror.repeats().tolist() == []
    seen = [told(mirror.refresh())]
    versions = {apart.parts().version}

    def changed(what):
        """The mirror shows something else than before, and all of it as a fresh one and the database do."""
        now = told(mirror.refresh())
        assert now == told(IncidentMirror(loop.store).refresh()), what
        assert now != seen[-1], what
        rows = in_the_database(loop.store)
        assert {name: now[name] for name in rows} == rows, what
        assert np.array_equal(mirror.repeats(), IncidentMirror(loop.store).repeats()), what
        seen.append(now)
        # Merged often, and only ever asked for its parts.
        for other in (often, apart):
            assert of_parts(other.parts()) == now, what
            assert other.parts().version == mirror.parts().version == IncidentMirror(loop.store).parts().version, what
        assert len(often.parts().delta) <= 2
        assert apart.parts().version not in versions, what
        versions.add(apart.parts().version)

    first = loop.report(reporter="P1")
    changed("report")
    loop.take_in(rows_of(20, state=np.array(["reported", "handling"] * 10, dtype=object)))
    changed("import")
    loop.clock.now_ms += HOUR
    second = loop.report((360.0, 60.0), is_urgent=True)
    changed("report after an import")
    assert mirror.repeats()[[0, 21]].tolist() == [False, True]
    loop.step(first, "accept")
    changed("step")
    loop.step(first, "hand_up")
    loop.step(first, "hand_across", TOWNSHIP, to="department:fire")
    changed("two steps at once")
    assert seen[-1]["department"][0] == "fire"
    assert seen[-1]["level"][0] == "department"
    rows = rows_of(20, state=np.array(["reported", "closed"] * 10, dtype=object))
    rows.reporter[3], rows.lon[4], rows.lat[4] = "P9", *at(350.0, 50.0)
    assert loop.take_in(rows).changed == 11
    changed("import again")
    loop.clock.now_ms += 3 * DAY
    assert tick(loop.store, loop.editions).yellow
    changed("tick")
    days = tmp_path / "calendar.csv"
    days.write_text("day,is_workday,note\n2018-05-08,否,台风\n", encoding="utf-8")
    import_register(loop.store, "calendar", days, author="clerk")
    changed("calendar")
    assert set(seen[-1]) == set(seen[-2])
    assert [name for name in seen[-1] if seen[-1][name] != seen[-2][name]] == [
        "due_response_ms",
        "due_done_ms",
        "due_most_ms",
    ]
    rules = tmp_path / "rules.csv"
    rules.write_text("rule,value\ndone_workdays,7\nrepeat_m,5\n", encoding="utf-8")
    import_register(loop.store, "rules", rules, author="clerk")
    changed("rules")
    assert [name for name in seen[-1] if seen[-1][name] != seen[-2][name]] == ["due_done_ms"]
    assert not mirror.repeats()[21]
    loop.editions.publish(network_of(2), dt.date(2018, 5, 9), author="planner", based_on=1)
    assert first in tick(loop.store, loop.editions).passed_on
    changed("edition")
    assert (seen[-1]["grid"][0], seen[-1]["answering_grid"][0]) == (CODES["E"], CODES["B"])
    decide_duplicate(
        loop.store, loop.editions, second, first, is_same=True, office=CODES["B"][:12], author="Li Na"
    )  # fmt: skip
    changed("duplicate")
    assert seen[-1]["state"][-1] == "invalid"
    loop.step(second, "re_open", CODES["B"][:9] + "000")
    changed("re-opened")
    assert seen[-1]["started_ms"][-1] == loop.clock.now_ms


def test_refresh__reads_only_what_has_changed(loop):
    numbers = [loop.report() for _ in range(4)]
    mirror = IncidentMirror(loop.store)
    before = mirror.refresh()
    read = []

    @sa.event.listens_for(loop.store.engine, "after_cursor_execute")
    def listen(_connection, cursor, statement, *_):
        if "FROM incident" in statement:
            read.append(statement)

    assert mirror.refresh() is before
    Staffing(loop.store).set_workdays({dt.date(2018, 12, 1): True}, author="clerk")
    mirror.refresh()
    assert all("event_id >" in statement for statement in read)
    assert len(read) == 1
    loop.step(numbers[2], "accept")
    after = mirror.refresh()
    assert before.state.tolist() == [0] * 4
    assert after.state.tolist() == [0, 0, FIXED_WORDS["state"].index("accepted"), 0]


def test_parts__one_change_leaves_the_many_alone(loop):
    numbers = [loop.report() for _ in range(4)]
    mirror = IncidentMirror(loop.store, most_apart=2)
    first = mirror.parts()
    assert (len(first.base), len(first.delta), mirror.parts()) == (4, 0, first)
    loop.step(numbers[2], "accept")
    second = mirror.parts()
    loop.step(numbers[2], "hand_up")
    fifth = loop.report()
    third = mirror.parts()
    assert first.base is second.base is third.base
    assert [parts.replaced.tolist() for parts in (first, second, third)] == [[], [2], [2]]
    assert [parts.delta.number.tolist() for parts in (first, second, third)] == [[], [3], [3, fifth]]
    assert third.delta.words["state"][third.delta.state[0]] == "reported"
    before = told(third.base)
    loop.step(numbers[0], "accept")
    fourth = mirror.parts()
    assert (len(fourth.base), len(fourth.delta), len(fourth.replaced)) == (5, 0, 0)
    assert told(third.base) == before
    # What has nothing to do with incidents changes nothing, and the whole is made once.
    whole = mirror.refresh()
    Staffing(loop.store).set_workdays({}, author="clerk")
    assert mirror.parts() is fourth
    assert mirror.refresh() is whole


def test_parts__of_a_backup_that_was_restored(make_database, tmp_path):
    loop = Loop(make_database("sqlite"))
    loop.report()
    copy = tmp_path / "copy.db"
    copy_database(loop.file, copy)
    mirror = IncidentMirror(loop.store)
    for _ in range(3):
        loop.report()
    assert len(mirror.refresh()) == 4
    copy_database(copy, loop.file)
    assert len(mirror.refresh()) == 1
    for _ in range(3):
        loop.report()
    assert len(mirror.refresh()) == 4
    copy_database(copy, loop.file)
    # As many events as before, but others.
    loop.clock.now_ms += HOUR
    for _ in range(3):
        loop.report((360.0, 60.0))
    assert told(mirror.refresh()) == told(IncidentMirror(loop.store).refresh())


def copy_database(source, target):
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)


def test_refresh__from_many_threads_while_things_happen(loop):
    for _ in range(3):
        loop.report()
    mirror = IncidentMirror(loop.store)
    is_over = threading.Event()

    def look():
        sizes = []
        while not is_over.is_set() or len(sizes) < 2:
            columns = mirror.refresh()
            assert all(len(values) == len(columns) for values in told(columns).values())
            assert len(mirror.repeats()) >= len(columns)
            sizes.append(len(columns))
        return sizes

    with ThreadPoolExecutor(4) as pool:
        looking = [pool.submit(look) for _ in range(4)]
        try:
            for count in range(12):
                number = loop.report((350.0 - count, 50.0))
                loop.step(number, "accept")
        finally:
            is_over.set()
        for seen in looking:
            sizes = seen.result()
            assert sizes == sorted(sizes)
    assert told(mirror.refresh()) == told(IncidentMirror(loop.store).refresh())
    assert len(mirror.refresh()) == 15


class Watched:
    """A store that counts how many read from it at once."""

    def __init__(self, store):
        self._store, self._count, self._guard = store, 0, threading.Lock()
        self.most = 0

    @contextlib.contextmanager
    def reading(self):
        with self._store.reading() as connection:
            with self._guard:
                self._count += 1
                self.most = max(self.most, self._count)
            time.sleep(0.01)
            yield connection
            with self._guard:
                self._count -= 1


def test_refresh__one_thread_reads_at_a_time(make_database):
    loop = Loop(make_database("sqlite"))
    loop.report()
    watched = Watched(loop.store)
    mirror = IncidentMirror(watched)
    with ThreadPoolExecutor(6) as pool:
        found = [pool.submit(mirror.refresh).result for _ in range(12)]
        assert [len(columns()) for columns in found] == [1] * 12
    assert watched.most == 1


class Overtaken(IncidentMirror):
    """A mirror on which something happens after one of its looks, and another thread looks again before the first
    goes on.
    """

    happens = None

    def parts(self):
        parts = super().parts()
        if self.happens:
            happens, self.happens = self.happens, None
            happens()
            super().parts()
        return parts


def test_repeats__when_another_thread_is_quicker(make_database):
    loop = Loop(make_database("sqlite"))
    first = loop.report()
    loop.clock.now_ms += HOUR
    loop.report()
    mirror = Overtaken(loop.store)
    assert mirror.repeats().tolist() == [False, True]
    loop.step(first, "accept")
    mirror.happens = lambda: loop.step(first, "terminate")
    mirror.repeats()
    assert IncidentMirror(loop.store).repeats().tolist() == [False, False]
    assert mirror.repeats().tolist() == [False, False]


def test_repeats__by_category_place_time_and_rules(loop):
    start = loop.clock.now_ms
    spots = [
        (0, (350.0, 50.0), {}),  # the first
        (1, (390.0, 50.0), {}),  # 40 m off
        (2, (299.0, 50.0), {}),  # 51 m from the first, 91 from the second
        (3, (350.0, 50.0), {"sub_category": "neighbours"}),
        (4, (350.0, 50.0), {"category": "other", "sub_category": ""}),
        (5, None, {"stated": CODES["E"]}),
        (24 * 29, (350.0, 50.0), {}),
        (24 * 61, (350.0, 50.0), {}),  # more than 30 days later
    ]
    for hours, spot, changes in spots:
        loop.clock.now_ms = start + hours * HOUR
        loop.report(spot, **changes)
    mirror = IncidentMirror(loop.store)
    assert mirror.repeats().tolist() == [False, True, False, False, False, False, True, False]
    # What has ended as invalid is repeated by nothing and repeats nothing.
    loop.step(1, "terminate")
    assert mirror.repeats().tolist() == [False, False, False, False, False, False, True, False]
    loop.step(7, "terminate")
    assert not mirror.repeats().any()


def test_degrees_of__what_point_values_made(store):
    random = np.random.default_rng(1)
    lon, lat = random.uniform(-180.0, 180.0, 50), random.uniform(-90.0, 90.0, 50)
    lon[:4], lat[:4] = (180.0, -180.0, 0.0, -1e-7), (90.0, -90.0, -0.0, 1e-7)
    lon[10], lat[20], lon[30], lat[30] = np.nan, np.inf, np.nan, np.nan
    with store.reading() as connection:
        values = point_values(connection, lon, lat)
        told = is_postgresql(connection)
    assert {type(value) for value in values} == {str if told else bytes, type(None)}
    there = np.ones(50, bool)
    there[[10, 20, 30]] = False
    for found, degrees in zip(degrees_of(values), (lon, lat), strict=True):
        assert np.array_equal(found, np.where(there, degrees, np.nan), equal_nan=True)
    # Another library reads the same points.
    points = shapely.from_wkb([value for value in values if value is not None])
    assert shapely.get_x(points).tolist() == lon[there].tolist()
    assert set(shapely.get_srid(points).tolist()) == ({4490} if told else {0})
    for none in ([], [None, None]):
        assert [np.isnan(degrees).tolist() for degrees in degrees_of(none)] == [[True] * len(none)] * 2


def test_degrees_of__any_points_that_a_database_may_give():
    points = shapely.points([[121.4, 28.6], [-3.0, 53.4], [0.0, 0.0]])
    shapes = {
        "little-endian": shapely.to_wkb(points, byte_order=1),
        "big-endian": shapely.to_wkb(points, byte_order=0),
        "mixed": [*shapely.to_wkb(points[:2], byte_order=1), shapely.to_wkb(points[2], byte_order=0)],
        "hexadecimal": shapely.to_wkb(points, hex=True),
        "with a reference system": shapely.to_wkb(shapely.set_srid(points, 4490), hex=True, include_srid=True),
        "some with one": [
            *shapely.to_wkb(points[:2]),
            shapely.to_wkb(shapely.set_srid(points[2], 4490), include_srid=True),
        ],
    }
    for name, values in shapes.items():
        lon, lat = degrees_of([None, *values])
        assert np.isnan([lon[0], lat[0]]).all(), name
        assert (lon[1:].tolist(), lat[1:].tolist()) == ([121.4, -3.0, 0.0], [28.6, 53.4, 0.0]), name


def test_columns__places_come_back_to_the_last_bit(loop):
    rows = rows_of(30)
    loop.take_in(rows)
    columns = IncidentMirror(loop.store).refresh()
    assert np.array_equal(columns.lon, rows.lon)
    assert np.array_equal(columns.lat, rows.lat)


def mirrored(database, tmp_path, incidents, district, now):
    """The columns of a sample taken in."""
    path = write_sample(tmp_path / "sample", district, incidents=incidents)["incidents"]
    database.clock.now_ms = round(now.timestamp() * 1000)
    store = database.open()
    editions = Editions(store)
    editions.publish(district.network, dt.date(2018, 1, 1), author="sample")
    taken = Incidents(store, editions).take_in(read_incident_rows(path).rows, "sample", author="sample")
    assert taken.new == incidents.num_rows
    mirror = IncidentMirror(store)
    return mirror.refresh(), mirror.repeats()


def assert_figures(incidents, columns, repeats, now):
    """The figures by category are those counted in the table of the sample."""
    found = count_figures(columns, FiguresQuery(round(now.timestamp() * 1000), by="category"), repeats)
    frame = incidents.select(["category", "state", "satisfied", "level"]).to_pandas()
    assert found.total.reported == len(frame)
    for category, figures in found.groups.items():
        mine = frame[frame["category"] == category]
        closed = mine["state"].isin(("closed", "evaluated"))
        assert figures.reported == len(mine)
        assert figures.valid == (mine["state"] != "invalid").sum()
        assert figures.closed == closed.sum()
        told_so = mine["satisfied"].dropna()
        assert (figures.evaluated, figures.satisfied) == (len(told_so), told_so.sum())
        assert figures.open == figures.valid - figures.closed
    departments = count_figures(columns, FiguresQuery(round(now.timestamp() * 1000), by="department"), repeats)
    handed = Counter(level.removeprefix(DEPARTMENT) if level.startswith(DEPARTMENT) else "" for level in frame["level"])
    assert {code: figures.reported for code, figures in departments.groups.items()} == dict(handed)


@pytest.fixture(scope="module")
def district():
    return build_district()


def test_columns__hold_the_quick_sample(make_database, tmp_path, district):
    incidents = build_incidents(district, QUICK_TOTAL, SAMPLE_NOW)
    columns, repeats = mirrored(make_database("sqlite"), tmp_path, incidents, district, SAMPLE_NOW)
    assert_figures(incidents, columns, repeats, SAMPLE_NOW)
    assert 0 < repeats.sum() < 0.2 * QUICK_TOTAL


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_columns__hold_the_seeds_five_totals(make_database, tmp_path, district, kind):
    incidents = build_incidents(district)
    now = dt.datetime(2018, 11, 1, tzinfo=SAMPLE_NOW.tzinfo)
    columns, repeats = mirrored(make_database(kind), tmp_path, incidents, district, now)
    found = count_figures(columns, FiguresQuery(round(now.timestamp() * 1000), by="category"), repeats)
    assert {category: figures.reported for category, figures in found.groups.items()} == {
        "public_security_hazards": 305_295, "livelihood_services": 130_716, "disputes": 61_000, "central_tasks": 64_831,
        "other": 2_500,
    }  # fmt: skip
    assert found.total.reported == 564_342
    assert_figures(incidents, columns, repeats, now)
