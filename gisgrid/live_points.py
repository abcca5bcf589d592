"""Where things are now: patrollers and open incidents, put, moved, removed, asked for; the newest position wins."""

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
import rtree.index

from gisgrid.errors import BadOption
from gisgrid.plane import Bounds, MetricPlane

_PLANE_DEGREES: Final = 19.0
"""So far from its centre the plane is one smooth map; beyond, everything is looked through."""


@dataclass(frozen=True)
class LivePoint:
    """A named point: degrees (EPSG:4490), the time of its position in milliseconds since 1970, UTC."""

    name: str
    lon: float
    lat: float
    at_ms: int


@dataclass(frozen=True)
class NearPoint:
    """A live point and its distance from where was asked, in metres of the plane."""

    point: LivePoint
    distance_m: float


class LivePoints:
    """Named points in an R-tree in metres of a plane; any number of threads may use it at once."""

    def __init__(self, plane: MetricPlane) -> None:
        self._plane = plane
        self._lock = threading.Lock()
        self._tree = rtree.index.Index()
        self._points: dict[str, LivePoint] = {}
        self._number_of: dict[str, int] = {}
        self._name_of: dict[int, str] = {}
        self._xy: dict[str, tuple[float, float]] = {}
        self._removed_at_ms: dict[str, int] = {}
        self._next_number = 0

    def __len__(self) -> int:
        with self._lock:
            return len(self._points)

    def __contains__(self, name: object) -> bool:
        with self._lock:
            return name in self._points

    def put(self, name: str, lon: float, lat: float, at_ms: int) -> bool:
        """Put a point or move it; False, and nothing changes, when a newer position or removal is known.

        Of two positions of the same millisecond the later call wins. Raises `BadOption` for a position that is not on
        the earth.
        """
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
            raise BadOption(f"{name}: position {lon}, {lat}; expected longitude -180 to 180 and latitude -90 to 90")
        x, y = self._to_xy(lon, lat)
        with self._lock:
            known = self._points.get(name)
            if (known is not None and known.at_ms > at_ms) or self._removed_at_ms.get(name, at_ms - 1) >= at_ms:
                return False
            self._take_out(name)
            number = self._next_number
            self._next_number += 1
            self._tree.insert(number, (x, y, x, y))
            self._number_of[name], self._name_of[number], self._xy[name] = number, name, (x, y)
            self._points[name] = LivePoint(name, lon, lat, at_ms)
            self._removed_at_ms.pop(name, None)
        return True

    def remove(self, name: str, at_ms: int | None = None) -> bool:
        """Take a point away; False when it is not there or, with a time, when a newer position is known.

        With a time, positions up to that time which arrive later are refused.
        """
        with self._lock:
            known = self._points.get(name)
            if at_ms is not None:
                if known is not None and known.at_ms > at_ms:
                    return False
                self._removed_at_ms[name] = max(at_ms, self._removed_at_ms.get(name, at_ms))
            return self._take_out(name)

    def get(self, name: str) -> LivePoint | None:
        """The newest position of a name, if there is one."""
        with self._lock:
            return self._points.get(name)

    def nearest(self, lon: float, lat: float, count: int = 1) -> list[NearPoint]:
        """The nearest points, the nearest first, ties by name; fewer where there are fewer."""
        if count < 1 or not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
            raise BadOption(
                f"nearest {count} of {lon}, {lat}; expected a count of at least 1 and a position in degrees"
            )
        x, y = self._to_xy(lon, lat)
        with self._lock:
            count = min(count, len(self._points))
            if count == 0:
                return []
            # The tree gives those that tie for the last place too.
            names = [self._name_of[number] for number in self._tree.nearest((x, y, x, y), count)]
            found = [
                NearPoint(self._points[name], float(np.hypot(self._xy[name][0] - x, self._xy[name][1] - y)))
                for name in names
            ]
        return sorted(found, key=lambda near: (near.distance_m, near.point.name))[:count]

    def within(self, window: Bounds) -> list[LivePoint]:
        """The points in a window (west, south, east, north) in degrees, its border included, by name."""
        west, south, east, north = window
        if not (west <= east and south <= north):
            raise BadOption(f"window {window}; expected west, south, east, north in degrees")
        with self._lock:
            box = self._box_of(window)
            names = list(self._points) if box is None else [self._name_of[k] for k in self._tree.intersection(box)]
            points = [self._points[name] for name in names]
        inside = [point for point in points if west <= point.lon <= east and south <= point.lat <= north]
        return sorted(inside, key=lambda point: point.name)

    def _take_out(self, name: str) -> bool:
        if name not in self._points:
            return False
        number = self._number_of.pop(name)
        x, y = self._xy.pop(name)
        self._tree.delete(number, (x, y, x, y))
        del self._name_of[number], self._points[name]
        return True

    def _to_xy(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = self._plane.to_xy(np.array([lon]), np.array([lat]))
        return float(x[0]), float(y[0])

    def _box_of(self, window: Bounds) -> Bounds | None:
        """The box in metres around a window; None where it reaches too far for the plane.

        Meridians and parallels bend one way on either side of the centre, so the corners and the places level with the
        centre and with the equator bound all others.
        """
        west, south, east, north = window
        plane = self._plane
        if max(abs(west - plane.lon0), abs(east - plane.lon0)) > _PLANE_DEGREES:
            return None
        if max(abs(south - plane.lat0), abs(north - plane.lat0)) > _PLANE_DEGREES:
            return None
        lon = np.array([west, min(max(plane.lon0, west), east), east])
        lat = np.array([south, min(max(0.0, south), north), north])
        x, y = plane.to_xy(np.tile(lon, 3), np.repeat(lat, 3))
        room = 0.01
        return float(x.min()) - room, float(y.min()) - room, float(x.max()) + room, float(y.max()) + room
