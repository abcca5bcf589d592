"""What waits, counts and exports over HTTP: as the list says under the same filter, of what whoever asks may see."""

import itertools

import numpy as np
import pyogrio
import pytest
import sqlalchemy as sa

from gisgrid.categories import SubCategories, sub_category_names
from gisgrid.incident_rows import FIELDS
from gisgrid.store.tables import AUDIT
from gisgrid.table_files import read_table
from tests.gisgrid.store.small_district import FIRE, TOWNSHIPS, VILLAGES
from tests.web.staffed import A, C, pages, staffed
from tests.web.test_grid_routes import NOON

DAY_MS = 86_400_000
PLACES = [(50, 150), (350, 150), (50, 50), (250, 50), (350, 50), (150, 160), (-900, 900)]
NAMES = ("li.na", "east", "worker", "fire", "wall", "half", "assessor")


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, make_database, tmp_path):
    with staffed(make_database(request.param), tmp_path) as service:
        service.clock.now_ms = NOON
        for number, place in enumerate(PLACES):
            category = ("disputes", "other", "public_security_hazards")[number % 3]
            service.district.report(
                place,
                category=category,
                sub_category="",
                description=f"事{number}",
                reporter="P1",
                is_urgent=number == 1,
            )
            service.clock.now_ms += 60_000
        service.district.step(3, "accept", VILLAGES["C"])
        service.district.step(3, "hand_up", VILLAGES["C"])
        service.district.step(3, "accept", TOWNSHIPS["C"])
        service.district.step(3, "hand_across", TOWNSHIPS["C"], to=FIRE)
        service.district.step(2, "accept", VILLAGES["B"])
        yield service


def numbers(service, name, **options):
    return {one["number"] for one in pages(service, name, "/incidents", "incidents", **options)}


def test_count_incidents__agrees_with_the_list(service):
    filters = [
        {"unit": unit, **more}
        for unit, more in itertools.product(
            ("", TOWNSHIPS["A"], C, "area:A1"),
            ({}, {"state": ["reported"]}, {"category": ["disputes", "other"]}, {"how": ["unassigned"]}),
        )
    ]
    for name, wanted in itertools.product(NAMES, filters):
        listed = pages(service, name, "/incidents", "incidents", **wanted)
        counted = service.ask(name, "GET", "/incidents-counts", params=wanted).json()
        assert counted["total"] == len(listed)
        for column, key in (("state", "states"), ("category", "categories"), ("how", "hows")):
            values = [one[column] for one in listed]
            assert counted[key] == {value: values.count(value) for value in set(values)}
    assert {name: service.ask(name, "GET", "/incidents-counts").json()["total"] for name in NAMES} == {
        "li.na": 7, "east": 3, "worker": 1, "fire": 1, "wall": 7, "half": 3, "assessor": 7,
    }  # fmt: skip


def test_list_waiting__the_worst_first_and_only_what_may_be_seen(service):
    service.clock.now_ms = NOON + 18 * DAY_MS
    service.district.report((350, 60))
    service.clock.now_ms = NOON + 22 * DAY_MS
    service.district.report((350, 70))
    found = service.ask("li.na", "GET", "/incidents-waiting").json()
    states = [one["clock_state"] for one in found["waiting"]]
    order = ["red", "yellow", "due_today", "at_risk", "calm"]
    assert states == sorted(states, key=order.index)
    assert states == ["red"] * 7 + ["yellow", "at_risk"]
    assert [one["incident"]["number"] for one in found["waiting"][7:]] == [8, 9]
    for name in NAMES:
        seen = service.ask(name, "GET", "/incidents-waiting").json()
        assert {one["incident"]["number"] for one in seen["waiting"]} == numbers(service, name)
        assert seen["total"] == len(numbers(service, name))
    (first,) = service.ask("li.na", "GET", "/incidents-waiting", params={"clock": "red", "limit": 1}).json()["waiting"]
    assert first["clock_state"] == "red"
    assert service.ask("wall", "GET", "/incidents-waiting").json()["waiting"][0]["incident"]["reporter"] == ""
    assert service.ask("li.na", "GET", "/incidents-waiting", params={"clock": "settled"}).status_code == 422
    assert service.ask("li.na", "GET", "/incidents-waiting", params={"unit": "nowhere"}).status_code == 404


def exported(service, name, ending, folder, **params):
    answer = service.ask(name, "GET", f"/exports/incidents.{ending}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="incidents.{ending}"'
    assert answer.headers["cache-control"] == "no-store"
    path = folder / f"got.{ending}"
    path.write_bytes(answer.content)
    return path


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "geojson", "gpkg"])
def test_export_incidents__every_format_holds_what_may_be_seen(service, tmp_path, ending):
    for name in ("li.na", "east", "planner"):
        table = read_table(exported(service, name, ending, tmp_path))
        found = table.numbers("number")[0].astype(int).tolist()
        assert found == sorted(numbers(service, name))
    assert set(table.texts("description")) == {f"事{number}" for number in range(7)}


def test_export_incidents__filters_words_and_places(service, tmp_path):
    path = exported(service, "li.na", "csv", tmp_path, language="zh", unit=TOWNSHIPS["C"], category="disputes")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    table = read_table(path)
    assert set(table.texts(FIELDS["category"])) == {"矛盾纠纷"}
    assert table.texts("编号").tolist() == ["4"]
    assert table.texts("归属方式").tolist() == ["位于网格内"]
    assert table.texts(FIELDS["urgent"]).tolist() in (["是"], ["否"])
    (code,) = table.texts(FIELDS["sub_category"])
    assert table.texts("事件子类名称").tolist() == [sub_category_names(SubCategories(), 1).get(code, "")]
    frame = pyogrio.read_dataframe(exported(service, "li.na", "gpkg", tmp_path))
    listed = {one["number"]: one for one in pages(service, "li.na", "/incidents", "incidents")}
    for row in frame.itertuples():
        assert np.allclose((row.geometry.x, row.geometry.y), (listed[row.number]["lon"], listed[row.number]["lat"]))


def test_export_incidents__only_staff_named_in_the_audit(service, tmp_path):
    for name in ("worker", "fire", "wall", "auditor", "admin"):
        assert service.ask(name, "GET", "/exports/incidents.csv").status_code == 403
    assert service.ask("li.na", "GET", "/exports/incidents.shp").status_code == 422
    exported(service, "east", "csv", tmp_path)
    with service.services.store.reading() as connection:
        lines = connection.execute(sa.select(AUDIT).where(AUDIT.c.action == "export")).all()
    assert [(line.author, line.subject, line.result) for line in lines] == [
        ("east", "incidents", "3 incidents to incidents.csv")
    ]


def test_export_incidents__a_token_that_may_not_read_names_gets_none(service, tmp_path):
    service.ask("planner", "GET", "/editions")
    token = service.services.accounts.make_token("planner", "narrow", ["export_incidents"], author="test")
    headers = {"authorization": f"Bearer {token}"}
    answer = service.ask("planner", "GET", "/exports/incidents.csv", headers=headers)
    (tmp_path / "a.csv").write_bytes(answer.content)
    table = read_table(tmp_path / "a.csv")
    assert len(table) == 7
    assert set(table.texts("reporter")) == set(table.texts("description")) == {""}


def test_counts_and_exports__within_the_unit_of_the_grid_that_answers(service):
    one = service.ask("worker", "GET", "/incidents-counts", params={"unit": A}).json()
    assert one == {"total": 0, "states": {}, "categories": {}, "hows": {}}


@pytest.mark.parametrize("path", ["/incidents", "/incidents-counts", "/incidents-waiting", "/exports/incidents.csv"])
@pytest.mark.parametrize("field", ["unit", "holder", "reported_from"])
def test_filters__what_no_database_can_hold_is_refused(service, path, field):
    assert service.ask("li.na", "GET", path, params={field: "\0"}).status_code == 422
