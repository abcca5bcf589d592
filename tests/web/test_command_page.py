"""The command page: where its map begins, for those of the whole district and of a unit."""

import json
import re

import pytest

from tests.gisgrid.store.incident_places import CODES
from tests.web.staffed import staffed


@pytest.fixture
def service(make_database, tmp_path):
    with staffed(make_database("sqlite"), tmp_path) as service:
        yield service


def told(service, name):
    """What the page tells its scripts."""
    # Beside the API, by the same token.
    page = service.ask(name, "GET", "/../../command")
    assert page.status_code == 200, page.text
    return json.loads(re.search(r'id="page-data"[^>]*>(.*?)</script>', page.text, re.DOTALL)[1])


def holds(outer, inner):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def test_command_page__begins_where_nearly_all_grids_lie(service):
    whole = told(service, "li.na")
    assert holds(whole["bounds"], whole["home"])
    assert whole["edition"] == 1


def test_command_page__begins_at_the_unit_of_whoever_asks(service):
    whole, part = told(service, "li.na"), told(service, "east")
    network = service.services.editions.network(1)
    position = network.position_of(CODES["C"])
    west, south, east, north = network.geometry[position].bounds
    assert holds(whole["bounds"], part["bounds"])
    assert part["bounds"] != whole["bounds"]
    assert holds(part["bounds"], (west, south, east, north))
