"""The gazetteer: places, units and grids that a person may name, in one list to be searched."""

import math
from typing import Final

import shapely
import sqlalchemy as sa

from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.places import Place, PlaceFinder
from gisgrid.store.tables import PLACE, UNIT

_MOST_TOLD: Final = 5


def make_finder(connection: sa.Connection, network: GridNetwork | None) -> PlaceFinder:
    """Everything that has a name, ready to be searched; units have no point of their own, grids one inside."""
    places = [
        Place(row.code, row.kind, row.name, row.village, row.lon, row.lat)
        for row in connection.execute(sa.select(PLACE))
    ]
    places += [
        Place(row.code, row.level, row.name, row.code if row.level == "village" else "", math.nan, math.nan)
        for row in connection.execute(sa.select(UNIT))
    ]
    if network is not None:
        points = shapely.point_on_surface(network.geometry)
        places += [
            Place(code, "grid", name, village or "", point.x, point.y)
            for code, name, village, point in zip(network.codes, network.names, network.villages, points, strict=True)
        ]
    return PlaceFinder(places)


def find_one(finder: PlaceFinder, typed: str) -> Place:
    """The one place that is meant; `BadOption` names the nearest candidates where several fit as well, or none."""
    found = finder.find(typed, most=_MOST_TOLD + 1)
    if not found:
        raise BadOption(f"no place, unit or grid is called {typed!r}; give another part of its name, or the position")
    best = [one.place for one in found if one.rank == found[0].rank]
    if len(best) > 1:
        told = ", ".join(f"{place.name} ({place.code})" for place in best[:_MOST_TOLD])
        more = " and more" if len(best) > _MOST_TOLD else ""
        raise BadOption(f"{typed!r} may mean {told}{more}; give more of the name, or the code")
    return best[0]
