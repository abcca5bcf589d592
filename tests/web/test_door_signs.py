"""What the description of the API says of its doors is what the doors do."""

import pytest

from tests.web.matrix import World, find_doors
from web.door_signs import describe_doors, requirements
from web.doors import DoorCheck
from web.phone_door import PhoneCheck

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("signs"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def description(world):
    return world.app.openapi()


def operations(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield method.upper(), path, operation


def test_description__every_operation_says_how_to_be_let_in(description):
    schemes = set(description["components"]["securitySchemes"])
    actions = {(door.method, door.path): door.checks[0].action for door in find_doors()}
    for method, path, operation in operations(description):
        named = {name for one in operation["security"] for name in one}
        assert named <= schemes
        action = actions[method, path]
        assert operation.get("x-action", "") == action, (method, path)
        if action and not path.startswith("/phones"):
            assert {"session", "token", "basic"} <= named
            assert ("csrf" in named) == (method != "GET"), (method, path)


def test_description__who_shows_nothing_is_let_in_where_it_says_so(world, description):
    for method, path, operation in operations(description):
        if method != "GET" or "{" in path or path == "/api/v1/live":
            continue
        status = world.client.get(path, headers={}).status_code
        is_open = operation["security"] in ([], [{}])
        # An open door may still refuse: by address (metrics), or because a phone says nothing.
        assert (status != 401) or not is_open, path
        assert (status == 401) or is_open, path


def test_description__each_way_in_lets_in(world, description):
    token = next(caller.secret for caller in world.callers if caller.kind == "token" and caller.scopes is None)
    schemes = description["components"]["securitySchemes"]
    assert (schemes["token"]["scheme"], schemes["basic"]["scheme"]) == ("bearer", "basic")
    address = "/api/v1/sessions/current"
    assert world.client.get(address, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert world.client.get(address, auth=("anyone", token)).status_code == 200


@pytest.mark.parametrize(
    ("check", "method", "path", "needed"),
    [
        (DoorCheck(""), "GET", "/health", []),
        (DoorCheck("read_grids"), "GET", "/x", [{"session": []}, {"token": []}, {"basic": []}]),
        (DoorCheck("move_incident"), "POST", "/x", [{"session": [], "csrf": []}, {"token": []}, {"basic": []}]),
        (PhoneCheck(), "POST", "/phones/owntracks", [{"phone": []}, {"phone_basic": []}]),
        (PhoneCheck(), "POST", "/phones/traccar/{token}", [{}]),
    ],
)
def test_requirements__of_a_door(check, method, path, needed):
    assert requirements(check, method, path) == needed


def test_describe_doors__the_cookie_of_a_secure_service_has_another_name():
    document = {"paths": {}}
    describe_doors(document, [], is_secure=True)
    assert document["components"]["securitySchemes"]["session"]["name"] == "__Host-gisgrid"
