"""Incidents in by file: looked at first, taken in once confirmed, by a job; nothing kept before."""

import csv
import io
import json

import pytest

from gisgrid.store.incidents import Incidents
from gisgrid.store.jobs import Jobs
from tests.gisgrid.store.incident_places import CODES
from tests.web.served import served
from tests.worlds import at
from web.jobs import Worker

IMPORTS = "/incident-imports"


@pytest.fixture
def service(database):
    with served(database) as service:
        service.clock.now_ms += 10 * 86_400_000
        yield service


@pytest.fixture
def local(make_database):
    with served(make_database("sqlite")) as service:
        service.clock.now_ms += 10 * 86_400_000
        yield service


def rows_of(numbers, place=(150, 50), category="disputes"):
    lon, lat = at(*place)
    return "".join(f"{number},{category},2018-05-07 09:30,{lon:.7f},{lat:.7f},old\n" for number in numbers)


def csv_of(*parts):
    return ("incident,category,time,lon,lat,description\n" + "".join(parts)).encode()


def send(service, content, name="li.na", filename="hotline.csv", system="hotline", **fields):
    return service.ask(
        name, "POST", IMPORTS, files={"file": (filename, content)}, data={"source_system": system, **fields}
    )


def count(service):
    return Incidents(service.services.store).count()


def work(service):
    while Worker(service.services).work_once():
        pass


MIXED = csv_of(
    rows_of(["A1", "A2"]), rows_of(["A3"], (900, 900)), rows_of(["A4"], category="no such thing"), rows_of(["A1"]),
    "A5,disputes,2030-01-01 00:00,,,from the future\n", "A6,disputes\n",
)  # fmt: skip


def test_send_file__says_what_would_become_of_it_and_keeps_nothing(service):
    answer = send(service, MIXED, filename="../../hot line.csv")
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["location"] == f"/api/v1/incident-imports/{told['id']}"
    assert {name: told[name] for name in ("rows", "good", "rejected", "new", "changed", "same", "without_grid")} == {
        "rows": 7, "good": 3, "rejected": 4, "new": 3, "changed": 0, "same": 0, "without_grid": 1,
    }  # fmt: skip
    assert (told["name"], told["source_system"], told["job"]) == ("hot line.csv", "hotline", None)
    assert [row["source_id"] for row in told["sample"]] == ["A1", "A2", "A3"]
    first = told["sample"][0]
    assert (first["grid"], first["how"], first["reported_at"]) == (CODES["C"], "inside", "2018-05-07T01:30:00Z")
    assert [reject["line"] for reject in told["rejects"]] == [5, 6, 7, 8]
    for reject, said in zip(told["rejects"], ("unknown", "earlier row", "future", "fields"), strict=True):
        assert said in reject["reason"]
    whole = service.ask("li.na", "GET", told["rejects_url"].removeprefix("/api/v1"))
    assert (
        'filename="hot line.rejects.csv"' in whole.headers["content-disposition"]
        or "hot%20line" in (whole.headers["content-disposition"])
    )
    written = list(csv.DictReader(io.StringIO(whole.content.decode("utf-8-sig"))))
    assert [(row["incident"], row["reject_file"]) for row in written] == [
        (number, "hot line.csv") for number in ("A4", "A1", "A5", "")
    ]
    assert str(service.data) not in answer.text + whole.text
    chinese = service.ask("li.na", "GET", f"{IMPORTS}/{told['id']}", headers={"cookie": "gg_lang=zh"}).json()
    for reject, said in zip(chinese["rejects"], ("无法识别", "前面的行", "在将来", "个字段"), strict=True):
        assert said in reject["reason"]
    assert chinese | {"rejects": told["rejects"]} == told
    rejects = service.ask("li.na", "GET", f"{IMPORTS}/{told['id']}/rejects", headers={"accept-language": "zh"})
    assert "前面的行有相同的事件编号" in rejects.content.decode("utf-8-sig")
    assert count(service) == 0
    assert service.ask("li.na", "GET", f"{IMPORTS}/{told['id']}").json() == told


def test_confirm__a_job_takes_it_in_once(service):
    told = send(service, MIXED).json()
    path = f"{IMPORTS}/{told['id']}"
    answer = service.ask("li.na", "POST", f"{path}/confirm")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["state"], answer.headers["location"]) == ("import_incidents", "waiting", "/api/v1/jobs/1")
    assert service.ask("li.na", "POST", f"{path}/confirm").json()["job"] == job["job"]
    assert service.ask("li.na", "DELETE", path).status_code == 409
    work(service)
    ended = service.ask("li.na", "GET", "/jobs/1").json()
    assert ended["state"] == "done", ended
    assert ended["result"] == {"source_system": "hotline", "new": 3, "changed": 0, "same": 0, "rejected": 4}
    assert [file["name"] for file in ended["files"]] == ["rejects.csv"]
    rejects = service.ask("li.na", "GET", "/jobs/1/files/rejects.csv")
    assert "future" in rejects.text
    assert count(service) == 3
    assert service.ask("li.na", "POST", f"{path}/confirm").json()["state"] == "done"
    assert len(Jobs(service.services.store).newest()) == 1
    assert service.ask("li.na", "DELETE", path).status_code == 204
    assert service.ask("li.na", "GET", path).status_code == 404
    later = send(service, csv_of(rows_of(["A1"]), rows_of(["A2"], category="other"), rows_of(["A9"]))).json()
    assert (later["new"], later["changed"], later["same"], later["rejects_url"]) == (1, 1, 1, "")
    assert service.ask("li.na", "GET", f"{IMPORTS}/{later['id']}/rejects").status_code == 404


def test_confirm__again_after_it_was_stopped(service):
    path = f"{IMPORTS}/{send(service, csv_of(rows_of(['A1']))).json()['id']}"
    first = service.ask("li.na", "POST", f"{path}/confirm").json()["job"]
    assert service.ask("li.na", "DELETE", f"/jobs/{first}").json()["state"] == "stopped"
    second = service.ask("li.na", "POST", f"{path}/confirm").json()["job"]
    assert second == first + 1
    work(service)
    assert count(service) == 1
    assert service.ask("li.na", "GET", path).json()["job"] == second


@pytest.mark.parametrize("name", ["east", "assessor", "planner", "worker", "fire", "wall", "auditor", "admin"])
def test_imports__only_for_who_commands_everything(local, name):
    assert send(local, MIXED, name).status_code == 403
    number = send(local, MIXED).json()["id"]
    for method, path in (("GET", ""), ("GET", "/rejects"), ("POST", "/confirm"), ("DELETE", "")):
        assert local.ask(name, method, f"{IMPORTS}/{number}{path}").status_code == 403
        assert local.ask("other", method, f"{IMPORTS}/{number}{path}").status_code == 404
    assert local.ask("li.na", "GET", f"{IMPORTS}/{number}").status_code == 200


@pytest.mark.parametrize(
    ("content", "fields", "says"),
    [
        (b"", {}, "empty"),
        (b"a|b\n1|2\n", {}, "has no column 'incident'"),
        (csv_of(rows_of(["A1"])), {"columns": "{"}, "JSON object"),
        (csv_of(rows_of(["A1"])), {"columns": json.dumps({"when": "time"})}, "no field"),
        (csv_of(rows_of(["A1"])), {"datum": "mars"}, "datum"),
        (csv_of(rows_of(["A1"])), {"system": "a\0b"}, "source_system"),
        (csv_of(rows_of(["A1"], category="?")), {}, "none of its 1 rows"),
        (csv_of(), {}, "no rows"),
        (b",".join([b"c"] * 1_000_000) + b"\n1\n", {}, "64 kB"),
    ],
)  # fmt: skip
def test_send_file__refuses_with_a_sentence_and_forgets(local, content, fields, says):
    answer = send(local, content, **fields)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert str(local.data) not in answer.text
    assert not [path for path in local.data.rglob("*") if "uploads" in path.parts and path.is_file()]


def test_send_file__larger_than_the_setting(make_database):
    with served(make_database("sqlite"), max_upload_mb=1) as service:
        answer = send(service, csv_of(rows_of(range(20_000))))
        assert answer.status_code == 413
        assert not list((service.data / "uploads").glob("*"))
