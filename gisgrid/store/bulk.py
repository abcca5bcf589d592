"""Many rows at once, the fastest way that each database has."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.store.engine import is_postgresql
from gisgrid.store.geometry import SRID, GeometryColumn

Row = tuple[sa.Table, Mapping[str, Any]]
"""A row as it is to be inserted, its values as the driver takes them."""

_FEW_ROWS: Final = 8
_POINT: Final = 1
_HAS_SRID: Final = 0x20000000
_WKB_BYTES: Final = 21


def insert_columns(connection: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given as columns of Python values, all of one length; points as `point_values` makes them."""
    names = ", ".join(columns)
    rows = list(zip(*columns.values(), strict=True))
    if not rows:
        return
    if is_postgresql(connection) and len(rows) > _FEW_ROWS:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"copy {table.name} ({names}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        return
    # Few rows are there sooner by plain statements than by a copy, which is a conversation.
    marks = ", ".join(["%s" if is_postgresql(connection) else "?"] * len(columns))
    connection.exec_driver_sql(f"insert into {table.name} ({names}) values ({marks})", rows)  # noqa: S608  # names of our own columns


def insert_rows(connection: sa.Connection, rows: Sequence[Row], also: str = "") -> None:
    """Insert rows of several tables, in the order in which the tables come first; those of one table have the same columns.

    One row of each is one statement on PostgreSQL, and `also`, a call of a function there, is part of it.
    """
    by_table: dict[str, list[Row]] = {}
    for row in rows:
        by_table.setdefault(row[0].name, []).append(row)
    if is_postgresql(connection):
        if all(len(alike) == 1 for alike in by_table.values()):
            shape = tuple((name, tuple(alike[0][1])) for name, alike in by_table.items())
            values = tuple(value for alike in by_table.values() for value in alike[0][1].values())
            connection.exec_driver_sql(_insert_of(shape, also), values)
            return
        if also:
            connection.exec_driver_sql(f"select {also}")
    for alike in by_table.values():
        insert_columns(connection, alike[0][0], {name: [one[name] for _, one in alike] for name in alike[0][1]})


@lru_cache(maxsize=256)
def _insert_of(tables: tuple[tuple[str, tuple[str, ...]], ...], also: str) -> str:
    """One statement for PostgreSQL that inserts a row into each table; references between them are looked at when all are in."""
    inserts = [
        f"insert into {table} ({', '.join(names)}) values ({', '.join(['%s'] * len(names))})"  # noqa: S608  # names of our own columns
        for table, names in tables
    ]
    if not also and len(inserts) == 1:
        return inserts[0]
    named = ", ".join(f"row_{place} as ({insert})" for place, insert in enumerate(inserts))
    return f"{f'with {named} ' if named else ''}select {also or '1'}"


def update_columns(connection: sa.Connection, table: sa.Table, key: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Update rows given as columns of Python values, found by the column `key` among them."""
    rows = list(zip(*(values for name, values in columns.items() if name != key), columns[key], strict=True))
    if not rows:
        return
    mark = "%s" if is_postgresql(connection) else "?"
    assigned = ", ".join(
        f"{name} = {mark}::geometry" if is_postgresql(connection) and _is_geometry(table, name) else f"{name} = {mark}"
        for name in columns
        if name != key
    )
    if "version" in table.c and "version" not in columns:
        assigned += ", version = version + 1"
    connection.exec_driver_sql(f"update {table.name} set {assigned} where {key} = {mark}", rows)  # noqa: S608  # names of our own columns


def point_values(connection: sa.Connection, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[Any]:
    """Points (n,) as the driver takes them in bulk: WKB on SQLite, hexadecimal EWKB on PostgreSQL; None where NaN."""
    told = is_postgresql(connection)
    layout = [("order", "u1"), ("kind", "<u4"), *([("srid", "<u4")] if told else []), ("lon", "<f8"), ("lat", "<f8")]
    wkb = np.zeros(len(lon), dtype=np.dtype(layout))
    wkb["order"], wkb["kind"], wkb["lon"], wkb["lat"] = 1, _POINT | (_HAS_SRID if told else 0), lon, lat
    if told:
        wkb["srid"] = SRID
    content, size = wkb.tobytes(), wkb.dtype.itemsize
    there = (np.isfinite(lon) & np.isfinite(lat)).tolist()
    parts = [content[at * size : (at + 1) * size] if known else None for at, known in enumerate(there)]
    return [part.hex() if part else None for part in parts] if told else list(parts)


def degrees_of(values: Sequence[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes (n,) of points as the drivers give them (WKB, hexadecimal EWKB); NaN where None."""
    lon, lat = np.full(len(values), np.nan), np.full(len(values), np.nan)
    there = np.flatnonzero([value is not None for value in values])
    if len(there) == 0:
        return lon, lat
    known = [value for value in values if value is not None]
    content = bytes.fromhex("".join(known)) if isinstance(known[0], str) else b"".join(known)
    size = len(content) // len(known)
    if size not in (_WKB_BYTES, _WKB_BYTES + 4) or set(content[::size]) != {1}:
        points = shapely.from_wkb(np.array(known, dtype=object))
        lon[there], lat[there] = shapely.get_x(points), shapely.get_y(points)
        return lon, lat
    parts = np.frombuffer(content, np.dtype([("head", f"V{size - 16}"), ("lon", "<f8"), ("lat", "<f8")]))
    lon[there], lat[there] = parts["lon"], parts["lat"]
    return lon, lat


def _is_geometry(table: sa.Table, name: str) -> bool:
    return isinstance(table.c[name].type, GeometryColumn)
