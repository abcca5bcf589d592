"""Which grid each incident belongs to, how surely, and which neighbours its accuracy reaches (design section 5)."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.disc_shares import PlaneEdges, border_distances_m, disc_areas_m2, edges_of, even_odd
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.grid_index import NOWHERE

How = Literal["inside", "snapped", "unassigned"]
Source = Literal["map", "phone", "address"]

SOURCE_ACCURACY_M: Final[dict[Source, float]] = {"map": 10.0, "phone": 30.0, "address": 50.0}
"""Radius assumed where a source states none."""

ROUNDING_M: Final = 1e-6
"""Distances closer than this are equal: degrees to metres and back is not exact to the last bit."""

_LEAST_SHARE: Final = 0.0005


@dataclass(frozen=True)
class AssignOptions:
    """How far a point is drawn to its nearest grid (inclusive) and the accuracy of one that states none, metres."""

    snap_m: float = 30.0
    default_accuracy_m: float = 30.0

    def __post_init__(self) -> None:
        for name, value in (("snap_m", self.snap_m), ("default_accuracy_m", self.default_accuracy_m)):
            if not (np.isfinite(value) and value >= 0.0):
                raise BadOption(f"{name} is {value!r}; expected a finite number of metres, 0 or more")


@dataclass(frozen=True, eq=False)
class Assignments:
    """One row per point, in the order given.

    `position` (n,) int32 is the place of the grid in the network, -1 for none. `how` (n,) is `inside`, `snapped` or
    `unassigned`. `border_distance_m` (n,) is the distance to the border of the grid given, else of the nearest; NaN
    where a coordinate is not finite. `alternatives` (n,) is text: the other grids the accuracy disc reaches, as
    `code:share` of the whole disc's area joined by `;`, the largest share first.
    """

    position: NDArray[np.int32]
    how: NDArray[np.object_]
    border_distance_m: NDArray[np.float64]
    alternatives: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.position)

    def codes(self, network: GridNetwork) -> NDArray[np.object_]:
        """The code of the grid of every point (n,), empty where there is none."""
        return np.array([*network.codes, ""], dtype=object)[self.position]

    def counts(self) -> dict[How, int]:
        """How many points came to their grid in which way."""
        return {
            "inside": int((self.how == "inside").sum()),
            "snapped": int((self.how == "snapped").sum()),
            "unassigned": int((self.how == "unassigned").sum()),
        }


DEFAULT_OPTIONS: Final = AssignOptions()


def assign(
    network: GridNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    accuracy_m: NDArray[np.float64] | None = None,
    *,
    options: AssignOptions = DEFAULT_OPTIONS,
) -> Assignments:
    """Give every point (degrees, arrays (n,)) its grid.

    A point inside belongs to the grid of the border rule; one outside to the nearest grid within `options.snap_m`, ties
    to the smallest code; any other to none. `accuracy_m` (n,) is the radius of the disc the point may lie in; NaN, zero
    or less means unstated. Shares are exact areas, rounded to 3 decimals; those that round to nothing are left out.
    """
    lon, lat = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    if len(lon) != len(lat) or (accuracy_m is not None and np.shape(accuracy_m) != lon.shape):
        raise BadOption("longitudes, latitudes and accuracies must be of one length")
    position = network.index.locate(lon, lat)
    how = np.full(len(lon), "unassigned", dtype=object)
    how[position >= 0] = "inside"
    x_m, y_m = network.plane.to_xy(lon, lat)
    plane_geometry = even_odd(network.index.plane_geometry())
    edges = edges_of(plane_geometry)
    nearest = position.copy()
    out = np.flatnonzero((position < 0) & np.isfinite(x_m) & np.isfinite(y_m))
    if len(out):
        nearest[out], metres = _nearest(plane_geometry, x_m[out], y_m[out])
        near = metres <= options.snap_m + ROUNDING_M
        position[out[near]] = nearest[out[near]]
        how[out[near]] = "snapped"
    border_m = border_distances_m(edges, x_m, y_m, nearest)
    radius_m = _radii(accuracy_m, len(lon), options)
    alternatives = np.full(len(lon), "", dtype=object)
    crossing = np.flatnonzero(border_m < radius_m)
    alternatives[crossing] = _alternatives(
        network.codes, plane_geometry, edges, x_m[crossing], y_m[crossing], radius_m[crossing], position[crossing]
    )
    return Assignments(position, how, border_m, alternatives)


def _nearest(
    geometry: NDArray[np.object_], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The nearest polygon of every point and its distance; of those equally near the first."""
    points = shapely.points(x_m, y_m)
    tree = shapely.STRtree(geometry)
    (asked, _), metres = tree.query_nearest(points, return_distance=True, all_matches=False)
    distance_m = np.empty(len(points))
    distance_m[asked] = metres
    asked, grids = tree.query(points, predicate="dwithin", distance=distance_m + ROUNDING_M)
    nearest = np.full(len(points), len(geometry), np.int64)
    np.minimum.at(nearest, asked, grids)
    return nearest.astype(np.int32), distance_m


def _radii(accuracy_m: NDArray[np.float64] | None, count: int, options: AssignOptions) -> NDArray[np.float64]:
    if accuracy_m is None:
        return np.full(count, options.default_accuracy_m)
    stated = np.asarray(accuracy_m, np.float64)
    return np.where(np.isfinite(stated) & (stated > 0.0), stated, options.default_accuracy_m)


def _alternatives(
    codes: tuple[str, ...],
    geometry: NDArray[np.object_],
    edges: PlaneEdges,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    radius_m: NDArray[np.float64],
    position: NDArray[np.int32],
) -> NDArray[np.object_]:
    texts = np.full(len(x_m), "", dtype=object)
    # Many incidents are reported at one place: every disc is measured once.
    discs, back = np.unique(np.column_stack((x_m, y_m, radius_m, position)), axis=0, return_inverse=True)
    if len(discs) == 0:
        return texts
    x_m, y_m, radius_m, own = (np.ascontiguousarray(discs[:, column]) for column in range(4))
    boxes = shapely.box(x_m - radius_m, y_m - radius_m, x_m + radius_m, y_m + radius_m)
    disc, grid = shapely.STRtree(geometry).query(boxes)
    others = grid != own[disc].astype(np.int64)
    disc, grid = disc[others], grid[others].astype(np.int32)
    areas_m2 = disc_areas_m2(edges, x_m[disc], y_m[disc], radius_m[disc], grid)
    share = areas_m2 / (np.pi * radius_m[disc] ** 2)
    reached = share >= _LEAST_SHARE
    disc, grid, share = disc[reached], grid[reached], np.round(share[reached], 3)
    order = np.lexsort((grid, -share, disc))
    found: list[list[str]] = [[] for _ in range(len(discs))]
    for place in order:
        found[disc[place]].append(f"{codes[grid[place]]}:{share[place]:.3f}")
    joined = np.array([";".join(parts) for parts in found], dtype=object)
    texts[:] = joined[back.reshape(-1)]
    return texts
