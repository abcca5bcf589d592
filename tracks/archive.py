"""The archive of tracks: one Parquet file for each local day, written whole or not at all; nobody else writes track files.

`catalogue.json` names the file of every day with its rows and digest. A file's name holds the digest, so a changed day
is a new file, and the moment at which the catalogue is replaced is the moment at which the day changes: a crash leaves
the old day or the new one. Files that no catalogue names are swept away at the next change.
"""

import datetime as dt
import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gisgrid.errors import UnreadableFile
from gisgrid.local_days import local_day
from gisgrid.store.fixes import FixBatch, FixInbox
from tracks.fixes import Fixes, collect_fixes, order_fixes

CATALOGUE: Final = "catalogue.json"
_E7: Final = 1e7
_NAMES: Final = ("patroller", "device")
_NUMBERS: Final = ("time_ms", "lon_e7", "lat_e7", "accuracy_m", "received_ms")
_KEY: Final = ("patroller", "time_ms", "lon_e7", "lat_e7", "accuracy_m", "device")
_ENCODINGS: Final = {
    "time_ms": "DELTA_BINARY_PACKED",
    "lon_e7": "DELTA_BINARY_PACKED",
    "lat_e7": "DELTA_BINARY_PACKED",
    # One upload brings many fixes: as differences the times of reception all but vanish.
    "received_ms": "DELTA_BINARY_PACKED",
}


@dataclass(frozen=True)
class SealedDay:
    """A day in the catalogue: its file, how many fixes and bytes it has, and the digest (SHA-256) of the file."""

    day: dt.date
    file: str
    fixes: int
    bytes: int
    sha256: str


class TrackArchive:
    """The archive in a folder. One process at a time may change it; any number may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def days(self) -> dict[dt.date, SealedDay]:
        """The sealed days, the oldest first."""
        try:
            text = (self.folder / CATALOGUE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            rows = [{**row, "day": dt.date.fromisoformat(row["day"])} for row in json.loads(text)["days"]]
            return {row["day"]: SealedDay(**row) for row in sorted(rows, key=lambda row: row["day"])}
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableFile(
                f"the catalogue of the archive {self.folder} is damaged ({error}); restore it from a backup"
            ) from None

    def add(self, batch: FixBatch) -> dict[dt.date, SealedDay]:
        """Merge fixes into their days, each content once with its earliest reception; returns the days that changed.

        Adding the same again changes nothing, not even a file. All days change together or none does.
        """
        columns = _columns_of(batch)
        days = np.array([local_day(time) for time in np.unique(_day_starts(columns["time_ms"])).tolist()], dtype=object)
        with self._lock:
            catalogue = self.days()
            changed: dict[dt.date, SealedDay] = {}
            day_of = _day_starts(columns["time_ms"])
            for day in days.tolist():
                mine = day_of == _day_starts(np.array([_noon(day)]))[0]
                rows = {name: column[mine] for name, column in columns.items()}
                if day in catalogue:
                    before = self._read_columns(catalogue[day])
                    rows = {name: np.concatenate((before[name], rows[name])) for name in rows}
                sealed = self._write(day, _once(rows))
                if day not in catalogue or catalogue[day] != sealed:
                    changed[day] = sealed
            if changed:
                self._replace_catalogue(catalogue | changed)
            self._sweep()
        return changed

    def read(self, first: dt.date, last: dt.date, person: str | None = None) -> FixBatch:
        """The fixes of local days, both included, by patroller, time, position, accuracy and device; of one person or
        (None) all.
        """
        parts = [self._read_columns(sealed, person) for day, sealed in self.days().items() if first <= day <= last]
        if not parts:
            parts = [_columns_of(_NOTHING)]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        # Every day is in order and has each content once; what is left is to bring each patroller's days together.
        order = np.argsort(_numbered(columns["patroller"]), kind="stable")
        return _batch_of({name: column[order] for name, column in columns.items()})

    def read_fixes(self, first: dt.date, last: dt.date) -> Fixes:
        """The fixes of local days, both included, as verification takes them: whatever the device, each content once.

        Reads only the columns that are needed, and no text but each name once a day.
        """
        parts = [self._read_numbered(sealed) for day, sealed in self.days().items() if first <= day <= last]
        names = tuple(sorted({name for part, _ in parts for name in part}))
        place = {name: number for number, name in enumerate(names)}
        who = [np.array([place[name] for name in part], np.int32)[columns["patroller"]] for part, columns in parts]
        return _fixes_of(names, who, [columns for _, columns in parts])

    def _read_numbered(self, sealed: SealedDay) -> tuple[list[str], dict[str, NDArray[Any]]]:
        """A day's names, and its columns with places in them."""
        table = self._table(sealed, ["patroller", *_NUMBERS])
        names, which = _dictionary(table["patroller"])
        return names, {"patroller": which, **{name: table[name].to_numpy() for name in _NUMBERS}}

    def forget(self, before: dt.date) -> tuple[SealedDay, ...]:
        """Delete all days before a local day; returns them."""
        with self._lock:
            catalogue = self.days()
            gone = tuple(sealed for day, sealed in catalogue.items() if day < before)
            if gone:
                self._replace_catalogue({day: sealed for day, sealed in catalogue.items() if day >= before})
                self._sweep()
        return gone

    def check(self) -> list[str]:
        """A sentence for each day whose file is not what was written."""
        problems = []
        for day, sealed in self.days().items():
            path = self.folder / sealed.file
            if not path.exists():
                problems.append(f"{day}: {sealed.file} is missing; restore it from a backup")
            elif _digest(path) != sealed.sha256:
                problems.append(f"{day}: {sealed.file} is not what was written; restore it from a backup")
        return problems

    def _read_columns(self, sealed: SealedDay, person: str | None = None) -> dict[str, NDArray[Any]]:
        table = self._table(sealed, person=person)
        if table.num_rows == 0:
            return _columns_of(_NOTHING)
        columns: dict[str, NDArray[Any]] = {}
        for name in _NAMES:
            names, which = _dictionary(table[name])
            columns[name] = np.array(names, dtype=object)[which]
        columns |= {
            name: table[name].to_numpy().astype(np.int64) for name in ("time_ms", "lon_e7", "lat_e7", "received_ms")
        }
        columns["accuracy_m"] = table["accuracy_m"].to_numpy()
        return columns

    def _table(self, sealed: SealedDay, columns: list[str] | None = None, person: str | None = None) -> pa.Table:
        path = self.folder / sealed.file
        chosen = None if person is None else [("patroller", "==", person)]
        try:
            table = pq.read_table(path, columns=columns, filters=chosen)
            count = table.num_rows if person is None else pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowInvalid) as error:
            raise UnreadableFile(
                f"{sealed.day}: the archive's file {sealed.file} cannot be read ({error}); restore it from a backup"
            ) from None
        if count != sealed.fixes:
            raise UnreadableFile(f"{sealed.day}: {sealed.file} is cut short; restore it from a backup")
        return table

    def _write(self, day: dt.date, rows: dict[str, NDArray[Any]]) -> SealedDay:
        """Write the file of a day under a name that tells its content, safe on the disk before anyone refers to it."""
        table = pa.table(
            {
                **{name: pa.array(rows[name], pa.string()).dictionary_encode() for name in _NAMES},
                "time_ms": pa.array(rows["time_ms"], pa.int64()),
                "lon_e7": pa.array(rows["lon_e7"].astype(np.int32)),
                "lat_e7": pa.array(rows["lat_e7"].astype(np.int32)),
                "accuracy_m": pa.array(rows["accuracy_m"], pa.float64()),
                "received_ms": pa.array(rows["received_ms"], pa.int64()),
            }
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{day}.part"
        pq.write_table(
            table, part, compression="zstd", compression_level=3, use_dictionary=[*_NAMES, "accuracy_m"],
            column_encoding=_ENCODINGS, store_schema=True, data_page_size=1 << 20, row_group_size=1 << 20,
        )  # fmt: skip
        digest = _digest(part)
        name = f"{day}-{digest[:16]}.parquet"
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(self.folder / name)
        return SealedDay(day, name, table.num_rows, (self.folder / name).stat().st_size, digest)

    def _replace_catalogue(self, days: dict[dt.date, SealedDay]) -> None:
        rows = [{**asdict(sealed), "day": day.isoformat()} for day, sealed in sorted(days.items())]
        part = self.folder / (CATALOGUE + ".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump({"days": rows}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / CATALOGUE)
        if os.name == "posix":
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _sweep(self) -> None:
        named = {sealed.file for sealed in self.days().values()}
        for path in [*self.folder.glob("*.parquet"), *self.folder.glob("*.part")]:
            if path.name not in named:
                path.unlink(missing_ok=True)


def batch_of_fixes(fixes: Fixes, device: str = "") -> FixBatch:
    """Fixes read from files as a batch; files do not say which device."""
    names = np.array(fixes.patrollers, dtype=object)
    return FixBatch(
        names[fixes.patroller] if len(names) else np.empty(0, dtype=object), np.full(len(fixes), device, dtype=object),
        fixes.time_ms, fixes.lon, fixes.lat, fixes.accuracy_m, fixes.received_ms,
    )  # fmt: skip


def seal(inbox: FixInbox, archive: TrackArchive, first: dt.date, last: dt.date, *, author: str) -> int:
    """Move the fixes of local days from the inbox into the archive; returns how many left the inbox.

    They are safe in the archive before they leave. Those that come in meanwhile stay for the next time. One day is moved
    after the other, so that a backlog of months needs no more memory than its largest day.
    """
    moved = 0
    for day in inbox.days():
        if first <= day <= last:
            batch = inbox.read(day, day)
            archive.add(batch)
            moved += inbox.remove(batch, author=author)
    return moved


def read_tracks_of(
    inbox: FixInbox, archive: TrackArchive, first: dt.date, last: dt.date, person: str | None = None
) -> FixBatch:
    """The fixes of local days from archive and inbox together, each content once; of one person or (None) all."""
    # The inbox first: what is sealed meanwhile is then read twice, the other way round it would not be read at all.
    fresh, sealed = inbox.read(first, last, person), archive.read(first, last, person)
    if len(fresh) == 0:
        return sealed
    parts = [_columns_of(sealed), _columns_of(fresh)]
    return _batch_of(_once({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}))


def read_fixes_of(inbox: FixInbox, archive: TrackArchive, first: dt.date, last: dt.date) -> Fixes:
    """The fixes of local days from archive and inbox together, as verification takes them."""
    fresh, sealed = inbox.read(first, last), archive.read_fixes(first, last)
    if len(fresh) == 0:
        return sealed
    names = np.concatenate((np.array(sealed.patrollers, dtype=object)[sealed.patroller], fresh.patroller))
    columns = (
        np.concatenate((getattr(sealed, name), getattr(fresh, name)))
        for name in ("time_ms", "lon", "lat", "accuracy_m", "received_ms")
    )
    return collect_fixes(names, *columns)


_NOTHING: Final = FixBatch(
    np.empty(0, dtype=object), np.empty(0, dtype=object), np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0),
    np.empty(0, np.int64),
)  # fmt: skip


def _columns_of(batch: FixBatch) -> dict[str, NDArray[Any]]:
    accuracy = np.asarray(batch.accuracy_m, np.float64)
    return {
        "patroller": batch.patroller,
        "device": batch.device,
        "time_ms": np.asarray(batch.time_ms, np.int64),
        "lon_e7": np.rint(np.asarray(batch.lon) * _E7).astype(np.int64),
        "lat_e7": np.rint(np.asarray(batch.lat) * _E7).astype(np.int64),
        "accuracy_m": np.where(np.isfinite(accuracy) & (accuracy > 0.0), accuracy, 0.0),
        "received_ms": np.asarray(batch.received_ms, np.int64),
    }


def _batch_of(columns: dict[str, NDArray[Any]]) -> FixBatch:
    accuracy = columns["accuracy_m"]
    return FixBatch(
        columns["patroller"], columns["device"], columns["time_ms"], columns["lon_e7"] / _E7, columns["lat_e7"] / _E7,
        np.where(accuracy > 0.0, accuracy, np.nan), columns["received_ms"],
    )  # fmt: skip


def _once(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The rows in order, each content once with its earliest reception."""
    numbered = {name: _numbered(column) if name in _NAMES else column for name, column in columns.items()}
    order = np.lexsort([numbered["received_ms"], *(numbered[name] for name in reversed(_KEY))])
    fresh = np.ones(len(order), bool)
    if len(order):
        fresh[1:] = np.any([numbered[name][order][1:] != numbered[name][order][:-1] for name in _KEY], axis=0)
    return {name: column[order][fresh] for name, column in columns.items()}


def _numbered(names: NDArray[np.object_]) -> NDArray[np.int64]:
    """The places of names (n,) in code point order."""
    which, known = pd.factorize(names)
    rank = np.empty(len(known), np.int64)
    rank[np.argsort(np.asarray(known, dtype=str))] = np.arange(len(known))
    return rank[which]


def _dictionary(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct names of a column and the place (n,) of each row's among them."""
    whole = column.unify_dictionaries().combine_chunks()
    return whole.dictionary.to_pylist(), whole.indices.to_numpy().astype(np.int64)


def _fixes_of(names: tuple[str, ...], who: list[NDArray[np.int32]], parts: list[dict[str, NDArray[Any]]]) -> Fixes:
    """Days in order as fixes: each patroller's days brought together."""
    if not parts:
        return collect_fixes(np.empty(0, dtype=object), np.empty(0, np.int64), np.empty(0), np.empty(0))
    patroller = np.concatenate(who)
    order = np.argsort(patroller, kind="stable")
    columns = {name: np.concatenate([part[name] for part in parts])[order] for name in _NUMBERS}
    return order_fixes(
        names, patroller[order], columns["time_ms"], columns["lon_e7"] / _E7, columns["lat_e7"] / _E7,
        columns["accuracy_m"], columns["received_ms"],
    )  # fmt: skip


def _day_starts(time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first millisecond of the local day of each instant."""
    shifted = np.asarray(time_ms, np.int64) + 28_800_000
    return shifted - shifted % 86_400_000 - 28_800_000


def _noon(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days * 86_400_000 + 4 * 3_600_000


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
