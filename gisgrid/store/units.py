"""Units looked up: whether there is one of a code, by the register and by all editions, and the grids of areas."""

from typing import Final

import sqlalchemy as sa

from gisgrid.errors import UnknownGrid
from gisgrid.store.tables import AREA_GRID, GRID, UNIT
from gisgrid.units import AREA, Unit, unit_meant

_LONGEST_SHOWN: Final = 60


def find_unit(connection: sa.Connection, code: str, *, areas: bool = True) -> Unit:
    """The unit of a code: district, township, village, grid of any edition, or `area:NAME`; empty: everything.

    `UnknownGrid` for what neither the register nor an edition knows, and for an area where `areas` are not taken.
    """
    # PostgreSQL takes no NUL, and none is in a code.
    if "\0" in code:
        raise _unknown(code)
    meant = unit_meant(code)
    if not code:
        return meant
    if code.startswith(AREA):
        return _area(connection, code, areas=areas)
    if _is_grid(connection, code):
        return Unit(code, "grid")
    level = connection.execute(sa.select(UNIT.c.level).where(UNIT.c.code == code)).scalar_one_or_none()
    if level == "area":
        raise _is_area(code, f"{AREA}{code}") if areas else _no_area(code)
    if level is None and not _has_grids(connection, meant):
        raise _unknown(code)
    if meant.column == "grid" and level in ("township", "village"):
        # A register may call its units by codes of another form.
        return Unit(code, "township" if level == "township" else "village")
    return meant


def _area(connection: sa.Connection, code: str, *, areas: bool) -> Unit:
    name = code.removeprefix(AREA)
    grids = connection.execute(sa.select(AREA_GRID.c.grid).where(AREA_GRID.c.area == name)).scalars().all()
    registered = sa.select(UNIT.c.code).where(UNIT.c.code == name, UNIT.c.level == "area")
    if not grids and connection.execute(registered).first() is None:
        raise UnknownGrid(
            f"no register has an area {_shown(code)}; give {AREA} and the code of one",
            zh=f"名册中没有网格片{_shown(code)}；请填写 {AREA} 加网格片编号",
        )
    if not areas:
        raise _no_area(code)
    return unit_meant(code, grids)


def _is_grid(connection: sa.Connection, code: str) -> bool:
    return connection.execute(sa.select(GRID.c.code).where(GRID.c.code == code).limit(1)).first() is not None


def _has_grids(connection: sa.Connection, unit: Unit) -> bool:
    """Whether any edition has a grid in a unit that is no grid itself."""
    if unit.column == "grid":
        return False
    begins = unit.prefix or (unit.code[:9] if unit.column == "township" else unit.code)
    query = sa.select(GRID.c.code).distinct().where(sa.func.substr(GRID.c.code, 1, len(begins)) == begins)
    return any(unit.has_grid(code) for code in connection.execute(query).scalars())


def _unknown(code: str) -> UnknownGrid:
    return UnknownGrid(
        f"no edition and no register has a unit or grid {_shown(code)}; give the code of one",
        zh=f"各版本与名册中均没有单位或网格{_shown(code)}；请填写已有的编号",
    )


def _is_area(code: str, written: str) -> UnknownGrid:
    return UnknownGrid(f"{_shown(code)} is an area; write {written}", zh=f"{_shown(code)}是网格片；请写作 {written}")


def _no_area(code: str) -> UnknownGrid:
    return UnknownGrid(
        f"{_shown(code)} is an area; give a district, township, village or grid",
        zh=f"{_shown(code)}是网格片；此处请填写区、镇街、村社或网格编号",
    )


def _shown(code: str) -> str:
    return repr(code[:_LONGEST_SHOWN])
