"""The demonstration: its page in both languages, guests who enter with one press, maps; and never on a real district."""

import datetime as dt
import re

import pytest
from fastapi.testclient import TestClient

from gisgrid.errors import BadOption
from gisgrid.store.accounts import Accounts
from gisgrid.store.editions import Editions
from tests.worlds import draw_network
from web.demo_app import create_demo_app
from web.demo_guests import GUESTS, Guests, shut_out
from web.pages.languages import words_of_room
from web.services import open_services
from web.settings import make_settings


def served_over(folder, *, is_sample=True, maps_in=None):
    services = open_services(make_settings({"data": folder}))
    Editions(services.store).publish(draw_network("AB", is_sample=is_sample), dt.date(2018, 1, 1), author="test")
    return services, create_demo_app(services, maps_in or folder)


@pytest.fixture(scope="module")
def client(demo_folder, tmp_path_factory):
    _, app = served_over(tmp_path_factory.mktemp("demo"), maps_in=demo_folder)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture(autouse=True)
def _stranger(client):
    client.cookies.clear()


def page(client, language="en"):
    return client.get("/demo", headers={"accept-language": language})


@pytest.mark.parametrize(("language", "words"), [("en", "Incidents at their grids"), ("zh", "事件归属网格")])
def test_page__in_both_languages(client, language, words):
    answer = page(client, language)
    assert answer.status_code == 200
    assert words in answer.text
    assert words_of_room(language, "demo")["demo.sample"] in answer.text
    assert "564,342" in answer.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_page__is_where_one_begins(client):
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo")


def test_page__before_anything_was_computed(tmp_path):
    _, app = served_over(tmp_path)
    with TestClient(app) as client:
        assert "Nothing here yet" in page(client).text


@pytest.mark.parametrize("guest", GUESTS, ids=lambda guest: guest.role)
def test_guest__enters_with_one_press(client, guest):
    answer = client.post(f"/demo/enter/{guest.role}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, guest.begins)
    assert client.get("/api/v1/sessions/current").json()["role"] == guest.role
    assert client.get(guest.begins).status_code == 200


def test_guest__nobody_else_and_from_nowhere_else(client):
    assert client.post("/demo/enter/auditor").status_code == 404
    answer = client.post("/demo/enter/commander", headers={"sec-fetch-site": "cross-site"}, follow_redirects=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_guests__never_on_a_real_district(tmp_path):
    with pytest.raises(BadOption, match="no sample district"):
        served_over(tmp_path, is_sample=False)


def test_guests__are_shut_out_at_the_end(tmp_path):
    services, _ = served_over(tmp_path)
    accounts = Accounts(services.store)
    _, session = Guests(services.store).enter("commander", origin="test", agent="test")
    assert accounts.known_by_session(session.secret) is not None
    shut_out(services.store)
    assert accounts.known_by_session(session.secret) is None
    services.store.close()


def test_map__and_all_it_asks_for(client):
    answer = client.get("/demo/maps/incidents.zh.html")
    assert answer.status_code == 200
    for place in re.findall(r'(?:src|href)="(map-assets/[^"]+)"', answer.text):
        assert client.get(f"/demo/maps/{place}").status_code == 200
    assert "'unsafe-inline'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["none.en.html", "..%2Fsummary.json", "summary.json"])
def test_map__there_is_none(client, name):
    assert client.get(f"/demo/maps/{name}").status_code == 404
