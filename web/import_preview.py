"""What taking in a file of incidents would do, found out before anything of it is kept."""

import dataclasses
import datetime as dt
import math
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.incident_rows import IncidentRows
from gisgrid.store.belonging import Belonging, belongings
from gisgrid.store.intake import foresee_rows
from gisgrid.store.register_files import translations_of
from gisgrid.tables import Rejects, write_rejects
from gisgrid.told import told_in
from web.instants import instant
from web.services import Services
from web.uploads import Upload, read_upload

SHOWN_REJECTS: Final = 200
SHOWN_ROWS: Final = 10


class RejectShape(BaseModel):
    """A row that cannot be used: its line in the file (the headings are line 1) and why, in the language of the request."""

    line: int = Field(examples=[17])
    reason: str = Field(examples=["time is empty; expected the time of the report"])


class RowShape(BaseModel):
    """A row as it would be kept; degrees are EPSG:4490, null without a place."""

    source_id: str
    category: str
    sub_category: str
    reported_at: dt.datetime
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    source: str
    stated: str
    state: str
    grade: str
    is_urgent: bool
    reporter: str
    description: str
    grid: str
    village: str
    township: str
    how: str


class ImportPreview(BaseModel):
    """What a file holds, and what would become of it: `new`, `changed` and `same` count its `good` rows by what is known of
    them; `without_grid` of these would have no grid. Nothing is kept before it is confirmed.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(examples=["5f0c7b2e9a415f0c7b2e9a41"])
    name: str = Field(examples=["hotline-may.csv"])
    source_system: str = Field(examples=["12345-hotline"])
    rows: int
    good: int
    rejected: int
    new: int
    changed: int
    same: int
    without_grid: int
    rejects: list[RejectShape] = Field(description="the first 200")
    rejects_url: str = Field(description="all of them as a file to be corrected; empty where there are none")
    sample: list[RowShape] = Field(description="the first 10 good rows")
    forgotten_at: dt.datetime
    job: int | None = Field(description="the job that takes it in, once it is confirmed")


def preview(services: Services, upload: Upload, kept_ms: int) -> tuple[ImportPreview, ImportPreview]:
    """Look at a kept file, told in English and in Chinese; its rejected rows are written beside it, in both as well.

    Raises `InputError` for a file that cannot be used.
    """
    found = read_upload(upload, translations_of(services.store, upload.source_system))
    foreseen = foresee_rows(services.store, services.editions, found.rows, upload.source_system)
    rejects = dataclasses.replace(found.reject(foreseen.refused), source=upload.name)
    for language in (0, 1):
        write_rejects(upload.rejects_path(language), [rejects] if len(rejects) else [], language=language)
    good = np.flatnonzero(~np.isin(np.arange(len(found.rows)), list(foreseen.refused)))
    home = belongings(services.editions, found.rows.at(good))
    url = f"/api/v1/incident-imports/{upload.id}/rejects"
    english = ImportPreview(
        id=upload.id, name=upload.name, source_system=upload.source_system, rows=len(good) + len(rejects),
        good=len(good), rejected=len(rejects), new=foreseen.new, changed=foreseen.changed, same=foreseen.same,
        without_grid=int((home.grid == "").sum()), rejects=_shown(rejects, 0), rejects_url=url if len(rejects) else "",
        sample=[_row(found.rows, place, home, number) for number, place in enumerate(good[:SHOWN_ROWS].tolist())],
        forgotten_at=instant(upload.made_ms + kept_ms), job=upload.job,
    )  # fmt: skip
    return english, english.model_copy(update={"rejects": _shown(rejects, 1)})


def _shown(rejects: Rejects, language: int) -> list[RejectShape]:
    pairs = zip(rejects.lines.tolist(), rejects.reasons, strict=True)
    return [RejectShape(line=line, reason=told_in(reason, language)) for line, reason in list(pairs)[:SHOWN_REJECTS]]


def _row(rows: IncidentRows, place: int, home: Belonging, number: int) -> RowShape:
    plain = ("source_id", "category", "sub_category", "source", "stated", "state", "grade", "reporter", "description")
    return RowShape(
        **{name: getattr(rows, name)[place] for name in plain},
        **{name: getattr(home, name)[number] for name in ("grid", "village", "township", "how")},
        reported_at=instant(int(rows.reported_ms[place])), is_urgent=bool(rows.is_urgent[place]),
        lon=_or_none(rows.lon[place]), lat=_or_none(rows.lat[place]), accuracy_m=_or_none(rows.accuracy_m[place]),
    )  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
