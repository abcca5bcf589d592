"""What every answer has in common: the shape of problems, safe headers, who may keep it; and that all settings are told."""

import re
from pathlib import Path
from typing import Final

import pytest

from gisgrid.access import may
from gisgrid.errors import GisgridError
from tests.web.examples import EXAMPLES
from tests.web.matrix import World, expected, find_doors
from web.pages.page_route import PageRoute
from web.problems import PROBLEM_TYPE, TITLES
from web.settings import PREFIX, Settings

SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
ACTIONS = {(door.method, door.path): door.checks[0].action for door in find_doors()}
PAGES = {(door.method, door.path) for door in find_doors() if issubclass(door.route_class, PageRoute)}
NAMED = [pytest.param(example, id=f"{example.method} {example.path}") for example in EXAMPLES]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("contracts"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def description(world):
    return world.client.get("/api/v1/openapi.json").json()


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


# Titles by code, of our own errors and of what HTTP refuses by itself.
CODES: Final[dict[str, set[str]]] = {"invalid_request": {TITLES[422][1]}}
for one in (*descendants(GisgridError), GisgridError):
    CODES.setdefault(one.code, set()).add(one.titles[0])
for plain, title, _ in TITLES.values():
    CODES.setdefault(plain, set()).add(title)


def check_headers(answer):
    for name, value in SAFE.items():
        assert answer.headers[name] == value, name
    assert answer.headers["content-security-policy"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", answer.headers["x-request-id"])
    assert "server" not in answer.headers
    kept = answer.headers["cache-control"]
    assert "no-store" in kept or "private" in kept, "a cache between us and a reader must not keep what was told to one"


def check_problem(answer):
    assert answer.headers["content-type"] == PROBLEM_TYPE
    told = answer.json()
    assert list(told) == ["type", "title", "status", "detail", "code", "request_id"]
    assert (told["type"], told["status"]) == ("about:blank", answer.status_code)
    assert told["code"] in CODES
    assert told["title"] in CODES[told["code"]]
    assert answer.headers["content-language"] == "en"
    assert told["detail"].strip()
    assert told["request_id"] == answer.headers["x-request-id"]
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("example", NAMED)
def test_answers__safe_headers_and_one_shape_of_problems(world, example):
    action = ACTIONS[example.method, example.path]
    seen = {}
    for caller in world.callers:
        # One of each kind that is told something else.
        seen.setdefault((caller.kind, expected(caller, action, example, may)), caller)
    world.restore()
    for caller in seen.values():
        answer = world.ask(caller, example)
        check_headers(answer)
        if answer.status_code >= 400 and not example.is_endless:
            if (example.method, example.path) in PAGES:
                assert answer.headers["content-type"].startswith("text/html")
            else:
                check_problem(answer)


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/incidents/0", "/api/v1/incidents/x", "/api/v1/grids/none", "/ogc/none"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_problems__of_what_is_not_there(world, method, path):
    answer = world.client.request(method, path, headers=world.owner.headers("GET"))
    assert answer.status_code in (404, 405, 422)
    check_headers(answer)
    check_problem(answer)


def test_request_id__that_of_the_sender_where_it_is_one(world):
    sent = {"a-request-7": True, "short": False, "x" * 65: False, "with blank 1": False, "<script>1": False}
    for text, is_kept in sent.items():
        answer = world.client.get("/nothing", headers={"x-request-id": text})
        assert (answer.headers["x-request-id"] == text) == is_kept
        check_problem(answer)


def test_head__as_get_without_content(world):
    for example in EXAMPLES:
        # These are made anew for each request: a file, the time, what was asked so far.
        is_new = example.path in ("/metrics", "/ready") or "ogc" in example.path or "ending}" in example.path
        if example.method != "GET" or example.is_endless or is_new:
            continue
        found = []
        for method in ("GET", "HEAD"):
            headers = world.owner.headers("GET") | {"accept-encoding": "identity"}
            url = example.url.format(import_id=world.import_id, job=world.job, token="none")
            found.append(world.client.request(method, url, headers=headers))
        got, head = found
        assert (head.status_code, head.content) == (got.status_code, b""), example.path
        if got.status_code == 200:
            assert head.headers.get("etag") == got.headers.get("etag"), example.path


def test_description__every_operation_is_named_and_told(description):
    operations = [
        (f"{method} {path}", operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    for name, operation in operations:
        assert operation.get("description", "").strip(), f"{name} is not told of: write its docstring"
        assert operation.get("tags"), f"{name} has no tag"
        answers = operation["responses"]
        assert {"401", "403", "422", "429"} <= set(answers), name
        for status, told in answers.items():
            if int(status) >= 400:
                assert PROBLEM_TYPE in told["content"], f"{name} {status} is no problem"


def test_settings__each_stands_in_the_table_of_operations():
    rows = re.findall(r"^\| `(GISGRID_\w+)` \|(.*?)\| (.*) \|$", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: text for name, _, text in rows}
    meant = {PREFIX + name.upper(): field.description for name, field in Settings.model_fields.items()}
    assert told == meant
