"""Editions on both databases: published in one transaction, in force by day, the same to the last bit, never changed."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gisgrid.errors import BadOption, Conflict
from gisgrid.grid import GridNetwork, read_network
from gisgrid.sample import build_district
from gisgrid.store.editions import Editions
from gisgrid.store.events import events_after
from tests.worlds import draw_network

MAY, JUNE, JULY = dt.date(2018, 5, 1), dt.date(2018, 6, 1), dt.date(2018, 7, 1)
OLD, NEW = draw_network("AAB\nA.B\nAAB"), draw_network("AAB\nACB\nAAB")


def test_publish__the_network_of_a_day(store):
    editions = Editions(store)
    assert editions.network_at(MAY) is None
    first = editions.publish(OLD, MAY, author="Li Na", note="the first")
    second = editions.publish(NEW, JULY, author="Li Na", based_on=first.id)
    days = [dt.date(2018, 4, 30), MAY, JUNE, dt.date(2018, 6, 30), JULY, dt.date(2030, 1, 1)]
    found = [label.id if (label := editions.at(day)) else None for day in days]
    assert found == [None, first.id, first.id, first.id, second.id, second.id]
    assert [(label.valid_from, label.valid_to) for label in editions.all()] == [(MAY, JULY), (JULY, None)]
    network = editions.network_at(JUNE)
    assert network is not None
    assert network.codes == ("A", "B")
    with store.reading() as connection:
        assert [event.subject for event in events_after(connection, 0)] == ["edition/1", "edition/2"]


def test_publish__read_again_is_the_same_to_the_last_bit(database):
    district = build_district().network
    Editions(database.open()).publish(district, MAY, author="test")
    again = Editions(database.open()).network_at(MAY)
    assert again is not None
    assert (again.codes, again.names, again.kinds) == (district.codes, district.names, district.kinds)
    assert (again.plane, again.code_scheme, again.is_sample) == (district.plane, "official", True)
    assert shapely.equals_identical(again.geometry, district.geometry).all()


def test_publish__multipolygons_stay_what_they_are(store, shared_data):
    network = read_network(shared_data / "grids_taiwan" / "penghu.gpkg", code="CODEBASE")
    Editions(store).publish(network, MAY, author="test")
    again = Editions(store).network(1)
    assert (shapely.get_type_id(again.geometry) == shapely.get_type_id(network.geometry)).all()
    assert shapely.equals_identical(again.geometry, network.geometry).all()


def test_publish__the_plane_of_the_first_goes_on(store):
    editions = Editions(store)
    editions.publish(OLD, MAY, author="test")
    elsewhere = GridNetwork.from_arrays(NEW.codes, shapely.transform(NEW.geometry, lambda points: points + 0.2))
    assert elsewhere.plane != OLD.plane
    editions.publish(elsewhere, JULY, author="test", based_on=1)
    assert editions.network(2).plane == OLD.plane
    assert Editions(store).network(2).plane == OLD.plane


def test_publish__two_at_once_and_only_one_wins(database):
    Editions(database.open()).publish(OLD, MAY, author="test")
    both = [Editions(database.open()) for _ in range(2)]

    def publish(editions, day):
        try:
            return editions.publish(NEW, day, author="test", based_on=1).id
        except Conflict as conflict:
            return str(conflict)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(publish, both, [JUNE, JULY]))
    assert sorted(type(result) for result in results if result == 2) == [int]
    (refused,) = (result for result in results if result != 2)
    assert "edition 2 is the newest, not 1" in refused
    assert len(both[0].all()) == 2


def test_publish__refuses_a_day_before_the_newest(store):
    editions = Editions(store)
    editions.publish(OLD, JUNE, author="test")
    for day in (MAY, JUNE):
        with pytest.raises(BadOption, match="expected a day after 2018-06-01"):
            editions.publish(NEW, day, author="test", based_on=1)
    with pytest.raises(Conflict, match="edition 1 is the newest, not none"):
        editions.publish(NEW, JULY, author="test")
    with pytest.raises(BadOption, match=r"no edition 7; there are \[1\]"):
        editions.network(7)
    assert len(editions.all()) == 1


def test_publish__the_index_is_ready_and_answers_alike(store):
    editions = Editions(store)
    editions.publish(OLD, MAY, author="test")
    editions.publish(NEW, JULY, author="test", based_on=1)
    lon, lat = np.ascontiguousarray(shapely.get_coordinates(NEW.geometry).T)
    network = editions.network(2)
    assert "index" in network.__dict__
    assert network.index.locate(lon, lat).tolist() == NEW.index.locate(lon, lat).tolist()


def test_grid_table__postgis_reads_it_as_geometry(make_database):
    store = make_database("postgresql").open()
    Editions(store).publish(build_district().network, MAY, author="test")
    with store.reading() as connection:
        rows = connection.execute(
            sa.text(
                "select count(*), min(ST_SRID(shape)), bool_and(ST_IsValid(shape)), sum(ST_Area(shape::geography)) / 1e6 "
                "from grid where edition_id = 1"
            )
        ).one()
        column = connection.execute(
            sa.text("select type, srid, coord_dimension from geometry_columns where f_table_name = 'grid'")
        ).one()
        plan = connection.execute(
            sa.text("explain select code from grid where shape && ST_MakeEnvelope(121.4, 28.6, 121.401, 28.601, 4490)")
        ).scalars()
        assert (tuple(column), tuple(rows[:3])) == (("MULTIPOLYGON", 4490, 2), (659, 4490, True))
        assert rows[3] == pytest.approx(280.0, abs=10.0)
        assert "grid" in "\n".join(plan)
