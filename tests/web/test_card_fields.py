"""What a card and a place say beside the incident: forms of moves, for whom one acts, names, and teams across a border."""

import pytest

from tests.gisgrid.store.small_district import DISTRICT, FIRE, TOWNSHIPS, VILLAGES
from tests.web.staffed import A, B, C, staffed
from tests.worlds import at


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as running:
        yield running


def card(service, name, number):
    answer = service.ask(name, "GET", f"/incidents/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def locate(service, name, place, accuracy_m=20):
    lon, lat = at(*place)
    return service.ask(name, "GET", "/locate", params={"lon": lon, "lat": lat, "accuracy_m": accuracy_m})


def test_card__says_for_which_offices_one_acts(service):
    number = service.district.report((100.0, 50.0)).incident.id
    service.district.step(number, "accept", VILLAGES["C"])
    assert card(service, "li.na", number)["acts_for"] == [VILLAGES["C"], TOWNSHIPS["C"], DISTRICT]
    assert card(service, "east", number)["acts_for"] == [VILLAGES["C"], TOWNSHIPS["C"]]
    assert card(service, "worker", number)["acts_for"] == [VILLAGES["C"]]
    assert card(service, "wall", number)["acts_for"] == []


def test_card__has_the_form_of_each_move_that_it_offers(service):
    number = service.district.report((100.0, 50.0)).incident.id
    told = card(service, "li.na", number)
    assert set(told["forms"]) == {move for moves in told["moves"].values() for move in moves}
    assert told["forms"]["reassign"] == {"must": ["reason", "to"], "may": []}
    assert told["kind"] == {"en": "Fire hazard", "zh": "消防隐患"}


def test_card__names_what_stands_on_it(service):
    number = service.district.report((100.0, 50.0), grade="prominent").incident.id
    service.district.step(number, "hand_across", TOWNSHIPS["C"], to=FIRE)
    told = card(service, "li.na", number)
    assert told["names"][C[:12]] == "南门村"
    assert told["names"][FIRE] == "消防大队"
    assert told["telephones"] == {FIRE: "119"}
    assert card(service, "wall", number)["telephones"] == {}


def test_locate__names_the_team_across_the_border(service):
    told = locate(service, "li.na", (100.0, 104.0)).json()
    assert told["grid"] == A
    assert [other["grid"] for other in told["alternatives"]] == [C]
    (across,) = told["across"]
    assert [person["telephone"] for person in across["people"]] == ["13800000001"]
    assert told["names"] == {A[:12]: "东门社区", A[:9] + "000": "海门街道", C[:12]: "南门村"}


def test_locate__keeps_the_other_side_from_those_who_may_not_read_it(service):
    told = locate(service, "east", (100.0, 96.0)).json()
    assert told["grid"] == C
    assert [other["grid"] for other in told["alternatives"]] == [A]
    assert told["across"] == []
    assert locate(service, "east", (100.0, 104.0)).status_code == 403


def test_locate__far_from_a_border_has_nobody_across(service):
    told = locate(service, "li.na", (300.0, 200.0)).json()
    assert told["grid"] == B
    assert told["across"] == []
