"""Registers: the lists that a district keeps, looked at, out as files and in by file, which may be looked at first."""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from fastapi import APIRouter, File, Path, Query, Request, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.access import Subject
from gisgrid.errors import InputError, NotThere
from gisgrid.store.lists import Key
from gisgrid.store.register_files import Foreseen, foresee_register
from gisgrid.store.register_files import export_register as write_register
from gisgrid.store.register_files import import_register as read_register
from gisgrid.store.register_rows import text_of
from gisgrid.store.registers import REGISTERS
from gisgrid.tables import Rejects, write_rejects
from gisgrid.told import told_in
from web.asked import Words
from web.doors import Visit, door
from web.language import language_of
from web.made_files import MEDIA_TYPES, MadeFile, made_file
from web.uploads import ending_of, shown_name

router = APIRouter(prefix="/api/v1/registers", tags=["registers"])

Keeper = Annotated[Visit, door("keep_registers")]
RegisterName = Annotated[Words, Path(description=f"one of {', '.join(REGISTERS)}", examples=["places"])]

_MOST_REASONS: Final = 1_000
_MOST_SHOWN: Final = 200


class FieldShape(BaseModel):
    """A column of a register: its name and headings, whether a file must have it, whether entries are known by it, what it
    holds (`choices` of a `choice`).
    """

    name: str = Field(examples=["code"])
    heading_zh: str = Field(examples=["编号"])
    heading_en: str = Field(examples=["Code"])
    is_needed: bool
    is_key: bool
    kind: str = Field(examples=["code"])
    choices: list[str] = Field(examples=[[]])


class RegisterShape(BaseModel):
    """A register, its columns, and how many entries it has."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["places"])
    title: str = Field(examples=["named places"])
    fields: list[FieldShape]
    removal: Literal["never", "always", "ahead"] = Field(
        description="whether entries may be taken back; ahead: until their first day comes"
    )
    entries: int = Field(examples=[3_120])


class RefusedRow(BaseModel):
    """A row that was set aside: where it stood in the file (1 is the first line) and why."""

    line: int = Field(examples=[17])
    reason: str = Field(examples=["lon is 'x'; expected degrees"])


class DifferenceShape(BaseModel):
    """An entry of a file that is new (`before` null) or differs from what is kept: its line, and its texts by field."""

    line: int = Field(examples=[2])
    entry: dict[str, str] = Field(examples=[{"code": "P1", "name": "王一", "telephone": "13800000001"}])
    before: dict[str, str] | None


class ImportedShape(BaseModel):
    """What became of a file, or (`is_done` false) what would: entries new, changed, as before; rows refused, of which at most
    1,000 are told. `differences` are the first 200 entries that are new or changed, where the file was only looked at.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["places"])
    is_done: bool
    new: int
    changed: int
    same: int
    refused: int
    reasons: list[RefusedRow]
    differences: list[DifferenceShape]


@router.get("")
def list_registers(visit: Keeper) -> list[RegisterShape]:
    """Which registers there are; kept by administrators of the whole district."""
    need_district(visit)
    with visit.services.store.reading() as connection:
        return [
            RegisterShape.model_validate(
                {
                    "name": name,
                    "title": register.title,
                    "fields": [
                        {
                            "name": field.name, "heading_zh": field.heading, "heading_en": field.heading_en,
                            "is_needed": field.needed, "is_key": field.column in register.keys, "kind": field.kind,
                            "choices": list(field.choices),
                        }
                        for field in register.fields
                    ],
                    "removal": register.removal,
                    "entries": connection.execute(sa.select(sa.func.count()).select_from(register.table)).scalar_one(),
                }
            )
            for name, register in REGISTERS.items()
        ]  # fmt: skip


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
    template: Annotated[bool, Query(description="headings alone, to be filled in")] = False,
) -> MadeFile:
    """A register as a file; sent back by PUT it changes nothing. The audit names who took it."""
    need_district(visit)
    check_register(name)
    store = visit.services.store
    if not template:
        with store.changing(visit.holder.name, origin=visit.origin) as change:
            change.note("export", name, f"{name}.{ending}")
    return made_file(
        f"{name}.{ending}", lambda path: write_register(store, name, path, language=language, is_empty=template)
    )


Sent = Annotated[UploadFile, File(description="CSV (UTF-8 or GB18030) or XLSX, by content")]


@router.put("/{name}")
def import_register(
    name: RegisterName,
    file: Sent,
    visit: Keeper,
    request: Request,
    dry_run: Annotated[bool, Query(description="only say what would become of it")] = False,
) -> ImportedShape:
    """Take a file in: new entries are added, differing ones changed, none goes; rows that cannot be used are told with why.

    422 where no row can be used; then nothing was changed. With `dry_run` nothing is changed in any case.
    """
    need_district(visit)
    check_register(name)
    language = language_of(request.scope)
    with _as_file(file) as path:
        if dry_run:
            seen = foresee_register(visit.services.store, name, path)
            return ImportedShape(
                name=name, is_done=False, new=len(seen.found.new), changed=len(seen.found.changed), same=seen.found.same,
                refused=len(seen.rejects), reasons=_reasons(seen.rejects, language), differences=_differences(seen),
            )  # fmt: skip
        done = read_register(visit.services.store, name, path, author=visit.holder.name, origin=visit.origin)
    return ImportedShape(
        name=name, is_done=True, new=done.taken.new, changed=done.taken.changed, same=done.taken.same,
        refused=len(done.rejects), reasons=_reasons(done.rejects, language), differences=[],
    )  # fmt: skip


@router.post(
    "/{name}/rejects",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "The rows with the reason of each."}},
)
def show_rejects(name: RegisterName, file: Sent, visit: Keeper, request: Request) -> MadeFile:
    """The rows of a file that cannot be used, each with its line and reason, to be corrected and sent in. Nothing is kept."""
    need_district(visit)
    check_register(name)
    language = language_of(request.scope)
    with _as_file(file) as path:
        rejects = foresee_register(visit.services.store, name, path).rejects
    if not len(rejects):
        raise NotThere("every row of the file can be used", zh="文件的所有行都可以使用")
    told = dataclasses.replace(
        rejects,
        source=shown_name(file.filename or ""),
        reasons=tuple(told_in(one, language) for one in rejects.reasons),
    )
    return made_file(f"{name}.rejects.csv", lambda path: write_rejects(path, [told]))


@contextmanager
def _as_file(sent: UploadFile) -> Iterator[FilePath]:
    """What was sent as a file for as long as it is read; errors call it by the name that its sender knows."""
    folder = FilePath(tempfile.mkdtemp(prefix="gisgrid-"))
    kept = folder / "table"
    try:
        with kept.open("wb") as stream:
            shutil.copyfileobj(sent.file, stream, 1 << 20)
        yield kept.rename(kept.with_suffix(ending_of(kept)))
    except InputError as error:
        english, chinese = str(error), error.zh
        for known in (*(str(kept.with_suffix(ending)) for ending in (".csv", ".xlsx")), str(kept)):
            english = english.replace(known, shown_name(sent.filename or ""))
            chinese = chinese.replace(known, shown_name(sent.filename or ""))
        raise type(error)(english, zh=chinese) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reasons(rejects: Rejects, language: int) -> list[RefusedRow]:
    told = zip(rejects.lines.tolist(), rejects.reasons, strict=True)
    return [RefusedRow(line=line, reason=told_in(reason, language)) for line, reason in list(told)[:_MOST_REASONS]]


def _differences(seen: Foreseen) -> list[DifferenceShape]:
    """The first entries that are new or changed, in the order of the file."""

    def told(key: Key, values: dict[str, Any]) -> dict[str, str]:
        whole = dict(zip(seen.register.keys, key, strict=True)) | values
        return {field.name: text_of(whole[field.column]) for field in seen.register.fields}

    shown = sorted({**seen.found.new, **seen.found.changed}.items(), key=lambda one: seen.lines[one[0]])[:_MOST_SHOWN]
    return [
        DifferenceShape(
            line=seen.lines[key], entry=told(key, values),
            before=told(key, dict(seen.found.before[key])) if key in seen.found.before else None,
        )
        for key, values in shown
    ]  # fmt: skip


def need_district(visit: Visit) -> None:
    """Registers are of the whole district: an administrator of a part of it does not keep them."""
    visit.require("keep_registers", Subject())


def check_register(name: str) -> None:
    """`NotThere` for a name that no register has."""
    if name not in REGISTERS:
        raise NotThere(
            f"there is no register {name!r}; expected one of {', '.join(REGISTERS)}",
            zh=f"没有名册 {name!r}；应为以下之一：{'、'.join(REGISTERS)}",
        )
