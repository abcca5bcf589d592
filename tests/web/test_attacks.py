"""Attacks that go through the front door: hostile words in every place of every request, on both databases."""

import pytest

from gisgrid.access import may
from tests.web.examples import EXAMPLES
from tests.web.hostile import HOSTILE, LEAKS, header_names, mutations
from tests.web.matrix import C, World, expected, find_doors
from web.problems import PROBLEM_TYPE

SLOW = ("/api/v1/sessions", "/api/v1/sessions/current/password")
ACTIONS = {(door.method, door.path): door.checks[0].action for door in find_doors()}
TRIED = [example for example in EXAMPLES if not example.is_endless]


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, make_database, tmp_path):
    world = World(tmp_path, make_database(request.param))
    yield world
    world.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("attacks"))
    yield world
    world.close()


@pytest.fixture
def local(kept):
    kept.restore()
    return kept


def callers_of(world, example):
    """Someone who is let in, and someone of another township where there is one."""
    action = ACTIONS[example.method, example.path]
    found = [
        caller for caller in world.callers if caller.scopes is None and expected(caller, action, example, may) == "in"
    ]
    by_token = [caller for caller in found if caller.kind in ("token", "device")] or found or [world.owner]
    outside = [caller for caller in by_token if caller.name.endswith(".outside")]
    return [by_token[0], *outside[:1]]


def ask(world, caller, method, url, options):
    url = url.format(import_id=world.import_id, job=world.job, token=caller.secret)
    headers = caller.headers(method) | options.get("headers", {})
    world.client.cookies.clear()
    rest = {name: value for name, value in options.items() if name != "headers"}
    return world.client.request(method, url, headers=headers, **rest)


def wrong_with(world, answer):
    """What is wrong with an answer to something hostile; empty where nothing is."""
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and answer.headers["content-type"] not in (PROBLEM_TYPE, "text/plain"):
        return f"{answer.status_code} as {answer.headers['content-type']}"
    if "x-evil" in answer.headers:
        return "a header of the attacker's"
    leaked = [word for word in (*LEAKS, str(world.data)) if word in answer.text]
    return f"tells {leaked}" if leaked else ""


def every(count, items, offset):
    """Each so manieth, beginning somewhere else for each offset."""
    return [item for number, item in enumerate(items) if (number + offset) % count == 0]


def run(world, step):
    found = []
    for number, example in enumerate(TRIED):
        wanted = list(mutations(example, example.url.replace("{token}", "token-of-nobody")))
        for method, url, options in every(step * (10 if example.path in SLOW else 1), wanted, number):
            for caller in callers_of(world, example):
                try:
                    answer = ask(world, caller, method, url.replace("token-of-nobody", caller.secret), options)
                except UnicodeEncodeError:
                    # The client itself does not send this.
                    continue
                wrong = wrong_with(world, answer)
                if caller.name.endswith(".outside") and example.shows == C and f'"{C}"' in answer.text:
                    wrong = "shows what lies in another township"
                if wrong:
                    found.append(f"{caller.name}: {method} {url[:150]} {str(options)[:150]}: {wrong}")
    return found


def test_hostile_words__a_tenth(world):
    incident = world.district.get(1)
    assert run(world, 20) == []
    assert world.district.get(1).description == incident.description
    assert "account" in world.rows()


@pytest.mark.long
def test_hostile_words__all(world):
    assert run(world, 1) == []


def test_hostile_headers(local):
    found = []
    for example in TRIED:
        caller = callers_of(local, example)[0]
        for name in (*header_names(example), "x-request-id", "user-agent", "accept-language", "host", "origin"):
            for text in every(16, [one for one in HOSTILE if one.isprintable() and one.isascii()], len(name)):
                options = example.options()
                options["headers"] = {**options.get("headers", {}), name: text.strip()}
                if wrong := wrong_with(local, ask(local, caller, example.method, example.url, options)):
                    found.append(f"{example.method} {example.path} {name}: {text[:40]}: {wrong}")
    assert found == []


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT", "OPTIONS", "TRACE", "PROPFIND"])
def test_methods__that_are_not_there_are_told_with_those_that_are(local, method):
    there = {(door.method, door.path) for door in find_doors()}
    for path in ("/api/v1/incidents", "/api/v1/units", "/health", "/phones/plain"):
        assert (method, path) not in there
        answer = local.client.request(method, path, headers=local.owner.headers("GET"))
        assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM_TYPE), path
        allowed = {one for one, known in there if known == path}
        assert set(answer.headers["allow"].split(", ")) == allowed | ({"HEAD"} if "GET" in allowed else set())


def test_unknown_paths__are_a_problem(local):
    for path in (
        "/api/v1/nothing",
        "/administration",
        "/.git/config",
        "/api/v1/../../etc/passwd",
        "//evil.example/a",
        "/static/../x",
    ):
        answer = local.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM_TYPE), path


def test_bodies__of_the_wrong_type(local):
    for example in TRIED:
        if "json" not in example.options() or example.path.startswith("/phones"):
            continue
        caller = callers_of(local, example)[0]
        for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            options = {"content": b'{"a": 1}', "headers": {"content-type": kind}}
            answer = ask(local, caller, example.method, example.url, options)
            assert answer.status_code in (400, 415, 422), f"{example.path} {kind}: {answer.status_code}"
            assert answer.headers["content-type"] == PROBLEM_TYPE


def test_bodies__too_large_are_refused_before_they_are_read(local):
    answer = local.client.post("/api/v1/incidents", content=b" " * (2 << 20), headers=local.owner.headers("POST"))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    pieces = iter([b" " * (1 << 20)] * 3)
    answer = local.client.post("/api/v1/incidents", content=pieces, headers=local.owner.headers("POST"))
    assert answer.status_code == 413
