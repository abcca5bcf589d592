"""Long jobs over HTTP: for whom, how they are told of, and that their files are theirs alone."""

import csv
import datetime as dt
import io

import numpy as np
import pytest

from gisgrid.duty import Duty
from gisgrid.local_days import day_number
from gisgrid.store.fixes import FixBatch
from gisgrid.store.jobs import Jobs
from gisgrid.store.staffing import Staffing
from gisgrid.store.tables import AUDIT
from tests.gisgrid.store.incident_places import CODES, network_of
from tests.gisgrid.store.small_district import DAY, HOUR, TOWNSHIPS
from tests.web.served import served
from tests.worlds import at
from tracks.archive import TrackArchive, read_fixes_of, seal
from tracks.own_zones import Edition
from tracks.verify import verify_tracks
from web.jobs import Worker

VERIFY = {"kind": "verify", "first_day": "2018-05-07", "last_day": "2018-05-21", "language": "en"}
REASSIGN = {"kind": "reassign", "first_day": "2018-05-01", "last_day": "2018-05-31", "edition": 2}


@pytest.fixture
def service(database):
    with served(database) as service:
        yield service


@pytest.fixture
def local(make_database):
    with served(make_database("sqlite")) as service:
        yield service


def ask(service, name, asked, **options):
    return service.ask(name, "POST", "/jobs", json=asked, **options)


def work(service):
    while Worker(service.services).work_once():
        pass


def walked(person, place, day, hours=4):
    """Fixes a minute apart, to and fro in a grid, from eight on (local)."""
    steps = np.arange(hours * 60)
    lon, lat = zip(*(at(place[0] + 30 * (step % 3), place[1] + 20 * (step % 2)) for step in steps), strict=True)
    # Eight o'clock in China is midnight in UTC.
    time_ms = day_number(day) * DAY + steps * 60_000
    names = np.array([person] * len(steps), object)
    return FixBatch(names, names, time_ms, np.array(lon), np.array(lat), steps * 0 + 5.0, time_ms + 1_000)


@pytest.fixture
def patrolled(service):
    """Two weeks in which P1 patrols C and P2 patrols A, half of it in the archive already."""
    first = dt.date(2018, 5, 7)
    duties = [Duty("P1", CODES["C"], "patroller", day_number(first), day_number(first) + 60)]
    duties.append(Duty("P2", CODES["A"], "patroller", day_number(first), day_number(first) + 60))
    Staffing(service.services.store).take_in_duties(duties, author="test")
    for number in range(15):
        day = first + dt.timedelta(days=number)
        service.services.inbox.add(walked("P1", (120, 40), day), author="test")
        if number % 2:
            service.services.inbox.add(walked("P2", (20, 140), day), author="test")
    archive = TrackArchive(service.data / "tracks")
    seal(service.services.inbox, archive, first, first + dt.timedelta(days=7), author="test")
    service.clock.now_ms += 30 * DAY
    service.district.report((150, 50), reporter="P1", reported_ms=day_number(first) * DAY + HOUR)
    return duties, first


def test_verify__as_the_whole_span_at_once(service, patrolled):
    duties, first = patrolled
    asked = ask(service, "assessor", VERIFY)
    assert (asked.status_code, asked.headers["location"]) == (202, "/api/v1/jobs/1")
    waiting = service.ask("assessor", "GET", "/jobs/1")
    assert (waiting.json()["state"], waiting.headers["retry-after"]) == ("waiting", "2")
    work(service)
    ended = service.ask("assessor", "GET", "/jobs/1")
    assert "retry-after" not in ended.headers
    told = ended.json()
    assert (told["state"], told["progress"]) == ("done", 1.0), told
    archive = TrackArchive(service.data / "tracks")
    fixes = read_fixes_of(service.services.inbox, archive, first, first + dt.timedelta(days=30))
    editions = [Edition(network_of(1), day_number(dt.date(2018, 4, 20)))]
    whole = verify_tracks(fixes, editions, duties, first, first + dt.timedelta(days=14))
    assert (told["result"]["days"], told["result"]["weeks"]) == (len(whole.days), len(whole.weeks)) == (30, 4)
    assert told["result"]["patrollers"] == 2
    files = {
        file["name"]: service.ask("assessor", "GET", file["url"].removeprefix("/api/v1")) for file in told["files"]
    }
    assert sorted(files) == ["days.csv", "visits.csv", "weeks.csv"]
    rows = {name: list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))) for name, file in files.items()}
    days = [(day.patroller, str(day.patrol_verdict), day.visits_certain) for day in whole.days]
    assert [(row["patroller"], row["patrol_verdict"], int(row["visits_certain"])) for row in rows["days.csv"]] == days
    assert [row["patroller"] for row in rows["visits.csv"]] == [person for person, _ in whole.visits]
    assert [row["patrol_verdict"] for row in rows["weeks.csv"]] == [week.patrol_verdict for week in whole.weeks]
    assert [row["reports"] for row in rows["days.csv"]].count("1") == 1
    with service.services.store.reading() as connection:
        read = connection.execute(AUDIT.select().where(AUDIT.c.action == "read_tracks")).one()
    assert (read.author, read.subject, read.origin) == ("assessor", "tracks/all", "job/1")


def test_verify__of_a_unit_only_those_who_patrol_there(service, patrolled):
    number = ask(service, "half", VERIFY).json()["job"]
    work(service)
    told = service.ask("half", "GET", f"/jobs/{number}").json()
    assert (told["asked"]["unit"], told["result"]["patrollers"]) == (TOWNSHIPS["C"], 1)
    text = service.ask("half", "GET", f"/jobs/{number}/files/days.csv").text
    assert "P1" in text
    assert "P2" not in text


def test_verify__nobody_there_is_a_sentence(service):
    ask(service, "assessor", VERIFY)
    work(service)
    told = service.ask("assessor", "GET", "/jobs/1").json()
    assert (told["state"], told["files"]) == ("failed", [])
    assert "nobody holds a patrolling duty" in told["reason"]
    chinese = service.ask("assessor", "GET", "/jobs/1", headers={"accept-language": "zh-CN"}).json()
    assert "没有人承担巡查责任" in chinese["reason"]
    assert chinese | {"reason": told["reason"]} == told


def test_reassign__what_another_edition_would_change(service):
    service.district.publish_second(dt.date(2018, 6, 1))
    # Under the second edition A reaches further, and E is gone to B.
    for place in ((150, 250), (250, 250), (350, 50), (350, 50), (600, 600)):
        service.district.report(place)
    service.district.report(stated=CODES["E"])
    before = service.district.everything()[:3]
    ask(service, "planner", REASSIGN)
    work(service)
    told = service.ask("planner", "GET", "/jobs/1").json()
    assert told["state"] == "done", told
    result = told["result"]
    assert (result["incidents"], result["changed"], result["manual"]) == (6, 4, 0)
    assert (result["without_grid"], result["would_be_without_grid"]) == (1, 2)
    pairs = {(pair["grid"], pair["new_grid"]): pair["incidents"] for pair in result["pairs"]}
    assert pairs == {(CODES["B"], CODES["A"]): 1, (CODES["E"], CODES["B"]): 2, (CODES["E"], ""): 1}
    assert result["pairs"][0]["incidents"] == 2
    text = service.ask("planner", "GET", "/jobs/1/files/changed.csv").content.decode("utf-8-sig")
    assert [row["number"] for row in csv.DictReader(io.StringIO(text))] == ["2", "3", "4", "6"]
    assert service.district.everything()[:3] == before


def test_reassign__no_such_edition_is_a_sentence(service):
    ask(service, "planner", REASSIGN | {"edition": 9})
    work(service)
    assert "no edition 9" in service.ask("planner", "GET", "/jobs/1").json()["reason"]


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("li.na", VERIFY, 403),
        ("admin", VERIFY, 403),
        ("planner", VERIFY, 403),
        ("half", VERIFY | {"unit": TOWNSHIPS["A"]}, 403),
        ("half", VERIFY | {"unit": CODES["C"]}, 202),
        ("assessor", VERIFY | {"unit": CODES["A"]}, 202),
        ("assessor", VERIFY | {"unit": "331002099000"}, 404),
        ("assessor", REASSIGN, 403),
        ("planner", REASSIGN, 202),
        ("assessor", VERIFY | {"last_day": "2018-05-06"}, 422),
        ("assessor", VERIFY | {"last_day": "2018-12-31"}, 422),
        ("assessor", VERIFY | {"kind": "import_incidents"}, 422),
        ("assessor", VERIFY | {"more": 1}, 422),
        ("assessor", {"kind": "verify"}, 422),
    ],
)
def test_ask_for_job__for_those_who_may(local, name, asked, status):
    assert ask(local, name, asked).status_code == status
    assert len(Jobs(local.services.store).newest()) == (status == 202)


def test_jobs__are_ones_own(service, patrolled):
    ask(service, "assessor", VERIFY)
    work(service)
    for path in ("/jobs/1", "/jobs/1/files/days.csv"):
        assert service.ask("half", "GET", path).status_code == 404
    assert service.ask("half", "DELETE", "/jobs/1").status_code == 404
    assert service.ask("half", "GET", "/jobs").json() == []
    seen = service.ask("admin", "GET", "/jobs/1").json()
    assert (seen["state"], seen["account"], seen["result"], seen["files"]) == ("done", "assessor", {}, [])
    assert service.ask("admin", "GET", "/jobs").json() == [seen]
    assert service.ask("admin", "GET", "/jobs/1/files/days.csv").status_code == 403
    assert [job["job"] for job in service.ask("assessor", "GET", "/jobs").json()] == [1]


def test_fetch_job_file__only_what_the_job_has_made(service, patrolled):
    ask(service, "assessor", VERIFY)
    work(service)
    (service.data / "jobs" / "1" / "days.csv.part").write_text("secret")
    for name in ("days.csv.part", "..%2F..%2Fgisgrid.db", "%2e%2e%2fjobs", "gisgrid.db", "DAYS.CSV ", "days.csv%00"):
        assert service.ask("assessor", "GET", f"/jobs/1/files/{name}").status_code == 404, name


def test_stop_job__by_its_owner_or_an_administrator(service):
    ask(service, "assessor", VERIFY)
    ask(service, "assessor", VERIFY)
    assert service.ask("assessor", "DELETE", "/jobs/1").json()["state"] == "stopped"
    assert service.ask("admin", "DELETE", "/jobs/2").json()["state"] == "stopped"
    assert service.ask("assessor", "DELETE", "/jobs/9").status_code == 404


def test_ask_for_job__twice_under_a_key_is_once(service):
    headers = {"idempotency-key": "k1"}
    first = ask(service, "assessor", VERIFY, headers=headers)
    assert ask(service, "assessor", VERIFY, headers=headers).json() == first.json()
    assert ask(service, "assessor", VERIFY | {"language": "zh"}, headers=headers).status_code == 409
