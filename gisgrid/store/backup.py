"""Backups: one file with one state of everything, made while others write, restored on either kind of database.

The file is a zip of one Parquet file for each table and `manifest.json` with the version of the schema and a digest of
each. Nothing is restored before all digests are right, and a restore is there wholly or not at all.
"""

import datetime as dt
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
import sqlalchemy as sa

from gisgrid.errors import BadOption, NewerDatabase, UnreadableFile
from gisgrid.store.engine import database_url, for_writing, make_engine
from gisgrid.store.geometry import GeometryColumn
from gisgrid.store.schema import is_known, upgrade_to, version_of
from gisgrid.store.store import Store, plain_errors
from gisgrid.store.tables import METADATA

_MANIFEST: Final = "manifest.json"
_ROWS_AT_A_TIME: Final = 50_000


@dataclass(frozen=True)
class BackupLabel:
    """What a backup holds: the version of its schema, when it was made, rows by table."""

    version: str
    made_at_ms: int
    rows: dict[str, int]


def back_up(store: Store, path: Path, *, author: str) -> BackupLabel:
    """Write a backup of one state of the store; an older file of that name is replaced only by a whole one."""
    with store.changing(author) as change:
        change.note("back_up", str(path.name))
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    with store.reading() as connection, _whole_or_not(path) as archive:
        version = str(version_of(connection))
        for table in METADATA.sorted_tables:
            content = io.BytesIO()
            rows[table.name] = _write_table(connection, table, content)
            digests[table.name] = hashlib.sha256(content.getbuffer()).hexdigest()
            archive.writestr(f"{table.name}.parquet", content.getbuffer())
        label = BackupLabel(version, store.now_ms(), rows)
        manifest = {"version": version, "made_at_ms": label.made_at_ms, "rows": rows, "sha256": digests}
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))
    return label


def restore(path: Path, data: Path | None, url: str | None = None) -> BackupLabel:
    """Restore a backup into an empty database, of either kind; in one transaction, brought to this version.

    Raises `UnreadableFile` for a damaged backup, `NewerDatabase` for one of a newer gisgrid, `BadOption` where the
    database is not empty: then nothing has been touched.
    """
    label = read_label(path)
    address = database_url(data, url)
    if address.get_backend_name() == "sqlite":
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(address)
    try:
        with plain_errors(), for_writing(engine).begin() as connection, zipfile.ZipFile(path) as archive:
            if sa.inspect(connection).has_table("alembic_version"):
                raise BadOption(f"the database already holds data; restore {path.name} into an empty one")
            upgrade_to(connection, label.version)
            for table in METADATA.sorted_tables:
                if table.name in label.rows:
                    for rows in _read_table(archive, table):
                        connection.execute(table.insert(), rows)
            upgrade_to(connection, "head")
    finally:
        engine.dispose()
    return label


def read_label(path: Path) -> BackupLabel:
    """What a backup holds, once every byte of it has been compared with its digest."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            for name, digest in manifest["sha256"].items():
                with archive.open(f"{name}.parquet") as part:
                    found = hashlib.sha256()
                    while block := part.read(1 << 20):
                        found.update(block)
                    if found.hexdigest() != digest:
                        raise UnreadableFile(
                            f"{path.name} is damaged: {name} is not what was written; take another backup"
                        )
            label = BackupLabel(manifest["version"], manifest["made_at_ms"], manifest["rows"])
    except FileNotFoundError:
        raise UnreadableFile(f"there is no backup {path}") from None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, zipfile.LargeZipFile) as error:
        raise UnreadableFile(f"{path.name} is no whole backup of gisgrid ({error}); take another one") from None
    if not is_known(label.version):
        raise NewerDatabase(
            f"{path.name} was made by a newer gisgrid (version {label.version}); restore it with that one"
        )
    return label


@contextmanager
def _whole_or_not(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip that appears under its name, safe on the disk, only when it was written whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_table(connection: sa.Connection, table: sa.Table, file: io.BytesIO) -> int:
    schema = pa.schema([(column.name, _arrow_type(column)) for column in table.columns])
    written = 0
    query = sa.select(table).order_by(*table.primary_key)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(query).partitions():
            columns = [
                pa.array([_outward(column, value) for value in values], _arrow_type(column))
                for column, values in zip(table.columns, zip(*rows, strict=True), strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema))
            written += len(rows)
    return written


def _read_table(archive: zipfile.ZipFile, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    with archive.open(f"{table.name}.parquet") as part:
        content = pa.BufferReader(part.read())
    for batch in pq.ParquetFile(content).iter_batches(_ROWS_AT_A_TIME):
        columns = {
            column.name: [_inward(column, value) for value in batch.column(column.name).to_pylist()]
            for column in table.columns
            if column.name in batch.schema.names
        }
        yield [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    kinds: tuple[tuple[type[Any], pa.DataType], ...] = (
        (GeometryColumn, pa.binary()),
        (sa.JSON, pa.string()),
        (sa.Boolean, pa.bool_()),
        (sa.Integer, pa.int64()),
        (sa.Float, pa.float64()),
        (sa.Date, pa.date32()),
        (sa.Text, pa.string()),
    )
    return next(arrow for kind, arrow in kinds if isinstance(column.type, kind))


def _outward(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, GeometryColumn):
        return shapely.to_wkb(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(column.type, sa.JSON) else value


def _inward(column: sa.Column[Any], value: Any) -> Any:
    if value is None or isinstance(value, dt.date):
        return value
    if isinstance(column.type, GeometryColumn):
        return shapely.from_wkb(value)
    return json.loads(value) if isinstance(column.type, sa.JSON) else value
