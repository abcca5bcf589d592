"""Accounts and tokens over HTTP: within the unit of the administrator, secrets once, nobody locked out for good."""

import pytest

from tests.gisgrid.store.small_district import FIRE, TOWNSHIPS, VILLAGES
from tests.web.served import served

GOOD = "Grid-by-grid 7!"
HOUR_MS = 3_600_000


@pytest.fixture
def service(make_database):
    with served(make_database("sqlite")) as service:
        yield service


def add(service, name, role="commander", unit="", by="admin", **more):
    asked = {"name": name, "password": GOOD, "role": role, "unit": unit, **more}
    return service.ask(by, "POST", "/accounts", json=asked)


def in_use(service, token, path="/editions"):
    return service.ask("admin", "GET", path, headers={"authorization": f"Bearer {token}"}).status_code


class Signed:
    """Someone signed in with a cookie."""

    def __init__(self, service, name):
        self._service = service
        answer = service.ask("admin", "POST", "/sessions", json={"name": name, "password": GOOD})
        assert answer.status_code == 201
        self._headers = {
            "cookie": f"gisgrid={answer.cookies['gisgrid']}", "x-csrf-token": answer.json()["csrf"],
        }  # fmt: skip

    def ask(self, method, path, **options):
        client = self._service._client
        client.cookies.clear()
        return client.request(method, f"/api/v1{path}", headers=self._headers, **options)


def test_add_account__signs_in_and_is_listed(service):
    answer = add(service, "wang", unit=TOWNSHIPS["A"])
    assert answer.status_code == 201
    assert answer.json() == {
        "name": "wang", "role": "commander", "unit": TOWNSHIPS["A"], "person": "", "is_active": True, "failures": 0,
        "locked_until": None,
    }  # fmt: skip
    assert answer.json() in service.ask("admin", "GET", "/accounts").json()
    assert Signed(service, "wang").ask("GET", "/sessions/current").json()["unit"] == TOWNSHIPS["A"]
    for wrong in (
        {"name": "wang"}, {"name": "a/b"}, {"name": "a b"}, {"password": "short"}, {"role": "king"}, {"role": "worker"},
        {"role": "department"}, {"unit": "\0"}, {"more": 1},
    ):  # fmt: skip
        asked = {"name": "zhou", "password": GOOD, "role": "commander"} | wrong
        assert service.ask("admin", "POST", "/accounts", json=asked).status_code == 422, wrong
    assert "zhou" not in {one["name"] for one in service.ask("admin", "GET", "/accounts").json()}


def test_accounts__only_administrators_and_within_their_unit(service):
    for name in ("li.na", "auditor", "wall", "planner", "worker", "fire"):
        assert service.ask(name, "GET", "/accounts").status_code == 403
        assert add(service, "x", by=name).status_code == 403
    service.services.accounts.add("local", GOOD, "administrator", TOWNSHIPS["A"], author="test")
    token = service.services.accounts.make_token("local", "t", ["keep_accounts", "keep_registers"], author="test")
    local = {"headers": {"authorization": f"Bearer {token}"}}
    for unit, status in (
        (VILLAGES["A"], 201), (TOWNSHIPS["A"], 201), ("", 403), (TOWNSHIPS["C"], 403), (FIRE, 403),
    ):  # fmt: skip
        asked = {
            "name": f"u{unit}".replace(":", "-"), "password": GOOD, "unit": unit,
            "role": "department" if unit == FIRE else "commander",
        }  # fmt: skip
        assert service.ask("admin", "POST", "/accounts", json=asked, **local).status_code == status, unit
    listed = service.ask("admin", "GET", "/accounts", **local).json()
    assert {one["name"] for one in listed} == {"local", f"u{VILLAGES['A']}", f"u{TOWNSHIPS['A']}"}
    for method, path, body in (
        ("PATCH", "/accounts/admin", {"is_active": False}),
        ("GET", "/accounts/admin/tokens", None),
        ("POST", "/accounts/admin/tokens", {"label": "x", "scopes": ["keep_accounts"]}),
        ("DELETE", "/accounts/admin/tokens/test", None),
    ):
        assert service.ask("admin", method, path, json=body, **local).status_code == 404
    assert service.ask("admin", "GET", "/registers", **local).status_code == 403


def test_change_account__keeps_out_at_once_and_lets_in_again(service):
    add(service, "wang")
    signed = Signed(service, "wang")
    token = service.ask(
        "admin", "POST", "/accounts/wang/tokens", json={"label": "q", "scopes": ["read_grids"]}
    ).json()["token"]  # fmt: skip
    assert (signed.ask("GET", "/sessions/current").status_code, in_use(service, token)) == (200, 200)
    told = service.ask("admin", "PATCH", "/accounts/wang", json={"is_active": False}).json()
    assert told["is_active"] is False
    assert (signed.ask("GET", "/sessions/current").status_code, in_use(service, token)) == (401, 401)
    assert service.ask("admin", "PATCH", "/accounts/wang", json={"is_active": True}).json()["is_active"] is True
    assert in_use(service, token) == 200


def test_change_account__another_password_ends_sessions_and_a_weak_one_changes_nothing(service):
    add(service, "wang")
    signed = Signed(service, "wang")
    weak = service.ask("admin", "PATCH", "/accounts/wang", json={"password": "x", "is_active": False})
    assert weak.status_code == 422
    assert signed.ask("GET", "/sessions/current").status_code == 200
    answer = service.ask("admin", "PATCH", "/accounts/wang", json={"password": "Another-grid 8!"})
    assert answer.status_code == 200
    assert "Another" not in answer.text
    assert signed.ask("GET", "/sessions/current").status_code == 401
    assert service.ask("admin", "PATCH", "/accounts/nobody", json={}).status_code == 404


def test_change_account__another_unit_ends_sessions_and_tokens(service):
    add(service, "wang", unit=TOWNSHIPS["A"])
    signed = Signed(service, "wang")
    token = service.ask(
        "admin", "POST", "/accounts/wang/tokens", json={"label": "qgis", "scopes": ["read_grids"]}
    ).json()["token"]
    same = service.ask("admin", "PATCH", "/accounts/wang", json={"unit": TOWNSHIPS["A"]})
    assert same.status_code == 200
    assert signed.ask("GET", "/sessions/current").status_code == 200
    moved = service.ask(
        "admin", "PATCH", "/accounts/wang", json={"role": "worker", "unit": VILLAGES["C"], "person": "P1"}
    )
    assert [moved.json()[name] for name in ("role", "unit", "person", "is_active")] == [
        "worker",
        VILLAGES["C"],
        "P1",
        True,
    ]
    assert signed.ask("GET", "/sessions/current").status_code == 401
    assert in_use(service, token) == 401
    assert Signed(service, "wang").ask("GET", "/sessions/current").json()["unit"] == VILLAGES["C"]
    for wrong in ({"role": "department"}, {"unit": ""}, {"unit": "331999999000"}, {"role": "king"}):
        assert service.ask("admin", "PATCH", "/accounts/wang", json=wrong).status_code in (404, 422), wrong
    add(service, "part", "administrator", TOWNSHIPS["C"])
    part = Signed(service, "part")
    for beyond in (TOWNSHIPS["A"], "", FIRE):
        assert part.ask("PATCH", "/accounts/wang", json={"unit": beyond}).status_code in (403, 422)
    assert part.ask("PATCH", "/accounts/wang", json={"unit": TOWNSHIPS["C"]}).status_code == 200
    lines = service.ask("auditor", "GET", "/audit", params={"action": "change_account"}).json()["lines"]
    assert [(line["author"], line["result"]) for line in lines] == [
        ("part", f"worker {TOWNSHIPS['C']}"),
        ("admin", f"worker {VILLAGES['C']}"),
    ]


def test_change_account__the_last_administrator_stays_one(service):
    for change in ({"role": "planner"}, {"unit": TOWNSHIPS["A"]}):
        assert service.ask("admin", "PATCH", "/accounts/admin", json=change).status_code == 409
    add(service, "second", "administrator")
    assert service.ask("admin", "PATCH", "/accounts/second", json={"role": "planner"}).status_code == 200


def test_change_account__the_last_administrator_stays(service):
    answer = service.ask("admin", "PATCH", "/accounts/admin", json={"is_active": False})
    assert answer.status_code == 409
    assert "make another administrator first" in answer.json()["detail"]
    add(service, "second", role="administrator")
    assert service.ask("admin", "PATCH", "/accounts/admin", json={"is_active": False}).status_code == 200
    assert service.ask("admin", "GET", "/accounts").status_code == 401


def test_tokens__for_actions_of_the_role_until_their_end(service):
    add(service, "wang")
    ends = "2018-05-07T12:00:00Z"
    asked = {"label": "qgis", "scopes": ["read_grids"], "ends_at": ends}
    answer = service.ask("admin", "POST", "/accounts/wang/tokens", json=asked)
    assert answer.status_code == 201
    told = answer.json()
    assert in_use(service, told["token"]) == 200
    assert in_use(service, told["token"], "/incidents") == 403
    (listed,) = service.ask("admin", "GET", "/accounts/wang/tokens").json()
    assert listed["used_at"] is not None
    assert listed == {name: told[name] for name in listed if name != "used_at"} | {"used_at": listed["used_at"]}
    assert (listed["label"], listed["scopes"], listed["ends_at"]) == ("qgis", ["read_grids"], ends)
    for wrong, status in (
        (asked, 422), ({**asked, "label": "b", "scopes": ["keep_accounts"]}, 422), ({**asked, "label": "b/c"}, 422),
        ({**asked, "label": "b", "scopes": []}, 422), ({**asked, "label": "b", "ends_at": "2018-05-06T00:00:00Z"}, 422),
    ):  # fmt: skip
        assert service.ask("admin", "POST", "/accounts/wang/tokens", json=wrong).status_code == status
    assert service.ask("admin", "DELETE", "/accounts/wang/tokens/qgis").status_code == 204
    assert in_use(service, told["token"]) == 401
    assert service.ask("admin", "DELETE", "/accounts/wang/tokens/qgis").status_code == 404
    other = service.ask("admin", "POST", "/accounts/wang/tokens", json=asked).json()["token"]
    service.clock.now_ms += 24 * HOUR_MS
    service.services.callers.forget()
    assert in_use(service, other) == 401


def test_own_tokens__for_those_who_are_signed_in(service):
    add(service, "wang")
    signed = Signed(service, "wang")
    asked = {"label": "mine", "scopes": ["read_grids", "read_incidents"]}
    made = signed.ask("POST", "/sessions/current/tokens", json=asked)
    assert made.status_code == 201
    assert in_use(service, made.json()["token"], "/incidents") == 200
    assert [one["label"] for one in signed.ask("GET", "/sessions/current/tokens").json()] == ["mine"]
    assert signed.ask("POST", "/sessions/current/tokens", json={**asked, "scopes": ["read_audit"]}).status_code == 422
    for method, path, body in (
        ("GET", "", None), ("POST", "", {**asked, "label": "other"}), ("DELETE", "/mine", None),
    ):  # fmt: skip
        headers = {"authorization": f"Bearer {made.json()['token']}"}
        answer = service.ask("admin", method, f"/sessions/current/tokens{path}", json=body, headers=headers)
        assert answer.status_code == 403
    assert signed.ask("DELETE", "/sessions/current/tokens/mine").status_code == 204
    assert signed.ask("DELETE", "/sessions/current/tokens/mine").status_code == 404
    assert in_use(service, made.json()["token"]) == 401


def test_wall_link__reads_without_names_for_some_hours(service):
    service.ask("wall", "GET", "/editions")
    told = service.ask("admin", "POST", "/accounts/wall/wall-link", json={"hours": 8}).json()
    assert told["scopes"] == ["read_figures", "read_grids", "read_incidents"]
    assert [in_use(service, told["token"], path) for path in ("/grids", "/incidents", "/figures")] == [200, 200, 200]
    assert in_use(service, told["token"], "/accounts") == 403
    again = service.ask("admin", "POST", "/accounts/wall/wall-link", json={"hours": 8}).json()
    assert again["label"] != told["label"]
    service.clock.now_ms += 8 * HOUR_MS
    service.services.callers.forget()
    assert in_use(service, told["token"], "/grids") == 401
    add(service, "wang")
    assert service.ask("admin", "POST", "/accounts/wang/wall-link", json={"hours": 8}).status_code == 422
    assert service.ask("admin", "POST", "/accounts/wall/wall-link", json={"hours": 0}).status_code == 422
