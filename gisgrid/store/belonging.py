"""Where reports belong: the edition of their time, and in it grid, village and township."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.codes import VILLAGE_DIGITS, township_of
from gisgrid.grid import GridNetwork
from gisgrid.incident_rows import IncidentRows
from gisgrid.incidents import DEFAULT_ACCURACY_M, assign
from gisgrid.local_days import start_of
from gisgrid.store.editions import EditionLabel, Editions


@dataclass(frozen=True, eq=False)
class Belonging:
    """Columns (n,): the edition of the time (None before the first), unit codes (empty for none), how the grid was found
    (`inside`, `snapped`, `stated`, `unassigned`), metres (NaN without a place) and alternatives as in `Assignments`.

    `newest_edition` is the one that was the newest when this was found out, None for none.
    """

    edition_id: NDArray[np.object_]
    township: NDArray[np.object_]
    village: NDArray[np.object_]
    grid: NDArray[np.object_]
    how: NDArray[np.object_]
    border_distance_m: NDArray[np.float64]
    alternatives: NDArray[np.object_]
    newest_edition: int | None

    def at(self, rows: NDArray[np.int64]) -> "Belonging":
        """Those of some of the reports (m,)."""
        names = ("edition_id", "township", "village", "grid", "how", "border_distance_m", "alternatives")
        return Belonging(**{name: getattr(self, name)[rows] for name in names}, newest_edition=self.newest_edition)


def belongings(
    editions: Editions,
    rows: IncidentRows,
    connection: sa.Connection | None = None,
    labels: Sequence[EditionLabel] | None = None,
) -> Belonging:
    """Find where reports belong, each in the edition in force at its time.

    With a place by `gisgrid.incidents.assign`, an unstated accuracy taking its source's default; without one by the grid
    or village that the report states. What is older than the first edition has no grid. Within a transaction give its
    connection; `labels` are those of the editions, where they are known.
    """
    if labels is None:
        labels = editions.all(connection)
    count = len(rows)
    found = Belonging(
        np.full(count, None, dtype=object),
        np.full(count, "", dtype=object),
        np.full(count, "", dtype=object),
        np.full(count, "", dtype=object),
        np.full(count, "unassigned", dtype=object),
        np.full(count, np.nan),
        np.full(count, "", dtype=object),
        max((label.id for label in labels), default=None),
    )
    starts = np.array([start_of(label.valid_from) for label in labels], np.int64)
    which = np.searchsorted(starts, rows.reported_ms, side="right") - 1
    for place in np.unique(which[which >= 0]).tolist():
        mine = np.flatnonzero(which == place)
        _place(editions.network(labels[place].id, connection), rows.at(mine), mine, found)
        found.edition_id[mine] = labels[place].id
    return found


def _place(network: GridNetwork, rows: IncidentRows, mine: NDArray[np.int64], found: Belonging) -> None:
    """Fill the rows `mine` of `found`."""
    accuracy_m = rows.accuracy_m.copy()
    for source, metres in DEFAULT_ACCURACY_M.items():
        accuracy_m[np.isnan(accuracy_m) & (rows.source == source)] = metres
    placed = np.isfinite(rows.lon) & np.isfinite(rows.lat)
    at = np.flatnonzero(placed)
    answer = assign(network, rows.lon[at], rows.lat[at], accuracy_m[at])
    there = mine[at]
    found.grid[there] = answer.codes(network)
    found.how[there] = answer.how
    found.border_distance_m[there] = answer.border_distance_m
    found.alternatives[there] = answer.alternatives
    _take_stated(network, rows.stated[~placed], mine[~placed], found)
    if network.code_scheme == "official":
        codes = found.grid[mine].tolist()
        units = {code: (code[:VILLAGE_DIGITS], township_of(code)) for code in set(codes) if code}
        for row, code in zip(mine.tolist(), codes, strict=True):
            if code:
                found.village[row], found.township[row] = units[code]


def _take_stated(network: GridNetwork, stated: NDArray[np.object_], mine: NDArray[np.int64], found: Belonging) -> None:
    """Reports without a place that name a grid, or a village: then its grid if it has but one."""
    if len(mine) == 0:
        return
    grids_of: dict[str, list[str]] = {}
    if network.code_scheme == "official":
        for code in network.codes:
            grids_of.setdefault(code[:VILLAGE_DIGITS], []).append(code)
    known = set(network.codes)
    for row, unit in zip(mine.tolist(), stated.tolist(), strict=True):
        if unit in known:
            found.grid[row], found.how[row] = unit, "stated"
        elif unit in grids_of:
            found.village[row], found.township[row] = unit, township_of(unit)
            if len(grids_of[unit]) == 1:
                found.grid[row], found.how[row] = grids_of[unit][0], "stated"
