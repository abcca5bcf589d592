"""Files of incidents: rows with positions in, the same rows with their grids out, unusable rows set aside."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.datum import Datum, to_wgs84
from gisgrid.errors import EmptyInput
from gisgrid.grid import GridNetwork
from gisgrid.incidents import AssignOptions, Assignments, assign
from gisgrid.tables import InputTable, Rejects, check_not_exchanged, keep_rows, place_problems, read_table, replacing

_DEGREE_DIGITS: Final = 7
ADDED_COLUMNS: Final = ("grid", "how", "border_distance_m", "alternatives")


@dataclass(frozen=True)
class IncidentColumns:
    """Which columns hold what; a `time` that is named must be there and readable, `accuracy` holds metres."""

    lon: str = "lon"
    lat: str = "lat"
    time: str | None = None
    accuracy: str | None = None


@dataclass(frozen=True)
class AssignedFile:
    """The usable rows of a file of incidents (`rows` into `table`), their assignments, and the rows set aside."""

    table: InputTable
    rows: NDArray[np.int64]
    assignments: Assignments
    rejects: Rejects


def assign_file(
    path: str | Path,
    network: GridNetwork,
    *,
    columns: IncidentColumns | None = None,
    datum: Datum = "wgs84",
    options: AssignOptions | None = None,
) -> AssignedFile:
    """Read a CSV or Parquet file and assign every usable row. Raises `MissingColumn`, `BadColumn`, `EmptyInput`, `UnreadableFile`."""
    columns = columns or IncidentColumns()
    table = read_table(path)
    lon, bad_lon = table.numbers(table.need(columns.lon, "--lon"))
    lat, bad_lat = table.numbers(table.need(columns.lat, "--lat"))
    problems = place_problems(lon, lat, bad_lon | bad_lat)
    if columns.time is not None:
        texts = table.texts(table.need(columns.time, "--time"))
        problems[f"{columns.time} is empty; expected the time of the report"] = texts == ""
    accuracy = None
    if columns.accuracy is not None:
        accuracy, bad = table.numbers(table.need(columns.accuracy, "--accuracy"))
        problems[f"{columns.accuracy} is not a number; expected metres or nothing"] = bad
    usable, rejects = keep_rows(table, problems)
    if not usable.any():
        raise EmptyInput(f"{path}: no row can be used; the first reason is: {rejects.reasons[0]}")
    rows = np.flatnonzero(usable)
    lon, lat = to_wgs84(lon[rows], lat[rows], datum)
    lon, lat = np.round(lon, _DEGREE_DIGITS), np.round(lat, _DEGREE_DIGITS)
    check_not_exchanged(str(path), lon, lat, network.bounds)
    return AssignedFile(
        table, rows, assign(network, lon, lat, None if accuracy is None else accuracy[rows], options=options), rejects
    )


def write_assigned(path: Path, found: AssignedFile, network: GridNetwork) -> None:
    """Write the usable rows with all their columns and the four of the assignment (UTF-8 with byte order mark)."""
    kept = [name for name in found.table.columns if name not in ADDED_COLUMNS and not name.startswith("reject_")]
    texts = [found.table.texts(name)[found.rows] for name in kept]
    codes = np.array([*network.codes, ""], dtype=object)[found.assignments.position]
    metres = [f"{metre:.2f}" for metre in found.assignments.border_distance_m]
    with replacing(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*kept, *ADDED_COLUMNS])
        writer.writerows(zip(*texts, codes, found.assignments.how, metres, found.assignments.alternatives, strict=True))
