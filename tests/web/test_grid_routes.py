"""Editions and grids over HTTP: which holds when, polygons, pages, and who answers at a place."""

import datetime as dt
import json

import pytest
import shapely

from tests.gisgrid.store.incident_places import CODES, network_of
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES
from tests.web.staffed import A, B, C, D, E, pages, staffed
from tests.worlds import at

NOON = 1_525_651_200_000 + 4 * 3_600_000  # 2018-05-07 12:00 in China


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        service.clock.now_ms = NOON
        yield service


def codes(service, name="li.na", **options):
    return [grid["code"] for grid in pages(service, name, "/grids", "grids", **options)]


def test_editions__say_from_when_to_when(service):
    service.district.publish_second(dt.date(2018, 5, 10))
    first, second = service.ask("li.na", "GET", "/editions").json()
    assert (first["valid_from"], first["valid_to"]) == ("2018-04-20", "2018-05-10")
    assert (second["valid_from"], second["valid_to"]) == ("2018-05-10", None)
    assert [one["grids"] for one in (first, second)] == [5, 4]
    assert first["published_by"] == "planner"
    assert service.ask("wall", "GET", "/editions/1").json() == {**first, "published_by": ""}
    assert service.ask("li.na", "GET", "/editions/3").status_code == 404
    assert service.ask("auditor", "GET", "/editions").status_code == 403


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_list_grids__pages_hold_every_grid_once(service, limit):
    assert codes(service, limit=limit) == sorted(CODES.values())


def test_list_grids__goes_on_in_the_edition_in_which_it_began(service):
    service.district.publish_second(dt.date(2018, 5, 8))
    first = service.ask("li.na", "GET", "/grids", params={"limit": 3}).json()
    service.clock.now_ms += 86_400_000
    rest = service.ask("li.na", "GET", "/grids", params={"limit": 3, "cursor": first["next"]}).json()
    assert (first["edition"], rest["edition"]) == (1, 1)
    assert [grid["code"] for grid in first["grids"] + rest["grids"]] == sorted(CODES.values())
    assert codes(service) == [A, B, C, D]
    assert codes(service, day="2018-05-07") == codes(service, edition=1) == sorted(CODES.values())


def test_list_grids__by_unit_and_within_that_of_whoever_asks(service):
    assert codes(service, unit=TOWNSHIPS["A"]) == [A, B]
    assert codes(service, unit=VILLAGES["C"]) == [C, D]
    assert codes(service, unit=E) == [E]
    assert codes(service, unit="331002000000") == sorted(CODES.values())
    assert codes(service, unit="area:A1") == [A, C]
    assert codes(service, "east") == [C, D, E]
    assert codes(service, "east", unit="area:A1") == [C]
    assert codes(service, "worker") == [C]
    # A department has the ground of the whole district.
    assert codes(service, "fire") == sorted(CODES.values())
    for unit in ("331003000000", "area:A2", "nowhere"):
        assert service.ask("li.na", "GET", "/grids", params={"unit": unit}).status_code == 404


def test_show_grid__with_the_polygon_as_published(service):
    told = service.ask("li.na", "GET", f"/grids/{C}", params={"geometry": True}).json()
    network = network_of(1)
    shape = shapely.from_geojson(json.dumps(told["geometry"]))
    assert shapely.equals_exact(shape, network.geometry[network.position_of(C)], 1e-9)
    assert shape.contains(shapely.Point(told["lon"], told["lat"]))
    assert told["area_m2"] == pytest.approx(20_000.0, rel=1e-3)
    assert (told["village"], told["township"]) == (C[:12], C[:9] + "000")
    assert service.ask("li.na", "GET", f"/grids/{C}").json()["geometry"] is None


def test_show_grid__says_why_not(service):
    for name, path, status in (
        ("li.na", "/grids/nothing", 404),
        ("east", f"/grids/{A}", 403),
        ("east", f"/grids/{C}", 200),
        ("li.na", f"/grids/{A}?day=2018-04-19", 404),
        ("li.na", f"/grids/{A}?edition=9", 404),
        ("li.na", f"/grids/{A}?edition=1&day=2018-05-07", 422),
        ("li.na", f"/grids/{A}?day=9999-12-31", 422),
        ("li.na", "/grids?unit=%00", 422),
        ("li.na", "/grids?cursor=x", 422),
    ):
        assert service.ask(name, "GET", path).status_code == status, path


def test_locate__who_answers_here(service):
    lon, lat = at(50, 150)
    told = service.ask("li.na", "GET", "/locate", params={"lon": lon, "lat": lat}).json()
    assert (told["grid"], told["how"], told["day"], told["edition"]) == (A, "inside", "2018-05-07", 1)
    assert told["border_distance_m"] == pytest.approx(50.0, abs=0.1)
    assert [(one["role"], one["name"], one["telephone"]) for one in told["answers"]["people"]] == [
        ("patroller", "李二", "13800000002"),
        ("leader", "赵三", "13800000003"),
    ]
    assert told["answers"]["vacant_roles"] == ["instructor", "business_instructor", "area_leader"]
    assert [(one["person"], one["note"]) for one in told["on_call"]] == [("P2", "门口")]
    assert told["alternatives"] == []
    bare = service.ask("wall", "GET", "/locate", params={"lon": lon, "lat": lat}).json()
    assert {one["name"] + one["telephone"] + one["person"] for one in bare["answers"]["people"]} == {""}


def test_locate__the_circle_of_accuracy_reaches_over_a_border(service):
    lon, lat = at(200, 150)
    told = service.ask("li.na", "GET", "/locate", params={"lon": lon, "lat": lat, "accuracy_m": 20}).json()
    assert told["border_distance_m"] == pytest.approx(0.0, abs=0.01)
    (other,) = told["alternatives"]
    assert {told["grid"], other["grid"]} == {A, B}
    assert other["share"] == pytest.approx(0.5, abs=0.01)


def test_locate__at_another_time_by_the_edition_and_people_of_then(service):
    service.district.publish_second(dt.date(2018, 5, 10))
    lon, lat = at(250, 150)
    for day, grid in (("2018-05-07", B), ("2018-05-10", A)):
        told = service.ask("li.na", "GET", "/locate", params={"lon": lon, "lat": lat, "at": f"{day}T09:00:00+08:00"})
        assert (told.json()["grid"], told.json()["day"], told.json()["on_call"]) == (grid, day, [])


def test_locate__far_away_and_outside_the_own_unit(service):
    far = dict(zip(("lon", "lat"), at(-500, 150), strict=True))
    told = service.ask("east", "GET", "/locate", params=far).json()
    assert (told["grid"], told["how"], told["answers"]) == ("", "unassigned", None)
    assert told["border_distance_m"] == pytest.approx(500.0, abs=0.5)
    there = dict(zip(("lon", "lat"), at(50, 150), strict=True))
    assert service.ask("east", "GET", "/locate", params=there).status_code == 403
    for wrong in ({"lon": 181, "lat": 1}, {"lon": "nan", "lat": 1}, {"lat": 1}, {**there, "at": "2018-05-07T09:00:00"}):
        assert service.ask("li.na", "GET", "/locate", params=wrong).status_code == 422
