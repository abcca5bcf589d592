"""Conditional requests: 304 where the reader has it, and nothing else is touched."""

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from gisgrid.errors import Overtaken
from web.conditional import Conditional, is_known, tag_of, version_seen


@pytest.fixture
def client():
    app = FastAPI()
    app.add_middleware(Conditional)
    app.state.value = 1

    @app.get("/value")
    def value():
        return {"value": app.state.value}

    @app.get("/own")
    def own():
        return Response("{}", media_type="application/json", headers={"ETag": '"v7-x"', "Cache-Control": "private"})

    @app.get("/text")
    def text():
        return Response("hello", media_type="text/plain")

    @app.get("/missing")
    def missing():
        return Response("{}", 404, media_type="application/json")

    @app.post("/value")
    def post():
        return {"value": 0}

    return TestClient(app)


def test_conditional__until_it_changes(client):
    first = client.get("/value")
    again = client.get("/value", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    client.app.state.value = 2
    changed = client.get("/value", headers={"if-none-match": first.headers["etag"]})
    assert (changed.status_code, changed.json()) == (200, {"value": 2})
    assert changed.headers["etag"] != first.headers["etag"]


def test_conditional__a_tag_of_its_own_stays(client):
    assert client.get("/own").headers["etag"] == '"v7-x"'
    known = client.get("/own", headers={"if-none-match": '"other", W/"v7-x"'})
    assert (known.status_code, known.headers["cache-control"]) == (304, "private")
    assert client.get("/own", headers={"if-none-match": '"v7"'}).status_code == 200


def test_conditional__what_is_not_json_or_not_200_or_not_read_is_left_alone(client):
    for answer in (client.get("/text"), client.get("/missing", headers={"if-none-match": "*"}), client.post("/value")):
        assert "etag" not in answer.headers
        assert answer.status_code in {200, 404}


def test_is_known():
    tag = tag_of(b"content")
    assert is_known(tag, "*")
    assert is_known(tag, f'W/{tag}, "x"')
    assert not is_known(tag, "")
    assert not is_known(tag, tag.strip('"'))
    assert tag_of(b"a", b"b") != tag_of(b"ab")


@pytest.mark.parametrize(("sent", "stated", "seen"), [
    (None, None, None), (None, 3, 3), ("*", 3, 3), ('"v3-ab"', None, 3), ('W/"v12-0"', 12, 12), ('"v4"', None, 4),
])  # fmt: skip
def test_version_seen(sent, stated, seen):
    assert version_seen(sent, stated) == seen


@pytest.mark.parametrize(
    ("sent", "stated"), [('"abc"', None), ("v3", None), ('"v3-ab"', 4), ('"v3", "v4"', None), ("", None)]
)
def test_version_seen__not_ours(sent, stated):
    with pytest.raises(Overtaken, match="expected the ETag"):
        version_seen(sent, stated)
