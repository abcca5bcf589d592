"""Incidents in by file: sent in and looked at first, taken in once that is confirmed."""

import json
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, File, Form, Path, Response, UploadFile
from fastapi.responses import FileResponse

from gisgrid.access import Subject
from gisgrid.errors import BadOption, Conflict, NotThere
from gisgrid.incident_rows import FIELDS
from gisgrid.store.answered import Key
from gisgrid.store.jobs import Job, Jobs
from gisgrid.tables import check_text
from web.doors import Visit, door
from web.import_preview import ImportPreview, preview
from web.problems import Problem
from web.routes.jobs import JobShape, accepted
from web.uploads import KEPT_MS, Upload, Uploads

router = APIRouter(prefix="/api/v1/incident-imports", tags=["imports"])

ImportId = Annotated[
    str, Path(pattern="^[0-9a-f]{24}$", description="as the preview says", examples=["5f0c7b2e9a415f0c7b2e9a41"])
]

_EVERYTHING: Final = Subject()
_PREVIEWS: Final = ("preview.json", "preview.zh.json")
"""What was found, in English and Chinese."""
_TOO_LARGE: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Problem, "description": "The file is too large, as sent or unpacked."}
}
_CONFLICT: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "The file is being taken in."}
}


@router.post("", status_code=201, responses=_TOO_LARGE)
def send_file(
    response: Response,
    visit: Annotated[Visit, door("report_incident")],
    file: Annotated[UploadFile, File(description="CSV (UTF-8 or GB18030) or XLSX, by content")],
    source_system: Annotated[
        str,
        Form(
            min_length=1, max_length=60, description="platform that the incidents come from", examples=["12345-hotline"]
        ),
    ],
    columns: Annotated[
        str,
        Form(max_length=4_000, description=f"JSON: field to heading; fields are {', '.join(FIELDS)}", examples=["{}"]),
    ] = "{}",
    datum: Annotated[Literal["wgs84", "cgcs2000", "gcj02", "bd09"], Form(description="datum of the places")] = "wgs84",
) -> ImportPreview:
    """Send a file in and see what would become of it; nothing of it is kept before it is confirmed, within a day."""
    _need_everything(visit)
    check_text("source_system", source_system)
    uploads = _uploads(visit)
    upload = uploads.keep(
        file.file, file.filename or "", visit.holder.name, source_system.strip(), _columns(columns), datum
    )
    try:
        found = preview(visit.services, upload, KEPT_MS)
        for name, told in zip(_PREVIEWS, found, strict=True):
            (upload.path.parent / name).write_text(told.model_dump_json(), encoding="utf-8")
    except BaseException:
        uploads.forget(upload)
        raise
    response.headers["Location"] = f"/api/v1/incident-imports/{upload.id}"
    return found[visit.language]


@router.get("/{import_id}")
def show_import(import_id: ImportId, visit: Annotated[Visit, door("report_incident")]) -> ImportPreview:
    """What the file holds, as it was found when it was sent in."""
    upload = _mine(visit, import_id)
    try:
        text = (upload.path.parent / _PREVIEWS[visit.language]).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotThere(f"import {import_id!r} is still being looked at", zh=f"导入 {import_id!r} 仍在检查中") from None
    return ImportPreview.model_validate_json(text).model_copy(update={"job": upload.job})


@router.get(
    "/{import_id}/rejects",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "The rows with the reason of each."}},
)
def fetch_rejects(import_id: ImportId, visit: Annotated[Visit, door("report_incident")]) -> FileResponse:
    """All rows that cannot be used, each with its line and reason, to be corrected and sent in again."""
    upload = _mine(visit, import_id)
    path = upload.rejects_path(visit.language)
    if not path.is_file():
        raise NotThere(f"every row of {upload.name} can be used", zh=f"{upload.name} 的所有行都可以使用")
    name = upload.name.rsplit(".", 1)[0]
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"{name}.rejects.csv")


@router.post("/{import_id}/confirm", status_code=202, responses=_CONFLICT)
def confirm_import(
    import_id: ImportId, response: Response, visit: Annotated[Visit, door("report_incident")]
) -> JobShape:
    """Take the file in, by a job; confirmed again it is the same job, unless that has failed or was stopped."""
    upload = _mine(visit, import_id)
    before = _job_of(visit, upload)
    if before is not None and before.state not in {"failed", "stopped"}:
        return accepted(visit, before, response)
    # Two who confirm at the same instant get the same job by this key.
    key = Key(visit.holder.name, f"import/{import_id}/{upload.job or 0}", import_id)
    job = Jobs(visit.services.store).ask(
        "import_incidents",
        {
            "import_id": import_id, "name": upload.name, "source_system": upload.source_system,
            "language": "zh" if visit.language else "en",
        },
        visit.holder.name, origin=visit.origin, key=key,
    )  # fmt: skip
    _uploads(visit).confirmed(upload, job.id)
    return accepted(visit, job, response)


@router.delete("/{import_id}", status_code=204, responses=_CONFLICT)
def forget_import(import_id: ImportId, visit: Annotated[Visit, door("report_incident")]) -> None:
    """Forget the file; incidents that were taken in from it stay."""
    upload = _mine(visit, import_id)
    job = _job_of(visit, upload)
    if job is not None and not job.has_ended:
        raise Conflict(
            f"the file is being taken in by job {job.id}; wait for its end, or stop it",
            zh=f"文件正由任务 {job.id} 导入；请等待结束，或停止任务",
        )
    _uploads(visit).forget(upload)


def _need_everything(visit: Visit) -> None:
    """A list brings incidents of anywhere, and what became of them: it is for who may report and move all of them."""
    visit.require("report_incident", _EVERYTHING)
    visit.require("move_incident", _EVERYTHING)


def _uploads(visit: Visit) -> Uploads:
    return Uploads(visit.services.settings.data, visit.services.store.now_ms)


def _mine(visit: Visit, import_id: str) -> Upload:
    _need_everything(visit)
    return _uploads(visit).get(import_id, visit.holder.name)


def _job_of(visit: Visit, upload: Upload) -> Job | None:
    return None if upload.job is None else Jobs(visit.services.store).get(upload.job)


def _columns(text: str) -> dict[str, str]:
    """Headings by field."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise BadOption(
            'columns is no JSON object of texts; expected for instance {"time": "上报时间"}',
            zh='columns 不是由文本组成的 JSON 对象；例如 {"time": "上报时间"}',
        )
    if unknown := [field for field in found if field not in FIELDS]:
        raise BadOption(
            f"columns names {unknown[0][:40]!r}, which is no field; expected some of {', '.join(FIELDS)}",
            zh=f"columns 中的 {unknown[0][:40]!r} 不是字段；应为以下若干项：{'、'.join(FIELDS)}",
        )
    return found
