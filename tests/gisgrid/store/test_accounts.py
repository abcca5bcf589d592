"""Accounts: signing in and out, guessing slowed down, tokens, and nothing secret kept."""

import pytest
import sqlalchemy as sa

from gisgrid.errors import BadOption, Conflict, Refused
from gisgrid.passwords import check_password
from gisgrid.store.access_tables import ACCOUNT, SESSION, TOKEN
from gisgrid.store.accounts import IDLE_MS, LONGEST_MS, Accounts
from gisgrid.store.tables import AUDIT
from tests.gisgrid.store.small_district import all_at_once

GOOD = "Grid-by-grid 7"
MINUTE_MS = 60_000


@pytest.fixture
def accounts(store):
    found = Accounts(store)
    found.add("wang", GOOD, "commander", "331002001000", author="chief")
    return found


def enter(accounts, password=GOOD, name="wang"):
    return accounts.sign_in(name, password, origin="10.0.0.1", agent="test")


def refused(accounts, **changes):
    with pytest.raises(Refused, match="name or password is wrong") as raised:
        enter(accounts, **changes)
    return str(raised.value)


def test_sign_in__and_out(accounts):
    signed = enter(accounts)
    known = accounts.known_by_session(signed.secret)
    assert (known.holder.name, known.holder.role, known.holder.unit) == ("wang", "commander", "331002001000")
    assert known.csrf == signed.csrf != signed.secret
    assert known.is_in_scope("move_incident")
    accounts.sign_out(signed.secret)
    assert accounts.known_by_session(signed.secret) is None
    accounts.sign_out(signed.secret)


def test_sign_in__the_same_sentence_whatever_is_wrong(accounts):
    accounts.add("li", GOOD, "auditor", author="chief")
    accounts.set_active("li", is_active=False, author="chief")
    told = {refused(accounts, password="x"), refused(accounts, name="nobody"), refused(accounts, name="li")}
    assert len(told) == 1


def test_sign_in__guessing_is_slowed_down_and_opened_again(accounts, database):
    for _ in range(5):
        refused(accounts, password="guess")
    refused(accounts)  # the right one, at a locked door
    database.clock.now_ms += MINUTE_MS - 1
    refused(accounts)
    database.clock.now_ms += 1
    refused(accounts, password="guess")
    database.clock.now_ms += 2 * MINUTE_MS - 1
    refused(accounts)
    database.clock.now_ms += 1
    enter(accounts)
    assert (accounts.all()[0].failures, accounts.all()[0].locked_until_ms) == (0, 0)
    refused(accounts, password="guess")
    enter(accounts)


def test_session__ends_when_idle_and_at_last(accounts, database):
    signed = enter(accounts)
    database.clock.now_ms += IDLE_MS - 1
    assert accounts.known_by_session(signed.secret) is not None
    database.clock.now_ms += IDLE_MS
    assert accounts.known_by_session(signed.secret) is None
    again = enter(accounts)
    for _ in range(LONGEST_MS // (IDLE_MS // 2) - 1):
        database.clock.now_ms += IDLE_MS // 2
        assert accounts.known_by_session(again.secret) is not None
    database.clock.now_ms += IDLE_MS // 2
    assert accounts.known_by_session(again.secret) is None


@pytest.mark.parametrize("end", ["password", "keep_out"])
def test_session__ends_with_the_password_and_with_the_account(accounts, end):
    signed = enter(accounts)
    if end == "password":
        accounts.change_password("wang", "Another-one 8", author="wang")
        refused(accounts)
        enter(accounts, password="Another-one 8")
    else:
        accounts.set_active("wang", is_active=False, author="chief")
        refused(accounts)
    assert accounts.known_by_session(signed.secret) is None


@pytest.mark.parametrize("secret", ["", "x", "' or 1=1 --", "\x00", "网格" * 1000])
def test_session__forged(accounts, secret):
    enter(accounts)
    assert accounts.known_by_session(secret) is None
    assert accounts.known_by_token(secret) is None


def test_token__for_its_actions_until_it_ends_or_is_revoked(accounts, database):
    secret = accounts.make_token("wang", "qgis", ["read_grids"], author="wang", ends_ms=database.clock.now_ms + 10)
    known = accounts.known_by_token(secret)
    assert known.is_in_scope("read_grids")
    assert not known.is_in_scope("move_incident")
    with pytest.raises(BadOption, match="already"):
        accounts.make_token("wang", "qgis", ["read_grids"], author="wang")
    database.clock.now_ms += 10
    assert accounts.known_by_token(secret) is None
    other = accounts.make_token("wang", "script", ["read_incidents", "read_figures"], author="wang")
    accounts.revoke_token("wang", "script", author="wang")
    assert accounts.known_by_token(other) is None
    with pytest.raises(BadOption, match="no token"):
        accounts.revoke_token("wang", "script", author="wang")


def test_secrets__are_nowhere_in_the_database(accounts, store):
    signed = enter(accounts)
    token = accounts.make_token("wang", "qgis", ["read_grids"], author="wang")
    with store.reading() as connection:
        kept = repr([connection.execute(sa.select(table)).all() for table in (ACCOUNT, SESSION, TOKEN, AUDIT)])
    for secret in (signed.secret, token, GOOD):
        assert secret not in kept
    assert "argon2" in kept


def test_audit__tells_who_was_let_in_and_who_was_not(accounts, store):
    enter(accounts)
    refused(accounts, password="guess")
    with store.reading() as connection:
        lines = connection.execute(sa.select(AUDIT).where(AUDIT.c.action == "sign_in").order_by(AUDIT.c.id)).all()
    assert [(line.subject, line.result, line.origin) for line in lines] == [
        ("account/wang", "done", "10.0.0.1"), ("account/wang", "refused", "10.0.0.1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "wang"}, "already"),
        ({"name": ""}, "without blanks"),
        ({"name": "wang fang"}, "without blanks"),
        ({"role": "king"}, "no role"),
        ({"role": "department"}, "department:fire"),
        ({"password": "short"}, "expected 10 to 200"),
    ],
)
def test_add__refuses_what_cannot_be(accounts, changes, sentence):
    told = {"name": "zhao", "password": GOOD, "role": "planner"} | changes
    with pytest.raises(BadOption, match=sentence):
        accounts.add(**told, author="chief")
    assert [one.name for one in accounts.all()] == ["wang"]


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        (GOOD, True), ("Xk3-Tq9-Lm", True), ("all small letters here", True), ("椒江的网格有六百五十九个呢真多", False),
        ("wang-Wang-1234", False), ("Password-9", False), ("aaaaaaaaaaaaaaaaaaaa", False), ("onlysmall12", False),
        ("x" * 201, False),
    ],
)  # fmt: skip
def test_check_password__three_kinds_or_long(password, is_good):
    if is_good:
        check_password(password, "wang")
    else:
        with pytest.raises(BadOption, match="password"):
            check_password(password, "wang")


def test_tokens__are_listed_without_their_secret(accounts, database):
    secret = accounts.make_token("wang", "qgis", ["read_grids", "read_incidents"], author="chief", ends_ms=2**45)
    accounts.make_token("wang", "a-script", ["read_grids"], author="chief")
    script, qgis = accounts.tokens("wang")
    assert (script.label, script.scopes, script.ends_ms, script.used_ms) == ("a-script", ("read_grids",), None, None)
    assert (qgis.label, qgis.scopes, qgis.ends_ms) == ("qgis", ("read_grids", "read_incidents"), 2**45)
    assert secret not in repr(qgis)
    first_ms = database.clock.now_ms
    for past_ms, used_ms in ((0, first_ms), (59 * MINUTE_MS, first_ms), (60 * MINUTE_MS, first_ms + 60 * MINUTE_MS)):
        database.clock.now_ms = first_ms + past_ms
        accounts.known_by_token(secret)
        assert accounts.tokens("wang")[1].used_ms == used_ms
    assert accounts.tokens("nobody") == ()


def test_get__an_account_by_its_name(accounts):
    assert accounts.get("wang") == accounts.all()[0]
    assert accounts.get("nobody") is None


@pytest.mark.parametrize(
    ("others", "unit", "is_kept"),
    [
        ([], "", True),
        ([("chen", "")], "", False),
        ([("chen", "331002001000")], "", True),
        ([("chen", "331002001000")], "331002001000", False),
        ([("chen", "331002002000")], "331002001000", True),
    ],
)
def test_set_active__the_last_administrator_of_a_unit_is_not_kept_out(accounts, others, unit, is_kept):
    accounts.add("zhao", GOOD, "administrator", unit, author="chief")
    for name, other in others:
        accounts.add(name, GOOD, "administrator", other, author="chief")
    if is_kept:
        with pytest.raises(Conflict, match="last active administrator"):
            accounts.set_active("zhao", is_active=False, author="zhao")
    else:
        accounts.set_active("zhao", is_active=False, author="zhao")
    assert accounts.get("zhao").is_active == is_kept


def test_set_active__two_administrators_cannot_keep_each_other_out(accounts):
    names = ("zhao", "chen")
    for name in names:
        accounts.add(name, GOOD, "administrator", author="chief")
    found = all_at_once(2, lambda number: accounts.set_active(names[number], is_active=False, author=names[1 - number]))
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "NoneType"]
    assert sum(account.is_active for account in accounts.all() if account.role == "administrator") == 1
