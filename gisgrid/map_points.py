"""Incidents as points for maps: in the order of a quadtree, with what they are filtered by, and how they look now."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gisgrid.clocks import ClockRules, clock_states
from gisgrid.incident_columns import IncidentColumns
from gisgrid.map_cells import URGENT_BIT, keys_of, world_of
from gisgrid.workdays import WorkCalendar

_E7 = 1e7


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Columns (n,) in the order of `key`, the first `placed` of them with a place; codes are those of `columns.words`.

    `row` is each one's place in `columns`; `key`, `lon_e7`, `lat_e7` (1e-7 degrees, EPSG:4490) are (placed,). `open_at` are
    those that still need somebody to act. `grid` is that of the report, `answering` the one that answers now.
    """

    columns: IncidentColumns
    placed: int
    row: NDArray[np.int64]
    key: NDArray[np.int64]
    lon_e7: NDArray[np.int32]
    lat_e7: NDArray[np.int32]
    open_at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """Numbers."""
        return self.columns.number[self.row]

    @cached_property
    def reported_ms(self) -> NDArray[np.int64]:
        """When they were reported."""
        return self.columns.reported_ms[self.row]

    @cached_property
    def is_urgent(self) -> NDArray[np.bool_]:
        """Which are urgent."""
        return self.columns.is_urgent[self.row]

    @cached_property
    def place_of(self) -> NDArray[np.int64]:
        """For each row of the columns its place among the points."""
        places = np.empty(len(self.row), np.int64)
        places[self.row] = np.arange(len(self.row))
        return places

    def coded(self, name: str) -> NDArray[np.int8] | NDArray[np.int32]:
        """A column of codes, put in order when it is first asked for."""
        known = self._coded
        if name not in known:
            known[name] = getattr(self.columns, name)[self.row]
        return known[name]

    @cached_property
    def _coded(self) -> dict[str, NDArray[np.int8] | NDArray[np.int32]]:
        return {}

    def looks(self, now_ms: int, calendar: WorkCalendar, rules: ClockRules) -> NDArray[np.int8]:
        """How each looks at `now_ms` (`map_cells.LOOKS`): the state of its clocks, and whether it is urgent."""
        look = (self.is_urgent * URGENT_BIT).astype(np.int8)
        some, columns = self.row[self.open_at], self.columns
        is_open = np.ones(len(some), bool)
        states = clock_states(
            now_ms, is_open, columns.responded_ms[some], columns.done_ms[some], columns.due.at(some),
            columns.extended_due_ms[some], calendar, rules,
        )  # fmt: skip
        look[self.open_at] += states
        return look


def map_points(columns: IncidentColumns) -> MapPoints:
    """The incidents of columns as points."""
    has_place = np.isfinite(columns.lon) & np.isfinite(columns.lat)
    there = np.flatnonzero(has_place)
    lon, lat = columns.lon[there], columns.lat[there]
    key = keys_of(*world_of(lon, lat))
    order = np.argsort(key, kind="stable")
    row = np.concatenate((there[order], np.flatnonzero(~has_place)))
    return MapPoints(
        columns,
        len(there),
        row,
        key[order],
        _in_e7(lon[order]),
        _in_e7(lat[order]),
        np.flatnonzero(columns.is_open()[row]),
    )


def _in_e7(degrees: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(np.rint(degrees * _E7), np.int32)
