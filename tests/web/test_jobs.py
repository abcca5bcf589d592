"""The worker: jobs run, are told of, stop, fail with a sentence, and are given back when the service ends."""

import threading

import pytest
from fastapi.testclient import TestClient

from gisgrid.errors import BadOption
from gisgrid.store.jobs import SILENT_MS, Jobs
from tests.web.served import served
from web.app import create_app
from web.job_kinds import Kind
from web.jobs import Worker, folder_of
from web.services import open_services
from web.settings import make_settings

PATIENCE_S = 30.0


@pytest.fixture
def service(database):
    with served(database) as service:
        yield service


class Scene:
    """A kind of job that waits for the test, and tells it what becomes of it."""

    def __init__(self, service, *, obeys=True):
        self.services, self.jobs = service.services, Jobs(service.services.store)
        self.begun, self.go_on, self.obeys = threading.Event(), threading.Event(), obeys
        self.runs = 0
        self.kinds = {
            "wait": Kind("own_account", self.wait), "write": Kind("own_account", self.write),
            "refuse": Kind("own_account", self.refuse), "break": Kind("own_account", self.fall),
        }  # fmt: skip

    def ask(self, kind):
        return self.jobs.ask(kind, {}, "li.na").id

    def worker(self):
        return Worker(self.services, self.kinds, poll_s=0.02)

    def wait(self, _job, _services, progress, _folder):
        self.runs += 1
        progress(0.25, "waiting")
        self.begun.set()
        while not self.go_on.wait(0.01):
            if self.obeys:
                progress(0.5, "still waiting")
        return {"runs": self.runs}

    def write(self, _job, _services, _progress, folder):
        (folder / "made.csv").write_text("a")
        return {"files": [{"name": "made.csv", "size_bytes": 1}]}

    def refuse(self, _job, _services, _progress, folder):
        (folder / "half.csv").write_text("a")
        raise BadOption("there is no such day; take another")

    def fall(self, _job, _services, _progress, _folder):
        raise ZeroDivisionError("secret")

    def until(self, number, *states):
        for _ in range(int(PATIENCE_S / 0.02)):
            job = self.jobs.get(number)
            if job.state in states:
                return job
            threading.Event().wait(0.02)
        raise AssertionError(f"the job is {job}")


def test_worker__runs_what_waits_one_after_another(service):
    scene = Scene(service)
    numbers = [scene.ask("write") for _ in range(3)]
    worker = scene.worker()
    worker.start()
    assert [scene.until(number, "done").result["files"][0]["name"] for number in numbers] == ["made.csv"] * 3
    worker.close()
    assert (folder_of(service.services, 2) / "made.csv").read_text() == "a"


def test_worker__tells_how_far_it_is_and_stops_when_asked(service):
    scene = Scene(service)
    number = scene.ask("wait")
    worker = scene.worker()
    worker.start()
    assert scene.begun.wait(PATIENCE_S)
    for _ in range(int(PATIENCE_S / 0.05)):
        if scene.jobs.get(number).progress:
            break
        threading.Event().wait(0.05)
    assert (scene.jobs.get(number).progress, scene.jobs.get(number).stage) == (0.5, "still waiting")
    scene.jobs.stop(number, author="li.na")
    assert scene.until(number, "stopped", "done", "failed").state == "stopped"
    worker.close()
    assert not folder_of(service.services, number).exists()


@pytest.mark.parametrize("obeys", [True, False])
def test_worker__gives_back_what_it_does_when_the_service_ends(service, obeys):
    scene = Scene(service, obeys=obeys)
    number = scene.ask("wait")
    worker = scene.worker()
    worker.start()
    assert scene.begun.wait(PATIENCE_S)
    worker.close(PATIENCE_S)
    # One that does not end may still be at it: nobody else begins it before its worker has been silent for long.
    assert scene.jobs.get(number).state == ("waiting" if obeys else "running")
    scene.go_on.set()
    service.clock.now_ms += 1 if obeys else SILENT_MS + 1
    other = scene.worker()
    other.tidy()
    assert other.work_once()
    assert scene.jobs.get(number).result == {"runs": 2}


def test_worker__an_error_of_ours_is_its_sentence_any_other_tells_nothing(service):
    scene = Scene(service)
    refused, broken = scene.ask("refuse"), scene.ask("break")
    worker = scene.worker()
    assert worker.work_once()
    assert worker.work_once()
    assert not worker.work_once()
    assert scene.jobs.get(refused).result == {
        "reason": "there is no such day; take another",
        "reason_zh": "there is no such day; take another",
    }
    told = scene.jobs.get(broken).result
    assert told["reason"] == "something went wrong here; the log of the service says what"
    assert "服务日志" in told["reason_zh"]
    assert [scene.jobs.get(number).state for number in (refused, broken)] == ["failed", "failed"]
    assert not folder_of(service.services, refused).exists()


def test_worker__what_a_dead_one_left_is_done_by_another(service):
    scene = Scene(service)
    number = scene.ask("write")
    assert scene.jobs.claim(["write"]).id == number
    worker = scene.worker()
    worker.tidy()
    assert not worker.work_once()
    service.clock.now_ms += SILENT_MS + 1
    worker.tidy()
    assert worker.work_once()
    assert scene.jobs.get(number).state == "done"


def test_service__runs_jobs_beside(database):
    database.open()
    values = {"data": database.folder, "database_url": database.url}
    services = open_services(make_settings(values), now_ms=database.clock)
    number = Jobs(services.store).ask("reassign", {"first_day": "2018-05-07", "last_day": "2018-05-07", "unit": "", "edition": 7}, "li.na").id  # fmt: skip
    with TestClient(create_app(services)):
        for _ in range(int(PATIENCE_S / 0.05)):
            if Jobs(services.store).get(number).has_ended:
                break
            threading.Event().wait(0.05)
        assert "no edition 7" in Jobs(services.store).get(number).result["reason"]
