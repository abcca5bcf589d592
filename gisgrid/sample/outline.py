"""Where the sample has land: the outline of Jiaojiang, the river through it and the coast drawn in to the real area.

The vertices are rounded facts of the public outline (degrees, WGS84). Its mainland part is too large, for it holds the
tidal river and the mud flats: the river is taken out and the east coast drawn in until land is 280.1 km2.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.plane import MetricPlane

LAND_KM2: Final = 280.1
PLANE: Final = MetricPlane(121.63, 28.6)
"""The metric plane in which the sample is built: about the middle of its bounds."""

_MAINLAND: Final = (
    "583,676 537,659 553,648 582,590 523,587 513,586 514,579 509,577 505,584 447,573 435,576 432,592 407,588 402,580 "
    "381,599 356,608 354,624 345,627 350,634 341,644 361,669 353,699 345,703 351,728 341,743 361,753 375,749 369,775 "
    "383,779 408,759 429,764 436,749 447,753 457,742 457,734 467,730 480,735 502,732 525,701 534,704 526,696 543,679"
)
_ISLANDS: Final = (
    "904,480 871,477 880,489 880,499 868,497 866,503 893,518 897,503 915,501 902,488",
    "866,427 865,435 874,437 885,455 917,456 907,443",
    "813,614 818,608 800,602 802,607",
)
_RIVER: Final = "325,7045 355,7025 373,6950 398,6940 425,6975 450,6985 475,7050 500,7130 545,7180"
_RIVER_HALF_WIDTH_M: Final = (420.0, 420.0, 430.0, 450.0, 480.0, 560.0, 780.0, 1250.0, 2200.0)
_COAST: Final = "546,570 543,590 535,612 531,630 527,648 522,664 516,680 506,700 500,720"


@dataclass(frozen=True)
class Outline:
    """The district in metres of `PLANE`: the mainland's outline, the islands north to south, the river's water."""

    mainland: shapely.Polygon
    islands: tuple[shapely.Polygon, ...]
    river: shapely.Geometry
    coast_y_m: NDArray[np.float64]
    coast_x_m: NDArray[np.float64]

    def seaward_m(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far east of the drawn coast line points (n, 2) lie; small values are inland."""
        return np.asarray(xy_m[:, 0] - np.interp(xy_m[:, 1], self.coast_y_m, self.coast_x_m), np.float64)


@cache
def outline() -> Outline:
    """The outline of Jiaojiang in metres of `PLANE`."""
    mainland = shapely.Polygon(_xy(_MAINLAND, 1e-3))
    islands = tuple(shapely.Polygon(_xy(text, 1e-3)) for text in _ISLANDS)
    coast = _xy(_COAST, 1e-3)
    coast = coast[np.argsort(coast[:, 1])]
    return Outline(mainland, islands, _river(), coast[:, 1], coast[:, 0])


def choose_land(xy_m: NDArray[np.float64], area_m2: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which sites (n, 2) with their cell areas (n,) are land, so that the cells add up to 280.1 km2.

    Islands are whole; the mainland leaves out the river and takes its sites from the inland side until the area is full.
    """
    shape = outline()
    points = shapely.points(xy_m)
    islands = np.zeros(len(xy_m), np.bool_)
    for island in shape.islands:
        shapely.prepare(island)
        islands |= shapely.contains(island, points)
    shapely.prepare(shape.mainland)
    shapely.prepare(shape.river)
    mainland = np.asarray(shapely.contains(shape.mainland, points) & ~shapely.contains(shape.river, points))
    seaward = np.where(mainland, shape.seaward_m(xy_m), np.inf)
    order = np.argsort(seaward, kind="stable")
    reached = np.cumsum(np.where(mainland, area_m2, 0.0)[order]) + area_m2[islands].sum()
    chosen = islands.copy()
    chosen[order[(reached <= LAND_KM2 * 1e6) & mainland[order]]] = True
    return chosen


def _river() -> shapely.Geometry:
    middle = _xy(_RIVER, (1e-3, 1e-4))
    banks = shapely.buffer(shapely.points(middle), np.array(_RIVER_HALF_WIDTH_M))
    stretches = [shapely.union(one, next_).convex_hull for one, next_ in pairwise(banks)]
    return shapely.union_all(stretches)


def _xy(text: str, unit: float | tuple[float, float]) -> NDArray[np.float64]:
    """Metres (n, 2) of words 'longitude,latitude' that count units above 121 and 28 degrees."""
    pairs = np.array([[float(number) for number in word.split(",")] for word in text.split()])
    degrees = pairs * np.asarray(unit) + (121.0, 28.0)
    return np.column_stack(PLANE.to_xy(degrees[:, 0], degrees[:, 1]))
