"""The worker of long jobs: one thread in each process of the service that takes a job, runs it and tells how far it is."""

import logging
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.errors import GisgridError
from gisgrid.store.jobs import Job, Jobs
from gisgrid.told import Told
from web.job_kinds import KINDS, Kind
from web.problems import WENT_WRONG
from web.services import Services
from web.uploads import Uploads

LOG: Final = logging.getLogger("gisgrid.jobs")

_POLL_S: Final = 0.5
_TELL_S: Final = 0.5
_TIDY_S: Final = 20.0
_LEAVE_S: Final = 2.5


class Stopped(Exception):
    """Raised into a job that shall stop: it was asked to, or the service ends."""


class Worker:
    """Takes jobs one after another, from `start` to `close`. Any number of processes may have one on the same database."""

    def __init__(self, services: Services, kinds: Mapping[str, Kind] = KINDS, *, poll_s: float = _POLL_S) -> None:
        self._services = services
        self._kinds = kinds
        self._poll_s = poll_s
        self._jobs = Jobs(services.store)
        self._uploads = Uploads(services.settings.data, services.store.now_ms)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to look for jobs."""
        self._thread.start()

    def close(self, within_s: float = 3.0) -> None:
        """Stop within so many seconds; a job that runs waits again, for the next worker."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(within_s)

    def work_once(self) -> bool:
        """Take a job and run it to its end, in this thread; False where none waits."""
        job = self._jobs.claim(tuple(self._kinds))
        if job is not None:
            self._run(job)
        return job is not None

    def tidy(self) -> None:
        """Look after jobs whose worker has died, and forget old jobs and files that nobody confirmed."""
        self._jobs.reap([name for name, kind in self._kinds.items() if kind.is_repeatable])
        for number in self._jobs.forget_old():
            shutil.rmtree(folder_of(self._services, number), ignore_errors=True)
        self._uploads.sweep()

    def _work(self) -> None:
        turns = int(_TIDY_S / self._poll_s)
        turn = 0
        while not self._closing.is_set():
            try:
                if turn % turns == 0:
                    self.tidy()
                turn += 1
                if self.work_once():
                    continue
            except Exception:
                # The database may be away for a while, and come back; a disk may be full, and be emptied.
                LOG.exception("the worker of jobs was disturbed and goes on")
            self._closing.wait(self._poll_s)

    def _run(self, job: Job) -> None:
        run = _Run(job, self._kinds[job.kind], self._services)
        run.thread.start()
        while True:
            # Ends with the job; a job that computes for long without a word is told of all the same.
            run.thread.join(_TELL_S)
            if not run.thread.is_alive() or self._closing.is_set():
                break
            try:
                order = self._jobs.beat(job, *run.told)
            except (GisgridError, sa.exc.SQLAlchemyError):
                LOG.warning("job %s runs, but the database does not hear of it", job.id)
                continue
            if order != "go_on":
                run.must_stop.set()
        if run.thread.is_alive():
            run.must_stop.set()
            run.thread.join(_LEAVE_S)
        self._end(job, run)

    def _end(self, job: Job, run: "_Run") -> None:
        if run.thread.is_alive():
            # Whoever reaps gives it to another worker, when this one is surely gone.
            LOG.warning("job %s has not ended with the service", job.id)
        elif run.has_stopped and self._closing.is_set():
            self._jobs.give_back(job)
        elif run.has_stopped:
            self._jobs.stopped(job)
        elif run.reason is not None:
            self._jobs.fail(job, run.reason)
        else:
            self._jobs.finish(job, run.result)


class _Run:
    """One run of a job, in a thread of its own; `told` is how far it is and what it does."""

    def __init__(self, job: Job, kind: Kind, services: Services) -> None:
        self.told = (0.0, "")
        self.must_stop = threading.Event()
        self.has_stopped = False
        self.reason: Told | None = None
        self.result: dict[str, Any] = {}
        self._job, self._kind, self._services = job, kind, services
        self.thread = threading.Thread(target=self._go, name=f"job-{job.id}", daemon=True)

    def progress(self, fraction: float, stage: str) -> None:
        """For the job: how far it is (0 to 1) and what it does; raises `Stopped` where it shall end."""
        self.told = (fraction, stage)
        if self.must_stop.is_set():
            raise Stopped

    def _go(self) -> None:
        folder = folder_of(self._services, self._job.id)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self.result = self._kind.run(self._job, self._services, self.progress, folder)
        except Stopped:
            self.has_stopped = True
        except GisgridError as error:
            self.reason = Told(str(error), error.told(1))
        except Exception:
            LOG.exception("job %s failed", self._job.id)
            self.reason = WENT_WRONG
        if self.has_stopped or self.reason is not None:
            shutil.rmtree(folder, ignore_errors=True)


def folder_of(services: Services, number: int) -> Path:
    """The folder of a job's files."""
    return services.settings.data / "jobs" / str(number)
