"""Which sites belong to which township, village and grid of the sample, and how its grids are numbered.

11 townships; 37 communities with 242 grids in the towns, 275 villages with 417 grids around them; each unit connected,
but for islands.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.sample.mesh import Mesh
from gisgrid.sample.names import VillageName, townships, villages
from gisgrid.sample.outline import PLANE, outline
from gisgrid.sample.partition import Ground

COMMUNITY_GRIDS: Final = 242
VILLAGE_GRIDS: Final = 417

_PORT_COMMUNITY: Final = "331002101001"
_CENTRES: Final = {
    # township: longitude and latitude of its middle, and of its town
    "331002001000": (121.458, 28.682, 121.447, 28.683),
    "331002002000": (121.432, 28.661, 121.430, 28.664),
    "331002003000": (121.386, 28.668, 121.408, 28.677),
    "331002004000": (121.398, 28.622, 121.410, 28.622),
    "331002005000": (121.505, 28.650, 121.495, 28.645),
    "331002006000": (121.455, 28.603, 121.457, 28.606),
    "331002007000": (121.455, 28.722, 121.447, 28.722),
    "331002008000": (121.385, 28.735, 121.385, 28.722),
    "331002400000": (121.533, 28.603, 121.533, 28.603),
    "331002499000": (121.466, 28.693, 121.466, 28.693),
}
_NORTH_OF_THE_RIVER: Final = ("331002007000", "331002008000")
_DACHEN: Final = "331002101000"
_UPPER_DACHEN: Final = ("331002101206", "331002101351")
_LARGER: Final = {"331002400000": 2.4, "331002499000": 0.55}


@dataclass(frozen=True)
class Territory:
    """Labels of the mesh's sites, -1 on water, and the tables they count in.

    `township_of_site`, `village_of_site`, `grid_of_site` (n,) count in `townships()`, `villages()` and `grid_codes`;
    `village_of_grid` (659,) counts in `villages()`. Grids are in code order.
    """

    township_of_site: NDArray[np.int64]
    village_of_site: NDArray[np.int64]
    grid_of_site: NDArray[np.int64]
    grid_codes: tuple[str, ...]
    village_of_grid: NDArray[np.int64]


def divide_land(mesh: Mesh, random: np.random.Generator) -> Territory:
    """Part the land into townships, those into villages and communities, those into grids with codes."""
    ground = Ground(mesh, random)
    units = villages()
    grids_of = _grid_counts(units, random)
    township = _townships(mesh, ground, units, grids_of, random)
    village = np.full(len(mesh.xy_m), -1, np.int64)
    for position, unit in enumerate(townships()):
        inside = np.flatnonzero(township == position)
        own = [k for k, candidate in enumerate(units) if candidate.township == unit.code]
        if unit.code == _DACHEN:
            village[inside] = _dachen(ground, inside, own, units, grids_of, random)
        else:
            village[inside] = _villages(ground, inside, own, units, grids_of, _place(unit.code, town=True), random)
    return _number_grids(mesh, ground, units, grids_of, township, village, random)


def reading_order(xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places (n, 2) as text is read: rows from north to south, in each row west to east; about as many rows as columns."""
    rows = max(1, round(len(xy_m) ** 0.5))
    southward = np.argsort(-xy_m[:, 1], kind="stable")
    return np.concatenate([row[np.argsort(xy_m[row, 0], kind="stable")] for row in np.array_split(southward, rows)])


def _grid_counts(units: tuple[VillageName, ...], random: np.random.Generator) -> NDArray[np.int64]:
    """Grids per village: at least one, communities 5 to 8 (the island port two), adding up exactly."""
    community = np.array([unit.kind == "community" for unit in units])
    codes = np.array([unit.code for unit in units])
    weight = np.where(community, 0.8 + 0.5 * random.random(len(units)), random.random(len(units)) ** 1.5)
    count = np.ones(len(units), np.int64)
    count[codes == _PORT_COMMUNITY] = 2
    fixed = (codes == _PORT_COMMUNITY) | np.char.startswith(codes, "331002499") | np.char.startswith(codes, "331002101")
    count[np.char.startswith(codes, "331002400") | np.char.startswith(codes, "331002101")] = 2
    for mask, total in ((community, COMMUNITY_GRIDS), (~community, VILLAGE_GRIDS)):
        open_to = np.flatnonzero(mask & ~fixed)
        extra = total - int(count[mask].sum())
        share = weight[open_to] / weight[open_to].sum() * extra
        count[open_to] += np.floor(share).astype(np.int64)
        missing = total - int(count[mask].sum())
        count[open_to[np.argsort(-(share % 1.0), kind="stable")[:missing]]] += 1
    return count


def _townships(
    mesh: Mesh, ground: Ground, units: tuple[VillageName, ...], grids_of: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    names = [unit.code for unit in townships()]
    label = np.full(len(mesh.xy_m), -1, np.int64)
    land = np.flatnonzero(mesh.land)
    islands_west_m = min(island.bounds[0] for island in outline().islands)
    on_islands = mesh.xy_m[land, 0] > islands_west_m - 1.0
    label[land[on_islands]] = names.index(_DACHEN)
    for part in ground.parts(land[~on_islands]):
        north = bool(mesh.xy_m[part, 1].mean() > PLANE.to_xy(np.array([121.4]), np.array([28.70]))[1][0])
        own = [code for code in names if code != _DACHEN and (code in _NORTH_OF_THE_RIVER) == north]
        shares = np.array([_grids_in(code, units, grids_of) * _LARGER.get(code, 1.0) for code in own])
        seeds = np.array([_place(code) for code in own])
        if len(part) < shares.sum():
            own, shares, seeds = own[:1], shares[:1], seeds[:1]
        found = ground.divide(part, shares, random, seeds_at_m=seeds)
        label[part] = np.array([names.index(code) for code in own])[found]
    return label


def _villages(
    ground: Ground,
    inside: NDArray[np.int64],
    own: list[int],
    units: tuple[VillageName, ...],
    grids_of: NDArray[np.int64],
    town_m: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """The village of every site of one township: communities around its town, villages in what is left."""
    communities = np.array([k for k in own if units[k].kind == "community"], np.int64)
    others = np.array([k for k in own if units[k].kind == "village"], np.int64)
    town, country = _town_and_country(ground, inside, grids_of, communities, others, town_m)
    found = np.full(int(inside.max()) + 1, -1, np.int64)
    if len(town):
        found[town] = communities[ground.divide(town, grids_of[communities].astype(np.float64), random)]
    sizes = np.array([len(part) for part in country], np.float64)
    for part, names in zip(country, _deal(others, grids_of, sizes), strict=True):
        found[part] = names[ground.divide(part, grids_of[names].astype(np.float64) ** 0.8, random)]
    return found[inside]


def _town_and_country(
    ground: Ground,
    inside: NDArray[np.int64],
    grids_of: NDArray[np.int64],
    communities: NDArray[np.int64],
    others: NDArray[np.int64],
    town_m: NDArray[np.float64],
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """The sites around the town that its communities need, and the connected parts of the rest; crumbs go to the town."""
    if not len(communities):
        return np.empty(0, np.int64), ground.parts(inside)
    share = grids_of[communities].sum() / (grids_of[communities].sum() + grids_of[others].sum())
    seed = ground.nearest(inside, town_m)
    grown = ground.grow(inside, [seed], np.ones(1), limit=round(len(inside) * float(share)))
    town, rest = inside[grown == 0], inside[grown != 0]
    per_grid = len(rest) / max(1, int(grids_of[others].sum()))
    parts = ground.parts(rest)
    crumbs = [part for part in parts if len(part) < 1.6 * per_grid]
    return np.sort(np.concatenate([town, *crumbs])), [part for part in parts if len(part) >= 1.6 * per_grid]


def _deal(names: NDArray[np.int64], grids_of: NDArray[np.int64], sizes: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Deal villages to the parts of the country, largest first, each to the part with most ground left per grid."""
    hands: list[list[int]] = [[] for _ in sizes]
    left = sizes / sizes.sum() * grids_of[names].sum()
    for name in names[np.argsort(-grids_of[names], kind="stable")].tolist():
        poorest = [k for k, hand in enumerate(hands) if not hand]
        pick = poorest[0] if poorest and len(names) - sum(map(len, hands)) == len(poorest) else int(np.argmax(left))
        hands[pick].append(name)
        left[pick] -= grids_of[name]
    return [np.array(sorted(hand), np.int64) for hand in hands]


def _dachen(
    ground: Ground,
    inside: NDArray[np.int64],
    own: list[int],
    units: tuple[VillageName, ...],
    grids_of: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Upper Dachen's villages on the northern island, the others on the southern; Yijiangshan belongs to Upper Dachen."""
    found = np.full(int(inside.max()) + 1, -1, np.int64)
    upper = np.array([k for k in own if units[k].code in _UPPER_DACHEN], np.int64)
    lower = np.array([k for k in own if units[k].code not in _UPPER_DACHEN], np.int64)
    large, small, islet = ground.parts(inside)
    if ground.xy_m[large, 1].mean() < ground.xy_m[small, 1].mean():
        large, small = small, large
    found[large] = upper[ground.divide(large, grids_of[upper].astype(np.float64), random)]
    found[small] = lower[ground.divide(small, grids_of[lower].astype(np.float64), random)]
    found[islet] = upper[0]
    return found[inside]


def _number_grids(
    mesh: Mesh,
    ground: Ground,
    units: tuple[VillageName, ...],
    grids_of: NDArray[np.int64],
    township: NDArray[np.int64],
    village: NDArray[np.int64],
    random: np.random.Generator,
) -> Territory:
    grid = np.full(len(mesh.xy_m), -1, np.int64)
    codes: list[str] = []
    parents: list[int] = []
    for position, unit in enumerate(units):
        parts = ground.parts(np.flatnonzero(village == position))
        main = parts[0]
        found = ground.divide(main, np.ones(int(grids_of[position])), random)
        middles = np.array([ground.xy_m[main[found == k]].mean(axis=0) for k in range(int(grids_of[position]))])
        order = reading_order(middles)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        grid[main] = len(codes) + rank[found]
        for islet in parts[1:]:
            nearest = int(np.argmin(((middles - ground.xy_m[islet].mean(axis=0)) ** 2).sum(axis=1)))
            grid[islet] = len(codes) + rank[nearest]
        codes.extend(f"{unit.code}{k:03d}" for k in range(1, len(order) + 1))
        parents.extend([position] * len(order))
    return Territory(township, village, grid, tuple(codes), np.array(parents, np.int64))


def _grids_in(township: str, units: tuple[VillageName, ...], grids_of: NDArray[np.int64]) -> int:
    return sum(int(grids_of[k]) for k, unit in enumerate(units) if unit.township == township)


def _place(township: str, *, town: bool = False) -> NDArray[np.float64]:
    lon0, lat0, lon1, lat1 = _CENTRES[township]
    x, y = PLANE.to_xy(np.array([lon1 if town else lon0]), np.array([lat1 if town else lat0]))
    return np.array([x[0], y[0]])
