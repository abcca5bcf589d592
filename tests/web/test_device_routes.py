"""Phones as administrators keep them over HTTP: paired once, listed by page, revoked at once, their datum set."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from gisgrid.access import ACTIONS, ROLES
from gisgrid.store.accounts import Accounts
from tests.gisgrid.store.small_district import FIRE, TOWNSHIPS
from tests.web.phone_service import FIRST, LAT, LON, TODAY, S, phone_service
from web.phone_door import SEND_FIXES

PUBLIC = "https://grid.example.gov"


@pytest.fixture
def service(make_database):
    with phone_service(make_database("sqlite"), public_url=PUBLIC) as service:
        service.as_admin = account(service, "admin", "administrator")
        yield service


def account(service, name, role, unit=""):
    """The headers of an account that may do all that its role may."""
    accounts = Accounts(service.store)
    accounts.add(name, "Grid-by-grid 7!", role, unit=unit, person="P1" if role == "worker" else "", author="test")
    scopes = [action for action, roles in ACTIONS.items() if role in roles]
    return {"authorization": f"Bearer {accounts.make_token(name, 'test', scopes, author='test')}"}


def ask(service, method, path="", headers=None, **options):
    return service.client.request(
        method, f"/api/v1/devices{path}", headers=service.as_admin if headers is None else headers, **options
    )


def pair(service, **asked):
    reply = ask(service, "POST", json={"person": "P1", "app": "traccar", "from_day": str(FIRST), **asked})
    assert reply.status_code == 201, reply.content
    return reply.json()


def test_pair__token_link_and_code_open_the_door(service):
    paired = pair(service, interval_s=30)
    link = urlsplit(paired["link"])
    assert (link.scheme, link.netloc, link.path) == ("https", "grid.example.gov", f"/phones/traccar/{paired['token']}")
    assert parse_qs(link.query)["interval"] == ["30"]
    assert paired["address"] == f"{PUBLIC}/phones/traccar/{paired['token']}"
    assert paired["qr_svg"].startswith("<svg")
    assert paired["device"] == {
        "id": 1, "phone": 1, "person": "P1", "name": "", "app": "traccar", "label": "P1 Traccar Client", "state": "active",
        "from_day": "2018-05-01", "to_day": None, "datum": "wgs84", "is_trusted": False,
        "made_at": "2018-05-07T00:00:00Z", "revoked_at": None, "seen_at": None, "newest_fix_at": None, "battery": None,
        "suspicion": None,
    }  # fmt: skip
    assert service.get(f"traccar/{paired['token']}?id=x&timestamp={S}&lat={LAT}&lon={LON}&batt=50").status_code == 200
    seen = ask(service, "GET", "/1").json()
    assert (seen["seen_at"], seen["newest_fix_at"], seen["battery"]) == ("2018-05-07T00:00:00Z",) * 2 + (0.5,)
    assert paired["token"] not in ask(service, "GET").text


@pytest.mark.parametrize("app", ["owntracks", "overland", "plain"])
def test_pair__every_app_has_its_address_and_link(service, app):
    paired = pair(service, app=app)
    assert paired["address"] == f"{PUBLIC}/phones/{app}"
    assert paired["link"].split(":")[0] == {"owntracks": "owntracks", "overland": "overland", "plain": ""}[app]
    assert paired["qr_svg"].startswith("<svg") == bool(paired["link"])


def test_pair__from_today_where_no_day_is_given(service):
    reply = ask(service, "POST", json={"person": "P1", "app": "plain"})
    assert reply.json()["device"]["from_day"] == str(TODAY)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"person": "nobody"}, 422),
        ({"app": "telegram"}, 422),
        ({"to_day": "2018-05-01"}, 422),
        ({"phone": 9}, 404),
        ({"interval_s": 0}, 422),
        ({"datum": "mars"}, 422),
        ({"unknown": 1}, 422),
    ],
)
def test_pair__what_cannot_be_is_refused(service, asked, status):
    reply = ask(service, "POST", json={"person": "P1", "app": "traccar", "from_day": str(FIRST), **asked})
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert ask(service, "GET").json() == {"devices": [], "next": None}


def test_list__by_page_with_the_state_of_each(service):
    pair(service)
    pair(service, to_day=str(TODAY))
    pair(service, from_day=str(TODAY + dt.timedelta(days=1)))
    pair(service)
    assert ask(service, "DELETE", "/4").json()["state"] == "revoked"
    found, cursor = [], ""
    while cursor is not None:
        page = ask(service, "GET", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        found += [(device["id"], device["state"]) for device in page["devices"]]
        cursor = page["next"]
    assert found == [(1, "active"), (2, "over"), (3, "not_yet"), (4, "revoked")]
    assert ask(service, "GET", params={"cursor": "nonsense"}).status_code == 422


def test_revoke__holds_at_once(service):
    token = pair(service)["token"]
    query = f"traccar/{token}?id=x&timestamp={S}&lat={LAT}&lon={LON}"
    assert service.get(query).status_code == 200
    revoked = ask(service, "DELETE", "/1").json()
    assert (revoked["state"], revoked["revoked_at"]) == ("revoked", "2018-05-07T00:00:00Z")
    assert service.get(query).status_code == 403
    assert ask(service, "DELETE", "/7").status_code == ask(service, "GET", "/7").status_code == 404


def test_datum__is_set_and_suspicion_shown(service):
    pair(service)
    told = {"suspects": "gcj02", "fixes": 9, "days": 2, "own": {"gcj02": 8}, "land": {}, "en": "e", "zh": "z"}
    service.devices.suspect({1: told}, author="night")
    assert ask(service, "GET", "/1").json()["suspicion"] == told
    after = ask(service, "PUT", "/1/datum", json={"datum": "gcj02"}).json()
    assert (after["datum"], after["suspicion"]) == ("gcj02", None)
    assert ask(service, "PUT", "/1/datum", json={"datum": "GCJ"}).status_code == 422


CALLS = [("GET", "", None), ("POST", "", {"person": "P1", "app": "plain"}), ("GET", "/1", None), ("DELETE", "/1", None),
         ("PUT", "/1/datum", {"datum": "bd09"})]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_devices__are_kept_by_administrators_of_the_district_alone(service, role):
    pair(service)
    unit = {"department": FIRE, "worker": TOWNSHIPS["A"]}.get(role, "")
    headers = account(service, "someone", role, unit)
    for method, path, body in CALLS:
        reply = ask(service, method, path, headers, **({"json": body} if body else {}))
        assert (reply.status_code < 400) == (role == "administrator"), (method, path)
        assert reply.status_code in {200, 201, 403}


def test_devices__an_administrator_of_a_unit_keeps_none(service):
    pair(service)
    headers = account(service, "half", "administrator", TOWNSHIPS["A"])
    for method, path, body in CALLS:
        assert ask(service, method, path, headers, **({"json": body} if body else {})).status_code == 403


def test_devices__no_token_no_answer_and_no_role_may_send(service):
    for method, path, body in CALLS:
        assert ask(service, method, path, {}, **({"json": body} if body else {})).status_code == 401
    assert SEND_FIXES not in ACTIONS
