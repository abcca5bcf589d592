"""How each patroller of the sample spends each day of the week 2018-05-07 to 05-13, and what a verifier must find.

The expected verdicts follow from the default policy (5225 standard): two visits of at least 600 s and 300 m walked, two
hours of certain presence, absences of at least 1800 s part visits, tolerance 20 m.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

WEEK: Final = tuple(dt.date(2018, 5, 7) + dt.timedelta(days=day) for day in range(8))
"""Monday to Sunday, and the Monday after as an exclusive end."""

WORKDAYS: Final = 5

# Why each verdict cannot be otherwise (seconds of presence; certain unless said):
#   diligent        two walks of 75-86 min inside, >= 37 min at a spot > 80 m outside between them   visits 2, >= 9000 s
#   too_short       two walks of 24-28 min, the same break; with both ways < 5400 s                 hours fail
#   one_visit       one walk of 150-165 min without a break                                        visits 1: fail
#   border_walker   as diligent, on a line 9 m outside the border, noise up to 4 m: 5-13 m away      inside the tolerance
#   phone_off_hour  walk 80 min, 55 min without fixes (unknown, 1800 <= 3300 < 3600 s), walk 80 min  the second visit is
#                   doubtful: certain 1, possible 1; hours pass                                    undetermined
#   phone_at_home   8 h on one spot: no 20 m step, walked 0 m, so no visit at all                    visits fail
#   driving_through 45 min at 40-55 km/h through the grid and far out on both sides: nothing walked  visits 0, hours fail
#   copied_track    the diligent track of the day before, 24 h later, fix by fix                     a flag, still a pass
#   gcj02_phone     a diligent day shifted by about 540 m: no walk touches the own small grid        hours fail
#   late_upload     a diligent day received 75-90 h later: every fix is late, nothing is known       fail
#   absent          no fixes on a workday with a duty                                              fail
#   substitute      first walk in the own grid, second in the one of the person on leave             both own: pass
#   on_leave        no fixes, leave                                                                 not_due
#   day_off         no fixes at the weekend                                                         not_due
VERDICT_OF: Final = {
    "diligent": "pass",
    "too_short": "fail",
    "one_visit": "fail",
    "border_walker": "pass",
    "phone_off_hour": "undetermined",
    "phone_at_home": "fail",
    "driving_through": "fail",
    "copied_track": "pass",
    "gcj02_phone": "fail",
    "late_upload": "fail",
    "absent": "fail",
    "substitute": "pass",
    "on_leave": "not_due",
    "day_off": "not_due",
}
NOTE_OF: Final = {
    "diligent": "two long walks in the own grid, a break elsewhere",
    "too_short": "two visits, less than an hour and a half together",
    "one_visit": "one long visit without a break",
    "border_walker": "walks 5 to 13 m outside the own border, inside the tolerance",
    "phone_off_hour": "phone off for 55 minutes: nothing shows that the second visit is another one",
    "phone_at_home": "phone lies still for eight hours",
    "driving_through": "drives through the grid, walks nowhere",
    "copied_track": "yesterday's fixes, 24 hours later",
    "gcj02_phone": "positions shifted by the GCJ-02 offset",
    "late_upload": "received more than 72 hours later",
    "absent": "no fixes",
    "substitute": "one visit in the own grid, one in the grid of the person on leave",
    "on_leave": "leave, somebody stands in",
    "day_off": "weekend",
}

_SHIFT_M: Final = (431.0, -327.0)
_CLEAR_M: Final = 60.0
_LARGEST_M2: Final = 900_000.0
_NARROWEST_M2: Final = 60_000.0
_PEOPLE: Final = {
    # kind: patrollers, days drawn from, days each at most
    "border_walker": (24, (0, 1, 2, 3, 4), 2),
    "too_short": (40, (0, 1, 2, 3, 4), 2),
    "one_visit": (30, (0, 1, 2, 3, 4), 2),
    "phone_off_hour": (26, (0, 1, 2, 3, 4), 1),
    "phone_at_home": (12, (0, 1, 2, 3, 4), 2),
    "driving_through": (14, (0, 1, 2, 3, 4), 1),
    "copied_track": (12, (1, 2, 3, 4), 1),
    "late_upload": (10, (0, 1, 2), 2),
    "absent": (30, (0, 1, 2, 3, 4), 2),
}
_GCJ02_PHONES: Final = 8
_ON_LEAVE: Final = 15
_LEAVE_DAYS: Final = (1, 4)
_SATURDAY_WORKERS: Final = 70


@dataclass(frozen=True)
class Roster:
    """What everyone does: `kinds` (659, 7) words of `VERDICT_OF`, rows in grid order, columns Monday to Sunday.

    `leavers[k]` is on leave on `leave_days` (first, exclusive last) and `substitutes[k]` stands in; both count in grids.
    """

    kinds: NDArray[np.str_]
    leavers: tuple[int, ...]
    substitutes: tuple[int, ...]
    leave_days: tuple[int, int] = _LEAVE_DAYS


def draw_roster(geometry_m: NDArray[np.object_], land_m: shapely.Geometry, random: np.random.Generator) -> Roster:
    """Deal the kinds of days to the patrollers of the grids (n,) in metres; most days are diligent."""
    count = len(geometry_m)
    kinds = np.full((count, 7), "diligent", dtype="U16")
    kinds[:, WORKDAYS:] = "day_off"
    area = shapely.area(geometry_m)
    plain = (shapely.get_num_geometries(geometry_m) == 1) & (area < _LARGEST_M2) & (area > _NARROWEST_M2)
    free = [int(grid) for grid in random.permutation(count) if plain[grid]]
    small = [grid for grid in free if _leaves_itself(geometry_m[grid])][:_GCJ02_PHONES]
    for grid in small:
        kinds[grid, :WORKDAYS] = "gcj02_phone"
    inland = np.asarray(~shapely.dwithin(geometry_m, shapely.boundary(land_m), _CLEAR_M))
    taken = set(small)
    leavers, substitutes = _pair_up(geometry_m, [grid for grid in free if grid not in taken])
    first, last = _LEAVE_DAYS
    for leaver, substitute in zip(leavers, substitutes, strict=True):
        kinds[leaver, first:last], kinds[substitute, first:last] = "on_leave", "substitute"
    taken.update(leavers, substitutes)
    for kind, (people, days, most) in _PEOPLE.items():
        pool = [grid for grid in free if grid not in taken and (kind != "border_walker" or inland[grid])][:people]
        for grid in pool:
            kinds[grid, random.choice(days, random.integers(1, most + 1), replace=False)] = kind
        taken.update(pool)
    rest = np.array([grid for grid in range(count) if grid not in taken])
    kinds[random.choice(rest, _SATURDAY_WORKERS, replace=False), 5] = "diligent"
    return Roster(kinds, tuple(leavers), tuple(substitutes))


def _leaves_itself(shape: shapely.Geometry) -> bool:
    """Whether a grid shifted by the GCJ-02 offset lies clear of itself."""
    moved = shapely.transform(shape, lambda xy: xy + np.array(_SHIFT_M))
    return bool(shapely.distance(shape, moved) > _CLEAR_M)


def _pair_up(geometry_m: NDArray[np.object_], free: list[int]) -> tuple[list[int], list[int]]:
    """People on leave and neighbours who stand in: the nearest free grid whose middle is within 1.2 km."""
    middles = shapely.get_coordinates(shapely.centroid(geometry_m))
    left = list(free)
    leavers: list[int] = []
    substitutes: list[int] = []
    while len(leavers) < _ON_LEAVE:
        leaver = left.pop(0)
        distance = np.hypot(*(middles[left] - middles[leaver]).T)
        if distance.min() > 1_200.0:
            continue
        substitute = left.pop(int(np.argmin(distance)))
        leavers.append(leaver)
        substitutes.append(substitute)
    return leavers, substitutes
