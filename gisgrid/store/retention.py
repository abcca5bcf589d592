"""What is kept for how long: fixes go by whole local days; the audit stays and can be read out."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gisgrid.errors import BadOption
from gisgrid.local_days import local_day, start_of
from gisgrid.store.audit_lines import Looked, write_audit
from gisgrid.store.store import Store
from gisgrid.store.tables import FIX, REFUSED_FIX

LEAST_MONTHS: Final = 1


@dataclass(frozen=True)
class Forgotten:
    """How many fixes left the inbox, and how many counts of refused ones."""

    fixes: int
    refused: int


def first_kept_day(now_ms: int, months: int) -> dt.date:
    """The first local day that is kept when fixes stay for so many months; `BadOption` for less than one."""
    if months < LEAST_MONTHS:
        raise BadOption(f"fixes are kept for {months} months; expected at least {LEAST_MONTHS}")
    today = local_day(now_ms)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    length = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(today.day, length))


def forget_fixes(store: Store, before: dt.date, *, archived: int = 0, author: str, origin: str = "local") -> Forgotten:
    """Delete what the inbox holds of local days before `before`, with a line of the audit that names also the `archived`."""
    with store.changing(author, origin=origin) as change:
        fixes = change.connection.execute(sa.delete(FIX).where(FIX.c.time_ms < start_of(before))).rowcount
        refused = change.connection.execute(sa.delete(REFUSED_FIX).where(REFUSED_FIX.c.day < before)).rowcount
        change.note(
            "retain",
            "fixes",
            f"before {before}: {archived} archived fixes, {fixes} of the inbox and {refused} counts deleted",
        )
    return Forgotten(fixes, refused)


def export_audit(store: Store, path: Path, first: dt.date | None = None, last: dt.date | None = None) -> int:
    """Write the audit of local days, both included, as a file in the format of its ending; returns the number of lines."""
    end = None if last is None else start_of(last + dt.timedelta(days=1))
    return write_audit(store, path, Looked(None if first is None else start_of(first), end))
