"""The application: its page in both languages, maps, assets, headers, problems."""

import re

import pytest
from fastapi.testclient import TestClient

from web.demo_app import create_demo_app
from web.words import WORDS


@pytest.fixture
def client(demo_folder):
    return TestClient(create_demo_app(demo_folder))


@pytest.mark.parametrize(("language", "words"), [("en", "Incidents at their grids"), ("zh", "事件归属网格")])
def test_home__in_both_languages(client, language, words):
    answer = client.get(f"/?lang={language}")
    assert answer.status_code == 200
    assert words in answer.text
    assert WORDS[language]["sample"] in answer.text
    assert "564,342" in answer.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_home__follows_the_browser_where_nothing_is_said(client):
    assert "三件事" in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"}).text
    assert "Three jobs" in client.get("/", headers={"accept-language": "de"}).text


def test_home__before_the_demonstration(tmp_path):
    answer = TestClient(create_demo_app(tmp_path)).get("/?lang=en")
    assert "Nothing here yet" in answer.text


def test_map__and_all_it_asks_for(client):
    answer = client.get("/maps/incidents.zh.html")
    assert answer.status_code == 200
    for place in re.findall(r'(?:src|href)="(map-assets/[^"]+)"', answer.text):
        assert client.get(f"/maps/{place}").status_code == 200
    assert "'unsafe-inline'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/maps/none.en.html",
        "/maps/..%2Fsummary.json",
        "/maps/summary.json",
        "/nothing",
        "/static/..%2f..%2fpyproject.toml",
    ],
)
def test_missing__is_a_problem(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    if not path.startswith("/static"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail"}


def test_home__an_unknown_language_is_a_problem(client):
    assert client.get("/?lang=fr").status_code == 422


def test_headers__are_safe_everywhere(client):
    for path in ("/", "/maps/incidents.en.html", "/static/style.css", "/nothing", "/health"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")


def test_health(client):
    assert client.get("/health").json()["status"] == "ok"


def test_words__are_the_same_in_both_languages():
    assert set(WORDS["en"]) == set(WORDS["zh"])
    assert all(text.strip() for words in WORDS.values() for text in words.values())
