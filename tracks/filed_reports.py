"""Reports that patrollers filed: which count for a day, certainly or possibly."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gisgrid.table_files import read_table
from gisgrid.tables import Rejects, keep_rows
from tracks.formats import time_problems

_NO: Final = frozenset({"0", "false", "no", "n", "f", "无效", "否"})
_YES: Final = frozenset({"", "1", "true", "yes", "y", "t", "有效", "是"})


@dataclass(frozen=True)
class FiledReports:
    """Valid reports, one per patroller and incident, sorted by patroller and time; columns (n,).

    `lon`, `lat` are EPSG:4490 degrees, NaN for a report without a place.
    """

    incident: NDArray[np.object_]
    patroller: NDArray[np.object_]
    time_ms: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def by_patroller(self) -> Mapping[str, NDArray[np.int64]]:
        """The rows of each patroller."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(self.patroller):
            rows[str(name)].append(row)
        return {name: np.array(places, np.int64) for name, places in rows.items()}


def collect_reports(
    incident: NDArray[np.object_],
    patroller: NDArray[np.object_],
    time_ms: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> FiledReports:
    """One report per patroller and incident, the earliest; an incident with a row that is not valid does not count.

    Among rows of one instant those with a place come first, then the smallest longitude, then latitude, so that the
    order of the rows does not matter.
    """
    placed = np.isfinite(lon) & np.isfinite(lat)
    order = sorted(
        range(len(incident)),
        key=lambda row: (
            patroller[row],
            incident[row],
            time_ms[row],
            not placed[row],
            lon[row] if placed[row] else 0.0,
            lat[row] if placed[row] else 0.0,
        ),
    )
    void = {(patroller[row], incident[row]) for row in range(len(incident)) if not valid[row]}
    kept: dict[tuple[str, str], int] = {}
    for row in order:
        key = (patroller[row], incident[row])
        if key not in void:
            kept.setdefault(key, row)
    rows = np.array(sorted(kept.values(), key=lambda row: (patroller[row], time_ms[row], incident[row])), np.int64)
    return FiledReports(
        incident[rows],
        patroller[rows],
        time_ms[rows],
        np.where(placed, lon, np.nan)[rows],
        np.where(placed, lat, np.nan)[rows],
    )


def read_reports(path: str | Path, *, zone: ZoneInfo | None = None) -> tuple[FiledReports, Rejects]:
    """Read `incident,patroller,time,lon,lat[,valid]`; a report may lack its place, not its time."""
    table = read_table(path)
    for column in ("incident", "patroller", "time", "lon", "lat"):
        table.need(column)
    incident, patroller = table.texts("incident"), table.texts("patroller")
    times = table.times_ms("time", zone)
    lon, bad_lon = table.numbers("lon")
    lat, bad_lat = table.numbers("lat")
    words = np.char.lower(table.texts("valid").astype(str)) if "valid" in table.columns else np.full(len(table), "")
    known = np.isin(words, list(_NO | _YES))
    half = np.isfinite(lon) != np.isfinite(lat)
    with np.errstate(invalid="ignore"):
        outside = (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0)
    usable, rejects = keep_rows(
        table,
        {
            "incident is empty": incident == "",
            "patroller is empty": patroller == "",
            **time_problems(times),
            "longitude or latitude is not a number, or only one of them is given": bad_lon | bad_lat | half,
            "longitude outside -180..180 or latitude outside -90..90; are they exchanged?": outside,
            "valid is neither yes nor no": ~known,
        },
    )
    valid = ~np.isin(words, list(_NO))
    return (
        collect_reports(incident[usable], patroller[usable], times.ms[usable], lon[usable], lat[usable], valid[usable]),
        rejects,
    )
