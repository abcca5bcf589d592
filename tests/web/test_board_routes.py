"""Board, list and queue over HTTP: which units, with which names, for whoever asks; not sent again where nothing has changed."""

import pytest

from gisgrid.store.register_files import import_register
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import DISTRICT, TOWNSHIPS, VILLAGES
from tests.web.staffed import staffed


@pytest.fixture
def local(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        yield service


def ask(service, path, name="li.na", **asked):
    found = service.ask(name, "GET", path, params=asked)
    assert found.status_code == 200, found.text
    return found.json()


def test_board__goes_one_level_down_from_whatever_is_asked_for(local):
    local.district.report((50, 50))
    for unit, name, by, path in (
        ("", "li.na", "township", []),
        (DISTRICT, "li.na", "township", []),
        (TOWNSHIPS["C"], "li.na", "village", [TOWNSHIPS["C"]]),
        (VILLAGES["C"], "li.na", "grid", [TOWNSHIPS["C"], VILLAGES["C"]]),
        (CODES["C"], "li.na", "grid", [TOWNSHIPS["C"], VILLAGES["C"], CODES["C"]]),
        ("area:A1", "li.na", "grid", ["area:A1"]),
        # Of those who see a township only, that is where it begins.
        ("", "east", "village", []),
        (VILLAGES["C"], "east", "grid", [VILLAGES["C"]]),
        ("", "fire", "township", []),
    ):
        board = ask(local, "/board", name, unit=unit)
        assert (board["by"], [one["unit"] for one in board["path"]]) == (by, path), (unit, name)
    assert ask(local, "/board", unit="area:A1")["path"] == [{"unit": "area:A1", "name": "海门一片"}]


def test_board__has_rows_of_nothing_for_units_within_what_is_asked_for_and_seen(local):
    local.district.report((50, 50))
    local.district.report(None)
    rows = {one["unit"]: one for one in ask(local, "/board", by="village")["rows"]}
    assert {unit: one["count"] for unit, one in rows.items()} == {VILLAGES["C"]: 1, VILLAGES["A"]: 0, "": 1}
    assert (rows[VILLAGES["A"]]["name"], rows[""]["name"]) == ("东门社区", "")
    assert list(rows)[-1] == ""
    assert [one["unit"] for one in ask(local, "/board", "east", by="village")["rows"]] == [VILLAGES["C"]]
    assert ask(local, "/board", "fire", by="village")["rows"] == []
    grids = {one["unit"] for one in ask(local, "/board", unit="area:A1")["rows"]}
    assert grids == {CODES["A"], CODES["C"]}


def test_queue__is_under_no_filter_with_the_nearest_grid_and_the_office_that_may_give_one(local):
    near = local.district.report((-40.0, 250.0), description="看得见的话").incident.id
    local.district.report(None, stated=VILLAGES["C"])
    assert ask(local, "/board", unit=TOWNSHIPS["A"])["queue"] == 2
    first, second = ask(local, "/board/queue")["incidents"]
    assert (first["incident"]["number"], first["nearest"]["grid"], first["description"]) == (
        near,
        CODES["A"],
        "看得见的话",
    )
    assert first["nearest"]["distance_m"] == pytest.approx(40.0, abs=0.5)
    assert (first["office"], second["nearest"], second["office"]) == (DISTRICT, None, VILLAGES["C"])
    wall = ask(local, "/board/queue", "wall")["incidents"][0]
    assert (wall["description"], wall["stated"], wall["office"]) == ("", "", "")
    (hers,) = ask(local, "/board/queue", "east")["incidents"]
    assert hers["office"] == VILLAGES["C"]
    local.district.step(near, "reassign", first["office"], to=CODES["A"])
    assert [one["incident"]["number"] for one in ask(local, "/board/queue")["incidents"]] == [2]


def test_lists__go_on_where_the_page_before_ended(local):
    for _ in range(5):
        local.district.report((50, 50))
    local.district.step(2, "terminate", DISTRICT)
    found, cursor = [], ""
    while cursor is not None:
        page = ask(local, "/board/incidents", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [one["number"] for one in page["incidents"]]
        cursor = page["next"]
    assert found == [1, 3, 4, 5, 2]
    refused = local.ask("li.na", "GET", "/board/incidents", params={"cursor": "nonsense"})
    assert refused.status_code == 422


@pytest.mark.parametrize("path", ["/board", "/board/incidents", "/board/queue"])
def test_board__is_not_sent_again_until_something_changes(local, path):
    local.district.report(None)
    first = local.ask("li.na", "GET", path)
    tag = {"if-none-match": first.headers["etag"]}
    again = local.ask("li.na", "GET", path, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert local.ask("other", "GET", path, headers=tag).status_code == 304
    assert local.ask("wall", "GET", path, headers=tag).status_code == 200
    local.district.report(None)
    assert local.ask("li.na", "GET", path, headers=tag).status_code == 200


def test_names__of_a_register_are_told_at_once(local, tmp_path):
    local.district.step(local.district.report((50, 50)).incident.id, "accept", VILLAGES["C"])
    before = local.ask("li.na", "GET", "/board/incidents")
    assert before.json()["incidents"][0]["holder_name"] == "南门村"
    units = tmp_path / "units.csv"
    units.write_text(f"code,level,name\n{VILLAGES['C']},,南门新村\n", encoding="utf-8")
    import_register(local.services.store, "units", units, author="clerk")
    after = local.ask("li.na", "GET", "/board/incidents", headers={"if-none-match": before.headers["etag"]})
    assert after.json()["incidents"][0]["holder_name"] == "南门新村"
