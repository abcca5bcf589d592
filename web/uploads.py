"""Files of incidents that were sent in and wait to be confirmed: kept in the data folder for a day, then forgotten."""

import codecs
import contextlib
import dataclasses
import json
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from gisgrid.datum import check_datum
from gisgrid.errors import EmptyInput, InputError, NotThere, TooLarge, TooMany, UnreadableFile
from gisgrid.incident_rows import IncidentFile, Translations, read_incident_rows
from gisgrid.tables import InputTable

KEPT_MS: Final = 24 * 3_600_000
"""So long a file waits to be confirmed, and stays after that."""

MOST_WAITING: Final = 20
MOST_INFLATED_BYTES: Final = 256 << 20
MOST_COLUMNS: Final = 702
"""A to ZZ."""

_MOST_ROWS: Final = 1_048_576
_MOST_HEADER_BYTES: Final = 64 << 10
_BLOCK: Final = 1 << 20
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    # Of a part that has a password; its subclass for one that is packed in a way that zipfile does not read.
    RuntimeError,
)
"""What reading a zip raises where it is damaged or locked."""

_MOST_PARTS: Final = 2_000
_OVERLAP: Final = 64
_RETRY_S: Final = 600
_ID: Final = re.compile(r"[0-9a-f]{24}")
_ABOUT: Final = "about.json"
_ENTITIES: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_FAR_ROW: Final = re.compile(rb"<row\b[^<>]{0,40}?\br=[\"'](\d{7,})")
_FAR_COLUMN: Final = re.compile(rb"<c\b[^<>]{0,40}?\br=[\"'][A-Za-z]{3,}\d")


@dataclass(frozen=True)
class Upload:
    """A file that was sent in: by whom, its name as it is shown, what was said of it, when (ms since 1970 UTC); `job` is the
    number of the job that takes it in, None before it is confirmed.
    """

    id: str
    account: str
    name: str
    path: Path
    source_system: str
    columns: Mapping[str, str]
    datum: str
    made_ms: int
    job: int | None = None

    def rejects_path(self, language: int) -> Path:
        """The file of the rows that cannot be used, with reasons in English (0) or Chinese (1)."""
        return self.path.with_name("rejects.zh.csv" if language else "rejects.csv")


class Uploads:
    """The files in the folder `uploads` of the data; each has a folder of its own under a name that nobody can guess."""

    def __init__(self, data: Path, now_ms: Callable[[], int]) -> None:
        self._folder = data / "uploads"
        self._now_ms = now_ms

    def keep(
        self, content: IO[bytes], name: str, account: str, source_system: str, columns: Mapping[str, str], datum: str
    ) -> Upload:
        """Keep a file, which is CSV or XLSX by what is in it; its name is only shown.

        Raises `EmptyInput`, `UnreadableFile`, `TooLarge` for one that cannot be taken, `TooMany` where too many wait.
        """
        if sum(one.account == account and one.job is None for one in self._all()) >= MOST_WAITING:
            raise TooMany(
                f"{MOST_WAITING} of your files wait; confirm or delete one",
                _RETRY_S,
                zh=f"您有 {MOST_WAITING} 个文件等待确认；请确认或删除一个",
            )
        number = secrets.token_hex(12)
        folder = self._folder / number
        folder.mkdir(parents=True)
        try:
            whole = folder / "table"
            with whole.open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK)
            path = whole.rename(whole.with_suffix(ending_of(whole)))
            upload = Upload(
                number, account, shown_name(name), path, source_system, dict(columns), check_datum(datum),
                self._now_ms(),
            )  # fmt: skip
            self._tell(upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return upload

    def get(self, number: str, account: str) -> Upload:
        """A file of an account; `NotThere` for one that is forgotten, or another's."""
        found = self._read(number) if _ID.fullmatch(number) else None
        if found is None or found.account != account or self._now_ms() - found.made_ms > KEPT_MS:
            raise NotThere(
                f"there is no import {number[:24]!r} of yours; files are forgotten after a day: send it again",
                zh=f"您没有导入 {number[:24]!r}；文件只保留一天：请重新上传",
            )
        return found

    def confirmed(self, upload: Upload, job: int) -> Upload:
        """The same file with the job that takes it in; it is kept for another day."""
        found = dataclasses.replace(upload, job=job, made_ms=self._now_ms())
        self._tell(found)
        return found

    def forget(self, upload: Upload) -> None:
        """Delete a file and all that was found in it."""
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    def sweep(self) -> int:
        """Forget what was kept for long enough, and what was never whole; returns how many."""
        gone = 0
        for folder in self._folders():
            found = self._read(folder.name)
            with contextlib.suppress(OSError):
                made_ms = found.made_ms if found is not None else folder.stat().st_mtime * 1000.0
                if self._now_ms() - made_ms > KEPT_MS:
                    shutil.rmtree(folder, ignore_errors=True)
                    gone += 1
        return gone

    def _folders(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (path for path in self._folder.iterdir() if _ID.fullmatch(path.name))

    def _all(self) -> Iterator[Upload]:
        for folder in self._folders():
            found = self._read(folder.name)
            if found is not None:
                yield found

    def _read(self, number: str) -> Upload | None:
        folder = self._folder / number
        try:
            told = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            return Upload(**{**told, "path": folder / told["path"]})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _tell(self, upload: Upload) -> None:
        told = {field.name: getattr(upload, field.name) for field in dataclasses.fields(upload)}
        part = upload.path.with_name(f"{_ABOUT}.{secrets.token_hex(4)}.part")
        part.write_text(json.dumps({**told, "path": upload.path.name}, ensure_ascii=False), encoding="utf-8")
        part.replace(upload.path.with_name(_ABOUT))


def read_upload(upload: Upload, translations: Translations) -> IncidentFile:
    """Read a kept file as incidents; messages say its name as it was sent. Raises `InputError`."""
    try:
        found = read_incident_rows(
            upload.path, translations=translations, columns=upload.columns, datum=check_datum(upload.datum)
        )
    except InputError as error:
        raise type(error)(_as_sent(str(error), upload), zh=_as_sent(error.told(1), upload)) from None
    table = InputTable(upload.name, found.table.rows, found.table.lines, found.table.unsplit)
    return dataclasses.replace(found, table=table, rejects=dataclasses.replace(found.rejects, source=upload.name))


def _as_sent(text: str, upload: Upload) -> str:
    """A message that calls a file as its sender does; the command line has options, here it is a field of the form."""
    text = text.replace(str(upload.path), upload.name).replace(upload.path.name, upload.name)
    return re.sub(r"--column (\w+)(=HEADING)?", r'columns={"\1": "HEADING"}', text)


def shown_name(name: str) -> str:
    """The last part of a file's name, without what a screen or a header cannot show."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable() and letter not in "\"'<>|:*?")[:120] or "file"


def ending_of(path: Path) -> str:
    """`.csv` or `.xlsx`, by content; raises `EmptyInput`, `UnreadableFile`, `TooLarge` for what is neither, or would not stay
    of its size.
    """
    with path.open("rb") as file:
        head = file.read(_MOST_HEADER_BYTES)
    if not head.strip(codecs.BOM_UTF8 + b" \t\r\n"):
        raise EmptyInput(
            "the file is empty; expected CSV or XLSX with headings and at least one row",
            zh="文件为空；应为带表头且至少有一行数据的 CSV 或 XLSX",
        )
    if head[:4] == b"PK\x03\x04":
        _check_sheet(path)
        return ".xlsx"
    if head[:4] == b"\xd0\xcf\x11\xe0":
        raise UnreadableFile(
            "the file is an old XLS file, or has a password; save it as XLSX or CSV",
            zh="文件是旧式 XLS，或设有密码；请另存为 XLSX 或 CSV",
        )
    if head[:2] in {b"\x1f\x8b", b"BZ"} or b"\0" in head[:4096]:
        raise UnreadableFile(
            "the file is neither CSV (UTF-8 or GB18030) nor XLSX; save it as one of these",
            zh="文件既不是 CSV（UTF-8 或 GB18030）也不是 XLSX；请另存为其中一种",
        )
    header, newline, _ = head.partition(b"\n")
    if not newline and len(head) == _MOST_HEADER_BYTES:
        raise UnreadableFile(
            f"the first line has more than {_MOST_HEADER_BYTES >> 10} kB; expected headings",
            zh=f"首行超过 {_MOST_HEADER_BYTES >> 10} kB；首行应为表头",
        )
    if max(header.count(mark) for mark in (b",", b";", b"\t")) >= MOST_COLUMNS:
        raise TooLarge(
            f"the file has more than {MOST_COLUMNS} columns; leave out those that say nothing of incidents",
            zh=f"文件超过 {MOST_COLUMNS} 列；请删去与事件无关的列",
        )
    return ".csv"


def _check_sheet(path: Path) -> None:
    """Refuse a sheet that is damaged, or that would be far larger once it is read than it looks."""
    try:
        with zipfile.ZipFile(path) as parts:
            names = parts.namelist()
            if "xl/workbook.xml" not in names or len(names) > _MOST_PARTS:
                raise UnreadableFile(
                    "the file is a zip, but no XLSX sheet; send XLSX or CSV",
                    zh="文件是 zip，但不是 XLSX 工作簿；请上传 XLSX 或 CSV",
                )
            room = MOST_INFLATED_BYTES
            for name in names:
                room -= _checked_size(parts, name, room)
    except _DAMAGED:
        raise UnreadableFile(
            "the XLSX file is damaged, or has a password; save it again", zh="XLSX 文件已损坏，或设有密码；请重新保存"
        ) from None


def _checked_size(parts: zipfile.ZipFile, name: str, room: int) -> int:
    """The true size of a part of a sheet, which is inflated for that, and looked at for what only an attacker writes."""
    size = 0
    before = b""
    is_xml = name.endswith((".xml", ".rels"))
    with parts.open(name) as part:
        while block := part.read(_BLOCK):
            size += len(block)
            if size > room:
                raise TooLarge(
                    f"the sheet is larger than {MOST_INFLATED_BYTES >> 20} MB inside; send it as CSV, in parts",
                    zh=f"工作表内容超过 {MOST_INFLATED_BYTES >> 20} MB；请改为 CSV 分批上传",
                )
            seen, before = before + block, block[-_OVERLAP:]
            if not is_xml:
                continue
            if _ENTITIES.search(seen):
                raise UnreadableFile(
                    "the XLSX file declares entities of its own, which no spreadsheet does; save it again",
                    zh="XLSX 文件自带实体声明，正常的表格软件不会这样写；请重新保存",
                )
            if any(int(row) > _MOST_ROWS for row in _FAR_ROW.findall(seen)) or _FAR_COLUMN.search(seen):
                raise TooLarge(
                    f"the sheet has cells beyond row {_MOST_ROWS:,} or column ZZ; delete the empty ones at its edges",
                    zh=f"工作表在第 {_MOST_ROWS:,} 行或 ZZ 列之外还有单元格；请删去边缘的空单元格",
                )
    return size
