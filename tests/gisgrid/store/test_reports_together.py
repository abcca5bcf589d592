"""Many reports in one transaction, and keys: each its own answer, each once, the same as one after the other."""

import dataclasses
import datetime as dt
import threading

import pytest
import sqlalchemy as sa

from gisgrid.errors import BadOption, Conflict, DatabaseLost, UnknownGrid
from gisgrid.flow import Request
from gisgrid.store.answered import KEPT_MS, Key, find_answered, forget_old
from gisgrid.store.ground import GroundKeeper
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Asked, Report, Reported, report_incident, report_incidents
from gisgrid.store.steps import take_step
from gisgrid.store.tables import AUDIT
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import DAY, MINUTE, SmallDistrict, all_at_once
from tests.worlds import at


@pytest.fixture
def district(database):
    return SmallDistrict(database)


def a_report(place=None, **told):
    lon, lat = at(*place) if place else (None, None)
    return Report(**{"category": "disputes", "sub_category": "neighbours", "lon": lon, "lat": lat} | told)


PLACES = [(40, 50), (150, 50), (160, 60), (270, 50), (350, 50), (155, 55), None, (5_000, 5_000)]


def test_report_incidents__the_same_as_one_after_the_other(make_database):
    together, alone = (SmallDistrict(make_database("sqlite")) for _ in range(2))
    asked = [Asked(a_report(place, description=f"number {n}"), f"person {n}") for n, place in enumerate(PLACES)]
    found = report_incidents(together.store, together.editions, asked)
    one_by_one = [report_incident(alone.store, alone.editions, one.report, author=one.author) for one in asked]
    # The numbers of events are given before those of the audit, so they are the same too.
    assert [one.incident for one in found] == [one.incident for one in one_by_one]
    assert [one.duplicate for one in found] == [one.duplicate for one in one_by_one]
    assert [one.duplicate.of_id for one in found if one.duplicate] == [2, 4, 2]
    for which in (together, alone):
        assert [event.author for event in which.events()][1:] == [f"person {n}" for n in range(len(PLACES))]
    assert [together.get(one.incident.id) for one in found] == [one.incident for one in found]


def test_report_incidents__each_its_own_error(district):
    asked = [
        Asked(a_report((150, 50)), "a"),
        Asked(a_report((150, 50), category="nonsense"), "b"),
        Asked(a_report(stated="331002999999"), "c"),
        Asked(a_report((150, 50), reported_ms=district.clock.now_ms + DAY), "d"),
        Asked(a_report((350, 50)), "e", "10.0.0.5"),
    ]
    found = report_incidents(district.store, district.editions, asked)
    kinds = [type(one) for one in found]
    assert kinds == [Reported, BadOption, UnknownGrid, BadOption, Reported]
    assert [found[0].incident.id, found[4].incident.id] == [1, 2]
    with district.store.reading() as connection:
        notes = connection.execute(
            sa.select(AUDIT.c.author, AUDIT.c.origin).where(AUDIT.c.action == "report").order_by(AUDIT.c.id)
        ).all()
    assert notes == [("a", "local"), ("e", "10.0.0.5")]


def test_report_incidents__none_where_the_database_fails(district):
    class Broken(GroundKeeper):
        def ground(self, _connection):
            raise DatabaseLost("gone")

    with pytest.raises(DatabaseLost):
        report_incidents(district.store, district.editions, [Asked(a_report(), "a")], Broken(district.editions))
    assert district.get(1) is None


def test_report_incident__under_a_key_once(district):
    key = Key("script", "k1", "digest")
    first = report_incident(district.store, district.editions, a_report((150, 50)), author="script", key=key)
    district.step(1, "accept", first.incident.holder)
    again = report_incident(district.store, district.editions, a_report((150, 50)), author="script", key=key)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.incident == district.get(1)
    assert again.incident.state == "accepted"
    with pytest.raises(Conflict, match=r"k1.*another request \(incident/1\); take a new key"):
        other = dataclasses.replace(key, digest="other")
        report_incident(district.store, district.editions, a_report(), author="script", key=other)
    # Another account's key of the same word is another key.
    elsewhere = dataclasses.replace(key, account="other")
    assert report_incident(district.store, district.editions, a_report(), author="x", key=elsewhere).incident.id == 2


def test_report_incidents__twins_in_one_go(district):
    key, other = Key("s", "k", "d"), Key("s", "k", "e")
    asked = [Asked(a_report((150, 50)), "s", key=key), Asked(a_report((150, 50)), "s", key=key)]
    found = report_incidents(district.store, district.editions, [*asked, Asked(a_report(), "s", key=other)])
    assert [one.is_new for one in found[:2]] == [True, False]
    assert found[0].incident == found[1].incident
    assert isinstance(found[2], Conflict)
    assert district.get(2) is None


def test_report_incident__under_one_key_by_many_at_once(district):
    key = Key("s", "k", "d")

    def send(_number):
        return report_incident(district.store, district.editions, a_report((150, 50)), author="s", key=key)

    found = all_at_once(8, send)
    assert sorted(one.is_new for one in found) == [False] * 7 + [True]
    assert {one.incident.id for one in found} == {1}
    assert district.get(2) is None


def test_take_step__under_a_key_once(district):
    one = district.report((150, 50)).incident
    key = Key("s", "k", "d")
    asked = Request("comment", one.holder, "seen")
    for _ in range(3):
        take_step(district.store, district.editions, 1, asked, author="s", key=key)
    assert district.moves(1) == ["comment"]


def test_forget_old__keys_of_more_than_a_week_ago(district):
    key = Key("s", "k", "d")
    report_incident(district.store, district.editions, a_report(), author="s", key=key)
    for passed, expected in ((KEPT_MS, 0), (1, 1)):
        district.clock.now_ms += passed
        with district.store.changing("test") as change:
            assert forget_old(change) == expected
            assert (find_answered(change.connection, key) is None) == bool(expected)


def test_ground__follows_what_others_change(district, tmp_path):
    keeper = GroundKeeper(district.editions)
    day = dt.date(2018, 5, 7)

    def ground():
        with district.store.reading() as connection:
            found = keeper.ground(connection)
            return found, found.answers(connection, [CODES["C"]], day)[CODES["C"]]

    before, answer = ground()
    assert (before.newest_edition, answer.people) == (1, ())
    assert ground()[0] is before
    district.report((150, 50))
    assert ground()[0] is before  # a report changes nothing of the ground
    path = tmp_path / "duties.csv"
    path.write_text(f"patroller,grid,role,from,to\nP1,{CODES['C']},patroller,2018-01-01,\n", encoding="utf-8")
    import_register(district.store, "duties", path, author="x")
    after, answer = ground()
    assert after is not before
    assert [one.person for one in answer.people] == ["P1"]
    district.publish_second(dt.date(2018, 6, 1))
    assert ground()[0].newest_edition == 2


def test_ground__readers_at_once_with_a_writer(district):
    keeper, stop, wrong = GroundKeeper(district.editions), threading.Event(), []

    def read():
        last = 0
        while not stop.is_set():
            with district.store.reading() as connection:
                newest = keeper.ground(connection).newest_edition
            if newest < last:
                wrong.append((last, newest))
            last = newest

    readers = [threading.Thread(target=read) for _ in range(4)]
    for one in readers:
        one.start()
    district.publish_second(dt.date(2018, 6, 1))
    with district.store.reading() as connection:
        seen = keeper.ground(connection).newest_edition
    stop.set()
    for one in readers:
        one.join()
    assert (seen, wrong) == (2, [])


@pytest.mark.parametrize("minutes", [0, 1_440, 1_441])
def test_report__duplicates_across_a_border_and_an_edition(district, minutes):
    district.publish_second(dt.date(2018, 5, 8))
    first = district.report((198, 50))
    district.clock.now_ms += minutes * MINUTE
    second = district.report((202, 50))
    assert first.incident.grid != second.incident.grid
    assert (second.duplicate is not None) == (minutes <= 1_440)
