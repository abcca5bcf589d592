"""Geometry columns: PostGIS geometry in EPSG:4490 that any GIS can open, WKB on SQLite; shapely objects in Python."""

from collections.abc import Callable
from typing import Any, Final

import shapely
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

SRID: Final = 4490


class GeometryColumn(UserDefinedType[shapely.Geometry]):
    """A column of geometries of one kind (`MULTIPOLYGON`, `POINT`), longitude and latitude in degrees.

    On PostgreSQL values travel as WKB through `ST_GeomFromWKB` and `ST_AsBinary`, so that nothing is lost to text.
    """

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        """The type on PostgreSQL."""
        return f"geometry({self.kind},{SRID})"

    def bind_processor(self, _dialect: sa.Dialect) -> Callable[[shapely.Geometry | None], bytes | None]:
        """From shapely to WKB."""
        return lambda shape: None if shape is None else shapely.to_wkb(shape)

    def result_processor(self, _dialect: sa.Dialect, _kind: object) -> Callable[[Any], shapely.Geometry | None]:
        """From WKB to shapely."""
        return lambda wkb: None if wkb is None else shapely.from_wkb(bytes(wkb))

    def bind_expression(self, bindvalue: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
        """How a value goes in."""
        return _Inward(bindvalue, type_=self)

    def column_expression(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """How a value comes out."""
        return _Outward(column, type_=self)


class _Inward(sa.sql.functions.GenericFunction[shapely.Geometry]):
    inherit_cache = True
    name = "gisgrid_inward"


class _Outward(sa.sql.functions.GenericFunction[shapely.Geometry]):
    inherit_cache = True
    name = "gisgrid_outward"


@compiles(GeometryColumn, "sqlite")
def _column_on_sqlite(_column: GeometryColumn, _compiler: Any, **_: Any) -> str:
    return "BLOB"


@compiles(_Inward, "sqlite")
@compiles(_Outward, "sqlite")
def _as_it_is(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Inward, "postgresql")
def _inward(element: Any, compiler: Any, **options: Any) -> str:
    return f"ST_GeomFromWKB({compiler.process(element.clauses, **options)}, {SRID})"


@compiles(_Outward, "postgresql")
def _outward(element: Any, compiler: Any, **options: Any) -> str:
    return f"ST_AsBinary({compiler.process(element.clauses, **options)})"
