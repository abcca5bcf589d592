"""What Schemathesis makes of the description of the interface: every answer is one that is described there."""

import re
import warnings

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gisgrid.access import may
from tests.web.examples import EXAMPLES
from tests.web.matrix import World, expected, find_doors

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS = "/api/v1/live"
SLOW = {"/api/v1/sessions": 10, "/api/v1/sessions/current/password": 10, "/api/v1/accounts": 4}
"""Where passwords are hashed, so many times fewer examples are tried."""

DOORS = [door for door in find_doors() if door.is_described and door.path != ENDLESS]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("schemathesis"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def schema(world):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return schemathesis.openapi.from_dict(world.app.openapi())


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_schemathesis__answers_as_described(world, schema, door):
    try_it(world, schema, door, 30)


@pytest.mark.long
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_schemathesis__answers_as_described__many(world, schema, door):
    try_it(world, schema, door, 300)


def try_it(world, schema, door, count):
    world.restore()
    operation = schema[door.path][door.method]
    example = next(one for one in EXAMPLES if (one.method, one.path) == (door.method, door.path))
    caller = whoever_may(world, door, example)
    real = values_in(door.path, example.url.split("?")[0].format(import_id=world.import_id, job=world.job))
    takes_something = any(True for _ in operation.iter_parameters()) or bool(operation.body)
    kinds = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes_something else [])]

    @given(data=st.data(), is_real=st.booleans())
    @settings(
        max_examples=max(3, count // SLOW.get(door.path, 1)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def run(data, is_real):
        kind = data.draw(st.sampled_from(kinds))
        case = data.draw(operation.as_strategy(generation_mode=kind))
        if is_real and real:
            # What is there is asked for as often as what is not.
            case.path_parameters = dict(real)
        sent = requests.Request(**case.as_transport_kwargs("http://testserver")).prepare()
        world.client.cookies.clear()
        headers = {name: value for name, value in sent.headers.items() if name.lower() != "authorization"}
        answer = world.client.request(
            sent.method, sent.url, headers=headers | caller.headers(door.method), content=sent.body
        )
        case.validate_response(answer, checks=CHECKS)

    with warnings.catch_warnings():
        # Schemathesis and what it stands on warn of much that is theirs.
        warnings.simplefilter("ignore")
        run()


def whoever_may(world, door, example):
    """One of those who are let in, with a token where there is one."""
    (check,) = door.checks
    found = [caller for caller in world.callers if expected(caller, check.action, example, may) == "in"]
    by_token = [caller for caller in found if caller.kind == "token" and caller.scopes is None]
    return (by_token or found or [world.owner])[0]


def values_in(template, url):
    """The values of the parameters of a path."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(template))
    found = re.fullmatch(pattern, url)
    assert found, f"{url} is not of {template}"
    return {
        name: int(value) if value.isdigit() and len(value) < 12 else value for name, value in found.groupdict().items()
    }
