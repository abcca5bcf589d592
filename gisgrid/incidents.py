"""Incidents and the one grid that answers for each: how it was found, how sure that is, and who else it might be."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.borders import disc_shares
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.grid_index import NOWHERE

How = Literal["inside", "snapped", "unassigned"]
HOWS: Final[tuple[How, ...]] = ("inside", "snapped", "unassigned")

Source = Literal["map", "phone", "address"]
DEFAULT_ACCURACY_M: Final[dict[Source, float]] = {"map": 10.0, "phone": 30.0, "address": 50.0}
"""What a position is worth whose source does not say (design section 5)."""

CATEGORIES: Final[dict[str, tuple[str, str]]] = {
    "public_security_hazards": ("Public security and safety hazards", "公共安全隐患"),
    "livelihood_services": ("Livelihood services", "民生服务"),
    "disputes": ("Disputes", "矛盾纠纷"),
    "central_tasks": ("Central tasks", "中心工作"),
    "other": ("Other", "其他"),
}
"""Categories with their labels in English and Chinese."""

_LEAST_SHARE: Final = 0.0005


@dataclass(frozen=True)
class AssignOptions:
    """How far a point outside all grids is snapped, and the accuracy of positions that do not state theirs, in metres."""

    snap_m: float = 30.0
    default_accuracy_m: float = DEFAULT_ACCURACY_M["phone"]

    def __post_init__(self) -> None:
        if not self.snap_m >= 0.0:
            raise BadOption(f"snap_m is {self.snap_m}; expected metres, at least 0")
        if not self.default_accuracy_m > 0.0:
            raise BadOption(f"default_accuracy_m is {self.default_accuracy_m}; expected metres above 0")


@dataclass(frozen=True)
class Assignments:
    """For n incidents: `position` of the grid (int32, -1 for none), `how`, metres to the border of that grid (of the
    nearest one where there is none), and the other grids within the accuracy disc as `code:share` joined by `;`."""

    position: NDArray[np.int32]
    how: NDArray[np.object_]
    border_distance_m: NDArray[np.float64]
    alternatives: NDArray[np.object_]


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
    lon, lat = np.round(np.asarray(lon, np.float64), 7), np.round(np.asarray(lat, np.float64), 7)
    position = network.index.locate(lon, lat)
    how = np.full(len(lon), "inside", dtype=object)
    nearest = position.copy()
    outside = np.flatnonzero(position == NOWHERE)
    nearest[outside], distance_m = network.index.nearest(lon[outside], lat[outside])
    near = distance_m <= options.snap_m
    position[outside[near]] = nearest[outside[near]]
    how[outside] = np.where(near, "snapped", "unassigned")
    border_m = network.index.border_distance_m(lon, lat, nearest)
    radius_m = _radius(accuracy_m, len(lon), options)
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
    radius = radius_m[reaching]
    discs = shapely.box(x - radius, y - radius, x + radius, y + radius)
    asked, grids = network.index.plane_tree().query(discs)
    other = grids != position[reaching[asked]]
    asked, grids = asked[other], grids[other]
    shares = disc_shares(network.index.plane_edges(), x[asked], y[asked], radius[asked], grids)
    kept = shares >= _LEAST_SHARE
    asked, grids, shares = asked[kept], grids[kept], shares[kept]
    order = np.lexsort((grids, -shares, asked))
    parts: dict[int, list[str]] = {}
    for place in order:
        parts.setdefault(int(reaching[asked[place]]), []).append(f"{network.codes[grids[place]]}:{shares[place]:.3f}")
    for row, found in parts.items():
        texts[row] = ";".join(found)
    return texts
