"""Who answers for a report just taken in: as of now, for whoever reports, and never at the price of the report."""

import datetime as dt

import pytest

from gisgrid.errors import DatabaseLost
from gisgrid.local_days import local_day
from gisgrid.store.ground import GroundKeeper
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Asked, Report
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import SmallDistrict
from tests.worlds import at
from web.reporting import report_and_answer


@pytest.fixture
def district(database):
    return SmallDistrict(database)


def ask(district, keeper, **told):
    lon, lat = at(150, 50)
    report = Report("disputes", "neighbours", lon=lon, lat=lat, **told)
    (answer,) = report_and_answer(district.store, district.editions, keeper, [Asked(report, "x")])
    return answer


def people_of(answer):
    return [person.person for one in answer.answers for person in one.people]


def test_report_and_answer__who_holds_the_duty_now_also_for_other_platforms(district, tmp_path):
    keeper = GroundKeeper(district.editions)
    assert people_of(ask(district, keeper)) == []
    for number, role in enumerate(("patroller", "leader"), start=1):
        path = tmp_path / f"duties{number}.csv"
        path.write_text(f"patroller,grid,role,from,to\nP{number},{CODES['C']},{role},2018-01-01,\n", encoding="utf-8")
        import_register(district.store, "duties", path, author="x")
        expected = [f"P{one}" for one in range(1, number + 1)]
        assert people_of(ask(district, keeper, source_system="hotline", source_id=str(number))) == expected
        assert people_of(ask(district, keeper)) == expected


def test_report_and_answer__what_is_kept_is_answered_when_the_rest_is_lost(district):
    class LosesTheDatabase(GroundKeeper):
        looks = 0

        def ground(self, connection):
            self.looks += 1
            if self.looks > 2:
                raise DatabaseLost("gone")
            return super().ground(connection)

    answer = ask(district, LosesTheDatabase(district.editions), is_urgent=True)
    assert (answer.reported.incident.id, answer.answers) == (1, ())
    assert district.get(1) is not None


def test_answers__more_grids_and_days_than_are_remembered(district):
    with district.store.reading() as connection:
        ground = GroundKeeper(district.editions).ground(connection)
        day = local_day(district.clock.now_ms)
        for number in range(0, 5_000, 100):
            ground.answers(connection, [f"G{number + one}" for one in range(100)], day)
        found = ground.answers(connection, ["G7", "new"], day)
        assert {grid: (one.grid, one.day) for grid, one in found.items()} == {"G7": ("G7", day), "new": ("new", day)}
        assert set(ground.answers(connection, ["G7"], day + dt.timedelta(days=1))) == {"G7"}
