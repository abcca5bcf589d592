"""Many rows at once, the fastest way that each database has."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.store.engine import is_postgresql
from gisgrid.store.geometry import SRID, GeometryColumn


def insert_columns(connection: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given as columns of Python values, all of one length; geometry as `geometry_values` makes it."""
    names = ", ".join(columns)
    rows = list(zip(*columns.values(), strict=True))
    if not rows:
        return
    if is_postgresql(connection):
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"copy {table.name} ({names}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"insert into {table.name} ({names}) values ({marks})", rows)  # noqa: S608  # names of our own columns


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


def geometry_values(connection: sa.Connection, shapes: NDArray[np.object_]) -> list[Any]:
    """Geometries (n,) as the driver takes them in bulk: WKB on SQLite, hexadecimal EWKB on PostgreSQL."""
    values: Any = (
        shapely.to_wkb(shapely.set_srid(shapes, SRID), hex=True, include_srid=True)
        if is_postgresql(connection)
        else shapely.to_wkb(shapes)
    )
    found: list[Any] = np.asarray(values, dtype=object).tolist()
    return found


def _is_geometry(table: sa.Table, name: str) -> bool:
    return isinstance(table.c[name].type, GeometryColumn)
