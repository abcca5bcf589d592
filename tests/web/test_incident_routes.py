"""Reports and moves over HTTP: who may say what of whom, keys, versions, and parameters that do not exist."""

import pytest
import sqlalchemy as sa

from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import HOUR, VILLAGES
from tests.web.served import served
from tests.worlds import at


@pytest.fixture
def service(database):
    with served(database) as found:
        yield found


def body(place=(350, 50), **told):
    lon, lat = at(*place)
    return {"category": "disputes", "lon": lon, "lat": lat} | told


def report(service, name, **told):
    headers = told.pop("headers", {})
    return service.ask(name, "POST", "/incidents", json=body(**told), headers=headers)


def test_report__of_another_platform_only_for_the_whole_district(service):
    told = {"source_system": "hotline", "source_id": "7"}
    first = report(service, "li.na", place=(50, 50), **told)
    assert (first.status_code, first.json()["is_new"]) == (201, True)
    for name in ("worker", "east"):
        assert report(service, name, **told, is_handled=True).status_code == 403
    again = report(service, "li.na", place=(50, 50), **told)
    assert (again.status_code, again.json()["is_new"]) == (200, False)
    found = service.ask("li.na", "GET", "/incidents/1").json()["incident"]
    assert (found["state"], found["grid"]) == ("reported", first.json()["incident"]["grid"])


def test_report__names_and_address_only_where_they_may_be_seen(service):
    inside = report(service, "worker", place=(150, 50))
    assert inside.headers["location"] == "/api/v1/incidents/1"
    assert inside.json()["incident"]["reporter"] == "P1"
    elsewhere = report(service, "worker", place=(350, 50), description="words")
    assert elsewhere.status_code == 201
    assert "location" not in elsewhere.headers
    told = elsewhere.json()
    assert (told["incident"]["reporter"], told["incident"]["description"]) == ("", "")
    assert not any(person["name"] for answer in told["answers"] for person in answer["people"])


def test_report__a_worker_cannot_fill_the_days_of_last_week(service):
    now_ms = service.clock.now_ms
    for hours, status in ((71, 201), (73, 422)):
        answer = report(service, "worker", reported_at=(now_ms - hours * HOUR) / 1000)
        assert answer.status_code == status
    assert "more than 72 hours back" in answer.json()["detail"]
    assert report(service, "li.na", reported_at=(now_ms - 73 * HOUR) / 1000).status_code == 201


def test_move__sent_again_under_its_key_also_where_it_is_seen_no_more(service):
    report(service, "li.na")
    move = {"move": "reassign", "office": "331002000000", "to": CODES["A"], "reason": "not ours"}
    office = service.ask("li.na", "GET", "/incidents/1").json()["incident"]["holder"]
    move["office"] = office[:9] + "000"
    found = [
        service.ask("east", "POST", "/incidents/1/steps", json=move, headers={"idempotency-key": "k1"})
        for _ in range(2)
    ]
    assert [one.status_code for one in found] == [200, 200]
    assert service.ask("east", "GET", "/incidents/1").status_code == 404
    steps = service.ask("li.na", "GET", "/incidents/1").json()["steps"]
    assert [step["move"] for step in steps] == ["reassign"]


def test_move__only_what_was_seen(service):
    report(service, "li.na")
    card = service.ask("li.na", "GET", "/incidents/1")
    move = {"move": "accept", "office": VILLAGES["E"]}
    tag = {"if-match": card.headers["etag"]}
    assert service.ask("li.na", "POST", "/incidents/1/steps", json=move, headers=tag).status_code == 200
    late = service.ask("li.na", "POST", "/incidents/1/steps", json=move, headers=tag)
    assert late.status_code == 412
    assert "li.na accept" in late.json()["detail"]


def test_list__a_parameter_that_does_not_exist_is_told(service):
    answer = service.ask("li.na", "GET", "/incidents?clock=red")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(
        "there is no parameter 'clock' here; known are card, category, clock_state, cursor"
    )
    assert service.ask("li.na", "GET", "/incidents?state=reported&state=accepted").status_code == 200


def test_card__what_one_may_not_see_costs_no_more_than_finding_that_out(service):
    report(service, "li.na")
    asked, engine = [], service.services.store.engine

    def statements(name):
        service.ask(name, "GET", "/editions")
        asked.clear()
        sa.event.listen(engine, "before_cursor_execute", told)
        answer = service.ask(name, "GET", "/incidents/1")
        sa.event.remove(engine, "before_cursor_execute", told)
        return answer.status_code, sum("select" in one.lower() and "incident" in one for one in asked), len(asked)

    def told(_connection, _cursor, statement, *_):
        asked.append(statement)

    assert statements("fire")[:2] == (404, 1)
    hidden, seen = statements("fire")[2], statements("li.na")
    assert seen[0] == 200
    assert hidden < 5 < seen[2]


def test_head__as_get_without_content(service):
    report(service, "li.na")
    get, head = (service.ask("li.na", method, "/incidents/1") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]
