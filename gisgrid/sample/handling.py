"""How the sample's incidents were handled up to its end: grades, states, levels, who reported and who was satisfied."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gisgrid.clocks import NEVER, deadlines
from gisgrid.flow import FIRST_LEVEL, GRADES, STATES
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, LEVELS
from gisgrid.sample.district import SampleDistrict
from gisgrid.sample.duties import patroller_ids
from gisgrid.sample.instants import Instants, office_instants, urgent_instants
from gisgrid.workdays import WorkCalendar

GRADE_SHARES: Final = {
    # category: simple, ordinary, prominent, major
    "public_security_hazards": (0.575, 0.399, 0.0225, 0.0035),
    "livelihood_services": (0.615, 0.370, 0.0140, 0.0010),
    "disputes": (0.280, 0.652, 0.0600, 0.0080),
    "central_tasks": (0.550, 0.423, 0.0240, 0.0030),
    "other": (0.600, 0.388, 0.0100, 0.0020),
}
URGENT_SHARES: Final = {
    "fire_hazard": 0.006,
    "rental_housing": 0.002,
    "traffic_hazard": 0.008,
    "workplace_safety": 0.006,
    "food_safety": 0.003,
    "flood_and_typhoon": 0.012,
    "family": 0.020,
    "labour": 0.016,
    "neighbours": 0.003,
    "water_and_power": 0.002,
    "help_for_residents": 0.001,
}
_SELDOM_URGENT: Final = 0.0002
"""How often something is urgent by sub-category, and how often in all others."""

LEADING: Final = {
    "fire_hazard": ("fire",),
    "rental_housing": ("housing", "public_security"),
    "traffic_hazard": ("traffic_police",),
    "workplace_safety": ("law_enforcement", "fire"),
    "food_safety": ("market_supervision",),
    "flood_and_typhoon": ("water", "ocean_fishery"),
    "public_facilities": ("housing", "law_enforcement"),
    "environment": ("law_enforcement",),
    "help_for_residents": ("human_resources",),
    "water_and_power": ("water", "housing"),
    "stray_animals": ("law_enforcement", "public_security"),
    "neighbours": ("public_security",),
    "labour": ("human_resources",),
    "family": ("public_security",),
    "land_and_housing": ("housing",),
    "consumers": ("market_supervision",),
    "five_water_treatment": ("water",),
    "illegal_construction": ("law_enforcement", "housing"),
    "waste_sorting": ("law_enforcement",),
    "other": ("public_security", "law_enforcement"),
}
"""The departments to which incidents of a sub-category go, one as often as the other."""

_LEVEL_SHARES: Final = (
    # by grade: village, township, district, a department
    (0.962, 0.030, 0.000, 0.008),
    (0.870, 0.102, 0.003, 0.025),
    (0.000, 0.700, 0.050, 0.250),
    (0.000, 0.000, 0.350, 0.650),
)
_URGENT_GRADES: Final = (0.10, 0.45, 0.32, 0.13)
_REPORTER_SHARES: Final = (0.88, 0.05, 0.07)
"""The patroller, the leader, a resident."""

_ON_THE_SPOT_SHARE: Final = 0.69
"""Of simple ones that a patroller or leader reported."""

_INVALID_SHARE: Final = 0.0185
_AT_A_GLANCE_SHARE: Final = 0.5
"""Of what was not handled on the spot, and how many of these end when they are first looked at."""

_ACCEPTED_SHARE: Final = 0.3
"""Of those responded to and not done; the others are in hand."""

_EVALUATED_SHARE: Final = 0.22
_SATISFIED_SHARES: Final = (0.996, 0.94)
"""When done in time, when late."""

_PLACES: Final = (*LEVELS, *(DEPARTMENT + code for code in DEPARTMENTS))


def build_handling(
    rows: pa.Table, district: SampleDistrict, end_ms: int, random: np.random.Generator
) -> dict[str, pa.Array]:
    """What became of incidents (category, sub_category, time, grid) before `end_ms`: the columns added to them, by name.

    `grade`, `urgent`, `state`; `responded`, `done`, `closed` (ms in Asia/Shanghai, whole seconds, null where it has not
    happened); `satisfied` (null unless evaluated); `level`, where it was finished or lies (of `LEVELS`, or
    `department:CODE`); `reporter` (patroller or leader of the true grid, empty for residents). From the seed article is
    only that over 99 % of those who were asked were satisfied; all other shares, here and in `instants`, are made up.
    """
    reported = np.asarray(rows["time"].cast("int64").to_numpy(), np.int64)
    category, sub = _positions(rows["category"], list(GRADE_SHARES)), _positions(rows["sub_category"], list(LEADING))
    grid = _positions(rows["grid"], district.network.codes)
    urgent = _drawn(random, np.array([URGENT_SHARES.get(name, _SELDOM_URGENT) for name in LEADING])[sub])
    grade = _pick((*GRADE_SHARES.values(), _URGENT_GRADES), np.where(urgent, len(GRADE_SHARES), category), random)
    people = _people(district)
    reporter = _reporters(grid, len(district.network), random)
    may_be_on_spot = (grade == list(GRADES).index("simple")) & ~urgent & (reporter < len(people) - 1)
    on_spot = may_be_on_spot & _drawn(random, _ON_THE_SPOT_SHARE, len(reported))
    level = _levels(grade, sub, grid, random)
    is_invalid = ~on_spot & _drawn(random, _INVALID_SHARE, len(reported))
    others = urgent_instants(reported, random).where(urgent, office_instants(reported, level, end_ms, random))
    others = _terminated(others, random).where(is_invalid, others)
    instants = Instants(reported, reported, reported).where(on_spot, others).until(end_ms)
    untouched = (instants.responded == NEVER) | (instants.responded == instants.done)
    state = _states(instants, is_invalid, random)
    is_late = instants.done >= deadlines(reported, urgent, WorkCalendar()).done_ms
    satisfied = _drawn(random, np.array(_SATISFIED_SHARES)[is_late.astype(np.int64)])
    return {
        "grade": _words(grade, GRADES),
        "urgent": pa.array(urgent),
        "state": _words(state, STATES),
        "responded": _times(instants.responded),
        "done": _times(instants.done),
        "closed": _times(instants.closed),
        "satisfied": pa.array(satisfied, mask=state != list(STATES).index("evaluated")),
        "level": _words(np.where(untouched, _first_levels(grade, grid), level), _PLACES),
        "reporter": _words(reporter, people),
    }


def _positions(column: pa.ChunkedArray, words: Sequence[str]) -> NDArray[np.int64]:
    """Where the texts stand among `words`, -1 for none of them."""
    return np.asarray(pc.index_in(column, value_set=pa.array(words)).fill_null(-1).to_numpy(), np.int64)


def _words(which: NDArray[np.int64], words: Iterable[str]) -> pa.Array:
    return pa.array(list(words)).take(pa.array(which))


def _times(at_ms: NDArray[np.int64]) -> pa.Array:
    return pa.array(at_ms, mask=at_ms == NEVER).cast(pa.timestamp("ms", tz="Asia/Shanghai"))


def _drawn(
    random: np.random.Generator, share: float | NDArray[np.float64], count: int | None = None
) -> NDArray[np.bool_]:
    """Yes with a share of the rows, or with the share (n,) of each row."""
    return np.asarray(random.random(np.shape(share) if count is None else count) < share, bool)


def _pick(
    shares: Sequence[Sequence[float]], which: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """For every row of `which` (n,) a position, drawn by the shares `which[k]`."""
    edges = np.cumsum(np.array(shares), axis=1)[:, :-1]
    return np.asarray((random.random(len(which))[:, None] >= edges[which]).sum(axis=1), np.int64)


def _people(district: SampleDistrict) -> list[str]:
    """The patrollers of all grids, the leaders of all grids, at last nobody."""
    codes = district.network.codes
    leaders = district.duties[district.duties["role"] == "leader"].set_index("grid")["patroller"]
    return [*patroller_ids(len(codes)), *leaders.loc[list(codes)].tolist(), ""]


def _reporters(grid: NDArray[np.int64], grids: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Who reported, as positions in `_people`; on the water nobody."""
    who = random.choice(len(_REPORTER_SHARES), len(grid), p=_REPORTER_SHARES)
    return np.where((grid < 0) | (who == len(_REPORTER_SHARES) - 1), 2 * grids, who * grids + grid)


def _levels(
    grade: NDArray[np.int64], sub: NDArray[np.int64], grid: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """Where it comes to lie, as positions in `_PLACES`; on the water at the district."""
    codes = list(DEPARTMENTS)
    leading = np.array([[codes.index(names[0]), codes.index(names[-1])] for names in LEADING.values()])
    kind = _pick(_LEVEL_SHARES, grade, random)
    level = np.where(kind < len(LEVELS), kind, len(LEVELS) + leading[sub, random.integers(0, 2, len(sub))])
    return np.where(grid < 0, _PLACES.index("district"), level)


def _first_levels(grade: NDArray[np.int64], grid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where it begins, as positions in `_PLACES`."""
    return np.where(
        grid < 0, _PLACES.index("district"), np.array([_PLACES.index(FIRST_LEVEL[name]) for name in GRADES])[grade]
    )


def _terminated(instants: Instants, random: np.random.Generator) -> Instants:
    """The same ended as invalid: when they are first looked at, or when they would have been done."""
    at_a_glance = _drawn(random, _AT_A_GLANCE_SHARE, len(instants.done))
    at = np.where(at_a_glance, instants.responded, instants.done)
    return Instants(instants.responded, at, at)


def _states(instants: Instants, is_invalid: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.int64]:
    """Positions in `STATES` by what has happened."""
    names, count = list(STATES), len(is_invalid)
    begun = np.where(_drawn(random, _ACCEPTED_SHARE, count), names.index("accepted"), names.index("handling"))
    over = np.where(_drawn(random, _EVALUATED_SHARE, count), names.index("evaluated"), names.index("closed"))
    over = np.where(is_invalid, names.index("invalid"), over)
    unfinished = np.where(instants.responded == NEVER, names.index("reported"), begun)
    unfinished = np.where(instants.done == NEVER, unfinished, names.index("fed_back"))
    return np.where(instants.closed == NEVER, unfinished, over)
