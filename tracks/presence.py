"""Presence: what every stretch of a patroller's time is worth, certain, possible, elsewhere or unknown."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.compiling import compiled
from gisgrid.leg_parts import LEAST_REACH_M, Zones, find_parts
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS
from tracks.policy import Policy

CERTAIN: Final = 0
POSSIBLE: Final = 1
ELSEWHERE: Final = 2
UNKNOWN: Final = 3
STATE_NAMES: Final = ("certain", "possible", "elsewhere", "unknown")

NO_ZONE: Final = -1
_DRIVING_SPAN_MS: Final = 30_000
_KMH_PER_M_PER_MS: Final = 3600.0


@dataclass(frozen=True)
class Walk:
    """The used fixes of one patroller in time order, in metres of the plane, with what follows from them alone.

    `driving` (n - 1,) says of each leg whether it is driven; `stop_end_ms` (n - 1,) is the instant after which certain
    presence on the leg becomes possible, for legs within a stop, else the largest integer.
    """

    time_ms: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    driving: NDArray[np.bool_]
    stop_end_ms: NDArray[np.int64]


@dataclass(frozen=True)
class Stretches:
    """Consecutive stretches (k,) of one patroller's time within duty windows, half-open, in ms UTC, never across midnight."""

    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]
    state: NDArray[np.int8]


def make_walk(time_ms: NDArray[np.int64], x_m: NDArray[np.float64], y_m: NDArray[np.float64], policy: Policy) -> Walk:
    """A walk from used fixes (n,) of one patroller in time order."""
    driving = _find_driving(time_ms, x_m, y_m, policy.ms("sure_gap_s"), policy.driving_kmh)
    stops = _find_stops(time_ms, x_m, y_m, policy.ms("possible_gap_s"), policy.stop_radius_m, policy.ms("max_stop_s"))
    return Walk(time_ms, x_m, y_m, driving, stops)


def find_presence(
    walk: Walk,
    first_day: int,
    zone_of_day: NDArray[np.int64],
    zones: Zones,
    base_xy_m: NDArray[np.float64],
    policy: Policy,
) -> Stretches:
    """What the legs of a walk are worth (the table in design section 6), by the own grids of each local day.

    `zone_of_day[d]` is the zone of local day `first_day + d` (days since 1970), `NO_ZONE` for none; other days have
    none. `base_xy_m` (b, 2) are base places in the plane. Crossing times are rounded once to the millisecond.
    """
    window = policy.window_ms
    start, end, state = _weigh_legs(
        walk.time_ms,
        walk.x_m,
        walk.y_m,
        walk.driving,
        walk.stop_end_ms,
        first_day,
        zone_of_day,
        window[0],
        window[1],
        policy.ms("sure_gap_s"),
        policy.ms("possible_gap_s"),
        max(policy.tolerance_m, LEAST_REACH_M),
        base_xy_m,
        policy.stop_radius_m,
        zones.zone_start,
        zones.zone_grids,
        zones.grid_start,
        zones.edges,
        zones.boxes,
        np.empty((zones.most_edges + 2, 2)),
    )
    return Stretches(start, end, state)


@compiled()
def _find_driving(time_ms, x, y, sure_ms, driving_kmh):  # type: ignore[no-untyped-def]  # compiled
    """Speed of a leg: from its first fix to the first used fix at least 30 s later, or the last before a longer gap."""
    count = len(time_ms)
    driving = np.zeros(max(count - 1, 0), np.bool_)
    ahead = 1
    for leg in range(count - 1):
        ahead = max(ahead, leg + 1)
        while (
            ahead + 1 < count
            and time_ms[ahead] - time_ms[leg] < _DRIVING_SPAN_MS
            and time_ms[ahead + 1] - time_ms[ahead] <= sure_ms
        ):
            ahead += 1
        distance_m = np.hypot(x[ahead] - x[leg], y[ahead] - y[leg])
        driving[leg] = distance_m * _KMH_PER_M_PER_MS > driving_kmh * (time_ms[ahead] - time_ms[leg])
    return driving


@compiled()
def _find_stops(time_ms, x, y, possible_ms, radius_m, max_stop_ms):  # type: ignore[no-untyped-def]  # compiled
    """For each leg within a stop the instant at which the stop becomes too long, else the largest integer."""
    count = len(time_ms)
    end_ms = np.full(max(count - 1, 0), np.iinfo(np.int64).max)
    if count == 0:
        return end_ms
    first = 0
    for fix in range(1, count):
        ended = (
            time_ms[fix] - time_ms[fix - 1] > possible_ms
            or (time_ms[fix] + EAST_OF_UTC_MS) // DAY_MS != (time_ms[fix - 1] + EAST_OF_UTC_MS) // DAY_MS
            or (x[fix] - x[first]) ** 2 + (y[fix] - y[first]) ** 2 > radius_m * radius_m
        )
        if ended:
            first = fix
        else:
            end_ms[fix - 1] = time_ms[first] + max_stop_ms
    return end_ms


@compiled()
def _grown(column, room):  # type: ignore[no-untyped-def]  # compiled
    larger = np.empty(room, column.dtype)
    larger[: len(column)] = column
    return larger


@compiled()
def _in_reach(x, y, reach, zone, zone_start, zone_grids, grid_start, edges, boxes, room):  # type: ignore[no-untyped-def]  # compiled
    return find_parts(x, y, x, y, reach, zone, zone_start, zone_grids, grid_start, edges, boxes, room) > 0


@compiled()
def _moment(t0, span, s):  # type: ignore[no-untyped-def]  # compiled
    """The instant at share `s` of a leg, rounded once to the millisecond."""
    return t0 + np.int64(np.floor(s * span + 0.5))


@compiled()
def _weigh_legs(  # type: ignore[no-untyped-def]  # compiled
    time_ms, x, y, driving, stop_end_ms, first_day, zone_of_day, window_start, window_end, sure_ms, possible_ms, reach,
    base_xy, base_radius, zone_start, zone_grids, grid_start, edges, boxes, room,
):  # fmt: skip
    starts, ends, states = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int8)
    count = 0
    cuts = np.empty(2 * len(base_xy) + 4, np.int64)
    for leg in range(len(time_ms) - 1):
        t0, t1 = time_ms[leg], time_ms[leg + 1]
        span = t1 - t0
        x0, y0, x1, y1 = x[leg], y[leg], x[leg + 1], y[leg + 1]
        for day in range((t0 + EAST_OF_UTC_MS) // DAY_MS, (t1 - 1 + EAST_OF_UTC_MS) // DAY_MS + 1):
            midnight = day * DAY_MS - EAST_OF_UTC_MS
            part_start, part_end = max(t0, midnight + window_start), min(t1, midnight + window_end)
            if part_start >= part_end:
                continue
            index = day - first_day
            zone = zone_of_day[index] if 0 <= index < len(zone_of_day) else NO_ZONE
            if count + 2 > len(starts):
                more = 2 * len(starts)
                starts, ends, states = _grown(starts, more), _grown(ends, more), _grown(states, more)
            if span > sure_ms:
                state = UNKNOWN
                if span <= possible_ms and zone != NO_ZONE:
                    one, two = (part_start - t0) / span, (part_end - t0) / span
                    if _in_reach(
                        x0 + one * (x1 - x0),
                        y0 + one * (y1 - y0),
                        reach,
                        zone,
                        zone_start,
                        zone_grids,
                        grid_start,
                        edges,
                        boxes,
                        room,
                    ) and _in_reach(
                        x0 + two * (x1 - x0),
                        y0 + two * (y1 - y0),
                        reach,
                        zone,
                        zone_start,
                        zone_grids,
                        grid_start,
                        edges,
                        boxes,
                        room,
                    ):
                        state = POSSIBLE
                count = _put(starts, ends, states, count, part_start, part_end, state, midnight)
                continue
            parts = 0
            if zone != NO_ZONE:
                parts = find_parts(x0, y0, x1, y1, reach, zone, zone_start, zone_grids, grid_start, edges, boxes, room)
            now = part_start
            for part in range(parts):
                own_start = max(now, _moment(t0, span, room[part, 0]))
                own_end = min(part_end, _moment(t0, span, room[part, 1]))
                if own_start >= own_end:
                    continue
                if count + len(cuts) + 4 > len(starts):
                    more = 2 * len(starts) + len(cuts) + 4
                    starts, ends, states = _grown(starts, more), _grown(ends, more), _grown(states, more)
                count = _put(starts, ends, states, count, now, own_start, ELSEWHERE, midnight)
                if driving[leg]:
                    count = _put(starts, ends, states, count, own_start, own_end, POSSIBLE, midnight)
                else:
                    count = _put_own(
                        starts, ends, states, count, own_start, own_end, midnight, t0, span, x0, y0, x1 - x0, y1 - y0,
                        stop_end_ms[leg], base_xy, base_radius, cuts,
                    )  # fmt: skip
                now = own_end
            count = _put(starts, ends, states, count, now, part_end, ELSEWHERE, midnight)
    return starts[:count].copy(), ends[:count].copy(), states[:count].copy()


@compiled()
def _put(starts, ends, states, count, start, end, state, midnight):  # type: ignore[no-untyped-def]  # compiled
    """Append a stretch, or lengthen the last one of the same day and state that it continues; returns the new count."""
    if start >= end:
        return count
    if count > 0 and states[count - 1] == state and ends[count - 1] == start and starts[count - 1] >= midnight:
        ends[count - 1] = end
        return count
    starts[count], ends[count], states[count] = start, end, state
    return count + 1


@compiled()
def _put_own(  # type: ignore[no-untyped-def]  # compiled
    starts, ends, states, count, start, end, midnight, t0, span, x0, y0, dx, dy, stop_end, base_xy, base_radius, cuts
):  # fmt: skip
    """Own time of a leg that is not driven: certain, but possible once its stop is too long or near a base place."""
    sure_end = min(end, max(start, stop_end))
    # Spans near base places, clipped to the sure time, as pairs in `cuts`, kept sorted by their start.
    near = 0
    for place in range(len(base_xy)):
        fx, fy = x0 - base_xy[place, 0], y0 - base_xy[place, 1]
        length2 = dx * dx + dy * dy
        if length2 == 0.0:
            if fx * fx + fy * fy > base_radius * base_radius:
                continue
            low, high = start, sure_end
        else:
            cross = fx * dy - fy * dx
            inside = base_radius * base_radius * length2 - cross * cross
            if inside < 0.0:
                continue
            half, root = fx * dx + fy * dy, np.sqrt(inside)
            first, last = max(0.0, (-half - root) / length2), min(1.0, (-half + root) / length2)
            if first > last:
                continue
            low, high = max(start, _moment(t0, span, first)), min(sure_end, _moment(t0, span, last))
        if low >= high:
            continue
        spot = near
        while spot > 0 and cuts[2 * spot - 2] > low:
            cuts[2 * spot], cuts[2 * spot + 1] = cuts[2 * spot - 2], cuts[2 * spot - 1]
            spot -= 1
        cuts[2 * spot], cuts[2 * spot + 1] = low, high
        near += 1
    now = start
    for pair in range(near):
        low, high = max(now, cuts[2 * pair]), cuts[2 * pair + 1]
        if low >= high:
            continue
        count = _put(starts, ends, states, count, now, low, CERTAIN, midnight)
        count = _put(starts, ends, states, count, low, high, POSSIBLE, midnight)
        now = high
    count = _put(starts, ends, states, count, now, sure_end, CERTAIN, midnight)
    return _put(starts, ends, states, count, sure_end, end, POSSIBLE, midnight)
