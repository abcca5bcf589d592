"""Rings: which polygons are invalid and where, and how they are read all the same."""

import re
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import Defect

_PLACE: Final = re.compile(r"^(?P<reason>[^\[]*)\[(?P<x>\S+) (?P<y>\S+)\]$")
_WORDS: Final = {
    "Self-intersection": "it crosses itself",
    "Ring Self-intersection": "it touches itself",
    "Nested shells": "one part lies in another",
    "Hole lies outside shell": "a hole lies outside",
    "Interior is disconnected": "its holes cut it apart",
    "Duplicate Rings": "a ring stands in it twice",
    "Too few points in geometry component": "a ring has too few points",
}


def find_invalid_rings(codes: tuple[str, ...], geometry: NDArray[np.object_]) -> tuple[Defect, ...]:
    """The invalid polygons among `geometry` (n,) in degrees, each with its first bad place."""
    invalid = np.flatnonzero(~shapely.is_valid(geometry) & ~shapely.is_missing(geometry))
    defects = []
    for position in invalid:
        found = _PLACE.match(str(shapely.is_valid_reason(geometry[position])))
        if found is None:
            reason, lon, lat = str(shapely.is_valid_reason(geometry[position])), float("nan"), float("nan")
        else:
            reason, lon, lat = found["reason"].strip(), float(found["x"]), float(found["y"])
        defects.append(
            Defect(
                "invalid_ring",
                (codes[position],),
                0.0,
                lon,
                lat,
                None if np.isnan(lon) else shapely.Point(lon, lat),
                _WORDS.get(reason, reason),
            )
        )
    return tuple(defects)


def read_even_odd(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons (n,) with invalid ones read by the even-odd rule, so that areas can be measured."""
    readable = geometry.copy()
    for position in np.flatnonzero(~shapely.is_valid(geometry) & ~shapely.is_missing(geometry)):
        parts = shapely.get_parts(shapely.make_valid(geometry[position], method="linework"))
        areas = parts[np.isin(shapely.get_type_id(parts), (3, 6))]
        readable[position] = shapely.union_all(areas) if len(areas) else shapely.Polygon()
    return readable
