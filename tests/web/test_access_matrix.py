"""Every route for every kind of caller, inside and outside their unit: let in exactly as the rule of access says."""

import pytest

from gisgrid.access import ROLES, may
from tests.web.examples import EXAMPLES
from tests.web.matrix import METRICS_TOKEN, PRIVATE, World, expected, find_doors
from web.app import ROUTERS
from web.doors import DoorCheck
from web.pages.page_route import PageRoute

DOORS = find_doors()
OPEN = {
    "/": "tells where the parts are, and nothing of the district",
    "/health": "asked by those who watch over the service",
    "/ready": "asked by those who watch over the service",
    "/metrics": "has a token of its own",
    "/api/v1/sessions": "signing in is how one gets in",
    "/sign-in": "the page to sign in at",
    "/help": "whoever cannot sign in needs help too",
    "/api/v1/sessions/wall": "the link of a wall screen is how it gets in",
}
"""The routes that let everybody in, each with its reason."""

UNGUARDED = {
    "/api/v1/openapi.json": "the description of the interface, the same for everybody",
    "/assets": "scripts and styles of the pages, the same for everybody",
}
"""What the application serves outside of its routers, each with its reason."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("matrix"))
    yield world
    world.close()


def examples_of(door):
    return [example for example in EXAMPLES if (example.method, example.path) == (door.method, door.path)]


def outcome(status, path, caller):
    if status == 401 or (
        status == 400 and path.startswith("/phones/traccar") and caller.kind not in ("device", "revoked")
    ):
        return "stranger"
    return "not" if status in (403, 404) else "in"


def is_shown_to_the_sign_in(answer):
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_doors__exactly_one(door):
    assert len(door.checks) == 1, (
        f"{door} has {len(door.checks)} doors; declare one: visit: Annotated[Visit, door(...)]"
    )
    (check,) = door.checks
    assert isinstance(check, DoorCheck)
    assert check.action or door.path in OPEN, f"{door} lets everybody in; give it a door, or its reason in OPEN"


def test_doors__nothing_is_served_beside_the_routers(world):
    paths = [route.path for route in world.app.routes if hasattr(route, "path")]
    assert set(paths) == set(UNGUARDED), (
        "served outside of ROUTERS; make it a route with a door, or say why in UNGUARDED"
    )
    assert len(world.app.routes) == len(paths) + len(ROUTERS)


def test_examples__each_is_of_a_route():
    known = {(door.method, door.path) for door in DOORS}
    assert [f"{one.method} {one.path}" for one in EXAMPLES if (one.method, one.path) not in known] == []


def test_callers__every_role_in_and_out_of_its_unit(world):
    asked = {caller.name for caller in world.callers}
    assert {f"{role}.{where}" for role in ROLES for where in ("inside", "outside")} <= asked
    assert len(asked) == len(world.callers)


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_matrix__as_the_rule_says(world, door):
    examples = examples_of(door)
    assert examples, (
        f"{door} has no example request; add one to EXAMPLES in tests/web/examples.py: method, path, an address that works "
        "in the World of matrix.py, and the Subject that it asks about (None where there is none)"
    )
    found, wanted = {}, {}
    for number, example in enumerate(examples):
        people = {caller.kind: caller for caller in world.callers}.values() if example.is_slow else world.callers
        callers = sorted(people, key=lambda caller: expected(caller, door.checks[0].action, example, may) == "in")
        world.restore()
        before = world.rows()
        for caller in callers:
            key = (number, caller.name)
            wanted[key] = expected(caller, door.checks[0].action, example, may)
            if wanted[key] == "in" and example.method != "GET":
                if before is not None:
                    # Whoever was refused has changed nothing.
                    assert world.rows() == before
                before = None
                world.restore()
            answer = world.ask(caller, example)
            is_page = issubclass(door.route_class, PageRoute)
            is_asked = is_shown_to_the_sign_in(answer)
            found[key] = "stranger" if is_asked else outcome(answer.status_code, door.path, caller)
            if found[key] == "in" and wanted[key] == "in":
                is_answer = 200 <= answer.status_code < 300 or answer.status_code in example.but
                assert is_answer, f"{caller.name}: {answer.status_code} {answer.text[-900:]}"
                check_what_is_shown(world, caller, door, example, answer)
            elif found[key] != "in" and not is_page:
                assert answer.headers["content-type"] == "application/problem+json"
        if before is not None and example.method == "GET" and not example.is_noted:
            assert world.rows() == before, "reading has changed something"
    assert found == wanted


def check_what_is_shown(world, caller, door, example, answer):
    # The audit names who did what: that is what it is for.
    if caller.holder.role and not may(caller.holder, "read_names") and door.checks[0].action != "read_audit":
        assert not [word for word in PRIVATE if word in answer.text], f"{caller.name} is told a name"
    if example.shows and example.of is not None:
        is_shown = example.shows in answer.text
        assert is_shown == may(caller.holder, door.checks[0].action, example.of), f"{caller.name}: {answer.text[-900:]}"


def test_metrics__with_their_token(world):
    answer = world.client.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"})
    assert answer.status_code == 200
    assert "gisgrid_requests" in answer.text
