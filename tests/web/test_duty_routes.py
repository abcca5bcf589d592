"""Duties, vacancies, loads and the roster over HTTP; units, places, departments; rules, calendar, categories, policy."""

import datetime as dt

import pytest

from gisgrid.categories import CATEGORIES
from gisgrid.rules import RULE_NAMES
from gisgrid.store.register_files import import_register
from gisgrid.workdays import WorkCalendar
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES
from tests.web.staffed import A, B, C, D, E, pages, staffed
from tests.web.test_grid_routes import NOON
from tracks.policy import Policy


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        service.clock.now_ms = NOON
        yield service


def duties(service, name="li.na", **options):
    return [(one["person"], one["grid"], one["role"]) for one in pages(service, name, "/duties", "duties", **options)]


ALL = [("L1", A, "leader"), ("P2", A, "patroller"), ("P2", B, "patroller"), ("L1", C, "leader"), ("P1", C, "patroller")]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_list_duties__pages_hold_every_duty_once(make_database, tmp_path, kind, limit):
    with staffed(make_database(kind), tmp_path) as service:
        assert duties(service, limit=limit) == ALL


def test_list_duties__filters(service):
    assert duties(service, grid=A) == ALL[:2]
    assert duties(service, person="P2") == ALL[1:3]
    assert duties(service, role="leader") == [ALL[0], ALL[3]]
    assert duties(service, day="2018-05-06", role="leader") == [ALL[0]]
    assert duties(service, day="2018-04-30") == []


def test_list_duties__names_and_the_unit_of_whoever_asks(service):
    assert duties(service, "east") == duties(service, "worker") == ALL[3:]
    bare = pages(service, "wall", "/duties", "duties")
    assert {one["person"] + one["name"] + one["telephone"] for one in bare} == {""}
    assert [one["grid"] for one in bare] == [grid for _, grid, _ in ALL]
    assert service.ask("wall", "GET", "/duties", params={"person": "P1"}).status_code == 403
    named = service.ask("fire", "GET", "/duties", params={"person": "P1"}).json()["duties"]
    assert [(one["name"], one["telephone"], one["to_day"]) for one in named] == [("王一", "13800000001", None)]


def test_show_answers__of_a_day(service):
    def people(name="li.na", code=C, **params):
        answer = service.ask(name, "GET", f"/grids/{code}/answers", params=params)
        return [one["person"] for one in answer.json()["people"]] if answer.status_code == 200 else answer.status_code

    assert people() == ["P1"]
    assert people(day="2018-05-05") == ["P1", "L1"]
    assert people("wall") == [""]
    assert people("east", A) == 403
    assert people(day="2018-04-01") == people(code="x") == 404


def test_list_vacancies__every_role_is_held_or_vacant(service):
    held = {(grid, role) for _, grid, role in duties(service, day="2018-05-07")}
    for limit in (1, 3, 100):
        found = pages(service, "li.na", "/vacancies", "vacancies", limit=limit)
        vacant = {(one["grid"], role) for one in found for role in one["vacant_roles"]}
        assert len(held | vacant) == len(held) + len(vacant) == 25
        assert [one["grid"] for one in found] == [A, B, C, D, E]
    east = pages(service, "east", "/vacancies", "vacancies", limit=2)
    assert [one["grid"] for one in east] == [C, D, E]


def test_list_loads__of_the_unit_of_whoever_asks(service):
    for place in ((50, 150), (50, 160), (350, 150), (50, 50)):
        service.district.report(place)
    told = service.ask("li.na", "GET", "/loads").json()
    assert [(one["person"], one["grids"], one["open"]) for one in told["loads"]] == [("P2", 2, 3), ("P1", 1, 1)]
    assert told["total"] == 2
    assert [one["person"] for one in service.ask("east", "GET", "/loads").json()["loads"]] == ["P1"]
    assert [one["open"] for one in service.ask("wall", "GET", "/loads").json()["loads"]] == [3, 1]
    assert service.ask("wall", "GET", "/loads").json()["loads"][0]["person"] == ""
    assert service.ask("li.na", "GET", "/loads", params={"limit": 1}).json() == {**told, "loads": told["loads"][:1]}
    assert service.ask("fire", "GET", "/loads").json() == {"loads": [], "total": 0}
    assert service.ask("admin", "GET", "/loads").status_code == 403


def test_show_on_call__now_and_not_at_night(service):
    found = service.ask("east", "GET", "/on-call").json()
    assert [(one["unit"], one["person"], one["telephone"]) for one in found] == [
        (TOWNSHIPS["A"], "P2", "13800000002"),
        (TOWNSHIPS["C"], "P1", "13800000001"),
    ]
    assert {one["person"] for one in service.ask("wall", "GET", "/on-call").json()} == {""}
    service.clock.now_ms += 8 * 3_600_000
    assert service.ask("li.na", "GET", "/on-call").json() == []


def test_list_units__with_the_grids_of_areas(service):
    found = pages(service, "worker", "/units", "units", limit=2)
    assert [one["code"] for one in found] == [TOWNSHIPS["A"], VILLAGES["A"], VILLAGES["C"], "A1"]
    assert found[-1] == {"code": "A1", "level": "area", "name": "海门一片", "kind": "", "grids": [A, C]}
    assert [one["code"] for one in pages(service, "li.na", "/units", "units", level="village")] == [
        VILLAGES["A"],
        VILLAGES["C"],
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_find_places__as_people_type_and_anew_after_a_change(make_database, tmp_path, kind):
    with staffed(make_database(kind), tmp_path) as service:

        def found(typed, **params):
            answer = service.ask("worker", "GET", "/places", params={"q": typed, **params})
            assert answer.status_code == 200
            return [one["code"] for one in answer.json()]

        assert found("syxx") == found("实验小学") == found("shiyan") == ["X1"]
        assert found("syxx", village=VILLAGES["C"]) == []
        assert found(B) == [B]
        first = service.services.naming.finder()
        service.district.report((50, 50))
        assert service.services.naming.finder() is first
        path = tmp_path / "more.csv"
        path.write_text(
            f"code,kind,name,village,lon,lat\nX2,school,实验小学二部,{A[:12]},121.4,28.6\n", encoding="utf-8"
        )
        import_register(service.services.store, "places", path, author="clerk")
        assert found("syxx") == ["X1", "X2"]
        assert found("syxx", limit=1) == ["X1"]


def test_find_places__grids_of_the_edition_of_today(service):
    assert [one["code"] for one in service.ask("li.na", "GET", "/places", params={"q": E}).json()] == [E]
    service.district.publish_second(dt.date(2018, 5, 8))
    assert service.ask("li.na", "GET", "/places", params={"q": E}).json() != []
    service.clock.now_ms += 86_400_000
    assert service.ask("li.na", "GET", "/places", params={"q": E}).json() == []


def test_find_places__units_have_no_point(service):
    (unit,) = service.ask("li.na", "GET", "/places", params={"q": "海门街道"}).json()
    assert (unit["kind"], unit["lon"], unit["lat"], unit["rank"]) == ("township", None, None, 1)
    for wrong in ({}, {"q": ""}, {"q": "x", "limit": 0}, {"q": "\0"}):
        assert service.ask("li.na", "GET", "/places", params=wrong).status_code == 422


def test_list_departments__telephones_for_those_who_see_names(service):
    found = {one["code"]: one for one in service.ask("li.na", "GET", "/departments").json()}
    assert len(found) == 10
    assert (found["fire"]["name_en"], found["fire"]["name_zh"], found["fire"]["telephone"]) == (
        "Fire",
        "消防大队",
        "119",
    )
    assert (found["parks"]["office"], found["parks"]["name_en"]) == ("department:parks", "园林")
    assert {one["telephone"] for one in service.ask("wall", "GET", "/departments").json()} == {""}


def test_rules__as_they_are_set(service, tmp_path):
    path = tmp_path / "rules.csv"
    path.write_text("rule,value\nresponse_workdays,2\n", encoding="utf-8")
    import_register(service.services.store, "rules", path, author="clerk")
    found = service.ask("worker", "GET", "/rules").json()
    assert [one["rule"] for one in found] == list(RULE_NAMES)
    assert [one for one in found if one["value"] != one["default"]] == [
        {"rule": "response_workdays", "value": 2, "default": 1}
    ]


def test_categories__with_campaigns_open_or_not(service, tmp_path):
    path = tmp_path / "sub.csv"
    path.write_text(
        "category,code,name,from,to\ncentral_tasks,census,人口普查,2018-05-01,2018-05-07\n", encoding="utf-8"
    )
    import_register(service.services.store, "sub_categories", path, author="clerk")
    found = service.ask("li.na", "GET", "/categories").json()
    assert [one["code"] for one in found] == list(CATEGORIES)
    tasks = {one["code"]: one for one in found[3]["sub_categories"]}
    assert (tasks["census"]["is_open"], tasks["waste_sorting"]["is_open"]) == (False, True)


def test_calendar__explains_every_day(service):
    answer = service.ask("li.na", "GET", "/calendar", params={"from": "2018-09-01", "to": "2018-10-31"}).json()
    calendar = WorkCalendar()
    assert len(answer) == 61
    assert all(one["is_workday"] == calendar.is_workday(dt.date.fromisoformat(one["day"])) for one in answer)
    told = {one["day"]: (one["why_en"], one["why_zh"]) for one in answer}
    assert told["2018-09-29"] == ("Saturday, make-up workday", "星期六，调休上班")
    assert told["2018-10-01"] == ("Monday, National Day", "星期一，国庆节")
    for first, last in (("2018-05-02", "2018-05-01"), ("1990-01-01", "2099-12-31")):
        assert service.ask("li.na", "GET", "/calendar", params={"from": first, "to": last}).status_code == 422


def test_policy__is_the_one_that_judges(service):
    told = service.ask("assessor", "GET", "/policy").json()
    assert told["hash"] == Policy().hash
    assert (told["name"], told["parameters"]["tolerance_m"], told["parameters"]["duty_window"]) == (
        "5225", 20.0, "06:00-23:00",
    )  # fmt: skip
