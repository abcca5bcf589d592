"""Long jobs on both databases: one worker each, whatever dies; what ends, ends once."""

import pytest

from gisgrid.errors import Conflict, NotThere, TooMany
from gisgrid.store.answered import Key
from gisgrid.store.jobs import KEPT_MS, MOST_OPEN, MOST_TRIES, SILENT_MS, Jobs
from gisgrid.told import Told
from tests.gisgrid.store.small_district import all_at_once

KINDS = ("verify", "import_incidents")


@pytest.fixture
def jobs(store):
    return Jobs(store)


def ask(jobs, kind="verify", account="li.na", **more):
    return jobs.ask(kind, {"first_day": "2018-05-07"}, account, **more)


def test_job__asked_claimed_told_of_and_done(jobs, database):
    asked = ask(jobs)
    assert (asked.id, asked.state, asked.progress, asked.has_ended) == (1, "waiting", 0.0, False)
    database.clock.now_ms += 1_000
    job = jobs.claim(KINDS)
    assert (job.id, job.state, job.started_ms, job.asked) == (1, "running", database.clock.now_ms, asked.asked)
    assert jobs.claim(KINDS) is None
    assert jobs.beat(job, 0.25, "reading") == "go_on"
    assert (jobs.get(1).progress, jobs.get(1).stage) == (0.25, "reading")
    assert jobs.finish(job, {"days": 7})
    ended = jobs.get(1)
    assert (ended.state, ended.progress, ended.result, ended.has_ended) == ("done", 1.0, {"days": 7}, True)
    assert not jobs.fail(job, Told("too late", "太迟"))
    assert jobs.get(1) == ended


def test_claim__only_what_the_worker_can_do_and_the_oldest_first(jobs):
    ask(jobs, "unknown")
    ask(jobs)
    ask(jobs, "import_incidents")
    assert [jobs.claim(KINDS).id, jobs.claim(KINDS).id, jobs.claim(KINDS)] == [2, 3, None]


def test_claim__each_job_has_one_worker_of_many(database):
    stores = [database.open() for _ in range(4)]
    for account in "abc":
        for _ in range(4):
            ask(Jobs(stores[0]), account=account)

    def work(number):
        jobs, mine = Jobs(stores[number % 4]), []
        while (job := jobs.claim(KINDS)) is not None:
            mine.append(job.id)
        return mine

    found = all_at_once(8, work)
    assert sorted(number for mine in found for number in mine) == list(range(1, 13))


def test_stop__waiting_ends_at_once_running_soon_ended_stays(jobs):
    ask(jobs)
    ask(jobs)
    assert jobs.stop(1, author="li.na").state == "stopped"
    job = jobs.claim(KINDS)
    assert job.id == 2
    assert jobs.stop(2, author="li.na").state == "running"
    assert jobs.beat(job, 0.5, "") == "stop"
    assert jobs.stopped(job)
    assert jobs.stop(2, author="li.na") == jobs.get(2)
    assert jobs.get(2).state == "stopped"


def test_give_back__another_worker_begins_anew(jobs, database):
    ask(jobs)
    job = jobs.claim(KINDS)
    jobs.beat(job, 0.5, "half")
    database.clock.now_ms += 10
    assert jobs.give_back(job)
    waiting = jobs.get(1)
    assert (waiting.state, waiting.progress, waiting.started_ms, waiting.beat_ms) == ("waiting", 0.0, None, None)
    again = jobs.claim(KINDS)
    assert jobs.beat(job, 0.9, "still there") == "lost"
    assert not jobs.finish(job, {"by": "the first"})
    assert jobs.finish(again, {"by": "the second"})
    assert jobs.get(1).result == {"by": "the second"}


def test_reap__only_the_silent_repeatable_ones_wait_again(jobs, database):
    for kind in ("verify", "import_incidents", "verify", "verify"):
        ask(jobs, kind)
    first, second, third, _ = [jobs.claim(KINDS) for _ in range(4)]
    jobs.stop(4, author="li.na")
    database.clock.now_ms += SILENT_MS
    assert jobs.reap(["verify"]) == ()
    jobs.beat(third, 0.1, "")
    database.clock.now_ms += 1
    assert jobs.reap(["verify"]) == (1, 2, 4)
    assert [jobs.get(number).state for number in (1, 2, 3, 4)] == ["waiting", "failed", "running", "stopped"]
    assert jobs.get(2).result == {
        "reason": "its worker ended; ask again",
        "reason_zh": "执行它的进程已结束；请重新提交",
    }
    assert jobs.beat(first, 0.2, "") == jobs.beat(second, 0.2, "") == "lost"


def test_reap__a_job_that_takes_its_process_with_it_is_not_begun_for_ever(jobs, database):
    ask(jobs)
    for tries in range(1, MOST_TRIES + 1):
        job = jobs.claim(KINDS)
        assert job.tries == tries
        database.clock.now_ms += SILENT_MS + 1
        assert jobs.reap(["verify"]) == (1,)
    assert jobs.claim(KINDS) is None
    ended = jobs.get(1)
    assert (ended.state, ended.ended_ms, ended.tries) == ("failed", database.clock.now_ms, MOST_TRIES)
    assert "ended 3 times" in ended.result["reason"]
    assert "ask for less" in ended.result["reason"]


def test_give_back__an_orderly_end_of_the_service_does_not_count(jobs):
    ask(jobs)
    for _ in range(MOST_TRIES + 2):
        job = jobs.claim(KINDS)
        assert job.tries == 1
        assert jobs.give_back(job)
    assert jobs.get(1).tries == 0


def test_ask__the_same_key_is_the_same_job(jobs):
    key = Key("li.na", "k1", "digest")
    assert ask(jobs, key=key) == ask(jobs, key=key)
    assert len(jobs.newest()) == 1
    with pytest.raises(Conflict):
        ask(jobs, key=Key("li.na", "k1", "another"))


def test_ask__not_more_than_an_account_may_have(jobs):
    for _ in range(MOST_OPEN):
        ask(jobs)
    with pytest.raises(TooMany):
        ask(jobs)
    assert ask(jobs, account="wang").id == MOST_OPEN + 1
    jobs.stop(1, author="li.na")
    assert ask(jobs).state == "waiting"
    assert [job.id for job in jobs.newest("wang")] == [MOST_OPEN + 1]


def test_forget_old__no_number_is_given_twice(jobs, database):
    for _ in range(3):
        jobs.stop(ask(jobs).id, author="li.na")
    ask(jobs, account="wang")
    database.clock.now_ms += KEPT_MS + 1
    assert sorted(jobs.forget_old()) == [1, 2, 3]
    assert jobs.forget_old() == ()
    with pytest.raises(NotThere):
        jobs.get(1)
    assert ask(jobs).id == 5
