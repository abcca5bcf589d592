"""A unit means the same wherever one is asked for: the same incidents, and one answer where there is no such unit."""

import pytest

from tests.gisgrid.store.incident_places import DISTRICT
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES
from tests.web.staffed import A, C, E, pages, staffed

VIEW = {"west": 121.3, "south": 28.5, "east": 121.5, "north": 28.7, "zoom": 12}
OGC = "/ogc/collections/incidents/items"
# Where a unit is asked for, and how many incidents the answer tells of.
COUNTED = {
    "/incidents": lambda told: len(told["incidents"]),
    "/incidents-waiting": lambda told: told["total"],
    "/incidents-counts": lambda told: told["total"],
    "/map/incidents": lambda told: told["with_place"]["count"] + told["without_place"]["count"],
    "/map/units": lambda told: sum(told["units"]["count"]),
    "/figures": lambda told: told["total"]["reported"],
    OGC: lambda told: told["numberMatched"],
}
OTHERS = ("/grids", "/exports/incidents.csv")


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        for place, told in (
            ((50, 150), {}),
            ((350, 150), {}),
            ((50, 50), {}),
            ((50, 60), {"grade": "prominent"}),
            ((5_000, 5_000), {}),
            (None, {"stated": E}),
            (None, {}),
        ):
            service.district.report(place, **told)
        yield service


def asked(service, path, unit, name="li.na"):
    params = {"unit": unit} | (VIEW if path.endswith("map/incidents") else {})
    return service.ask(name, "GET", path, params=params)


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("", 7), (DISTRICT, 5), (TOWNSHIPS["C"], 3), (VILLAGES["C"], 2), (C, 2), ("area:A1", 3), (VILLAGES["E"], 1), (A, 1),
    ],
)  # fmt: skip
def test_unit__the_same_incidents_everywhere(service, unit, count):
    found = {path: tell(asked(service, path, unit).json()) for path, tell in COUNTED.items()}
    assert found == dict.fromkeys(COUNTED, count)


@pytest.mark.parametrize(
    "unit", ["nowhere", "331003000000", "331002001099", "area:nowhere", "area:", "A1", "x' or 1=1 --", "331002%"]
)
def test_unit__that_there_is_not_is_one_answer_everywhere(service, unit):
    answers = [asked(service, path, unit) for path in (*COUNTED, *OTHERS)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    # Who sees little is told no more and no less.
    assert {asked(service, path, unit, "east").json()["detail"] for path in (*COUNTED, *OTHERS)} == {
        answers[0].json()["detail"]
    }


def test_figures__of_an_area_for_those_whose_unit_holds_all_of_it(service):
    assert asked(service, "/figures", "area:A1").json()["unit"] == "area:A1"
    assert asked(service, "/figures", "area:A1", "east").status_code == 403
    assert len(pages(service, "east", "/incidents", "incidents", unit="area:A1")) == 2
