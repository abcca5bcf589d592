"""People by what is typed, for whoever may see their names, in their unit; places in columns."""

import pytest

from tests.web.staffed import A, B, C, staffed
from tests.web.test_grid_routes import NOON


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        service.clock.now_ms = NOON
        yield service


def people(service, typed, name="li.na", **asked):
    answer = service.ask(name, "GET", "/people", params={"q": typed} | asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_find_people__by_name_pinyin_initials_and_code(service):
    for typed in ("王一", "wangyi", "wy", "P1"):
        (found, *_) = people(service, typed)
        assert (found["code"], found["name"], found["telephone"]) == ("P1", "王一", "13800000001"), typed
        assert (found["roles"], found["grids"]) == (["patroller"], [C])
    assert people(service, "zzz") == []


def test_find_people__only_in_the_unit_of_whoever_asks(service):
    assert people(service, "李二", "east") == []
    assert [one["grids"] for one in people(service, "李二")] == [[A, B]]


def test_find_people__only_duties_of_today(service):
    # L1 led C until the fifth.
    assert [one["grids"] for one in people(service, "L1")] == [[A]]


def test_find_people__not_for_those_who_may_see_no_names(service):
    assert service.ask("wall", "GET", "/people", params={"q": "wy"}).status_code == 403


def test_show_places__in_columns(service):
    told = service.ask("wall", "GET", "/map/places").json()
    assert told == {"code": ["X1"], "kind": ["school"], "name": ["实验小学"], "lon": [121.4005], "lat": [28.6005]}
