"""Phones: one HTTP request of an app into fixes and the reply that app needs; and the same in our own words.

`read_traccar`, `read_owntracks`, `read_overland` know the apps people have, `read_plain` what a script may send. None of
them knows a web framework or the store.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Final

from gisgrid.errors import BadColumn, EmptyInput, MissingColumn, UnreadableFile
from tracks.phone_batches import (
    MAX_FIXES,
    BatchDraft,
    PhoneBatch,
    PhoneFix,
    PhoneRequest,
    check_count,
    first_name,
    json_of,
    make_fix,
    messages_of,
    shown,
    text_of,
)
from tracks.phone_overland import read_overland
from tracks.phone_owntracks import read_owntracks
from tracks.phone_traccar import read_traccar

__all__ = [
    "MAX_FIXES",
    "PhoneBatch",
    "PhoneFix",
    "PhoneRequest",
    "read_overland",
    "read_owntracks",
    "read_plain",
    "read_traccar",
]

_APP: Final = "the request"
_NEEDED: Final = ("time", "lon", "lat")
_TOLD: Final = 100


def read_plain(request: PhoneRequest) -> PhoneBatch:
    """The fixes of a body in our own words: a JSON object, a list of them, `{"fixes": [...]}`, or CSV with a header.

    Names: `device` (or `patroller`), `time`, `lon`, `lat`, `accuracy_m`, `received_at`; the last two and the first may be
    absent, others are passed over. UTF-8. The reply counts, and tells the first hundred sentences of what was rejected.
    Raises `EmptyInput`, `UnreadableFile`, `MissingColumn`, `BadColumn` and `BadOption`.
    """
    try:
        text = request.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"the body is not UTF-8 (byte {error.start}); save it as UTF-8 and send it again"
        ) from None
    if not text.strip():
        raise EmptyInput("the body is empty; expected fixes as JSON or CSV")
    rows = _json_rows(request.body) if text.lstrip()[0] in "{[" else _csv_rows(text.lstrip())
    draft = BatchDraft(first_name(_name(row) for row in rows if not isinstance(row, str)))
    for found in rows:
        draft.add(found if isinstance(found, str) else _fix(found))
    told = {"fixes": len(draft.fixes), "rejected": len(draft.rejected), "reasons": draft.rejected[:_TOLD]}
    return draft.finish("application/json", json.dumps(told, ensure_ascii=False).encode())


def _fix(row: Mapping[str, object]) -> PhoneFix | str:
    return make_fix(
        row.get("time"),
        row.get("lon"),
        row.get("lat"),
        row.get("accuracy_m"),
        device=_name(row),
        received=row.get("received_at"),
    )


def _name(row: Mapping[str, object]) -> str:
    return first_name(text_of(row.get(name)) for name in ("device", "patroller"))


def _json_rows(body: bytes) -> list[Mapping[str, object] | str]:
    found = json_of(body, _APP)
    outer = ""
    if isinstance(found, dict) and "fixes" in found:
        outer = _name(found)
        found = found["fixes"]
    rows = [found] if isinstance(found, dict) else messages_of(found, _APP)
    if len(rows) == 1 and isinstance(rows[0], dict) and not {*_NEEDED} & rows[0].keys():
        raise BadColumn(f"the body has no fix in it; expected {', '.join(_NEEDED)}")
    return [
        {"patroller": outer, **row} if isinstance(row, dict) else f"{shown(row)} is no fix; expected an object"
        for row in rows
    ]


def _csv_rows(text: str) -> list[Mapping[str, object] | str]:
    rows: list[Mapping[str, object] | str] = []
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        names = [name.strip() for name in next(lines, [])]
        missing = [name for name in _NEEDED if name not in names]
        if missing:
            raise MissingColumn(
                f"the body has no column {missing[0]!r}; its columns are {', '.join(names[:20])[:200]}; expected "
                "device,time,lon,lat[,accuracy_m][,received_at]"
            )
        for cells in lines:
            if not cells:
                continue
            check_count(len(rows) + 1, _APP)
            rows.append(
                dict(zip(names, cells, strict=True))
                if len(cells) == len(names)
                else f"the row has {len(cells)} fields; expected {len(names)}"
            )
    except csv.Error as error:
        raise UnreadableFile(f"the body is not readable as CSV: {error}, near line {lines.line_num}") from None
    return rows
