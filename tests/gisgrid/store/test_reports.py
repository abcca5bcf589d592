"""Single reports on both databases: each kept with grid, office and clocks, what cannot be refused with a sentence."""

import datetime as dt
import math

import numpy as np
import pytest

from gisgrid.errors import BadOption, UnknownGrid
from gisgrid.incident_filters import IncidentFilter
from gisgrid.store.duplicates import Duplicate
from gisgrid.store.editions import Editions
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.steps import decide_duplicate
from tests.gisgrid.store.incident_places import CODES, network_of
from tests.gisgrid.store.small_district import (
    DAY,
    DISTRICT,
    HOUR,
    MINUTE,
    TOWNSHIPS,
    VILLAGES,
    SmallDistrict,
    all_at_once,
    most_connections,
)

TODAY = dt.date(2018, 5, 7)
IN_C, IN_E = (150, 50), (350, 50)


@pytest.fixture
def district(database):
    return SmallDistrict(database)


def test_report__by_place(district):
    reported = district.report((190, 50), source="phone", reporter="P1", description="cables on the stairs")
    found = reported.incident
    assert (found.id, found.state, found.version, found.how) == (1, "reported", 1, "inside")
    assert (found.grid, found.village, found.township) == (CODES["C"], VILLAGES["C"], TOWNSHIPS["C"])
    assert (found.holder, found.handed, found.edition_id) == (VILLAGES["C"], "", 1)
    assert found.border_distance_m == pytest.approx(10.0, abs=0.02)
    # The part of a disc of 30 m that lies beyond a line 10 m from its middle.
    share = (900 * math.acos(1 / 3) - 10 * math.sqrt(800)) / (900 * math.pi)
    assert found.alternatives == f"{CODES['D']}:{share:.3f}"
    ends = [dt.datetime(2018, 5, day, tzinfo=dt.UTC).timestamp() * 1000 - 8 * HOUR for day in (9, 15, 29)]
    assert [int(reported.due.response_ms[0]), int(reported.due.done_ms[0]), int(reported.due.most_ms[0])] == ends
    assert reported.duplicate is None
    assert district.get(1) == found
    event = district.events()[-1]
    assert (event.kind, event.subject, event.author) == ("incident_reported", "incident/1", "Li Na")
    assert found.event_id == event.id


WAITING = [
    ({"stated": CODES["D"]}, CODES["D"], VILLAGES["D"], "stated", VILLAGES["D"]),
    ({"stated": VILLAGES["A"]}, CODES["A"], VILLAGES["A"], "stated", VILLAGES["A"]),
    ({"stated": VILLAGES["C"]}, "", VILLAGES["C"], "unassigned", VILLAGES["C"]),
    ({"stated": VILLAGES["C"], "grade": "prominent"}, "", VILLAGES["C"], "unassigned", TOWNSHIPS["C"]),
    ({"place": (600, 50)}, "", "", "unassigned", DISTRICT),
    ({}, "", "", "unassigned", DISTRICT),
    ({"place": (-20, 40)}, CODES["C"], VILLAGES["C"], "snapped", VILLAGES["C"]),
    ({"place": IN_C, "stated": CODES["A"]}, CODES["C"], VILLAGES["C"], "inside", VILLAGES["C"]),
    ({"place": IN_C, "grade": "major"}, CODES["C"], VILLAGES["C"], "inside", DISTRICT),
]


def test_report__waits_at_the_lowest_office_that_is_known(district):
    for told, grid, village, how, holder in WAITING:
        waiting = IncidentFilter(holder=holder)
        before = Incidents(district.store).count(waiting)
        found = district.report(**told).incident
        assert (found.grid, found.village, found.how, found.holder) == (grid, village, how, holder), told
        assert Incidents(district.store).count(waiting) == before + 1


def test_report__handled_on_the_spot_is_closed_in_one_step(district):
    at_ms = district.clock.now_ms - HOUR
    found = district.report(IN_C, is_handled=True, reported_ms=at_ms).incident
    assert (found.state, found.responded_ms, found.done_ms, found.closed_ms) == ("closed", at_ms, at_ms, at_ms)
    assert (found.card, found.steps) == ("", 0)


BAD_REPORTS = [
    (
        {"reported_ms": 1_525_651_500_001},
        BadOption,
        "the time of the report lies in the future; expected a time up to now",
    ),
    ({"lat": None}, BadOption, "a place needs both longitude and latitude; give both or neither"),
    (
        {"lon": 28.65, "lat": 121.43},
        BadOption,
        "the place 28.65, 121.43 cannot be: longitude and latitude seem to be swapped",
    ),
    ({"lon": math.nan}, BadOption, "the place nan, "),
    ({"lon": math.inf}, BadOption, "the place inf, "),
    ({"accuracy_m": 0.0}, BadOption, "accuracy is 0.0 m; expected metres above 0, or nothing"),
    ({"grade": "huge"}, BadOption, "grade is 'huge'; expected one of simple, ordinary, prominent, major"),
    ({"source": "pigeon"}, BadOption, "source is 'pigeon'; expected one of phone, map, address"),
    (
        {"stated": "331002009001001"},
        UnknownGrid,
        "no edition has a grid or village '331002009001001'; give a code of the edition of 2018-05-07",
    ),
    (
        {"stated": CODES["E"]},
        UnknownGrid,
        f"{CODES['E']} ended on 2018-05-05 and cannot be reported for 2018-05-07; name the grid of that day, or the place",
    ),
    (
        {"stated": CODES["A"], "reported_ms": 1_525_651_200_000 - 30 * DAY},
        UnknownGrid,
        f"{CODES['A']} begins on 2018-04-20 and cannot be reported for 2018-04-07; name the grid of that day, or the place",
    ),
    ({"category": "weather"}, BadOption, "there is no category 'weather'; expected one of public_security_hazards, "),
    (
        {"sub_category": "magic"},
        BadOption,
        "public_security_hazards has no sub-category 'magic'; expected one of fire_hazard, ",
    ),
    ({"sub_category": "family"}, BadOption, "has no sub-category 'family'"),
    (
        {"source_system": "hotline"},
        BadOption,
        "a report of another platform needs both its name and its number there",
    ),
    ({"source_id": "7"}, BadOption, "a report of another platform needs both its name and its number there"),
    ({"author": " "}, BadOption, "a change needs an author; give the name of a person or a program"),
]


def test_report__what_cannot_be_leaves_no_trace(district):
    district.publish_second(dt.date(2018, 5, 5))
    before = district.everything()
    for told, error, sentence in BAD_REPORTS:
        with pytest.raises(error) as raised:
            district.report(IN_C, **told)
        assert sentence in str(raised.value)
        assert district.everything() == before


def test_report__up_to_five_minutes_ahead_is_another_clock(district):
    assert district.report(IN_C, reported_ms=district.clock.now_ms + 5 * MINUTE).incident.id == 1


def test_report__a_retired_grid_for_a_day_when_it_was_there(district):
    district.publish_second(dt.date(2018, 5, 5))
    found = district.report(stated=CODES["E"], reported_ms=district.clock.now_ms - 3 * DAY).incident
    assert (found.grid, found.how, found.edition_id) == (CODES["E"], "stated", 1)


def test_report__a_grid_that_was_away_for_one_edition(district):
    district.publish_second(dt.date(2018, 5, 1))
    district.editions.publish(network_of(1), dt.date(2018, 5, 5), author="planner", based_on=2)
    with pytest.raises(UnknownGrid, match="ended on 2018-05-01"):
        district.report(stated=CODES["E"], reported_ms=district.clock.now_ms - 4 * DAY)


def test_report__a_sub_category_from_its_first_day_to_the_day_before_its_last(district, tmp_path):
    lists = tmp_path / "sub_categories.csv"
    lists.write_text(
        "category,code,name,name_en,from,to\n"
        "central_tasks,festival,灯会,Lantern festival,2018-05-05,2018-05-07\n"
        "central_tasks,typhoon,防台,Typhoon,2018-05-10,\n"
        "public_security_hazards,theft,盗窃,Theft,,2018-05-01\n",
        encoding="utf-8",
    )
    import_register(district.store, "sub_categories", lists, author="chief")
    midnight = district.clock.now_ms - 8 * HOUR
    for word in ("festival", "灯会", "Lantern festival"):
        told = {"category": "central_tasks", "sub_category": word, "reported_ms": midnight - 1}
        assert district.report(**told).incident.sub_category == "festival"
    for told, sentence in (
        (
            {"category": "central_tasks", "sub_category": "festival", "reported_ms": midnight},
            "sub-category festival ended on 2018-05-07; expected one of five_water_treatment, ",
        ),
        (
            {"category": "central_tasks", "sub_category": "typhoon"},
            "sub-category typhoon begins on 2018-05-10; expected",
        ),
        ({"sub_category": "theft"}, "sub-category theft ended on 2018-05-01; expected one of fire_hazard, "),
    ):
        before = district.everything()
        with pytest.raises(BadOption) as raised:
            district.report(**told)
        assert sentence in str(raised.value)
        assert district.everything() == before


def test_link__ten_reports_of_one_fire_from_ten_threads(district):
    found = all_at_once(10, lambda number: district.report((150 + number, 50), author=f"caller {number}"))
    assert sorted(reported.incident.id for reported in found) == list(range(1, 11))
    links = sorted((one.duplicate for one in found if one.duplicate), key=lambda link: link.incident_id)
    assert [(link.incident_id, link.of_id, link.decision) for link in links] == [(n, 1, "") for n in range(2, 11)]
    assert list(district.duplicates(1)) == links
    assert all(district.get(number).state == "reported" for number in range(1, 11))
    assert [event.id for event in district.events()] == list(range(1, 12))


def test_report__needs_one_connection_at_a_time(district):
    # Who holds one and waits for another waits for ever once the others hold all that there are.
    assert most_connections(district.store, lambda: district.report(IN_C)) == 1


def test_report__more_at_once_than_there_are_connections(district):
    district.editions = Editions(district.store)
    found = all_at_once(40, lambda _: district.report((150, 50), sub_category="theft"))
    assert sorted(reported.incident.id for reported in found) == list(range(1, 41))


AFTER_A_MINUTE = [
    # told, whether it may be what was told a minute before at the same place
    ({}, True),
    ({"place": (239, 50)}, True),
    ({"place": (251, 50)}, False),
    ({"ago_ms": DAY + MINUTE}, True),
    ({"ago_ms": DAY + MINUTE + 1}, False),
    ({"sub_category": "theft"}, False),
    ({"sub_category": ""}, False),
    ({"place": None, "stated": CODES["C"]}, False),
    ({"is_handled": True}, True),
    ({"is_urgent": True, "grade": "major"}, True),
]


def test_link__near_in_place_and_time_and_of_one_kind(district):
    for told, linked in AFTER_A_MINUTE:
        district.clock.now_ms += 10 * DAY
        first = district.report(IN_C).incident.id
        district.clock.now_ms += MINUTE
        told = {"place": IN_C} | told
        ago_ms = told.pop("ago_ms", 0)
        found = district.report(**told, reported_ms=district.clock.now_ms - ago_ms).duplicate
        assert (found is not None) == linked, told
        assert district.duplicates(first) == ((found,) if found else ())
        if found:
            distance_m = pytest.approx(told["place"][0] - IN_C[0], abs=0.03)
            assert found == Duplicate(first + 1, first, distance_m, MINUTE - ago_ms)


def test_link__to_the_earliest_never_to_a_copy_nor_to_an_invalid_one(district):
    for place in ((150, 50), (230, 50), (290, 50)):
        district.report(place)
    assert [link.of_id for number in (2, 3) for link in district.duplicates(number) if link.incident_id == number] == [
        1
    ]
    district.step(1, "terminate", VILLAGES["C"])
    assert district.report((240, 50)).duplicate.of_id == 3
    assert district.report((60, 50)).duplicate is None
    # What a person has said to be something else may be what the next one tells of.
    decide_duplicate(district.store, district.editions, 2, 1, is_same=False, office=VILLAGES["C"], author="Li Na")
    assert district.report((240, 50)).duplicate.of_id == 2


def test_from_elsewhere__sent_again_it_is_changed_and_not_doubled(district):
    told = {"source_system": "hotline", "source_id": "A7", "description": "smoke"}
    first = district.report(IN_C, **told)
    assert (first.incident.source_system, first.incident.source_id) == ("hotline", "A7")
    before = district.everything()[:3]
    assert district.report(IN_C, **told).incident == first.incident
    assert district.everything()[:3] == before
    again = district.report(IN_E, **told | {"description": "fire"}).incident
    assert (again.id, again.description, again.grid, again.version) == (1, "fire", CODES["E"], 2)
    assert again.holder == VILLAGES["E"]
    assert np.isclose(again.border_distance_m, 50.0, atol=0.05)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"description": "a\0b"}, "description holds a character that cannot be kept"),
        ({"description": "a\ud800"}, "description holds a character that cannot be kept"),
        ({"reported_ms": -(10**15)}, "lies before 1990"),
    ],
)
def test_report__what_no_database_can_keep(district, changes, sentence):
    before = district.everything()
    with pytest.raises(BadOption, match=sentence):
        district.report(IN_C, **changes)
    assert district.everything() == before
