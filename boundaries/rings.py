"""Rings: which polygons are invalid, where, and what is wrong with them."""

import re
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import Defect
from gisgrid.grid import GridNetwork
from gisgrid.grid_rows import GridRows, polygon_problem

_PLACE: Final = re.compile(r"^(?P<reason>[^\[]*)\[(?P<lon>\S+) (?P<lat>\S+)\]$")
REASONS: Final[dict[str, tuple[str, str]]] = {
    "Self-intersection": ("it crosses itself", "边界自相交"),
    "Ring Self-intersection": ("it touches itself", "边界自相接"),
    "Nested shells": ("one part lies in another", "一部分位于另一部分之内"),
    "Holes are nested": ("one hole lies in another", "洞中有洞"),
    "Hole lies outside shell": ("a hole lies outside", "洞位于外环之外"),
    "Interior is disconnected": ("its holes cut it apart", "被洞割裂"),
    "Duplicate Rings": ("a ring stands in it twice", "环重复"),
    "Too few points in geometry component": ("a ring has too few points", "环的点数不足"),
}
"""What GEOS calls it -> English and Chinese."""


def find_invalid_rings(rows: GridRows | GridNetwork) -> tuple[Defect, ...]:
    """The grids whose polygon is invalid, in the order of the rows, each with its first bad place."""
    usable = np.array([polygon_problem(shape) is None for shape in rows.geometry], bool)
    codes = tuple(code for code, good in zip(rows.codes, usable, strict=True) if good)
    return invalid_rings_of(codes, rows.geometry[usable])


def invalid_rings_of(codes: tuple[str, ...], geometry: NDArray[np.object_]) -> tuple[Defect, ...]:
    """The same for polygons (n,) in degrees of which none is missing."""
    return tuple(
        _invalid_ring(codes[position], geometry[position]) for position in np.flatnonzero(~shapely.is_valid(geometry))
    )


def _invalid_ring(code: str, shape: shapely.Geometry) -> Defect:
    text = str(shapely.is_valid_reason(shape))
    found = _PLACE.match(text)
    reason = found["reason"].strip() if found else text
    lon, lat = (float(found["lon"]), float(found["lat"])) if found else shapely.get_coordinates(shape)[0].tolist()
    english, chinese = REASONS.get(reason, (reason, reason))
    return Defect("invalid_ring", (code,), 0.0, lon, lat, shapely.Point(lon, lat), english, chinese)
