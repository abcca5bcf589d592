"""How the sample is written to a folder: the files that the commands read."""

import datetime as dt
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyogrio

from gisgrid.crs import STORED_CRS
from gisgrid.sample.district import SAMPLE_NOW, SampleDistrict, UnitTable
from gisgrid.sample.incidents import QUICK_TOTAL, build_incidents
from gisgrid.sample.reports import build_reports
from gisgrid.sample.tracks import SampleTracks

_OFFSET = "+08:00"


def write_sample(
    folder: str | Path,
    district: SampleDistrict,
    tracks: SampleTracks | None = None,
    *,
    reports: pd.DataFrame | None = None,
    incidents: pa.Table | None = None,
) -> dict[str, Path]:
    """Write the sample; returns the paths by name.

    grids.gpkg, villages.gpkg, townships.gpkg, dwellings.csv, places.csv, duties.csv, leave.csv, incidents.csv (the
    quick sample up to the sample's clock unless given) and, with tracks, tracks.parquet, reports.csv and labels.csv.
    CSV is UTF-8 with times in ISO format and +08:00; `true_grid` in incidents.csv is the ground truth. What became of
    the incidents stands in the same file: true or false, nothing where it has not happened or nobody has said.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"grids": folder / "grids.gpkg"}
    district.network.write(paths["grids"])
    for name, table in (("villages", district.villages), ("townships", district.townships)):
        paths[name] = folder / f"{name}.gpkg"
        _write_units(paths[name], table)
    places = district.places.assign(geometry=[shape.wkt for shape in district.places["geometry"]])
    tables = {"dwellings": district.dwellings, "places": places, "duties": district.duties, "leave": district.leave}
    if tracks is not None:
        tables["labels"] = tracks.labels
        tables["reports"] = _with_iso_times(build_reports(district, tracks) if reports is None else reports)
        paths["tracks"] = folder / "tracks.parquet"
        pq.write_table(tracks.fixes, paths["tracks"], compression="zstd")
    for name, frame in tables.items():
        paths[name] = folder / f"{name}.csv"
        frame.to_csv(paths[name], index=False, encoding="utf-8", lineterminator="\n")
    paths["incidents"] = folder / "incidents.csv"
    rows = build_incidents(district, QUICK_TOTAL, SAMPLE_NOW) if incidents is None else incidents
    _write_incidents(paths["incidents"], rows)
    return paths


def _write_units(path: Path, table: UnitTable) -> None:
    columns = {
        "code": list(table.codes),
        "name": list(table.names),
        "kind": list(table.kinds),
        "sample": [True] * len(table.codes),
    }
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(geopandas.GeoDataFrame(columns, geometry=list(table.geometry), crs=STORED_CRS), path)


def _write_incidents(path: Path, rows: pa.Table) -> None:
    for position, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(position, field.name, _iso(rows[field.name]))
    rows = rows.rename_columns(["true_grid" if name == "grid" else name for name in rows.column_names])
    with path.open("wb") as stream:
        pa_csv.write_csv(rows, stream, pa_csv.WriteOptions(quoting_style="needed"))


def _with_iso_times(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(time=_iso(pa.chunked_array([pa.Array.from_pandas(frame["time"])])).to_pylist())


def _iso(times: pa.ChunkedArray) -> pa.Array:
    """Instants as local ISO texts to the millisecond, null where they are."""
    instants = np.asarray(times.cast(pa.timestamp("ms", tz="UTC")).cast("int64").fill_null(0).to_numpy(), np.int64)
    local = (instants + int(dt.timedelta(hours=8).total_seconds() * 1000)).astype("datetime64[ms]")
    texts = [text + _OFFSET for text in np.datetime_as_string(local, unit="ms").tolist()]
    return pa.array(texts, mask=times.is_null().to_numpy())
