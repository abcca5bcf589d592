"""The sample district as a whole: its network, units, people, places and duties, the same from the same seed."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gisgrid.grid import GridNetwork
from gisgrid.grid_rows import GridKind
from gisgrid.sample.borders import draw_borders, polygons
from gisgrid.sample.duties import assign_duties, grant_leave
from gisgrid.sample.mesh import build_mesh
from gisgrid.sample.names import VillageName, chinese_number, townships, villages
from gisgrid.sample.outline import PLANE
from gisgrid.sample.people import settle
from gisgrid.sample.places import name_places
from gisgrid.sample.roster import Roster, draw_roster
from gisgrid.sample.seeds import stream
from gisgrid.sample.territory import divide_land

LOCAL: Final = ZoneInfo("Asia/Shanghai")
SAMPLE_NOW: Final = dt.datetime(2018, 5, 14, 10, 0, tzinfo=LOCAL)
"""Where the sample's clock stands."""


@dataclass(frozen=True, eq=False)
class UnitTable:
    """Units of one level in code order: 12-digit `codes`, `names`, `kinds` and polygons (n,) in EPSG:4490 degrees."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    geometry: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class SampleDistrict:
    """A made-up district of the size and shape of Jiaojiang: 659 grids, 312 villages and communities, 11 townships.

    `land` is the union of all grids. `dwellings`: dwelling, grid, lon, lat, households, residents, migrants. `places`:
    place, kind, name, village, grid, lon, lat, geometry. `duties`: patroller, grid, role, from, to, person, telephone;
    `leave`: patroller, from, to, reason (`to` exclusive; local ISO days). `roster` is what each patroller does each day.
    """

    seed: int
    network: GridNetwork
    villages: UnitTable
    townships: UnitTable
    land: shapely.MultiPolygon
    dwellings: pd.DataFrame
    places: pd.DataFrame
    duties: pd.DataFrame
    leave: pd.DataFrame
    roster: Roster


def build_district(seed: int = 2018) -> SampleDistrict:
    """Build the sample district; the same seed gives the same district on the same versions of the libraries.

    Raises `ValueError` for the rare seed whose borders cannot be drawn.
    """
    mesh = build_mesh(stream(seed, "mesh"))
    territory = divide_land(mesh, stream(seed, "territory"))
    borders = draw_borders(mesh, territory.grid_of_site, stream(seed, "borders"))
    geometry = polygons(borders, len(territory.grid_codes))
    units = villages()
    codes, parents = territory.grid_codes, territory.village_of_grid
    kinds: list[GridKind | None] = ["community" if units[k].kind == "community" else "village" for k in parents]
    network = GridNetwork.from_arrays(
        codes, geometry, names=_grid_names(units, parents), kinds=kinds, plane=PLANE, is_sample=True
    )
    village_table = _village_table(units, parents, network.geometry)
    township_table = _township_table(units, village_table)
    land = shapely.MultiPolygon(shapely.get_parts(shapely.coverage_union_all(township_table.geometry)).tolist())
    community = np.array([kind == "community" for kind in kinds])
    dwellings = settle(codes, community, network.geometry, stream(seed, "people"))
    roster = draw_roster(PLANE.project(network.geometry), PLANE.project(np.array([land]))[0], stream(seed, "roster"))
    return SampleDistrict(
        seed,
        network,
        village_table,
        township_table,
        land,
        dwellings,
        name_places(units, codes, parents, network.geometry, dwellings, stream(seed, "places")),
        assign_duties(units, codes, parents, roster),
        grant_leave(codes, roster),
        roster,
    )


def _grid_names(units: tuple[VillageName, ...], parents: NDArray[np.int64]) -> list[str]:
    first = np.searchsorted(parents, parents)
    return [
        f"{units[parent].name}第{chinese_number(position - int(first[position]) + 1)}网格"
        for position, parent in enumerate(parents.tolist())
    ]


def _village_table(
    units: tuple[VillageName, ...], parents: NDArray[np.int64], geometry: NDArray[np.object_]
) -> UnitTable:
    shapes = np.empty(len(units), dtype=object)
    for k in range(len(units)):
        shapes[k] = shapely.coverage_union_all(geometry[parents == k])
    return UnitTable(
        tuple(unit.code for unit in units),
        tuple(unit.name for unit in units),
        tuple(unit.kind for unit in units),
        _frozen(shapes),
    )


def _township_table(units: tuple[VillageName, ...], table: UnitTable) -> UnitTable:
    names = townships()
    shapes = np.empty(len(names), dtype=object)
    for k, name in enumerate(names):
        shapes[k] = shapely.coverage_union_all(table.geometry[[unit.township == name.code for unit in units]])
    return UnitTable(
        tuple(name.code for name in names),
        tuple(name.name for name in names),
        tuple(name.kind for name in names),
        _frozen(shapes),
    )


def _frozen(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    shapes.setflags(write=False)
    return shapes
