"""Signing in and out over HTTP, and what those try who have no right to."""

import dataclasses

import pytest

from gisgrid.access import ACTIONS
from gisgrid.store.accounts import IDLE_MS, LONGEST_MS, Accounts
from gisgrid.store.tables import AUDIT
from tests.web.served import served
from web.doors import COOKIE, CSRF_HEADER, SECURE_COOKIE
from web.pace import Pace

PASSWORD = "Grid-by-grid 7!"
SESSIONS = "/api/v1/sessions"
MINUTE_MS = 60_000
REPORT = {"category": "disputes"}


@pytest.fixture
def service(database):
    with served(database) as service:
        add(service, "li.na")
        yield service


def add(service, name, role="commander", unit=""):
    Accounts(service.services.store).add(name, PASSWORD, role, unit=unit, author="test")


def sign_in(service, name="li.na", password=PASSWORD, **headers):
    service.client.cookies.clear()
    return service.client.post(SESSIONS, json={"name": name, "password": password}, headers=headers)


def signed_in(service, name="li.na"):
    """The cookie and the secret of a session."""
    answer = sign_in(service, name)
    assert answer.status_code == 201, answer.text
    secret = answer.cookies[COOKIE]
    service.client.cookies.clear()
    return secret, answer.json()["csrf"]


def with_cookie(service, secret, method="GET", path=f"{SESSIONS}/current", csrf=None, **options):
    service.client.cookies.clear()
    headers = {"cookie": f"{COOKIE}={secret}", **({CSRF_HEADER: csrf} if csrf is not None else {})}
    return service.client.request(method, path, headers=headers | options.pop("headers", {}), **options)


def look_again(service):
    """Let the service ask the database who is who, as it does every two seconds."""
    service.services.callers.forget()


def told(answer):
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def test_sign_in__a_cookie_that_scripts_cannot_read(service):
    answer = sign_in(service)
    assert answer.status_code == 201
    name, *parts = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]
    assert name.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=lax", "path=/", f"max-age={LONGEST_MS // 1000}"} <= set(parts)
    assert not [part for part in parts if part.startswith("domain")]
    assert answer.json()["actions"] == [action for action, roles in ACTIONS.items() if "commander" in roles]
    secret = answer.cookies[COOKIE]
    assert secret not in answer.text
    assert PASSWORD not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert with_cookie(service, secret).json() == answer.json()


def test_sign_in__over_https_the_cookie_is_bound_to_the_host(make_database):
    with served(make_database("sqlite"), public_url="https://grid.example.gov") as service:
        add(service, "li.na")
        answer = sign_in(service)
        said = answer.headers["set-cookie"].lower()
        assert said.startswith(f"{SECURE_COOKIE.lower()}=")
        assert "; secure" in said
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        # The name for plain http is of no use here: it could have been set by another.
        assert with_cookie(service, answer.headers["set-cookie"].split("=")[1].split(";")[0]).status_code == 401


def test_sign_in__one_sentence_for_whatever_is_wrong(service):
    add(service, "kept.out")
    Accounts(service.services.store).set_active("kept.out", is_active=False, author="test")
    add(service, "locked")
    for _ in range(5):
        sign_in(service, "locked", "wrong")
    answers = [
        sign_in(service, name, password)
        for name, password in (
            ("li.na", "wrong"), ("li.na", ""), ("nobody", PASSWORD), ("kept.out", PASSWORD), ("locked", PASSWORD),
            ("LI.NA", PASSWORD), ("li.na' --", PASSWORD), ("li.na", PASSWORD + " "),
        )
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert [told(answer) for answer in answers] == [told(answers[0])] * len(answers)
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_sign_in__guessing_locks_for_longer_and_longer(service):
    for number in range(4):
        assert sign_in(service, password=f"guess {number}").status_code == 401
    assert sign_in(service).status_code == 201
    for number in range(5):
        sign_in(service, password=f"guess {number}")
    for locked_ms in (MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS):
        # Tries at a locked door do not lock it longer: nobody can keep its owner out for ever.
        service.clock.now_ms += locked_ms - 1
        assert sign_in(service).status_code == 401
        service.clock.now_ms += 1
        assert sign_in(service, password="one more guess").status_code == 401
        assert sign_in(service).status_code == 401
    service.clock.now_ms += 8 * MINUTE_MS
    assert sign_in(service).status_code == 201


def test_sign_in__one_address_may_not_try_for_ever(service):
    # A clock that stands still: on a slow machine the minute would pass meanwhile.
    app = service.client.app
    app.state.services = dataclasses.replace(app.state.services, sign_in_pace=Pace(20, lambda: 0.0))
    statuses = [sign_in(service, f"name{number}", "guess").status_code for number in range(25)]
    assert statuses[:20] == [401] * 20
    assert statuses[-1] == 429
    answer = sign_in(service)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_sign_in__not_from_another_site(service):
    assert sign_in(service, **{"sec-fetch-site": "cross-site"}).status_code == 403
    for site in ("same-origin", "same-site", "none"):
        assert sign_in(service, **{"sec-fetch-site": site}).status_code == 201


def test_sign_in__not_as_a_form(service):
    form = {"name": "li.na", "password": PASSWORD}
    assert service.client.post(SESSIONS, data=form).status_code == 422
    text = '{"name": "li.na", "password": "%s"}' % PASSWORD  # noqa: UP031  # as a page of another site may send it
    assert service.client.post(SESSIONS, content=text, headers={"content-type": "text/plain"}).status_code == 422


def test_sign_in__a_cookie_that_was_put_there_before_is_worth_nothing(service):
    fixed = "A" * 43
    answer = sign_in(service, cookie=f"{COOKIE}={fixed}")
    assert answer.status_code == 201
    assert answer.cookies[COOKIE] != fixed
    assert with_cookie(service, fixed).status_code == 401
    assert signed_in(service)[0] != signed_in(service)[0]


def test_sign_out__the_cookie_is_worth_nothing_afterwards(service):
    secret, csrf = signed_in(service)
    other, _ = signed_in(service)
    assert with_cookie(service, secret, "DELETE").status_code == 403
    answer = with_cookie(service, secret, "DELETE", csrf=csrf)
    assert answer.status_code == 204
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert with_cookie(service, secret).status_code == 401
    assert with_cookie(service, secret, "POST", "/api/v1/incidents", csrf, json=REPORT).status_code == 401
    assert with_cookie(service, other).status_code == 200


def test_cookies__of_another_server(make_database):
    with served(make_database("sqlite")) as one, served(make_database("sqlite")) as other:
        for service in (one, other):
            add(service, "li.na")
        secret, csrf = signed_in(one)
        assert with_cookie(other, secret).status_code == 401
        assert with_cookie(other, secret, "POST", "/api/v1/incidents", csrf, json=REPORT).status_code == 401


def test_secrets__forged_or_cut_off(service):
    secret, _ = signed_in(service)
    token = Accounts(service.services.store).make_token("li.na", "script", ["own_account"], author="test")
    assert service.client.get(f"{SESSIONS}/current", headers={"authorization": f"Bearer {token}"}).status_code == 200
    for text in (token[:-1], token[1:], token + "A", token.swapcase(), token.upper(), "gg_", "", " ", token[:20] + "%"):
        for scheme in ("Bearer", "Basic", "Token", ""):
            answer = service.client.get(f"{SESSIONS}/current", headers={"authorization": f"{scheme} {text}".strip()})
            assert answer.status_code == 401, (scheme, text)
            assert answer.headers["www-authenticate"] == "Bearer"
    for text in (
        secret[:-1],
        secret[1:],
        secret + "A",
        secret.swapcase(),
        "",
        '"',
        secret + "; " + secret[:9],
        "x" * 9_999,
    ):
        if text.split(";")[0] != secret:
            assert with_cookie(service, text).status_code == 401, text
    # What opens one door opens no other: a cookie is no token, a token no cookie.
    assert with_cookie(service, token).status_code == 401
    assert service.client.get(f"{SESSIONS}/current", headers={"authorization": f"Bearer {secret}"}).status_code == 401


def test_changes__need_the_secret_of_this_very_session(service):
    secret, csrf = signed_in(service)
    _, others = signed_in(service)
    for wrong in (None, "", others, csrf[:-1], csrf + "A", csrf.swapcase(), b"\xe9\xff", secret):
        answer = with_cookie(service, secret, "POST", "/api/v1/incidents", wrong, json=REPORT)
        assert answer.status_code == 403, wrong
    assert service.services.incidents.count() == 0
    assert with_cookie(service, secret, "POST", "/api/v1/incidents", csrf, json=REPORT).status_code == 201


def test_changes__a_wrong_token_is_not_made_good_by_a_cookie(service):
    secret, csrf = signed_in(service)
    headers = {"authorization": "Bearer gg_wrong"}
    assert with_cookie(service, secret, headers=headers).status_code == 401
    assert (
        with_cookie(service, secret, "POST", "/api/v1/incidents", csrf, json=REPORT, headers=headers).status_code == 401
    )


def test_sessions__end_unused_after_half_a_day_and_in_any_case_after_a_week(service):
    secret, _ = signed_in(service)
    for _ in range(LONGEST_MS // (IDLE_MS - 1)):
        service.clock.now_ms += IDLE_MS - 1
        look_again(service)
        assert with_cookie(service, secret).status_code == 200
        # That it was seen is kept beside the request.
        Accounts(service.services.store).known_by_session(secret)
    service.clock.now_ms += LONGEST_MS % (IDLE_MS - 1)
    look_again(service)
    assert with_cookie(service, secret).status_code == 401
    unused, _ = signed_in(service)
    service.clock.now_ms += IDLE_MS
    look_again(service)
    assert with_cookie(service, unused).status_code == 401


def test_change_own_password__ends_all_sessions(service):
    path = f"{SESSIONS}/current/password"
    secret, csrf = signed_in(service)
    other, _ = signed_in(service)
    new = "Sixteen crabs 8"

    def change(old, fresh):
        return with_cookie(service, secret, "POST", path, csrf, json={"password": old, "new_password": fresh})

    assert change("wrong", new).status_code == 401
    assert change(PASSWORD, "short").status_code == 422
    assert change(PASSWORD, new).status_code == 204
    assert [with_cookie(service, one).status_code for one in (secret, other)] == [401, 401]
    assert sign_in(service).status_code == 401
    assert sign_in(service, password=new).status_code == 201


def test_accounts_kept_out__at_once(service):
    secret, _ = signed_in(service)
    token = Accounts(service.services.store).make_token("li.na", "script", ["own_account"], author="test")
    Accounts(service.services.store).set_active("li.na", is_active=False, author="test")
    look_again(service)
    assert with_cookie(service, secret).status_code == 401
    assert service.client.get(f"{SESSIONS}/current", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_audit__every_try_with_its_address(service):
    sign_in(service, password="wrong")
    sign_in(service, "nobody", "wrong")
    signed_in(service)
    with service.services.store.reading() as connection:
        rows = [row for row in connection.execute(AUDIT.select().order_by(AUDIT.c.id)) if row.action == "sign_in"]
    assert [(row.subject, row.result, row.origin) for row in rows] == [
        ("account/li.na", "refused", "testclient"),
        ("account/nobody", "refused", "testclient"),
        ("account/li.na", "done", "testclient"),
    ]
