"""Reference systems of what comes in: everything becomes longitude and latitude in CGCS2000, or is refused."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError

from gisgrid.datum import Datum, to_wgs84
from gisgrid.errors import MissingCrs, UnsupportedCrs

STORED_CRS: Final = "EPSG:4490"

# pyproj converts these to CGCS2000 by doing nothing at all ("ballpark"), tens of metres wrong; only control points help.
_NEEDS_CONTROL_POINTS: Final = (
    "beijing 1954",
    "new beijing",
    "xian 1980",
    "xi'an 1980",
    "d_beijing_1954",
    "d_xian_1980",
)
_SAME_AS_STORED: Final = (
    "china 2000",
    "cgcs2000",
    "china geodetic coordinate system 2000",
    "d_china_2000",
    "world geodetic system 1984",
    "wgs 84",
    "wgs_1984",
    "d_wgs_1984",
)


def read_crs(text: str) -> pyproj.CRS:
    """The reference system named by `text` (`EPSG:4549`, WKT ...); `UnsupportedCrs` when nobody knows it."""
    try:
        return pyproj.CRS.from_user_input(text)
    except CRSError as error:
        raise UnsupportedCrs(f"{text!r} is no coordinate reference system; expected for instance EPSG:4549") from error


def to_stored_lonlat(
    geometry: NDArray[np.object_], crs: pyproj.CRS | None, datum: Datum | None, *, source: str
) -> NDArray[np.object_]:
    """Geometries (n,) of a source in its declared system, as longitude and latitude (EPSG:4490).

    `datum` says that coordinates are degrees of that datum and wins over the file's own word, which for GCJ-02 and BD-09
    is always wrong (no file format can name them). Two-dimensional; `None` stays `None`. Raises `MissingCrs`,
    `UnsupportedCrs`.
    """
    flat = np.asarray(shapely.force_2d(geometry), dtype=object)
    if datum is not None:
        if crs is not None and not crs.is_geographic:
            raise UnsupportedCrs(f"{source} is in {crs.name}, which is not in degrees; --datum {datum} needs degrees")
        return _transformed(flat, lambda pairs: np.column_stack(to_wgs84(pairs[:, 0], pairs[:, 1], datum)))
    if crs is None:
        raise MissingCrs(
            f"{source} declares no coordinate reference system; pass --crs EPSG:... or --datum wgs84|gcj02|bd09"
        )
    transformer = transformer_to_stored(crs, source=source)
    if transformer is None:
        return flat

    def transform(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = transformer.transform(pairs[:, 0], pairs[:, 1], direction=TransformDirection.FORWARD)
        return np.column_stack((lon, lat))

    moved = _transformed(flat, transform)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise UnsupportedCrs(
            f"{source}: some coordinates do not lie where {crs.name} is defined; is the declared system right?"
        )
    return moved


def transformer_to_stored(crs: pyproj.CRS, *, source: str) -> pyproj.Transformer | None:
    """What converts (x, y) of `crs` into (lon, lat), or None when they are that already; `UnsupportedCrs` if nothing does."""
    geodetic = crs.geodetic_crs
    if geodetic is None:
        raise UnsupportedCrs(
            f"{source} is in a local system ({crs.name}); it needs control points, convert it to CGCS2000 first"
        )
    datum_names = {geodetic.name.lower(), geodetic.datum.name.lower() if geodetic.datum else ""}
    if any(old in name for old in _NEEDS_CONTROL_POINTS for name in datum_names):
        raise UnsupportedCrs(
            f"{source} is in {crs.name}; without control points a conversion to CGCS2000 would silently be tens of metres wrong. "
            "Have it converted by the survey office first"
        )
    if any(name.removesuffix(" ensemble") in _SAME_AS_STORED for name in datum_names):
        if crs.is_geographic:
            return None
        return pyproj.Transformer.from_crs(crs, geodetic, always_xy=True)
    try:
        return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True, allow_ballpark=False)
    except ProjError as error:
        raise UnsupportedCrs(
            f"{source} is in {crs.name}, for which no honest conversion to CGCS2000 is known"
        ) from error


def _transformed(
    geometry: NDArray[np.object_], function: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(geometry, function), dtype=object)
