"""Which earlier report may tell of the same: near in place and time, of the same kind, not a repetition itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from gisgrid.incidents import AssignOptions
from gisgrid.local_days import local_day
from gisgrid.plane import MetricPlane
from gisgrid.store.bulk import degrees_of
from gisgrid.store.editions import Editions
from gisgrid.store.engine import is_postgresql
from gisgrid.store.ground import Ground
from gisgrid.store.incidents import Incident
from gisgrid.store.tables import BY_HAND, DUPLICATE

_MINUTE_MS: Final = 60_000
_DEGREES_PER_M: Final = 1.0 / 110_000.0
"""A little more than a metre takes anywhere: the window may be too large, never too small."""

_SNAP_M: Final = AssignOptions().snap_m
_ALIKE: Final = (
    "select id, reported_ms, place from incident where category = ? and sub_category = ? and state <> 'invalid' "
    "and place is not null"
)
_IN_GRID: Final = f"{_ALIKE} and not ({BY_HAND}) and grid = ? and reported_ms between ? and ?"
"""Not as a comparison of rows, though only the index by grid would serve that: PostgreSQL then expects a ninth of the table
for each grid, and reads all of it where there are several.
"""
_BY_HAND_IN_TIME: Final = f"{_ALIKE} and {BY_HAND} and reported_ms between ? and ?"
_NO_REPETITION: Final = (
    "not exists (select 1 from duplicate where duplicate.incident_id = near.id and duplicate.decision <> 'other')"
)


@dataclass(frozen=True)
class Duplicate:
    """An earlier report that may tell of the same: its number, metres and milliseconds between them, what was decided.

    `decision` is empty, `same` or `other`.
    """

    incident_id: int
    of_id: int
    distance_m: float
    apart_ms: int
    decision: str = ""

    def as_row(self) -> dict[str, Any]:
        """The row of the table, while nobody has decided."""
        told = {name: getattr(self, name) for name in ("incident_id", "of_id", "distance_m", "apart_ms")}
        return told | {"decision": "", "decided_by": "", "decided_ms": None}


def duplicates_of(connection: sa.Connection, number: int) -> tuple[Duplicate, ...]:
    """The links between an incident and others, in both directions."""
    either = sa.or_(DUPLICATE.c.incident_id == number, DUPLICATE.c.of_id == number)
    rows = connection.execute(sa.select(DUPLICATE).where(either).order_by(*DUPLICATE.primary_key))
    return tuple(Duplicate(row.incident_id, row.of_id, row.distance_m, row.apart_ms, row.decision) for row in rows)


def find_earlier(
    connection: sa.Connection, editions: Editions, ground: Ground, one: Incident, unwritten: Sequence[Incident] = ()
) -> Duplicate | None:
    """The earliest report near one that tells of the same kind of thing, if there is one.

    `unwritten` are those numbered before it that the database does not hold yet, in their order, without those that repeat
    an earlier one.
    """
    if one.lon is None or one.lat is None:
        return None
    rules = ground.rulebook.rules.nearness
    window_ms = rules.duplicate_minutes * _MINUTE_MS
    from_ms, to_ms = one.reported_ms - window_ms, one.reported_ms + window_ms
    grids = _grids_near(connection, editions, ground, one.lon, one.lat, from_ms, to_ms)
    kind = (one.category, one.sub_category)
    asked = [value for grid in grids for value in (*kind, grid, from_ms, to_ms)]
    text = _near_of(len(grids), "%s" if is_postgresql(connection) else "?")
    known = sorted(connection.exec_driver_sql(text, (*asked, *kind, from_ms, to_ms)).all(), key=lambda row: int(row[0]))
    alike = [
        other
        for other in unwritten
        if (other.category, other.sub_category) == kind
        and from_ms <= other.reported_ms <= to_ms
        and other.lon is not None
    ]
    if not known and not alike:
        return None
    lon, lat = degrees_of([row[2] for row in known])
    lon, lat = (
        np.concatenate((before, np.array([getattr(other, name) for other in (*alike, one)], np.float64)))
        for name, before in (("lon", lon), ("lat", lat))
    )
    x, y = MetricPlane(round(one.lon), round(one.lat)).to_xy(lon, lat)
    distance_m = np.hypot(x[:-1] - x[-1], y[:-1] - y[-1])
    near = np.flatnonzero(distance_m <= rules.duplicate_m)
    if len(near) == 0:
        return None
    # What is not written yet has higher numbers than what is.
    candidates = [*((row[0], row[1]) for row in known), *((other.id, other.reported_ms) for other in alike)]
    of_id, reported_ms = candidates[int(near[0])]
    return Duplicate(one.id, of_id, round(float(distance_m[near[0]]), 2), one.reported_ms - reported_ms)


@lru_cache(maxsize=256)
def _near_of(grids: int, mark: str) -> str:
    """Valid reports of the same kind, near in time, that do not themselves repeat an earlier one: those of so many grids, and
    those that a person has given to a grid or must yet, wherever they lie.
    """
    parts = " union all ".join([_IN_GRID] * grids + [_BY_HAND_IN_TIME])
    return f"select * from ({parts}) as near where {_NO_REPETITION}".replace("?", mark)  # noqa: S608  # our own words


def _grids_near(
    connection: sa.Connection, editions: Editions, ground: Ground, lon: float, lat: float, from_ms: int, to_ms: int
) -> list[str]:
    """The grids, of every edition in force in a span, to which a point nearby may belong."""
    reach = (ground.rulebook.rules.nearness.duplicate_m + _SNAP_M) * _DEGREES_PER_M
    high = reach / max(math.cos(math.radians(min(abs(lat) + reach, 89.9))), 0.001)
    first, last = local_day(from_ms), local_day(to_ms)
    found: set[str] = set()
    for label in ground.labels:
        if label.valid_from <= last and (label.valid_to is None or label.valid_to > first):
            network = editions.network(label.id, connection)
            near = network.index.within((lon - high, lat - reach, lon + high, lat + reach))
            found.update(network.codes[place] for place in near.tolist())
    return sorted(found)
