"""Maps of incidents over HTTP: as much as lists have, for whoever asks; not sent again where nothing has changed."""

import itertools

import pytest

from gisgrid.access import ACTIONS
from gisgrid.store.tables import AREA_GRID
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import DAY, DISTRICT, FIRE, MINUTE, TOWNSHIPS, VILLAGES
from tests.web.served import PEOPLE, served
from tests.worlds import at

WEST, SOUTH = at(0.0, 0.0)
EAST, NORTH = at(400.0, 300.0)
VIEW = {"west": WEST, "south": SOUTH, "east": EAST, "north": NORTH, "zoom": 16}
READERS = [name for name, (role, _, _) in PEOPLE.items() if role in ACTIONS["read_incidents"]]


@pytest.fixture
def service(database):
    with served(database) as service:
        yield service


@pytest.fixture
def local(make_database):
    with served(make_database("sqlite")) as service:
        yield service


def show(service, name="li.na", **asked):
    found = service.ask(name, "GET", "/map/incidents", params=VIEW | asked)
    assert found.status_code == 200, found.text
    return found.json()


def filled(service):
    """Incidents all over, one urgent, one in the hands of the fire department, one without a place."""
    for x, y in itertools.product((50, 150, 250, 350), (50, 150, 250)):
        service.district.report((x, y))
    urgent = service.district.report((150, 50), is_urgent=True).incident.id
    handed = service.district.report((50, 50), category="other", sub_category="").incident
    service.district.step(handed.id, "accept", handed.holder)
    service.district.step(handed.id, "hand_up", handed.holder)
    service.district.step(handed.id, "hand_across", TOWNSHIPS["C"], to=FIRE)
    service.district.report(None, stated=CODES["E"])
    service.district.report(None)
    return urgent, handed.id


def test_map_incidents__points_where_they_are_few(service):
    urgent, handed = filled(service)
    found = show(service)
    points, words = found["points"], found["words"]
    assert (found["shown"], found["cells"]) == ("points", None)
    assert points["number"] == list(range(1, 15))
    listed = service.ask("li.na", "GET", "/incidents", params={"limit": 100}).json()["incidents"]
    by_number = {one["number"]: one for one in listed}
    for at_row, number in enumerate(points["number"]):
        one = by_number[number]
        assert (points["lon"][at_row], points["lat"][at_row]) == (one["lon"], one["lat"])
        assert words["category"][points["category"][at_row]] == one["category"]
        assert words["state"][points["state"][at_row]] == one["state"]
        assert points["is_urgent"][at_row] == one["is_urgent"] == (number == urgent)
    assert found["in_view"] == found["with_place"] == {"count": 14, "open": 14, "overdue": 0, "urgent": 1}
    assert found["without_place"] == {"count": 2, "open": 2, "overdue": 0, "urgent": 0}
    assert sum(found["clock_states"].values()) == len(listed) == 16
    assert show(service, "fire")["points"]["number"] == [handed]


def test_map_incidents__by_grade(service):
    filled(service)
    service.district.report((50, 50), grade="prominent")
    assert show(service, grade="prominent")["with_place"]["count"] == 1
    assert show(service, grade=["prominent", "ordinary"])["with_place"]["count"] == 15
    refused = service.ask("li.na", "GET", "/map/incidents", params=VIEW | {"grade": "grave"})
    assert refused.status_code == 422


def test_map_incidents__cells_of_a_size(service):
    filled(service)
    large, small = show(service, most_points=0, cell_px=256), show(service, most_points=0, cell_px=32)
    assert (large["cell_px"], small["cell_px"]) == (256, 32)
    assert len(large["cells"]["cell"]) < len(small["cells"]["cell"])
    refused = service.ask("li.na", "GET", "/map/incidents", params=VIEW | {"cell_px": 63})
    assert refused.status_code == 422
    assert "64" in refused.json()["detail"]


def test_map_incidents__cells_where_they_are_many(service):
    filled(service)
    found = show(service, most_points=5)
    cells = found["cells"]
    assert (found["shown"], found["points"]) == ("cells", None)
    assert {len(column) for column in cells.values()} == {len(cells["cell"])}
    assert sum(cells["count"]) == found["in_view"]["count"] == 14
    west, south, east, north = found["bounds"]
    assert west <= WEST < EAST <= east
    assert south <= SOUTH < NORTH <= north
    for low, middle, high in (("west", "lon", "east"), ("south", "lat", "north")):
        for three in zip(cells[low], cells[middle], cells[high], strict=True):
            assert list(three) == sorted(three)
    # Beside the viewport there is nothing, and nothing is lost.
    beside = show(service, west=EAST + 1.0, east=EAST + 1.1)
    assert (beside["shown"], beside["points"]["number"], beside["in_view"]["count"]) == ("points", [], 0)
    assert (beside["with_place"], beside["without_place"]) == (found["with_place"], found["without_place"])
    assert show(service, west=EAST + 1.0, east=EAST + 1.1, most_points=0)["cells"]["cell"] == []


@pytest.mark.parametrize("name", READERS)
def test_map_incidents__as_many_as_the_list_has(local, name):
    filled(local)
    with local.services.store.changing("clerk") as change:
        change.connection.execute(AREA_GRID.insert(), [{"area": "west", "grid": CODES[letter]} for letter in "AC"])
        change.tell("areas_changed", "areas")
    for asked in (
        {},
        {"unit": DISTRICT},
        {"unit": TOWNSHIPS["C"]},
        {"unit": VILLAGES["C"]},
        {"unit": CODES["E"]},
        {"unit": "area:west"},
        {"state": ["reported", "closed"]},
        {"category": "other", "unit": VILLAGES["C"]},
        {"reported_from": "2018-05-07T00:00:00Z"},
        {"reported_before": "2018-05-07T00:00:00Z"},
        {"clock_state": ["at_risk", "red"]},
        {"clock_state": ["settled", "due_today"], "is_urgent": True},
        {"is_open": True, "level": ["department"]},
        {"sub_category": "fire_hazard", "grade": ["ordinary"], "card": [""]},
        {"how": ["unassigned"], "holder": DISTRICT},
    ):
        listed = local.ask(name, "GET", "/incidents", params={"limit": 100} | asked).json()["incidents"]
        found = show(local, name, **asked)
        assert found["with_place"]["count"] == sum(one["lon"] is not None for one in listed), asked
        assert found["without_place"]["count"] == sum(one["lon"] is None for one in listed), asked
        assert found["points"]["number"] == sorted(one["number"] for one in listed if one["lon"] is not None), asked
        assert local.ask(name, "GET", "/incidents-counts", params=asked).json()["total"] == len(listed), asked
        ranked = local.ask(name, "GET", "/board/incidents", params=asked).json()
        assert ranked["total"] == len(ranked["incidents"]) == len(listed), asked
        assert local.ask(name, "GET", "/board", params=asked).json()["total"]["count"] == len(listed), asked
        for by in ("township", "village", "grid"):
            counted = local.ask(name, "GET", "/map/units", params={"by": by} | asked).json()
            units = sorted({one[by] for one in listed})
            assert counted["units"]["unit"] == units
            assert counted["units"]["count"] == [sum(one[by] == unit for one in listed) for unit in units]
            assert counted["total"]["count"] == len(listed)


def test_map_incidents__filters_of_its_own(local):
    urgent, handed = filled(local)

    def numbers(**asked):
        return show(local, **asked)["points"]["number"]

    assert numbers(is_urgent=True) == [urgent]
    assert numbers(level="department") == [handed]
    assert numbers(sub_category="fire_hazard", is_open=True) == [*range(1, 14)]
    assert numbers(clock_state=["red"]) == []
    local.clock.now_ms += 2 * DAY
    assert numbers(clock_state=["yellow", "red"], card="") == [*range(1, 14)]  # the other has been answered
    assert show(local)["in_view"]["overdue"] == 13


def test_map_incidents__not_sent_again_until_something_changes(service):
    number = service.district.report((50, 50)).incident.id

    def asked(name="li.na", known="", path="/map/incidents", **more):
        params = (VIEW if path == "/map/incidents" else {}) | more
        return service.ask(name, "GET", path, params=params, headers={"if-none-match": known})

    first = asked()
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    again = asked(known=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == "private, no-cache"
    assert asked(known=f'"other", W/{tag}').status_code == 304
    # Another viewport, filter, viewer.
    assert asked(known=tag, zoom=15).status_code == 200
    assert asked(known=tag, is_open=True).status_code == 200
    assert asked("worker", known=tag).status_code == 200
    assert asked("other", known=tag).status_code == 304
    units = asked(path="/map/units")
    assert asked(path="/map/units", known=units.headers["etag"]).status_code == 304
    assert asked(path="/map/units", known=units.headers["etag"], by="grid").status_code == 200
    # A minute in which nothing ends, and something else that happens.
    service.clock.now_ms += MINUTE
    with service.services.store.changing("clerk") as change:
        change.tell("something_else", "nothing")
    assert asked(known=tag).status_code == 304
    service.district.step(number, "accept", VILLAGES["C"])
    changed = asked(known=tag)
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)
    # A clock ends, though nobody does anything.
    service.clock.now_ms += 10 * DAY
    later = asked(known=changed.headers["etag"])
    assert later.status_code == 200
    assert later.json()["in_view"]["overdue"] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"west": EAST, "east": WEST}, 422),
        ({"south": NORTH, "north": SOUTH}, 422),
        ({"west": "nan"}, 422),
        ({"north": "inf"}, 422),
        ({"north": 91}, 422),
        ({"zoom": 23}, 422),
        ({"zoom": "far"}, 422),
        ({"cell_px": 60}, 422),
        ({"most_points": 5_001}, 422),
        ({"west": -180, "east": 180}, 422),
        ({"category": "nonsense"}, 422),
        ({"clock_state": "nonsense"}, 422),
        ({"reported_from": "2018-05-07T00:00:00"}, 422),
        ({"unit": "331999000000"}, 404),
        ({"unit": "x' or 1=1 --"}, 404),
        ({"unit": "area:x' or 1=1 --"}, 404),
    ],
)
def test_map_incidents__what_cannot_be_asked(local, changes, status):
    local.district.report((50, 50))
    found = local.ask("li.na", "GET", "/map/incidents", params=VIEW | changes)
    assert found.status_code == status, found.text
    assert found.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("name", sorted(set(PEOPLE) - set(READERS)))
@pytest.mark.parametrize("path", ["/map/incidents", "/map/units"])
def test_map__not_for_those_who_may_not(local, name, path):
    assert local.ask(name, "GET", path, params=VIEW).status_code == 403
