"""Guessing: wrong tokens, ended sessions, unknown phones and addresses are bounded for one address; nobody else is kept out."""

import pytest

from tests.web.phone_service import LAT, LON, phone_service
from tests.web.served import served

MOST = 12


@pytest.fixture
def service(make_database):
    with served(make_database("sqlite"), misses_per_minute=MOST) as service:
        yield service


def wrong_token(service):
    return service.client.get("/api/v1/editions", headers={"authorization": "Bearer gg_guessed"})


def wrong_basic(service):
    return service.client.get("/ogc", headers={"authorization": "Basic Z3Vlc3M6Z3Vlc3M="})


def wrong_cookie(service):
    return service.client.get("/api/v1/editions", headers={"cookie": "gisgrid=guessed"})


def nowhere(service):
    return service.client.get("/wp-admin/setup.php")


def no_such_method(service):
    return service.client.request("PATCH", "/health")


def unknown_phone(service):
    return service.client.post("/phones/plain", headers={"authorization": "Bearer gp_guessed"}, json=[])


def unknown_traccar(service):
    return service.client.get("/phones/traccar/gp_guessed?lat=1&lon=2")


GUESSES = {
    wrong_token: 401, wrong_basic: 401, wrong_cookie: 401, nowhere: 404, no_such_method: 405, unknown_phone: 401,
    unknown_traccar: 400,
}  # fmt: skip


@pytest.mark.parametrize("guess", GUESSES, ids=lambda guess: guess.__name__)
def test_misses__are_bounded_and_say_when_to_go_on(service, guess):
    answers = [guess(service) for _ in range(MOST + 3)]
    assert [answer.status_code for answer in answers] == [GUESSES[guess]] * MOST + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert answers[-1].json()["request_id"] == answers[-1].headers["x-request-id"]


def test_misses__kinds_are_counted_together_and_a_right_token_is_not_one(service):
    assert service.ask("li.na", "GET", "/editions").status_code == 200
    guesses = list(GUESSES)
    statuses = [guesses[turn % len(guesses)](service).status_code for turn in range(MOST + 7)]
    assert statuses[MOST:] == [429] * 7
    # Let in before: goes on. Never seen here: waits, so that a right guess is not told from a wrong one.
    assert [service.ask("li.na", "GET", "/editions").status_code for _ in range(3)] == [200] * 3
    assert service.ask("planner", "GET", "/editions").status_code == 429
    # What is not there behind a door is no guess: who asks is known, and paced.
    assert service.ask("li.na", "GET", "/incidents/999").status_code == 404


def test_misses__paired_phones_and_what_everybody_may_ask_go_on(make_database):
    with phone_service(make_database("sqlite"), misses_per_minute=MOST) as service:
        token = service.pair("plain")
        for _ in range(MOST + 1):
            wrong_token(service)
        assert unknown_phone(service).status_code == 429
        fix = {"lon": LON, "lat": LAT, "time": "2018-05-07T08:00:00+08:00"}
        assert service.plain(token, [fix]).status_code == 200
        assert len(service.kept()) == 1
        asked_by_everybody(service)


def asked_by_everybody(service):
    assert service.client.get("/health").status_code == 200
    assert service.client.get("/api/v1/editions").status_code == 401


def test_misses__a_revoked_token_is_looked_up_and_refused(service):
    assert service.ask("li.na", "GET", "/editions").status_code == 200
    for _ in range(MOST + 1):
        nowhere(service)
    service.services.accounts.revoke_token("li.na", "test", author="admin")
    service.services.callers.forget()
    assert service.ask("li.na", "GET", "/editions").status_code == 429
