"""The ground over HTTP: for whoever may see it, packed, and not sent twice."""

import pytest

from tests.gisgrid.store.small_district import TOWNSHIPS
from tests.web.staffed import A, C, staffed


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        yield service


def ground(service, name, **headers):
    return service.ask(name, "GET", "/editions/1/ground", headers=headers)


def test_show_ground__columns_of_one_length(service):
    told = ground(service, "li.na").json()
    assert len(told["lines"]) == len(told["level"])
    assert {len(column) for column in told["grids"].values()} == {len(told["grids"]["code"])}
    assert A in told["grids"]["code"]
    assert {TOWNSHIPS["A"], TOWNSHIPS["C"]} <= set(told["townships"]["code"])
    for units in (told["villages"], told["townships"]):
        for lon, lat, (west, south, east, north) in zip(units["lon"], units["lat"], units["bounds"], strict=True):
            assert west < lon < east
            assert south < lat < north


def test_show_ground__only_the_unit_of_whoever_asks(service):
    told = ground(service, "east").json()
    assert C in told["grids"]["code"]
    assert A not in told["grids"]["code"]
    assert told["townships"]["code"] == [TOWNSHIPS["C"]]


def test_show_ground__is_not_sent_twice(service):
    first = ground(service, "li.na")
    again = ground(service, "li.na", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = ground(service, "east", **{"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_show_ground__packed_only_for_those_who_take_it(service):
    packed = ground(service, "li.na", **{"accept-encoding": "gzip"})
    plain = ground(service, "li.na", **{"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_show_ground__no_such_edition(service):
    missing = service.ask("li.na", "GET", "/editions/9/ground")
    assert missing.status_code == 404
