"""Long jobs: asked for, taken by one worker of several, told of while they run, and ended one way or another."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.errors import NotThere, TooMany
from gisgrid.store.answered import Key, find_answered, remember
from gisgrid.store.service_tables import JOB
from gisgrid.store.store import Change, Store
from gisgrid.told import Told

ENDED_STATES: Final = ("done", "failed", "stopped")
SILENT_MS: Final = 60_000
"""A worker that has not been heard of for so long is dead."""

KEPT_MS: Final = 30 * 86_400_000
"""So long after its end a job and its files are kept."""

MOST_OPEN: Final = 10
"""So many jobs an account may have waiting or running."""

MOST_TRIES: Final = 3
"""So often a job is begun whose process ends under it: one that takes its process with it must not do so for ever."""

_RETRY_S: Final = 30
_NEWEST: Final = 200


@dataclass(frozen=True)
class Job:
    """A job: `state` is waiting, running, done, failed or stopped, `progress` 0 to 1, times in ms since 1970 UTC.

    `asked` are its arguments, `result` what it found (of a failed one `reason` and `reason_zh`). `tries` is how often it was
    begun, without the times when its worker gave it back.
    """

    id: int
    kind: str
    account: str
    asked: dict[str, Any]
    state: str
    progress: float
    stage: str
    result: dict[str, Any]
    is_to_stop: bool
    made_ms: int
    started_ms: int | None
    beat_ms: int | None
    ended_ms: int | None
    tries: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED_STATES


class Jobs:
    """The jobs in a store. What a worker writes of a job counts only while it is still that worker's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(
        self,
        kind: str,
        asked: dict[str, Any],
        account: str,
        *,
        origin: str = "local",
        key: Key | None = None,
        also: Callable[[Change, Job], None] | None = None,
    ) -> Job:
        """Ask for a job; asked again under the same key it is the same job. `also` belongs to the same change.

        Raises `TooMany` where the account has too many that have not ended, `Conflict` for a key used otherwise.
        """
        with self._store.changing(account, origin=origin) as change:
            change.take_turn()
            before = find_answered(change.connection, key) if key is not None else None
            if before is not None:
                return _get(change.connection, int(before.partition("/")[2]))
            mine = sa.and_(JOB.c.account == account, JOB.c.state.not_in(ENDED_STATES))
            if change.connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one() >= MOST_OPEN:
                raise TooMany(
                    f"{MOST_OPEN} of your jobs have not ended; wait for one, or stop one",
                    _RETRY_S,
                    zh=f"您有 {MOST_OPEN} 个任务尚未结束；请等待其中一个结束，或停止一个",
                )
            last = change.connection.execute(sa.select(sa.func.max(JOB.c.id))).scalar_one_or_none() or 0
            job = Job(last + 1, kind, account, asked, "waiting", 0.0, "", {}, False, change.at_ms, None, None, None)
            change.connection.execute(JOB.insert().values(**_columns(job)))
            change.note("ask_job", f"job/{job.id}", kind)
            if key is not None:
                remember(change, key, f"job/{job.id}")
            if also is not None:
                also(change, job)
            return job

    def get(self, number: int) -> Job:
        """The job of a number; `NotThere` where there is none."""
        with self._store.reading() as connection:
            return _get(connection, number)

    def newest(self, account: str | None = None) -> tuple[Job, ...]:
        """The newest 200 jobs, of an account or of all; the newest first."""
        query = sa.select(JOB).order_by(JOB.c.id.desc()).limit(_NEWEST)
        if account is not None:
            query = query.where(JOB.c.account == account)
        with self._store.reading() as connection:
            return tuple(Job(**row._mapping) for row in connection.execute(query))

    def stop(self, number: int, *, author: str, origin: str = "local") -> Job:
        """Ask that a job stops: one that waits has ended then, one that runs ends soon; one that has ended stays so."""
        with self._store.changing(author, origin=origin) as change:
            job = _get(change.connection, number, for_update=True)
            if job.has_ended:
                return job
            values: dict[str, Any] = {"is_to_stop": True}
            if job.state == "waiting":
                values |= {"state": "stopped", "ended_ms": change.at_ms}
            change.connection.execute(JOB.update().where(JOB.c.id == number).values(**values))
            change.note("stop_job", f"job/{number}")
            return _get(change.connection, number)

    def claim(self, kinds: Collection[str]) -> Job | None:
        """Take the oldest job of these kinds that waits, None where none does; no two workers get the same."""
        waiting = sa.select(JOB.c.id).where(JOB.c.state == "waiting", JOB.c.kind.in_(list(kinds)))
        with self._store.reading() as connection:
            # Nobody who writes is made to wait only to find that there is nothing to do.
            if connection.execute(waiting.limit(1)).first() is None:
                return None
        with self._store.changing("job worker") as change:
            oldest = waiting.order_by(JOB.c.id).limit(1).with_for_update(skip_locked=True)
            number = change.connection.execute(oldest).scalar_one_or_none()
            if number is None:
                return None
            started: dict[str, Any] = {"state": "running", "started_ms": change.at_ms, "beat_ms": change.at_ms}
            started["tries"] = JOB.c.tries + 1
            change.connection.execute(JOB.update().where(JOB.c.id == number).values(**started))
            return _get(change.connection, number)

    def beat(self, job: Job, progress: float, stage: str) -> str:
        """Tell that a job goes on and how far it is; says what its worker must do: `go_on`, `stop`, or `lost` where it is
        no longer its job.
        """
        with self._store.changing("job worker") as change:
            told = {"beat_ms": change.at_ms, "progress": min(max(progress, 0.0), 1.0), "stage": stage[:200]}
            query = JOB.update().where(*_still(job)).values(**told).returning(JOB.c.is_to_stop)
            is_to_stop = change.connection.execute(query).scalar_one_or_none()
        return "lost" if is_to_stop is None else "stop" if is_to_stop else "go_on"

    def finish(self, job: Job, result: dict[str, Any]) -> bool:
        """A job is done, with what it found; False where it was no longer this worker's."""
        return self._end(job, "done", result, progress=1.0)

    def fail(self, job: Job, reason: Told) -> bool:
        """A job has failed, for a reason said in a sentence."""
        return self._end(job, "failed", _why(reason))

    def stopped(self, job: Job) -> bool:
        """A job has stopped, as it was asked to."""
        return self._end(job, "stopped", {})

    def give_back(self, job: Job) -> bool:
        """A job waits again, for another worker, as if it had not begun."""
        with self._store.changing("job worker") as change:
            query = JOB.update().where(*_still(job)).values(**_ANEW, tries=JOB.c.tries - 1)
            return change.connection.execute(query).rowcount > 0

    def reap(self, repeatable: Collection[str]) -> tuple[int, ...]:
        """Look after jobs whose worker has died: those of repeatable kinds wait again, others have failed.

        So have those that were begun `MOST_TRIES` times.
        """
        dead = sa.and_(JOB.c.state == "running", JOB.c.beat_ms < self._store.now_ms() - SILENT_MS)
        with self._store.reading() as connection:
            if connection.execute(sa.select(JOB.c.id).where(dead).limit(1)).first() is None:
                return ()
        with self._store.changing("job worker") as change:
            found = change.connection.execute(sa.select(JOB).where(dead).with_for_update(skip_locked=True)).all()
            for row in found:
                is_worn_out = row.tries >= MOST_TRIES
                again = row.kind in repeatable and not row.is_to_stop and not is_worn_out
                ended: dict[str, Any] = {"ended_ms": change.at_ms, "state": "stopped" if row.is_to_stop else "failed"}
                reason = _WORN_OUT if row.kind in repeatable and is_worn_out else _DIED
                ended |= {} if row.is_to_stop else {"result": _why(reason)}
                query = JOB.update().where(JOB.c.id == row.id).values(**(_ANEW if again else ended))
                change.connection.execute(query)
                change.note("reap_job", f"job/{row.id}", "waits again" if again else str(ended["state"]))
            return tuple(row.id for row in found)

    def forget_old(self) -> tuple[int, ...]:
        """Forget jobs that ended long ago; returns their numbers, whose files the caller deletes."""
        old = sa.and_(JOB.c.state.in_(ENDED_STATES), JOB.c.ended_ms < self._store.now_ms() - KEPT_MS)
        # The newest stays, so that no number is given twice.
        old = sa.and_(old, JOB.c.id < sa.select(sa.func.max(JOB.c.id)).scalar_subquery())
        with self._store.reading() as connection:
            if connection.execute(sa.select(JOB.c.id).where(old).limit(1)).first() is None:
                return ()
        with self._store.changing("job worker") as change:
            gone = tuple(change.connection.execute(sa.delete(JOB).where(old).returning(JOB.c.id)).scalars())
            change.note("forget", "jobs", f"{len(gone)} jobs")
            return gone

    def _end(self, job: Job, state: str, result: dict[str, Any], **more: Any) -> bool:
        with self._store.changing("job worker") as change:
            values = {"state": state, "result": result, "ended_ms": change.at_ms, **more}
            is_mine = change.connection.execute(JOB.update().where(*_still(job)).values(**values)).rowcount > 0
            if is_mine:
                change.note("end_job", f"job/{job.id}", state)
            return is_mine


def _why(reason: Told) -> dict[str, Any]:
    """The result of a failed job: why, in both languages."""
    return {"reason": str(reason), "reason_zh": reason.zh}


_DIED: Final = Told("its worker ended; ask again", "执行它的进程已结束；请重新提交")
_WORN_OUT: Final = Told(
    f"the process that ran it ended {MOST_TRIES} times under it, so it is not begun again; ask for less at a time, such as fewer "
    "days, or have an administrator look at the memory of the machine and the log of the service",
    f"执行它的进程已 {MOST_TRIES} 次在途中结束，不再重试；请缩小一次的范围（例如减少天数），或请管理员检查内存和服务日志",
)
_ANEW: Final[dict[str, Any]] = {
    "state": "waiting", "started_ms": None, "beat_ms": None, "progress": 0.0, "stage": "",
}  # fmt: skip


def _still(job: Job) -> tuple[sa.ColumnElement[bool], ...]:
    """That a job runs since it was claimed: a worker that was taken for dead finds another instant here."""
    return JOB.c.id == job.id, JOB.c.state == "running", JOB.c.started_ms == job.started_ms


def _get(connection: sa.Connection, number: int, *, for_update: bool = False) -> Job:
    query = sa.select(JOB).where(JOB.c.id == number)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    if row is None:
        raise NotThere(f"there is no job {number}", zh=f"没有编号为 {number} 的任务")
    return Job(**row._mapping)


def _columns(job: Job) -> dict[str, Any]:
    return {column.name: getattr(job, column.name) for column in JOB.columns}
