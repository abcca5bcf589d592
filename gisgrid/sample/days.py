"""How one day of a patroller goes in the sample: a path of places and the times at which they are reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.sample.lanes import Lanes, Points, border_walk

BORDER_WALK_M: Final = 9.0

_WALK_KMH: Final = (3.0, 4.3)
_ERRAND_KMH: Final = 4.2
_WALK_S: Final = (4_500.0, 5_160.0)
_SHORT_WALK_S: Final = (1_440.0, 1_680.0)
_LONG_WALK_S: Final = (9_000.0, 9_900.0)
_BREAK_S: Final = (2_220.0, 2_760.0)
_STILL_S: Final = 8 * 3_600.0
_DRIVE_S: Final = 2_700.0
_DRIVE_KMH: Final = (40.0, 55.0)
_BEYOND_M: Final = 1_200.0
_SILENT_WALK_S: Final = 4_800.0
_SILENCE_S: Final = 3_300.0
_CHAT_SHARE: Final = 0.06
_CHAT_S: Final = (40.0, 150.0)


@dataclass(frozen=True)
class DayPath:
    """Seconds after the start (m,) at which places (m, 2) in metres are reached; in between straight on at even speed.

    `silent_s` is a span (from, to) without fixes, empty when both are equal.
    """

    time_s: NDArray[np.float64]
    xy_m: Points
    silent_s: tuple[float, float] = (0.0, 0.0)


def two_visits(
    first: Lanes, second: Lanes, spot_m: Points, random: np.random.Generator, *, short: bool = False
) -> DayPath:
    """A walk on the first lanes, a break at a spot outside, a walk on the second lanes."""
    span = _SHORT_WALK_S if short else _WALK_S
    morning = _visit(first, random.uniform(*span), random)
    noon = _walk_to(morning.xy_m[-1], spot_m)
    rest = DayPath(np.array([0.0, random.uniform(*_BREAK_S)]), np.array([spot_m, spot_m]))
    again = _visit(second, random.uniform(*span), random)
    return _joined((morning, noon, rest, _walk_to(spot_m, again.xy_m[0]), again))


def one_visit(lanes: Lanes, random: np.random.Generator) -> DayPath:
    """One long walk without a break."""
    return _visit(lanes, random.uniform(*_LONG_WALK_S), random)


def around_the_border(shape_m: shapely.Geometry, spot_m: Points, random: np.random.Generator) -> DayPath:
    """Twice along the outside of the border, with a break at a spot farther out."""
    morning = _around(shape_m, random)
    again = _around(shape_m, random)
    rest = DayPath(np.array([0.0, random.uniform(*_BREAK_S)]), np.array([spot_m, spot_m]))
    return _joined((morning, _walk_to(morning.xy_m[-1], spot_m), rest, _walk_to(spot_m, again.xy_m[0]), again))


def phone_off(lanes: Lanes, random: np.random.Generator) -> DayPath:
    """A walk in one grid all the time, the phone off for 55 minutes in the middle."""
    walk = _visit(lanes, 2.0 * _SILENT_WALK_S + _SILENCE_S, random)
    return DayPath(walk.time_s, walk.xy_m, (_SILENT_WALK_S, _SILENT_WALK_S + _SILENCE_S))


def at_home(lanes: Lanes, random: np.random.Generator) -> DayPath:
    """Eight hours on one spot in the grid."""
    home = lanes.nodes_m[int(random.integers(len(lanes.nodes_m)))]
    return DayPath(np.array([0.0, _STILL_S]), np.array([home, home]))


def drive_through(shape_m: shapely.Geometry, random: np.random.Generator) -> DayPath:
    """To and fro on a straight road through the middle of the grid, turning far outside on both sides."""
    middle = shapely.get_coordinates(shapely.point_on_surface(shape_m))[0]
    west, south, east, north = shapely.bounds(shape_m).tolist()
    reach = np.hypot(east - west, north - south) + _BEYOND_M
    angle = random.uniform(0.0, np.pi)
    way = reach * np.array([np.cos(angle), np.sin(angle)])
    speed = random.uniform(*_DRIVE_KMH) / 3.6
    turns = int(np.ceil(_DRIVE_S * speed / (2.0 * reach)))
    places = np.array([middle + way * (-1.0) ** turn for turn in range(turns + 1)])
    return DayPath(np.arange(turns + 1) * 2.0 * reach / speed, places)


def _visit(lanes: Lanes, span_s: float, random: np.random.Generator) -> DayPath:
    """A walk of exactly `span_s` on lanes from a random node, with short talks at some of the nodes."""
    speed = random.uniform(*_WALK_KMH) / 3.6
    places = lanes.walk(span_s * speed + 1.0, int(random.integers(len(lanes.nodes_m))), random)
    step_s = np.hypot(*np.diff(places, axis=0).T) / speed
    talk_s = np.where(random.random(len(step_s)) < _CHAT_SHARE, random.uniform(*_CHAT_S, len(step_s)), 0.0)
    reached = np.concatenate([[0.0], np.cumsum(step_s + talk_s)])
    arrived = reached[1:] - talk_s
    times = np.concatenate([[0.0], np.column_stack([arrived, reached[1:]]).ravel()])
    return _until(DayPath(times, np.concatenate([places[:1], np.repeat(places[1:], 2, axis=0)])), span_s)


def _around(shape_m: shapely.Geometry, random: np.random.Generator) -> DayPath:
    speed = random.uniform(*_WALK_KMH) / 3.6
    places = border_walk(shape_m, BORDER_WALK_M, random.uniform(*_WALK_S) * speed)
    steps = np.hypot(*np.diff(places, axis=0).T) / speed
    return DayPath(np.concatenate([[0.0], np.cumsum(steps)]), places)


def _walk_to(start_m: Points, end_m: Points) -> DayPath:
    span = float(np.hypot(*(end_m - start_m))) / (_ERRAND_KMH / 3.6)
    return DayPath(np.array([0.0, span]), np.array([start_m, end_m]))


def _until(path: DayPath, span_s: float) -> DayPath:
    """The path cut off at `span_s`."""
    kept = int(np.searchsorted(path.time_s, span_s))
    last = [np.interp(span_s, path.time_s, path.xy_m[:, axis]) for axis in (0, 1)]
    return DayPath(np.append(path.time_s[:kept], span_s), np.concatenate([path.xy_m[:kept], [last]]))


def _joined(paths: Sequence[DayPath]) -> DayPath:
    begin = np.cumsum([0.0, *(path.time_s[-1] for path in paths[:-1])])
    times = np.concatenate([path.time_s + start for path, start in zip(paths, begin, strict=True)])
    return DayPath(times, np.concatenate([path.xy_m for path in paths]))
