"""The plane in which a network is measured: a transverse Mercator of scale 1 through the middle of its bounds."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

Bounds = tuple[float, float, float, float]

_CENTRE_DEGREES: Final = 0.01
_LONGEST_EDGE_DEGREES: Final = 0.002
_FAR_DEGREES: Final = 20.0
_EARTH_M_PER_DEGREE: Final = 111_195.0


@dataclass(frozen=True)
class MetricPlane:
    """Metres east (x) and north (y) of a centre in longitude and latitude (degrees, EPSG:4490)."""

    lon0: float
    lat0: float

    @classmethod
    def for_bounds(cls, bounds: Bounds) -> "MetricPlane":
        """The plane centred on the middle of (west, south, east, north), rounded to 0.01 degree."""
        west, south, east, north = bounds
        return cls(_rounded((west + east) / 2.0), _rounded((south + north) / 2.0))

    def to_xy(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres for degrees, arrays (n,) of one length; NaN where a coordinate is not finite.

        Positions more than 20 degrees from the centre cannot belong to the network; they get a plain
        equirectangular place instead, far away but finite, so that distances to them are large and never NaN.
        """
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        with np.errstate(invalid="ignore"):
            far = (np.abs(lon - self.lon0) > _FAR_DEGREES) | (np.abs(lat - self.lat0) > _FAR_DEGREES)
        x, y = _projector(self.lon0, self.lat0).transform(np.where(far, self.lon0, lon), np.where(far, self.lat0, lat))
        if np.any(far):
            x = np.where(far, (lon - self.lon0) * _EARTH_M_PER_DEGREE * math.cos(math.radians(self.lat0)), x)
            y = np.where(far, (lat - self.lat0) * _EARTH_M_PER_DEGREE, y)
        finite = np.isfinite(lon) & np.isfinite(lat)
        return np.where(finite, x, np.nan), np.where(finite, y, np.nan)

    def to_lonlat(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees for metres, arrays (n,)."""
        lon, lat = _projector(self.lon0, self.lat0).transform(
            np.asarray(x_m, np.float64), np.asarray(y_m, np.float64), direction="INVERSE"
        )
        return np.asarray(lon), np.asarray(lat)

    def project(self, geometry: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries (n,) from degrees into metres.

        Edges are straight in longitude and latitude, so edges beyond 0.002 degree get extra vertices first: what is
        then straight in the plane stays within about 1 mm of the true edge.
        """
        dense = shapely.segmentize(geometry, _LONGEST_EDGE_DEGREES)
        return np.asarray(shapely.transform(dense, self._transform_pairs), dtype=object)

    def unproject(self, geometry: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries (n,) from metres back into degrees."""
        return np.asarray(shapely.transform(geometry, self._untransform_pairs), dtype=object)

    def _transform_pairs(self, pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(self.to_xy(pairs[:, 0], pairs[:, 1]))

    def _untransform_pairs(self, pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(self.to_lonlat(pairs[:, 0], pairs[:, 1]))


def _rounded(degrees: float) -> float:
    return round(round(degrees / _CENTRE_DEGREES) * _CENTRE_DEGREES, 2)


@lru_cache(maxsize=64)
def _projector(lon0: float, lat0: float) -> pyproj.Transformer:
    plane = f"+proj=tmerc +lat_0={lat0} +lon_0={lon0} +k=1 +x_0=0 +y_0=0 +ellps=GRS80 +units=m +no_defs"
    geographic = "+proj=longlat +ellps=GRS80 +no_defs"
    return pyproj.Transformer.from_crs(geographic, plane, always_xy=True)
