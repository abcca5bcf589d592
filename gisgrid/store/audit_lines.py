"""The lines of the audit as people look for them: by time, author, action and subject; as a page and as a file."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from gisgrid.errors import BadOption
from gisgrid.local_days import EAST_OF_UTC_MS
from gisgrid.store.store import Store
from gisgrid.store.tables import AUDIT
from gisgrid.table_files import write_table

MOST_LINES: Final = 1_000_000
"""So many lines a file holds at most: as many as a sheet."""

HEADINGS: Final[Mapping[str, str]] = {
    "number": "序号",
    "time": "时间",
    "author": "操作人",
    "action": "操作",
    "subject": "对象",
    "result": "结果",
    "origin": "来源",
}
"""The columns of a file with their Chinese headings."""

_LOCAL: Final = dt.timezone(dt.timedelta(milliseconds=EAST_OF_UTC_MS))


@dataclass(frozen=True)
class Looked:
    """What is looked for: lines of instants [from_ms, to_ms) (ms since 1970 UTC, None: open), by whom, what was done, on what
    begins so.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    author: str = ""
    action: str = ""
    subject: str = ""


def audit_lines(looked: Looked) -> sa.Select[Any]:
    """The lines that are looked for, the newest first."""
    query = sa.select(AUDIT).order_by(AUDIT.c.id.desc())
    if looked.from_ms is not None:
        query = query.where(AUDIT.c.at_ms >= looked.from_ms)
    if looked.to_ms is not None:
        query = query.where(AUDIT.c.at_ms < looked.to_ms)
    if looked.author:
        query = query.where(AUDIT.c.author == looked.author)
    if looked.action:
        query = query.where(AUDIT.c.action == looked.action)
    if looked.subject:
        # Not LIKE: SQLite's takes capital and small letters for the same.
        query = query.where(sa.func.substr(AUDIT.c.subject, 1, len(looked.subject)) == looked.subject)
    return query


def write_audit(store: Store, path: Path, looked: Looked, *, language: str = "en") -> int:
    """Write the lines that are looked for, the oldest first, as a file in the format of its ending; returns how many.

    `language` `zh` gives Chinese headings. Raises `BadOption` for more than `MOST_LINES`.
    """
    with store.reading() as connection:
        rows = connection.execute(audit_lines(looked).limit(MOST_LINES + 1)).all()[::-1]
    if len(rows) > MOST_LINES:
        raise BadOption(
            f"more than {MOST_LINES:,} lines; narrow the time or the choice",
            zh=f"超过 {MOST_LINES:,} 条；请缩小时间范围或筛选条件",
        )
    columns: dict[str, list[Any]] = {
        "number": [row.id for row in rows],
        "time": [_local(row.at_ms) for row in rows],
    }
    columns |= {name: [row._mapping[name] for row in rows] for name in HEADINGS if name not in columns}
    table = pa.table(
        {name: pa.array(values, pa.int64() if name == "number" else pa.string()) for name, values in columns.items()}
    )
    write_table(path, table, headings=HEADINGS if language == "zh" else None)
    return len(rows)


def _local(at_ms: int) -> str:
    return dt.datetime.fromtimestamp(at_ms / 1000, _LOCAL).isoformat(timespec="milliseconds")
