"""Wall screens: let in by their link, for as long as it lasts, to look and never to change."""

import pytest

from gisgrid.store.accounts import Accounts
from gisgrid.store.tables import AUDIT
from tests.web.served import served
from web.doors import COOKIE, CSRF_HEADER, WALL

HOUR_MS = 3_600_000
ENTRY = "/api/v1/sessions/wall"
SCOPES = ("read_grids", "read_incidents", "read_figures")


@pytest.fixture
def service(make_database):
    with served(make_database("sqlite")) as service:
        Accounts(service.services.store).add("hall", "Grid-by-grid 7!", "wall", author="test")
        yield service


def link(service, name="hall", hours=24):
    accounts = Accounts(service.services.store)
    return accounts.make_token(name, "wall-1", SCOPES, author="test", ends_ms=service.clock.now_ms + hours * HOUR_MS)


def enter(service, token, **headers):
    service.client.cookies.clear()
    return service.client.post(ENTRY, json={"token": token}, headers=headers)


def look(service, path="/api/v1/board"):
    service.services.callers.forget()
    return service.client.get(path, follow_redirects=False)


def test_wall__is_let_in_by_its_link_and_sees_no_names(service):
    service.district.report((150, 50), description="zhao.kept-secret")
    answer = enter(service, link(service))
    assert answer.status_code == 201
    assert answer.json() == {"name": "hall", "unit": ""}
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    page = look(service, "/wall")
    assert page.status_code == 200
    assert "gg_" not in page.text
    assert look(service).json()["total"]["open"] == 1
    assert "zhao.kept-secret" not in look(service, "/api/v1/incidents").text
    assert look(service, "/start").headers["location"] == "/wall"


def test_wall__changes_nothing_by_its_cookie(service):
    enter(service, link(service))
    for headers in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: "anything"}):
        answer = service.client.post(
            "/api/v1/sessions/current/tokens", json={"label": "x", "scopes": []}, headers=headers
        )
        assert answer.status_code == 403
        assert service.client.delete("/api/v1/sessions/current", headers=headers).status_code == 403


def test_wall__ends_when_its_link_is_revoked(service):
    enter(service, link(service))
    assert look(service).status_code == 200
    Accounts(service.services.store).revoke_token("hall", "wall-1", author="test")
    assert look(service).status_code == 401
    assert look(service, "/wall").headers["location"] == "/sign-in?next=/wall"


def test_wall__lasts_as_long_as_its_link(service):
    enter(service, link(service, hours=200))
    service.clock.now_ms += 199 * HOUR_MS
    assert look(service).status_code == 200
    service.clock.now_ms += HOUR_MS
    assert look(service).status_code == 401


def test_wall__no_other_token_is_a_link(service):
    accounts = Accounts(service.services.store)
    accounts.add("li.na", "Grid-by-grid 7!", "commander", author="test")
    for token in (accounts.make_token("li.na", "wall-1", SCOPES, author="test"), "gg_nothing", ""):
        answer = enter(service, token)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    # Nor does a token of anybody let in as a cookie unless it says what it is.
    service.client.cookies.set(COOKIE, link(service))
    assert look(service).status_code == 401
    for token in ("gg_nothing", accounts.make_token("li.na", "other", SCOPES, author="test")):
        service.client.cookies.set(COOKIE, WALL + token)
        assert look(service).status_code == 401


def test_wall__is_not_let_in_by_another_site(service):
    assert enter(service, link(service), **{"sec-fetch-site": "cross-site"}).status_code == 403


def test_wall__who_guesses_is_slowed_down(make_database):
    with served(make_database("sqlite"), misses_per_minute=10) as service:
        found = [enter(service, f"gg_{number}").status_code for number in range(15)]
        assert found[0] == 403
        assert found[-1] == 429


def test_wall__the_audit_tells_of_it(service):
    enter(service, link(service))
    with service.services.store.reading() as connection:
        rows = connection.execute(AUDIT.select().where(AUDIT.c.action == "sign_in")).all()
    assert [(row.author, row.result) for row in rows] == [("hall", "wall link")]
