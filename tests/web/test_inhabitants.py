"""People by unit: as the dwellings have them, under the edition of today, anew after a change."""

import pytest

from gisgrid.store.register_files import import_register
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import TOWNSHIPS
from tests.web.served import served
from tests.worlds import at
from web.inhabitants import People

A, C = CODES["A"], CODES["C"]


@pytest.fixture
def service(make_database):
    with served(make_database("sqlite")) as service:
        yield service


def live(service, folder, *rows):
    """Dwellings of (code, metres x, metres y, residents, migrants)."""
    lines = ["code,lon,lat,households,residents,migrants"]
    for code, x, y, residents, migrants in rows:
        lon, lat = at(x, y)
        lines.append(f"{code},{lon:.7f},{lat:.7f},1,{residents},{migrants}")
    path = folder / "dwellings.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_register(service.services.store, "dwellings", path, author="clerk")


def test_inhabitants__by_grid_village_and_township(service, tmp_path):
    counting = service.services.counting
    assert counting.inhabitants().by == {}
    live(service, tmp_path, ("D1", 50, 50, 3, 1), ("D2", 50, 60, 4, 0), ("D3", 9_000, 50, 9, 9))
    found = counting.inhabitants()
    codes = [code for code, people in found.by["grid"].items() if people == People(7, 1)]
    assert len(codes) == 1
    assert found.by["village"][codes[0][:12]] == People(7, 1)
    assert sum(people.residents for people in found.by["township"].values()) == 7
    live(service, tmp_path, ("D1", 50, 50, 5, 1))
    assert counting.inhabitants().by["grid"][codes[0]] == People(9, 1)
    assert counting.inhabitants().version != found.version


def test_map_units__say_how_many_live_there(service, tmp_path):
    service.district.report((50, 50))
    asked = {"by": "township"}
    first = service.ask("li.na", "GET", "/map/units", params=asked)
    live(service, tmp_path, ("D1", 50, 50, 3, 1))
    second = service.ask("li.na", "GET", "/map/units", params=asked, headers={"if-none-match": first.headers["etag"]})
    assert second.status_code == 200
    told = second.json()["units"]
    row = told["unit"].index(service.district.get(1).township)
    assert (told["residents"][row], told["migrants"][row]) == (3, 1)
    assert set(told["unit"]) <= set(TOWNSHIPS.values())
