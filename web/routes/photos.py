"""Photos of incidents: added, listed, shown."""

import datetime as dt
import threading
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Header, Path, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.errors import StoreError, TooMany
from gisgrid.photos import MOST_BYTES, PHOTO_TYPE, make_photo
from gisgrid.store.incidents import Incident
from gisgrid.store.photos import KeptPhoto, Photos, taken_at
from gisgrid.store.visible import subject_of
from web.conditional import is_known
from web.doors import Visit, door
from web.instants import instant
from web.problems import Problem
from web.routes.incidents import Number, seen_incident

router = APIRouter(prefix="/api/v1/incidents/{number}/photos", tags=["incidents"])

PhotoNumber = Annotated[int, Path(ge=1, lt=2**62, description="number of the photo", examples=[3])]
Seen = Annotated[str, Header(alias="If-None-Match", max_length=1_000, include_in_schema=False)]

_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {PHOTO_TYPE: {}}, "description": "The picture."},
    304: {"description": "The reader has it."},
}
_DECODING: Final = threading.BoundedSemaphore(2)
"""So many large pictures are in memory at once."""

_PATIENCE_S: Final = 20.0


class PhotoShape(BaseModel):
    """A photo of an incident. What its camera said of place and time is told to those who may see names: where it was
    (`lon`, `lat`), in which grid, and how far from the incident's place and grid (0 inside). A hint, which changes nothing.
    """

    model_config = ConfigDict(extra="forbid")

    photo: int = Field(examples=[3])
    incident: int = Field(examples=[7])
    digest: str = Field(
        description="SHA-256 of the file", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"]
    )
    width_px: int = Field(examples=[4000])
    height_px: int = Field(examples=[3000])
    size_bytes: int = Field(examples=[2_400_000])
    url: str = Field(examples=["/api/v1/incidents/7/photos/3"])
    thumbnail_url: str = Field(examples=["/api/v1/incidents/7/photos/3/thumbnail"])
    added_at: dt.datetime
    added_by: str = Field(examples=["li.na"])
    lon: float | None = Field(default=None, description="degrees, of the camera", examples=[121.4321])
    lat: float | None = Field(default=None, description="degrees, of the camera", examples=[28.6512])
    taken_at: dt.datetime | None = None
    taken_in_grid: str = Field(default="", examples=["331002001001001"])
    distance_m: float | None = Field(
        default=None, description="from the incident's place to the camera", examples=[420.0]
    )
    grid_distance_m: float | None = Field(
        default=None, description="from the incident's grid to the camera", examples=[0.0]
    )


_ADDED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": PhotoShape, "description": "It has this photo already."},
    413: {"model": Problem, "description": "The photo is too large, in bytes or pixels."},
}


@router.post("", status_code=201, responses=_ADDED)
def add_photo(
    number: Number,
    photo: Annotated[UploadFile, File(description="JPEG, PNG or WebP; at most 20 MB and 50 megapixels")],
    response: Response,
    visit: Annotated[Visit, door("read_incidents")],
) -> PhotoShape:
    """Add a photo. It is kept upright and without anything but the picture; the same photo again is one."""
    incident = seen_incident(visit, number)
    subject = subject_of(incident)
    if not visit.may("move_incident", subject):
        visit.require("report_incident", subject)
    content = photo.file.read(MOST_BYTES + 1)
    if not _DECODING.acquire(timeout=_PATIENCE_S):
        raise TooMany("many photos are coming in; send it again in a moment", 5, zh="正在处理的照片较多；请稍后再上传")
    try:
        made = make_photo(content)
    finally:
        _DECODING.release()
    kept, is_new = _photos(visit).add(number, made, author=visit.holder.name, origin=visit.origin)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = _url(kept)
    return _shape(visit, incident, kept)


@router.get("")
def list_photos(number: Number, visit: Annotated[Visit, door("read_incidents")]) -> list[PhotoShape]:
    """The photos of an incident, in the order in which they came."""
    incident = seen_incident(visit, number)
    return [_shape(visit, incident, kept) for kept in _photos(visit).of(number)]


@router.get("/{photo}", response_class=FileResponse, responses=_PICTURE)
def show_photo(
    number: Number, photo: PhotoNumber, visit: Annotated[Visit, door("read_incidents")], known: Seen = ""
) -> Response:
    """The picture (JPEG)."""
    return _picture(visit, number, photo, known, is_small=False)


@router.get("/{photo}/thumbnail", response_class=FileResponse, responses=_PICTURE)
def show_thumbnail(
    number: Number, photo: PhotoNumber, visit: Annotated[Visit, door("read_incidents")], known: Seen = ""
) -> Response:
    """The picture within 320 x 320 pixels (JPEG)."""
    return _picture(visit, number, photo, known, is_small=True)


def _photos(visit: Visit) -> Photos:
    return Photos(visit.services.store, visit.services.settings.data)


def _picture(visit: Visit, number: int, photo: int, known: str, *, is_small: bool) -> Response:
    # Faces and number plates are in it: for those who may see names, so never on a wall screen.
    visit.require("read_names", subject_of(seen_incident(visit, number)))
    kept = _photos(visit).get(number, photo)
    small = "-small" if is_small else ""
    headers = {
        "ETag": f'"{kept.digest}{small}"',
        # Who may see it is asked again each time; the picture itself never changes.
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'inline; filename="incident-{number}-photo-{photo}{small}.jpg"',
    }
    if known and is_known(headers["ETag"], known):
        return Response(status_code=304, headers=headers)
    path = _photos(visit).thumbnail_of(kept.digest) if is_small else _photos(visit).path_of(kept.digest)
    if not path.is_file():
        raise StoreError(
            f"the file of photo {photo} is missing on the server; restore it from a backup",
            zh=f"照片 {photo} 的文件在服务器上丢失；请从备份恢复",
        )
    return FileResponse(path, media_type=PHOTO_TYPE, headers=headers)


def _url(kept: KeptPhoto) -> str:
    return f"/api/v1/incidents/{kept.incident_id}/photos/{kept.id}"


def _shape(visit: Visit, incident: Incident, kept: KeptPhoto) -> PhotoShape:
    named = visit.may("read_names")
    shape = PhotoShape(
        photo=kept.id, incident=kept.incident_id, digest=kept.digest, width_px=kept.width_px, height_px=kept.height_px,
        size_bytes=kept.size_bytes, url=_url(kept), thumbnail_url=f"{_url(kept)}/thumbnail",
        added_at=instant(kept.added_ms), added_by=kept.added_by if named else "",
    )  # fmt: skip
    if not named:
        return shape
    if kept.taken_ms is not None:
        shape.taken_at = instant(kept.taken_ms)
    if kept.lon is None or kept.lat is None:
        return shape
    place = (incident.lon, incident.lat) if incident.lon is not None and incident.lat is not None else None
    editions = visit.services.editions
    network = editions.network(incident.edition_id) if incident.edition_id is not None else None
    found = taken_at((kept.lon, kept.lat), place, network, incident.grid)
    shape.lon, shape.lat, shape.taken_in_grid = kept.lon, kept.lat, found.grid
    shape.distance_m, shape.grid_distance_m = _rounded(found.distance_m), _rounded(found.grid_distance_m)
    return shape


def _rounded(metres: float | None) -> float | None:
    return None if metres is None else round(metres, 1)
