"""Long jobs: asked for, looked at, stopped, and their files fetched."""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Path, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.errors import BadOption, NotAllowed, NotThere
from gisgrid.store.jobs import Job, Jobs
from web.asked import Day, unit_within
from web.doors import Visit, door
from web.instants import instant
from web.job_kinds import KINDS
from web.jobs import folder_of
from web.keys import key_of
from web.problems import Problem
from web.routes.incidents import Key

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

Unit = Annotated[str, Field(max_length=60, description="code of a unit; empty: your own", examples=["331002001000"])]
JobNumber = Annotated[int, Path(ge=1, lt=2**62, description="number of the job", examples=[12])]
State = Literal["waiting", "running", "done", "failed", "stopped"]

_MOST_DAYS: Final = 92
_MOST_REPLAYED_DAYS: Final = 3_700
_RETRY_S: Final = 2
_CONFLICT: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "The key was used for another request."}
}


class VerifyIn(BaseModel):
    """Judge the patrols of local days, both included, of those who patrol in a unit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "verify", "first_day": "2018-05-01", "last_day": "2018-05-31"}]},
    )

    kind: Literal["verify"]
    first_day: Day
    last_day: Day
    unit: Unit = ""
    language: Literal["en", "zh"] = "zh"


class ReassignIn(BaseModel):
    """Find out which incidents of local days, both included, would have another grid under an edition."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "reassign", "first_day": "2018-01-01", "last_day": "2018-12-31", "edition": 2}]
        },
    )

    kind: Literal["reassign"]
    first_day: Day
    last_day: Day
    unit: Unit = ""
    edition: int = Field(ge=1, lt=2**31, examples=[2])


class JobFile(BaseModel):
    """A file that a job has made."""

    name: str = Field(examples=["days.csv"])
    size_bytes: int = Field(examples=[120_000])
    url: str = Field(examples=["/api/v1/jobs/12/files/days.csv"])


class JobShape(BaseModel):
    """A job: how far it is (`progress`, 0 to 1) and what it does (`stage`); once it is done what it found (`result`) and
    the files; of a failed one the `reason`, in the language of the request. Administrators see neither results nor files of others.
    """

    model_config = ConfigDict(extra="forbid")

    job: int = Field(examples=[12])
    kind: Literal["verify", "reassign", "import_incidents"]
    account: str = Field(examples=["li.na"])
    asked: dict[str, Any]
    state: State
    progress: float = Field(ge=0.0, le=1.0)
    stage: str = Field(examples=["judging 2018-05-07 to 2018-05-13"])
    reason: str = ""
    result: dict[str, Any] = Field(examples=[{"days": 4613, "day_verdicts": {"pass": 4100, "fail": 513}}])
    files: list[JobFile]
    made_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


@router.post("", status_code=202, responses=_CONFLICT)
def ask_for_job(
    asked: Annotated[VerifyIn | ReassignIn, Body(discriminator="kind")],
    response: Response,
    visit: Annotated[Visit, door("own_account")],
    key: Key = None,
) -> JobShape:
    """Ask for a long job; where it stands is told at `Location`."""
    visit.require(KINDS[asked.kind].action)
    _check_days(asked)
    unit = unit_within(visit, KINDS[asked.kind].action, asked.unit).code
    arguments = asked.model_dump(mode="json", exclude={"kind"}) | {"unit": unit}
    sent_as = key_of(visit.holder.name, key, "job", asked)
    job = _jobs(visit).ask(asked.kind, arguments, visit.holder.name, origin=visit.origin, key=sent_as)
    return accepted(visit, job, response)


@router.get("")
def list_jobs(visit: Annotated[Visit, door("own_account")]) -> list[JobShape]:
    """The newest 200 of one's own jobs, of administrators everyone's; the newest first."""
    account = None if visit.may("keep_accounts") else visit.holder.name
    return [_shape(visit, job) for job in _jobs(visit).newest(account)]


@router.get("/{number}")
def show_job(number: JobNumber, response: Response, visit: Annotated[Visit, door("own_account")]) -> JobShape:
    """Where a job stands; ask again after `Retry-After` while it has not ended."""
    job = _seen(visit, number)
    if not job.has_ended:
        response.headers["Retry-After"] = str(_RETRY_S)
    return _shape(visit, job)


@router.delete("/{number}")
def stop_job(number: JobNumber, visit: Annotated[Visit, door("own_account")]) -> JobShape:
    """Ask a job to stop; one that runs ends soon after."""
    _seen(visit, number)
    return _shape(visit, _jobs(visit).stop(number, author=visit.holder.name, origin=visit.origin))


@router.get(
    "/{number}/files/{name}",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "The file."}},
)
def fetch_job_file(
    number: JobNumber,
    name: Annotated[str, Path(max_length=80, description="a name of the job's files", examples=["days.csv"])],
    visit: Annotated[Visit, door("own_account")],
) -> FileResponse:
    """A file that a job has made; for whoever asked for the job."""
    job = _seen(visit, number)
    if job.account != visit.holder.name:
        raise NotAllowed(
            "the files of a job are for the account that asked for it", zh="任务的文件只供提交该任务的账号下载"
        )
    visit.require(KINDS[job.kind].action)
    path = folder_of(visit.services, number) / name
    # Only what the job itself has named: nothing that a sender writes becomes a path.
    if name not in {file["name"] for file in job.result.get("files", [])} or not path.is_file():
        raise NotThere(f"job {number} has no file {name!r}", zh=f"任务 {number} 没有文件 {name!r}")
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"job-{number}-{name}")


def accepted(visit: Visit, job: Job, response: Response) -> JobShape:
    """The answer to whoever asks for a job."""
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    response.headers["Retry-After"] = str(_RETRY_S)
    return _shape(visit, job)


def _check_days(asked: VerifyIn | ReassignIn) -> None:
    days = (asked.last_day - asked.first_day).days + 1
    if days < 1:
        raise BadOption(
            f"last_day {asked.last_day} comes before first_day {asked.first_day}; expected it after",
            zh=f"last_day {asked.last_day} 早于 first_day {asked.first_day}；应不早于首日",
        )
    most = _MOST_DAYS if isinstance(asked, VerifyIn) else _MOST_REPLAYED_DAYS
    if days > most:
        raise BadOption(
            f"the span has {days:,} days; at most {most:,} at a time: ask for its parts",
            zh=f"时间段有 {days:,} 天；一次最多 {most:,} 天：请分段提交",
        )


def _jobs(visit: Visit) -> Jobs:
    return Jobs(visit.services.store)


def _seen(visit: Visit, number: int) -> Job:
    """A job of one's own, of administrators any."""
    job = _jobs(visit).get(number)
    if job.account != visit.holder.name and not visit.may("keep_accounts"):
        raise NotThere(f"there is no job {number}", zh=f"没有编号为 {number} 的任务")
    return job


def _shape(visit: Visit, job: Job) -> JobShape:
    result = job.result if job.account == visit.holder.name else {}
    return JobShape.model_construct(
        job=job.id, kind=job.kind, account=job.account, asked=job.asked, state=job.state, progress=job.progress,
        stage=job.stage, reason=_reason(visit, job),
        result={name: value for name, value in result.items() if name not in {"files", "reason", "reason_zh"}},
        files=[JobFile(**file, url=f"/api/v1/jobs/{job.id}/files/{file['name']}") for file in result.get("files", [])],
        made_at=instant(job.made_ms), started_at=instant(job.started_ms), ended_at=instant(job.ended_ms),
    )  # fmt: skip


def _reason(visit: Visit, job: Job) -> str:
    told: dict[str, str] = job.result
    return told.get("reason_zh" if visit.language else "reason") or told.get("reason", "")
