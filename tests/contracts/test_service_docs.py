"""What stands in the docs of the service: every request with the action it needs, and nothing that is not there."""

import re
from pathlib import Path

from web.app import ROUTERS
from web.doors import DoorCheck

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "service.md"
ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| (?:`(\w+)`|everybody) \|", re.MULTILINE)


def actions_of(dependant):
    for other in dependant.dependencies:
        if isinstance(other.call, DoorCheck):
            yield other.call.action
        yield from actions_of(other)


def test_service_page__every_request_with_its_action():
    routes = [route for router in ROUTERS for route in router.routes if not route.path.startswith("/ogc")]
    there = {(method, route.path): next(actions_of(route.dependant)) for route in routes for method in route.methods}
    told = {(method, path): action for method, path, action in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    assert len(there) > 70
    assert told == there
