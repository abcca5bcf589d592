"""Photos of incidents: files by the digest of their content, whole or not at all, and a row that tells whose they are."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
import sqlalchemy as sa

from gisgrid.errors import BadOption, NotThere, StoreError, UnknownIncident
from gisgrid.grid import GridNetwork
from gisgrid.photos import PHOTO_TYPE, Photo
from gisgrid.plane import MetricPlane
from gisgrid.store.service_tables import PHOTO
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import INCIDENT

MOST_PHOTOS: Final = 20
"""So many photos an incident has at the most."""


@dataclass(frozen=True)
class KeptPhoto:
    """A photo of an incident: its file's digest (SHA-256), type and size, and what the camera said: degrees EPSG:4490, ms
    since 1970 UTC, None for what it did not say.
    """

    id: int
    incident_id: int
    digest: str
    type: str
    width_px: int
    height_px: int
    size_bytes: int
    lon: float | None
    lat: float | None
    taken_ms: int | None
    added_ms: int
    added_by: str


@dataclass(frozen=True)
class TakenAt:
    """Where a camera was, seen from an incident: metres to its place and to its grid (0 inside), None where one has none;
    `grid` is the one in which the camera was, empty for none.
    """

    distance_m: float | None
    grid_distance_m: float | None
    grid: str


class Photos:
    """The photos in a store and in the folder `photos` of its data."""

    def __init__(self, store: Store, data: Path) -> None:
        self._store = store
        self._folder = data / "photos"

    def add(self, number: int, photo: Photo, *, author: str, origin: str = "local") -> tuple[KeptPhoto, bool]:
        """Keep a photo of an incident; the same photo again is the one that is there. Returns it and whether it is new.

        The files are safe on the disk before the row tells of them. Raises `UnknownIncident`, `BadOption` where the
        incident has as many as it may have, `StoreError` where the disk does not take the file.
        """
        _check_room(number, self.of(number), photo.digest)
        try:
            self._write(self.path_of(photo.digest), photo.content)
            self._write(self.thumbnail_of(photo.digest), photo.thumbnail)
        except OSError as error:
            raise StoreError(
                f"the photo cannot be kept: {error.strerror}; make room on the disk",
                zh=f"照片无法保存：{error.strerror}；请清理磁盘空间",
            ) from error
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            there = change.connection.execute(sa.select(INCIDENT.c.id).where(INCIDENT.c.id == number)).first()
            if there is None:
                raise UnknownIncident(f"there is no incident {number}", zh=f"没有编号为 {number} 的事件")
            known = _rows_of(change.connection, number)
            same = next((one for one in known if one.digest == photo.digest), None)
            if same is not None:
                return same, False
            _check_room(number, known, photo.digest)
            return _insert(change, number, photo), True

    def of(self, number: int) -> tuple[KeptPhoto, ...]:
        """The photos of an incident, in the order in which they came."""
        with self._store.reading() as connection:
            return _rows_of(connection, number)

    def get(self, number: int, photo_id: int) -> KeptPhoto:
        """A photo of an incident; `NotThere` where it has no such one."""
        for one in self.of(number):
            if one.id == photo_id:
                return one
        raise NotThere(f"incident {number} has no photo {photo_id}", zh=f"事件 {number} 没有照片 {photo_id}")

    def path_of(self, digest: str) -> Path:
        """The file of a photo."""
        return self._folder / digest[:2] / f"{digest}.jpg"

    def thumbnail_of(self, digest: str) -> Path:
        """The file of its small picture."""
        return self._folder / digest[:2] / f"{digest}.small.jpg"

    def _write(self, path: Path, content: bytes) -> None:
        if path.exists() and path.stat().st_size == len(content):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        if os.name == "posix":
            for made in (path.parent, self._folder):
                folder = os.open(made, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)


def taken_at(
    camera: tuple[float, float], place: tuple[float, float] | None, network: GridNetwork | None, grid: str
) -> TakenAt:
    """Where a camera (lon, lat in degrees) was, seen from an incident at `place` (None without one) and its grid."""
    plane = network.plane if network is not None else MetricPlane(*camera)
    x, y = (values.tolist() for values in plane.to_xy(*np.array([camera, place or camera]).T))
    distance_m = float(np.hypot(x[1] - x[0], y[1] - y[0])) if place is not None else None
    if network is None:
        return TakenAt(distance_m, None, "")
    position = network.index.locate_one(*camera)
    own = None
    if grid in network:
        shape = network.geometry[network.position_of(grid) : network.position_of(grid) + 1]
        own = float(shapely.distance(plane.project(shape)[0], shapely.Point(x[0], y[0])))
    return TakenAt(distance_m, own, network.codes[position] if position >= 0 else "")


def _check_room(number: int, known: tuple[KeptPhoto, ...], digest: str) -> None:
    if len(known) >= MOST_PHOTOS and all(one.digest != digest for one in known):
        raise BadOption(
            f"incident {number} has {len(known)} photos, the most there may be; nothing was kept",
            zh=f"事件 {number} 已有 {len(known)} 张照片，已达上限；本次没有保存",
        )


def _rows_of(connection: sa.Connection, number: int) -> tuple[KeptPhoto, ...]:
    query = sa.select(PHOTO).where(PHOTO.c.incident_id == number).order_by(PHOTO.c.id)
    return tuple(KeptPhoto(**row._mapping) for row in connection.execute(query))


def _insert(change: Change, number: int, photo: Photo) -> KeptPhoto:
    last = change.connection.execute(sa.select(sa.func.max(PHOTO.c.id))).scalar_one_or_none() or 0
    kept: dict[str, Any] = {
        "id": last + 1, "incident_id": number, "digest": photo.digest, "type": PHOTO_TYPE, "width_px": photo.width_px,
        "height_px": photo.height_px, "size_bytes": len(photo.content), "lon": photo.lon, "lat": photo.lat,
        "taken_ms": photo.taken_ms, "added_ms": change.at_ms, "added_by": change.author,
    }  # fmt: skip
    change.connection.execute(PHOTO.insert().values(**kept))
    change.tell("incident_photo", f"incident/{number}", {"photo": last + 1})
    change.note("add_photo", f"incident/{number}", f"photo/{last + 1}")
    return KeptPhoto(**kept)
