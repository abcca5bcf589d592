"""The ground of an edition as pages draw it: written once for those who see the same grids, and kept packed."""

import gzip
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.borderlines import DIGITS, find_borderlines
from gisgrid.grid import GridNetwork
from gisgrid.store.editions import Editions
from web.conditional import tag_of

_KEPT: Final = 16
_POINT_DIGITS: Final = 6


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GroundGrids(_Shape):
    """Grids in code order, as columns of one length. `lon`, `lat` is a point inside, degrees (EPSG:4490).

    `rings` are lists of lines: the number of a line, or `-1 - number` where it is walked backwards.
    """

    code: list[str]
    name: list[str]
    kind: list[str | None]
    lon: list[float]
    lat: list[float]
    rings: list[list[list[int]]]


class GroundUnits(_Shape):
    """Villages and townships in code order, as columns: a point inside and the bounds west, south, east, north, in degrees."""

    code: list[str]
    lon: list[float]
    lat: list[float]
    bounds: list[tuple[float, float, float, float]]


class GroundShape(_Shape):
    """The borders of an edition, simplified together for drawing (about 4 m), each once; not for measuring.

    `lines` hold longitudes and latitudes in turns, times ten to the power of `digits`: the first pair as it is, the others as
    differences to the one before. `level` says what a line separates: 0 the land, 1 townships, 2 villages, 3 grids.
    """

    edition: int = Field(examples=[1])
    digits: int = Field(examples=[5])
    lines: list[list[int]]
    level: list[int]
    grids: GroundGrids
    villages: GroundUnits
    townships: GroundUnits


@dataclass(frozen=True)
class Ground:
    """A ground as it is sent: its tag, JSON, and the same packed by gzip."""

    tag: str
    content: bytes
    packed: bytes


class Grounds:
    """Grounds made of late; any number of threads may ask, one makes."""

    def __init__(self, editions: Editions) -> None:
        self._editions = editions
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, tuple[int, ...]], Ground] = OrderedDict()

    def ground(self, edition: int, positions: tuple[int, ...]) -> Ground:
        """The ground of some grids of an edition."""
        key = (edition, positions)
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                content = ground_of(edition, self._editions.network(edition), positions).model_dump_json().encode()
                found = Ground(tag_of(content), content, gzip.compress(content, 9, mtime=0))
                self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found

    def warm(self) -> None:
        """Make that of the whole newest edition, so that nobody has to wait for it."""
        newest = self._editions.latest()
        if newest is not None:
            self.ground(newest.id, tuple(range(len(self._editions.network(newest.id)))))


def ground_of(edition: int, network: GridNetwork, positions: tuple[int, ...]) -> GroundShape:
    """What is drawn of some grids."""
    found = find_borderlines(network, positions)
    shapes = network.geometry[list(positions)]
    points = shapely.point_on_surface(shapes)
    lines = [np.concatenate((line[:1], np.diff(line, axis=0))).ravel().tolist() for line in found.lines]
    grids = GroundGrids.model_construct(
        code=[network.codes[place] for place in positions],
        name=[network.names[place] for place in positions],
        kind=[network.kinds[place] for place in positions],
        lon=shapely.get_x(points).round(_POINT_DIGITS).tolist(),
        lat=shapely.get_y(points).round(_POINT_DIGITS).tolist(),
        rings=[[list(ring) for ring in rings] for rings in found.rings],
    )
    return GroundShape.model_construct(
        edition=edition, digits=DIGITS, lines=lines, level=list(found.level), grids=grids,
        villages=_units(shapes, [network.villages[place] for place in positions]),
        townships=_units(shapes, [network.townships[place] for place in positions]),
    )  # fmt: skip


def _units(shapes: NDArray[np.object_], codes: list[str | None]) -> GroundUnits:
    """Units by the code that each grid has of one; their point lies in the largest of their grids' joined pieces."""
    named = np.array([code or "" for code in codes], dtype=object)
    found = sorted(set(named.tolist()) - {""})
    inside, bounds = [], []
    for code in found:
        joined = shapely.union_all(shapes[named == code])
        parts = shapely.get_parts(joined)
        largest = parts[int(np.argmax(shapely.area(parts)))]
        inside.append(shapely.point_on_surface(largest))
        bounds.append(tuple(round(value, _POINT_DIGITS) for value in shapely.bounds(joined).tolist()))
    return GroundUnits.model_construct(
        code=found,
        lon=[round(point.x, _POINT_DIGITS) for point in inside],
        lat=[round(point.y, _POINT_DIGITS) for point in inside],
        bounds=bounds,
    )
