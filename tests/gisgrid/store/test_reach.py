"""Reports far from the district: just outside they wait, farther than 50 km they are refused with what would mend them."""

import datetime as dt

import numpy as np
import pytest

from gisgrid.errors import BadOption
from gisgrid.store.editions import EditionLabel
from gisgrid.store.intake import foresee_rows, take_in_rows
from gisgrid.store.reach import out_of_reach
from gisgrid.store.reports import Asked, Report, report_incidents
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY
from tests.gisgrid.store.small_district import SmallDistrict
from tests.gisgrid.store.test_incidents import rows_of
from tests.worlds import at

LON, LAT = (round(degrees, 7) for degrees in at(50.0, 50.0))
HOTLINE = "12345-hotline"


EARLY = EditionLabel(1, dt.date(2018, 1, 1), None, 0, "planner", "")


class Nearer:
    """Editions of which the one has a network about 10 degrees east, 30 north."""

    class Network:
        bounds = (9.9, 29.9, 10.1, 30.1)

    def network(self, _number):
        return self.Network


@pytest.fixture
def district(database):
    return SmallDistrict(database)


def report(district, lon, lat, **told):
    return district.report(None, lon=lon, lat=lat, **told)


def test_report__just_outside_waits(district):
    for metres in (5_000.0, 45_000.0):
        assert district.report((metres, 50.0)).incident.how == "unassigned"


@pytest.mark.parametrize(("lon", "lat"), [at(200_000.0, 50.0), (-74.0, 40.7), (0.0, 0.0), (LON, -LAT), (180.0, 90.0)])
def test_report__on_another_continent_is_refused(district, lon, lat):
    with pytest.raises(BadOption, match=r"farther than 50 km from the district; expected longitude 12\d") as told:
        report(district, lon, lat)
    assert "name the grid or village" in str(told.value)
    assert "公里" in told.value.told(1)
    assert district.get(1) is None


def test_report__says_when_swapping_would_mend_it(district):
    with pytest.raises(BadOption, match="longitude and latitude seem to be swapped") as told:
        report(district, LAT, LON)
    assert "填反" in told.value.told(1)
    # Elsewhere on earth both orders can be places.
    far = out_of_reach(Nearer(), rows_of(2, lon=np.array([30.0, 10.0]), lat=np.array([10.0, 10.0])), [EARLY])
    assert list(far) == [0, 1]
    assert "seem to be swapped: 10.0, 30.0 would fit" in far[0]
    assert "填反" in far[0].zh
    assert "swapped" not in far[1]


def test_report__what_only_names_its_grid_or_is_older_than_the_first_edition_is_not_judged(district):
    assert report(district, None, None, stated=CODES["C"]).incident.how == "stated"
    before = int(dt.datetime(FIRST_DAY.year - 1, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)
    assert report(district, -74.0, 40.7, reported_ms=before).incident.how == "unassigned"


def test_report_incidents__the_others_are_taken_in(district):
    asked = [Asked(Report("disputes", lon=lon, lat=LAT), "li.na") for lon in (LON, -LON, LON, 0.0)]
    found = report_incidents(district.store, district.editions, asked)
    assert [isinstance(one, BadOption) for one in found] == [False, True, False, True]
    assert [found[0].incident.id, found[2].incident.id] == [1, 2]


def test_report__of_another_platform_is_refused_too(district):
    told = {"source_system": HOTLINE, "source_id": "7"}
    with pytest.raises(BadOption, match="farther than 50 km"):
        report(district, -LON, LAT, **told)
    assert report(district, LON, LAT, **told).is_new


def test_take_in__far_rows_are_set_aside_with_their_reason(district):
    rows = rows_of(3, lon=np.array([LON, -LON, np.nan]), lat=np.array([LAT, LAT, np.nan]))
    district.clock.now_ms = int(rows.reported_ms.max())
    for taken in (
        foresee_rows(district.store, district.editions, rows, HOTLINE),
        take_in_rows(district.store, district.editions, rows, HOTLINE, author="li.na"),
    ):
        assert list(taken.refused) == [1]
        assert "farther than 50 km" in taken.refused[1]
        assert taken.new == 2
