"""Files of incidents: rows with positions in, the same rows with their grids out, unusable rows set aside."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gisgrid.datum import Datum, to_wgs84
from gisgrid.errors import BadOption, EmptyInput
from gisgrid.grid import GridNetwork
from gisgrid.incidents import DEFAULT_ACCURACY_M, Assignments, AssignOptions, Source, assign
from gisgrid.table_files import read_table
from gisgrid.tables import InputTable, Rejects, check_not_exchanged, keep_rows, place_problems, replacing

ADDED_COLUMNS: Final = ("grid", "how", "border_distance_m", "alternatives")
ACCURACY_COLUMN: Final = "accuracy_m"
"""Holds the accuracy where no other column is named."""

_DEGREE_DIGITS: Final = 7
_SOURCE_WORDS: Final[dict[str, Source]] = {"map": "map", "map_click": "map", "phone": "phone", "address": "address"}


@dataclass(frozen=True)
class IncidentColumns:
    """Which columns hold what: degrees, a `time` that is only checked, metres, and a source of its own for every row.

    What is None is not looked at, except that a column `accuracy_m` is used where the file has one.
    """

    lon: str = "lon"
    lat: str = "lat"
    time: str | None = None
    accuracy: str | None = None
    source: str | None = None


@dataclass(frozen=True, eq=False)
class AssignedFile:
    """The usable rows of a file of incidents (`rows` into `table`), their assignments, and the rows set aside.

    `lon` and `lat` are where they lie (degrees, EPSG:4490); `accuracy_column` is the one that was used, if any.
    """

    table: InputTable
    rows: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    assignments: Assignments
    rejects: Rejects
    accuracy_column: str | None


def assign_file(
    path: str | Path,
    network: GridNetwork,
    *,
    columns: IncidentColumns | None = None,
    datum: Datum = "wgs84",
    options: AssignOptions | None = None,
) -> AssignedFile:
    """Read a CSV or Parquet file and assign every usable row.

    Positions are rounded to 1e-7 degree on intake. Raises `UnreadableFile`, `EmptyInput`, `MissingColumn`, `BadColumn`.
    """
    columns = columns or IncidentColumns()
    table = read_table(path)
    lon, bad_lon = table.numbers(table.need(columns.lon, "--lon"))
    lat, bad_lat = table.numbers(table.need(columns.lat, "--lat"))
    problems = place_problems(lon, lat, bad_lon | bad_lat)
    if columns.time is not None:
        times = table.times_ms(table.need(columns.time, "--time"))
        problems[f"{columns.time} is empty; expected the time of the report"] = times.empty
        problems[f"{columns.time} is not a time; expected for instance 2018-05-07T09:30:00+08:00"] = times.unreadable
    accuracy_m, bad, accuracy_column = _accuracies(table, columns)
    problems[f"{accuracy_column} is not a number; expected metres or nothing"] = bad
    usable, rejects = keep_rows(table, problems)
    if not usable.any():
        raise EmptyInput(f"{path}: none of its {len(rejects):,} rows can be used; the first: {rejects.reasons[0]}")
    rows = np.flatnonzero(usable)
    lon, lat = to_wgs84(lon[rows], lat[rows], datum)
    lon, lat = np.round(lon, _DEGREE_DIGITS), np.round(lat, _DEGREE_DIGITS)
    check_not_exchanged(str(path), lon, lat, network.bounds)
    assignments = assign(network, lon, lat, accuracy_m[rows], options=options)
    return AssignedFile(table, rows, lon, lat, assignments, rejects, accuracy_column)


def check_out(path: Path, out: Path, rejects: Path) -> None:
    """`BadOption` when a result could not stand at `out` or would overwrite what it is made from."""
    if out.suffix.lower() != ".csv" or out.is_dir():
        raise BadOption(f"--out is {out}; expected the name of a CSV file, ending in .csv")
    for written in (out, rejects):
        if written.exists() and path.exists() and written.samefile(path):
            raise BadOption(f"{path} would be overwritten by the result; name another --out")


def rejects_path(out: Path) -> Path:
    """Where the rows that were set aside stand: beside the result."""
    return out.with_name(out.stem + ".rejects.csv")


def replaced_columns(table: InputTable) -> tuple[str, ...]:
    """Columns of the input that the result does not repeat: its own four, and what cannot be written as text."""
    kept = _kept_columns(table)
    return tuple(name for name in table.columns if name not in kept)


def write_assigned(path: Path, found: AssignedFile, network: GridNetwork) -> None:
    """Write the usable rows with all their columns and the four of the assignment (UTF-8 with byte order mark)."""
    kept = _kept_columns(found.table)
    texts = [found.table.texts(name)[found.rows] for name in kept]
    metres = [f"{metre:.2f}" for metre in found.assignments.border_distance_m]
    answers = (found.assignments.codes(network), found.assignments.how, metres, found.assignments.alternatives)
    with replacing(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*kept, *ADDED_COLUMNS])
        writer.writerows(zip(*texts, *answers, strict=True))


def _kept_columns(table: InputTable) -> list[str]:
    return [
        name
        for name in table.columns
        if name not in ADDED_COLUMNS and not name.startswith("reject_") and _is_text(table.rows.schema.field(name).type)
    ]


def _is_text(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _accuracies(
    table: InputTable, columns: IncidentColumns
) -> tuple[NDArray[np.float64], NDArray[np.bool_], str | None]:
    """Metres of every row, NaN where unstated and the default is right; which rows hold no number; the column used."""
    accuracy_m, bad = np.full(len(table), np.nan), np.zeros(len(table), bool)
    column = columns.accuracy
    if column is None and ACCURACY_COLUMN in table.columns:
        column = ACCURACY_COLUMN
    if column is not None:
        accuracy_m, bad = table.numbers(table.need(column, "--accuracy"))
    if columns.source is not None:
        words = table.texts(table.need(columns.source, "--source-column"))
        unstated = ~(accuracy_m > 0.0)
        for word, source in _SOURCE_WORDS.items():
            accuracy_m = np.where(unstated & (words == word), DEFAULT_ACCURACY_M[source], accuracy_m)
    return accuracy_m, bad, column
