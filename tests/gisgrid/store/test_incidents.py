"""Incidents in the store: once each, at the grid of their time, listed page by page like a plain sort."""

import datetime as dt

import numpy as np
import pytest
import sqlalchemy as sa

from gisgrid.clocks import NEVER
from gisgrid.errors import BadOption
from gisgrid.incident_filters import IncidentFilter
from gisgrid.incident_rows import IncidentRows
from gisgrid.incidents import HOW_LABELS, assign
from gisgrid.local_days import start_of
from gisgrid.store.editions import Editions
from gisgrid.store.events import events_after
from gisgrid.store.incident_tables import INCIDENT_HEADINGS, incident_table
from gisgrid.store.incidents import Incidents
from gisgrid.store.tables import INCIDENT
from gisgrid.units import Unit
from tests.worlds import draw_network

FIRST = dt.date(2018, 5, 1)
NETWORK = draw_network("AB\nCD")
CATEGORIES = ("disputes", "other", "livelihood_services")
STATES = ("reported", "handling", "closed")


def rows_of(count=40, seed=1, **changes):
    """Reports in and around the network in the week after its publication."""
    rng = np.random.default_rng(seed)
    west, south, east, north = NETWORK.bounds
    margin = np.where(np.arange(count) % 2, 5 * (east - west), 0.0)
    columns = {
        "source_id": np.array([f"N{number}" for number in range(count)], dtype=object),
        "category": rng.choice(np.array(CATEGORIES, dtype=object), count),
        "sub_category": np.full(count, "x", dtype=object),
        "reported_ms": start_of(FIRST) + rng.integers(0, 5 * 24, count) * 3_600_000,
        "lon": np.round(rng.uniform(west - margin, east + margin, count), 7),
        "lat": np.round(rng.uniform(south - margin, north + margin, count), 7),
        "accuracy_m": np.where(rng.random(count) < 0.3, np.nan, 12.5),
        "source": rng.choice(np.array(["phone", "map", ""], dtype=object), count),
        "stated": np.full(count, "", dtype=object),
        "state": rng.choice(np.array(STATES, dtype=object), count),
        "is_urgent": rng.random(count) < 0.1,
        "reporter": np.full(count, "P1", dtype=object),
        "description": np.full(count, '井盖, "松动"\n', dtype=object),
        "grade": rng.choice(np.array(["simple", "ordinary", "major"], dtype=object), count),
        "level": np.full(count, "", dtype=object),
        "responded_ms": np.full(count, NEVER, np.int64),
        "done_ms": np.full(count, NEVER, np.int64),
        "closed_ms": np.full(count, NEVER, np.int64),
        "satisfied": np.full(count, -1, np.int8),
    }
    return IncidentRows(**(columns | changes))


@pytest.fixture
def published(store):
    """An open store with one edition."""
    Editions(store).publish(NETWORK, FIRST, author="planner")
    return store


def everything(store):
    with store.reading() as connection:
        return connection.execute(sa.select(INCIDENT).order_by(INCIDENT.c.id)).all()


def test_take_in__what_is_found_is_what_came(published):
    rows, incidents = rows_of(), Incidents(published)
    taken = incidents.take_in(rows, "hotline", author="import")
    assert (taken.new, taken.changed, taken.same, taken.refused) == (40, 0, 0, {})
    answer = assign(
        NETWORK,
        rows.lon,
        rows.lat,
        np.where(np.isnan(rows.accuracy_m), np.where(rows.source == "map", 10.0, 30.0), rows.accuracy_m),
    )
    codes = answer.codes(NETWORK)
    assert {"inside", "unassigned"} <= set(answer.how)
    for number in range(40):
        found = incidents.get(number + 1)
        assert (found.source_system, found.source_id) == ("hotline", rows.source_id[number])
        assert (found.lon, found.lat) == (rows.lon[number], rows.lat[number])
        assert (found.grid, found.how, found.alternatives) == (
            codes[number],
            answer.how[number],
            answer.alternatives[number],
        )
        assert found.border_distance_m == answer.border_distance_m[number]
        assert (found.category, found.state, found.description) == (
            rows.category[number],
            rows.state[number],
            rows.description[number],
        )
        assert (found.reported_ms, found.is_urgent) == (rows.reported_ms[number], rows.is_urgent[number])
        assert found.accuracy_m == (None if np.isnan(rows.accuracy_m[number]) else 12.5)
    assert incidents.get(41) is None


def test_take_in__again_changes_nothing_and_tells_nothing(published):
    incidents = Incidents(published)
    incidents.take_in(rows_of(), "hotline", author="import")
    before = everything(published)
    with published.reading() as connection:
        told = len(events_after(connection, 0))
    taken = incidents.take_in(rows_of(), "hotline", author="import")
    assert (taken.new, taken.changed, taken.same) == (0, 0, 40)
    assert everything(published) == before
    with published.reading() as connection:
        assert len(events_after(connection, 0)) == told


def test_take_in__what_the_source_says_otherwise_is_changed_and_not_doubled(published):
    incidents = Incidents(published)
    incidents.take_in(rows_of(), "hotline", author="import")
    rows = rows_of()
    rows.state[3] = "evaluated"
    rows.lon[5], rows.lat[5] = NETWORK.index.locate and np.array(NETWORK.geometry[2].representative_point().coords[0])
    taken = incidents.take_in(rows, "hotline", author="import")
    assert (taken.new, taken.changed, taken.same) == (0, 2, 38)
    assert incidents.count() == 40
    assert incidents.get(4).state == "evaluated"
    assert (incidents.get(6).grid, incidents.get(6).how) == (NETWORK.codes[2], "inside")
    assert (incidents.get(4).version, incidents.get(6).version, incidents.get(5).version) == (2, 2, 1)
    with published.reading() as connection:
        event = events_after(connection, 0)[-1]
    assert (event.content["new"], event.content["changed"]) == (0, 2)
    assert incidents.get(4).event_id == event.id


def test_take_in__the_same_number_of_another_system_is_another_incident(published):
    incidents = Incidents(published)
    incidents.take_in(rows_of(), "hotline", author="import")
    assert incidents.take_in(rows_of(), "city", author="import").new == 40
    assert incidents.count() == 80


def test_take_in__a_grid_that_a_person_has_given_stays(published):
    incidents = Incidents(published)
    incidents.take_in(rows_of(), "hotline", author="import")
    with published.changing("chief") as change:
        change.connection.execute(INCIDENT.update().where(INCIDENT.c.id == 7).values(how="manual", grid="somewhere"))
    rows = rows_of()
    rows.description[6] = "otherwise"
    rows.lon[6] += 0.001
    incidents.take_in(rows, "hotline", author="import")
    found = incidents.get(7)
    assert (found.grid, found.how, found.description, found.lon) == ("somewhere", "manual", "otherwise", rows.lon[6])


def test_take_in__fields_that_the_source_does_not_speak_of_stay(published):
    incidents = Incidents(published)
    incidents.take_in(rows_of(), "hotline", author="import")
    before = incidents.get(1)
    silent = rows_of(
        lon=np.full(40, np.nan),
        lat=np.full(40, np.nan),
        description=np.full(40, "", dtype=object),
        category=np.full(40, "other", dtype=object),
    )
    changed = IncidentRows(**{**vars(silent), "given": frozenset({"incident", "time", "category"})})
    assert incidents.take_in(changed, "hotline", author="import").changed == 40
    after = incidents.get(1)
    assert (after.category, after.lon, after.grid, after.description) == (
        "other",
        before.lon,
        before.grid,
        before.description,
    )


def test_take_in__the_edition_of_the_time_decides(published):
    editions = Editions(published)
    second = draw_network("BA\nDC")
    editions.publish(second, FIRST + dt.timedelta(days=2), author="planner", based_on=1)
    place = NETWORK.geometry[0].representative_point()
    days = (-1, 0, 1, 2, 3)
    rows = rows_of(
        5, lon=np.full(5, place.x), lat=np.full(5, place.y), reported_ms=start_of(FIRST) + np.array(days) * 86_400_000
    )
    incidents = Incidents(published, editions)
    incidents.take_in(rows, "hotline", author="import")
    answers = [NETWORK.index.locate_one(place.x, place.y), second.index.locate_one(place.x, place.y)]
    expected = ["", *[NETWORK.codes[answers[0]]] * 2, *[second.codes[answers[1]]] * 2]
    found = [incidents.get(number) for number in range(1, 6)]
    assert [one.grid for one in found] == expected
    assert expected[1] != expected[3]
    assert [one.edition_id for one in found] == [None, 1, 1, 2, 2]
    assert found[0].how == "unassigned"


def test_take_in__a_grid_that_is_only_named(published):
    nowhere = np.full(3, np.nan)
    rows = rows_of(3, lon=nowhere, lat=nowhere, stated=np.array([NETWORK.codes[1], "no such grid", ""], dtype=object))
    incidents = Incidents(published)
    incidents.take_in(rows, "hotline", author="import")
    assert [(incidents.get(n).grid, incidents.get(n).how) for n in (1, 2, 3)] == [
        (NETWORK.codes[1], "stated"),
        ("", "unassigned"),
        ("", "unassigned"),
    ]
    assert incidents.count(IncidentFilter(hows=("unassigned",))) == 2


def test_take_in__bad_input(published):
    incidents = Incidents(published)
    with pytest.raises(BadOption, match="need its name"):
        incidents.take_in(rows_of(), " ", author="import")
    times = np.full(3, published.now_ms(), np.int64) + np.array([0, 300_000, 300_001])
    taken = incidents.take_in(rows_of(3, reported_ms=times), "hotline", author="import")
    assert taken.new == 2
    assert taken.refused == {2: "the time lies in the future"}


def test_take_in__a_number_twice(published):
    incidents = Incidents(published)
    taken = incidents.take_in(rows_of(3, source_id=np.array(["a", "b", "a"], dtype=object)), "hotline", author="import")
    assert (taken.new, taken.refused) == (2, {2: "an earlier row has the same incident number"})


FILTERS = [
    IncidentFilter(),
    IncidentFilter(categories=("other",)),
    IncidentFilter(states=("reported", "handling")),
    IncidentFilter(unit=Unit(NETWORK.codes[0], "grid")),
    IncidentFilter(unit=Unit(NETWORK.codes[0], "grid"), states=("closed",), categories=("disputes",)),
    IncidentFilter(from_ms=start_of(FIRST) + 86_400_000, to_ms=start_of(FIRST) + 3 * 86_400_000),
    IncidentFilter(hows=("unassigned",)),
]


@pytest.mark.parametrize("wanted", FILTERS)
def test_page_and_count__equal_a_plain_sort(published, wanted):
    incidents = Incidents(published)
    incidents.take_in(rows_of(150), "hotline", author="import")

    def fits(row):
        return (
            (not wanted.unit.code or row.grid == wanted.unit.code)
            and (not wanted.states or row.state in wanted.states)
            and (not wanted.categories or row.category in wanted.categories)
            and (not wanted.hows or row.how in wanted.hows)
            and (wanted.from_ms is None or wanted.from_ms <= row.reported_ms < wanted.to_ms)
        )

    plain = sorted((row for row in everything(published) if fits(row)), key=lambda row: (-row.reported_ms, -row.id))
    assert plain
    found, after = [], None
    while True:
        page = incidents.page(wanted, after=after, most=7)
        found += [one.id for one in page.incidents]
        after = page.after
        if after is None:
            break
    assert found == [row.id for row in plain]
    assert incidents.count(wanted) == len(plain)
    for column in ("category", "state", "how", "grid"):
        values = [getattr(row, column) for row in plain]
        assert incidents.count_by(column, wanted) == {value: values.count(value) for value in sorted(set(values))}


def test_count_by__something_else(published):
    with pytest.raises(BadOption, match="description"):
        Incidents(published).count_by("description")


@pytest.mark.parametrize("wanted", FILTERS[:4])
def test_page__reads_an_index_and_never_sorts(make_database, wanted):
    store = make_database("sqlite").open()
    Editions(store).publish(NETWORK, FIRST, author="planner")
    incidents = Incidents(store)
    incidents.take_in(rows_of(150), "hotline", author="import")
    plans = []

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def explain(connection, cursor, statement, parameters, *_):
        if "ORDER BY incident.reported_ms" in statement:
            plans.extend(row[3] for row in cursor.execute(f"explain query plan {statement}", parameters).fetchall())

    incidents.page(wanted, after=(start_of(FIRST) + 2 * 86_400_000, 50), most=5)
    assert any("USING INDEX ix_incident" in line for line in plans)
    if len(wanted.states) < 2:
        assert not any("TEMP B-TREE" in line for line in plans)


def test_incident_table__in_chinese(published):
    Incidents(published).take_in(rows_of(), "hotline", author="import")
    table = incident_table(Incidents(published), language="zh")
    assert set(table["category"].to_pylist()) == {"矛盾纠纷", "其他", "民生服务"}
    assert set(table["how"].to_pylist()) <= {chinese for _, chinese in HOW_LABELS.values()}
    assert set(table["urgent"].to_pylist()) <= {"是", "否"}
    assert set(INCIDENT_HEADINGS) == set(table.column_names)
    assert table["time"][0].as_py().endswith("+08:00")


def indexes_of(store):
    return {index["name"] for index in sa.inspect(store.engine).get_indexes("incident")}


def test_take_in__a_great_load_leaves_every_index(published):
    rows = rows_of(50_001, source_id=np.array([f"N{number}" for number in range(50_001)], dtype=object))
    before = indexes_of(published)
    assert Incidents(published).take_in(rows, "hotline", author="import").new == 50_001
    assert indexes_of(published) == before


def test_open__makes_the_indexes_that_a_broken_load_has_left_unmade(database):
    store = database.open()
    before = indexes_of(store)
    with store.changing("test") as change:
        change.connection.exec_driver_sql("drop index ix_incident_grid")
    assert "ix_incident_grid" not in indexes_of(store)
    assert indexes_of(database.open(upgrading=False)) == before
