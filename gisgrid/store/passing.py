"""Passing on: the grid of a later edition that answers for an open incident of an earlier one."""

from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from gisgrid.codes import is_grid_code, township_of, village_of
from gisgrid.grid import GridNetwork
from gisgrid.grid_index import NOWHERE
from gisgrid.local_days import local_day
from gisgrid.store.editions import EditionLabel, Editions


def answering_grid(
    editions: Editions,
    connection: sa.Connection,
    label: EditionLabel | None,
    row: Any,
    *,
    grid: str | None = None,
    edition: int | None = None,
) -> str | None:
    """The grid of the edition `label` (the one in force) that answers for an incident; None where it still is its own.

    Where its place lies in that edition; without a place the grid of the same code, else the one that has most of the old
    grid's ground. A grid that a person has given (`grid` of `edition`) follows like one without a place.
    """
    code = row.grid if grid is None else grid
    own = row.edition_id if edition is None else edition
    if label is None or own is None or label.id == own or not code:
        return None
    network = editions.network(label.id, connection)
    by_hand = row.how == "manual" or grid is not None
    found = _by_place(network, row) if row.place is not None and not by_hand else None
    found = found or _by_ground(editions.network(own, connection), code, network)
    return found if found != code else None


def in_force(editions: Editions, connection: sa.Connection, now_ms: int) -> EditionLabel | None:
    """The edition in force on the local day of an instant."""
    return editions.at(local_day(now_ms), connection)


def offices_after(offices: str, old_grid: str, new_grid: str) -> str:
    """Offices joined by spaces, where those of the old grid's village and township give way to the new one's."""
    if not (is_grid_code(old_grid) and is_grid_code(new_grid)):
        return offices
    instead = {village_of(old_grid): village_of(new_grid), township_of(old_grid): township_of(new_grid)}
    return " ".join(instead.get(office, office) for office in offices.split())


def _by_place(network: GridNetwork, row: Any) -> str | None:
    position = network.index.locate_one(row.place.x, row.place.y)
    return network.codes[position] if position != NOWHERE else None


def _by_ground(old: GridNetwork, code: str, new: GridNetwork) -> str | None:
    if code in new.codes:
        return code
    if code not in old.codes:
        return None
    (ground,) = new.plane.project(np.array([old.geometry[old.codes.index(code)]], dtype=object))
    tree = new.index.plane_tree()
    near = np.sort(tree.query(ground, predicate="intersects"))
    if len(near) == 0:
        return None
    shared = shapely.area(shapely.intersection(tree.geometries[near], ground))
    return new.codes[int(near[np.argmax(shared)])]
