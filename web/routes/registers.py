"""Registers: the lists that a district keeps, looked at, out as files and in by file."""

import shutil
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Final, Literal

import sqlalchemy as sa
from fastapi import APIRouter, File, Path, Query, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.errors import InputError, NotThere
from gisgrid.store.register_files import export_register as write_register
from gisgrid.store.register_files import import_register as read_register
from gisgrid.store.registers import REGISTERS
from web.asked import Words
from web.doors import Visit, door
from web.made_files import MEDIA_TYPES, MadeFile, made_file
from web.uploads import ending_of, shown_name

router = APIRouter(prefix="/api/v1/registers", tags=["registers"])

Keeper = Annotated[Visit, door("keep_registers")]
RegisterName = Annotated[Words, Path(description=f"one of {', '.join(REGISTERS)}", examples=["places"])]

_MOST_REASONS: Final = 1_000


class FieldShape(BaseModel):
    """A column of a register's files: its name and Chinese heading, and whether a file must have it."""

    name: str = Field(examples=["code"])
    heading_zh: str = Field(examples=["编号"])
    is_needed: bool


class RegisterShape(BaseModel):
    """A register, its columns, and how many entries it has."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["places"])
    title: str = Field(examples=["named places"])
    fields: list[FieldShape]
    entries: int = Field(examples=[3_120])


class RefusedRow(BaseModel):
    """A row that was set aside: where it stood in the file (1 is the first line) and why."""

    line: int = Field(examples=[17])
    reason: str = Field(examples=["lon is 'x'; expected degrees"])


class ImportedShape(BaseModel):
    """What became of a file: entries new, changed, as before; rows refused, of which at most 1,000 are told."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["places"])
    new: int
    changed: int
    same: int
    refused: int
    reasons: list[RefusedRow]


@router.get("")
def list_registers(visit: Keeper) -> list[RegisterShape]:
    """Which registers there are; kept by administrators of the whole district."""
    _need_district(visit)
    with visit.services.store.reading() as connection:
        return [
            RegisterShape.model_validate(
                {
                    "name": name,
                    "title": register.title,
                    "fields": [
                        {"name": field.name, "heading_zh": field.heading, "is_needed": field.needed}
                        for field in register.fields
                    ],
                    "entries": connection.execute(sa.select(sa.func.count()).select_from(register.table)).scalar_one(),
                }
            )
            for name, register in REGISTERS.items()
        ]


@router.get(
    "/{name}.{ending}",
    response_class=FileResponse,
    responses={200: {"content": {MEDIA_TYPES[ending]: {} for ending in ("csv", "xlsx")}, "description": "The file."}},
)
def export_register(
    name: RegisterName,
    ending: Literal["csv", "xlsx"],
    visit: Keeper,
    language: Annotated[Literal["en", "zh"], Query(description="language of the headings")] = "en",
) -> MadeFile:
    """A register as a file; sent back by PUT it changes nothing. The audit names who took it."""
    _need_district(visit)
    _check_name(name)
    store = visit.services.store
    with store.changing(visit.holder.name, origin=visit.origin) as change:
        change.note("export", name, f"{name}.{ending}")
    return made_file(f"{name}.{ending}", lambda path: write_register(store, name, path, language=language))


@router.put("/{name}")
def import_register(
    name: RegisterName,
    file: Annotated[UploadFile, File(description="CSV (UTF-8 or GB18030) or XLSX, by content")],
    visit: Keeper,
) -> ImportedShape:
    """Take a file in: new entries are added, differing ones changed, none goes; rows that cannot be used are told with why.

    422 where no row can be used; then nothing was changed.
    """
    _need_district(visit)
    _check_name(name)
    folder = FilePath(tempfile.mkdtemp(prefix="gisgrid-"))
    sent = folder / "table"
    try:
        with sent.open("wb") as stream:
            shutil.copyfileobj(file.file, stream, 1 << 20)
        path = sent.rename(sent.with_suffix(ending_of(sent)))
        done = read_register(visit.services.store, name, path, author=visit.holder.name, origin=visit.origin)
    except InputError as error:
        # The file is known to its sender by another name.
        text = str(error)
        for known in (*(str(sent.with_suffix(ending)) for ending in (".csv", ".xlsx")), str(sent)):
            text = text.replace(known, shown_name(file.filename or ""))
        raise type(error)(text) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rejects = done.rejects
    told = list(zip(rejects.lines.tolist(), rejects.reasons, strict=True))[:_MOST_REASONS]
    return ImportedShape(
        name=name, new=done.taken.new, changed=done.taken.changed, same=done.taken.same, refused=len(rejects),
        reasons=[RefusedRow(line=line, reason=reason) for line, reason in told],
    )  # fmt: skip


def _need_district(visit: Visit) -> None:
    """Registers are of the whole district: an administrator of a part of it does not keep them."""
    visit.require("keep_registers", Subject())


def _check_name(name: str) -> None:
    if name not in REGISTERS:
        raise NotThere(f"there is no register {name!r}; expected one of {', '.join(REGISTERS)}")
