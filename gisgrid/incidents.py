"""Incidents and the one grid that answers for each: how it was found, how sure that is, and who else it might be."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.borders import ROUNDING_M, disc_shares
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.grid_index import NOWHERE

How = Literal["inside", "snapped", "unassigned"]
HOWS: Final[tuple[How, ...]] = ("inside", "snapped", "unassigned")

HOW_LABELS: Final[dict[str, tuple[str, str]]] = {
    "inside": ("lies in it", "位于网格内"),
    "snapped": ("outside, the nearest within 30 m", "网格外，30米内最近网格"),
    "stated": ("named in the report", "按上报所述"),
    "manual": ("given by hand", "人工指派"),
    "unassigned": ("nobody's yet; someone must place it", "尚未归属，待人工指派"),
}
"""How an incident came to its grid, also by a report or a person, with labels."""

Source = Literal["map", "phone", "address"]
DEFAULT_ACCURACY_M: Final[dict[Source, float]] = {"map": 10.0, "phone": 30.0, "address": 50.0}
"""What a position is worth whose source does not say (design section 5)."""

LEAST_SHARE: Final = 0.0005
"""Smaller shares of a disc would be written 0.000 and are left out."""


@dataclass(frozen=True)
class AssignOptions:
    """How far a point outside all grids is snapped, and the accuracy of positions that do not state theirs, in metres."""

    snap_m: float = 30.0
    default_accuracy_m: float = DEFAULT_ACCURACY_M["phone"]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.snap_m) and self.snap_m >= 0.0):
            raise BadOption(f"snap_m is {self.snap_m}; expected metres, at least 0")
        if not (np.isfinite(self.default_accuracy_m) and self.default_accuracy_m > 0.0):
            raise BadOption(f"default_accuracy_m is {self.default_accuracy_m}; expected metres above 0")


@dataclass(frozen=True, eq=False)
class Assignments:
    """One row per incident, in the order given.

    `position` (n,) is the place of its grid in the network, -1 for none; `how` (n,) is `inside`, `snapped` or
    `unassigned`; `border_distance_m` (n,) is measured to the border of that grid, else of the nearest, NaN where a
    coordinate is not finite; `alternatives` (n,) is text: the other grids within the accuracy disc as `code:share` of
    the whole disc's area joined by `;`, the largest share first, then by code.
    """

    position: NDArray[np.int32]
    how: NDArray[np.object_]
    border_distance_m: NDArray[np.float64]
    alternatives: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.position)

    def codes(self, network: GridNetwork) -> NDArray[np.object_]:
        """The code of the grid of every incident (n,), empty where there is none."""
        return np.array([*network.codes, ""], dtype=object)[self.position]

    def count_by_how(self) -> dict[How, int]:
        """How many incidents came to their grid in which way."""
        return {how: int((self.how == how).sum()) for how in HOWS}


def assign(
    network: GridNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    accuracy_m: NDArray[np.float64] | None = None,
    *,
    options: AssignOptions | None = None,
) -> Assignments:
    """Find the grid of every incident (degrees EPSG:4490, arrays (n,)) by the rules of design section 5.

    Inside: the grid, by the border rule. Else the nearest within `snap_m`, inclusive, ties to the smallest code. Else
    nobody. `accuracy_m` that is not above zero or not given takes the default. Coordinates that are not finite stay
    unassigned with NaN distance.
    """
    options = options or AssignOptions()
    lon, lat = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    if lon.shape != lat.shape or (accuracy_m is not None and np.atleast_1d(accuracy_m).shape != lon.shape):
        raise BadOption("longitudes, latitudes and accuracies must be arrays of one length")
    position = network.index.locate(lon, lat)
    how = np.full(len(lon), "inside", dtype=object)
    nearest = position.copy()
    outside = np.flatnonzero(position == NOWHERE)
    nearest[outside], distance_m = network.index.nearest(lon[outside], lat[outside])
    near = distance_m <= options.snap_m + ROUNDING_M
    position[outside[near]] = nearest[outside[near]]
    how[outside] = np.where(near, "snapped", "unassigned")
    border_m = network.index.border_distance_m(lon, lat, nearest)
    radius_m = _radius(accuracy_m, len(lon), options)
    return Assignments(position, how, border_m, _alternatives(network, lon, lat, position, border_m, radius_m))


def assign_to(
    network: GridNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    accuracy_m: NDArray[np.float64],
    position: NDArray[np.int32],
    *,
    options: AssignOptions | None = None,
) -> Assignments:
    """The assignments of incidents whose grids a person has given (`position` (n,), -1 for none): `how` is `manual`."""
    nearest = position.copy()
    none = np.flatnonzero(position == NOWHERE)
    nearest[none], _ = network.index.nearest(lon[none], lat[none])
    border_m = network.index.border_distance_m(lon, lat, nearest)
    radius_m = _radius(accuracy_m, len(lon), options or AssignOptions())
    how = np.full(len(lon), "manual", dtype=object)
    return Assignments(position, how, border_m, _alternatives(network, lon, lat, position, border_m, radius_m))


def _radius(accuracy_m: NDArray[np.float64] | None, count: int, options: AssignOptions) -> NDArray[np.float64]:
    if accuracy_m is None:
        return np.full(count, options.default_accuracy_m)
    stated = np.asarray(accuracy_m, np.float64)
    return np.where(np.isfinite(stated) & (stated > 0.0), stated, options.default_accuracy_m)


def _alternatives(
    network: GridNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    position: NDArray[np.int32],
    border_m: NDArray[np.float64],
    radius_m: NDArray[np.float64],
) -> NDArray[np.object_]:
    """For discs that reach over a border: the other grids they touch, the largest share first, then by code."""
    texts = np.full(len(lon), "", dtype=object)
    with np.errstate(invalid="ignore"):
        reaching = np.flatnonzero(border_m < radius_m)
    if len(reaching) == 0:
        return texts
    x, y = network.plane.to_xy(lon[reaching], lat[reaching])
    # Many incidents are reported at one and the same place: every disc is measured once.
    discs, disc_of = np.unique(
        np.column_stack((x, y, radius_m[reaching], position[reaching])), axis=0, return_inverse=True
    )
    x, y, radius, own = (np.ascontiguousarray(discs[:, column]) for column in range(4))
    asked, grids = network.index.plane_tree().query(shapely.box(x - radius, y - radius, x + radius, y + radius))
    other = grids != own[asked].astype(np.int64)
    asked, grids = asked[other], grids[other]
    shares = disc_shares(network.index.borders(), x[asked], y[asked], radius[asked], grids)
    kept = shares >= LEAST_SHARE
    asked, grids, shares = asked[kept], grids[kept], np.round(shares[kept], 3)
    parts: list[list[str]] = [[] for _ in range(len(discs))]
    for place in np.lexsort((grids, -shares, asked)):
        parts[asked[place]].append(f"{network.codes[grids[place]]}:{shares[place]:.3f}")
    texts[reaching] = np.array([";".join(found) for found in parts], dtype=object)[disc_of.reshape(-1)]
    return texts
