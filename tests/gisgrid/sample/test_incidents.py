"""The sample's incidents: exact totals, true grids, the quick sample, and the files."""

import datetime as dt
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gisgrid.grid import read_network
from gisgrid.sample import (
    CATEGORIES,
    QUICK_TOTAL,
    SAMPLE_NOW,
    SampleDistrict,
    SampleTracks,
    build_incidents,
    write_sample,
)


@pytest.fixture(scope="module")
def quick(district: SampleDistrict) -> pa.Table:
    return build_incidents(district, QUICK_TOTAL, SAMPLE_NOW)


def test_build_incidents__whole_year_has_the_five_totals(district: SampleDistrict) -> None:
    rows = build_incidents(district)
    counts = {item["values"]: item["counts"] for item in rows["category"].value_counts().to_pylist()}
    assert counts == {
        "public_security_hazards": 305_295,
        "livelihood_services": 130_716,
        "disputes": 61_000,
        "central_tasks": 64_831,
        "other": 2_500,
    }
    assert rows.num_rows == 564_342
    times = rows["time"].to_pandas()
    assert times.is_monotonic_increasing
    assert times.iloc[0].date() == dt.date(2018, 1, 1)
    assert times.iloc[-1].date() == dt.date(2018, 10, 31)


def test_build_incidents__quick_sample_ends_at_the_sample_clock(quick: pa.Table) -> None:
    assert quick.num_rows == 20_000
    assert quick["time"].to_pandas().max() < SAMPLE_NOW
    assert Counter(quick["category"].to_pylist())["other"] == round(20_000 * 2_500 / 564_342)


def test_build_incidents__same_seed_same_rows(district: SampleDistrict, quick: pa.Table) -> None:
    assert build_incidents(district, QUICK_TOTAL, SAMPLE_NOW).equals(quick)
    assert not build_incidents(district, QUICK_TOTAL, SAMPLE_NOW, seed=1).equals(quick)


def test_build_incidents__true_grid_contains_the_place(district: SampleDistrict, quick: pa.Table) -> None:
    frame = quick.to_pandas()
    placed = frame[frame["lon"].notna() & frame["grid"].notna()]
    position = placed["grid"].map({code: k for k, code in enumerate(district.network.codes)}).to_numpy(int)
    shapes = district.network.geometry[position]
    assert shapely.contains_xy(shapes, placed["lon"].to_numpy(), placed["lat"].to_numpy()).all()
    water = frame[frame["grid"].isna()]
    assert 0 < len(water) < 30
    assert not shapely.contains_xy(district.land, water["lon"].to_numpy(), water["lat"].to_numpy()).any()
    placeless = frame[frame["lon"].isna()]
    assert 0 < len(placeless) < 100
    assert (placeless["stated_grid"] == placeless["grid"]).all()
    assert frame[frame["lon"].notna()]["stated_grid"].isna().all()
    assert 0.2 < frame["accuracy_m"].isna().mean() < 0.5


def test_build_incidents__words_are_known(quick: pa.Table) -> None:
    for category, sub in set(zip(quick["category"].to_pylist(), quick["sub_category"].to_pylist(), strict=True)):
        assert sub in CATEGORIES[category][2]
    assert set(quick["source"].to_pylist()) == {"phone", "map_click", "address"}


def test_write_sample__files_that_read_back(
    tmp_path: Path, district: SampleDistrict, tracks: SampleTracks, quick: pa.Table
) -> None:
    paths = write_sample(tmp_path / "sample", district, tracks, incidents=quick)
    network = read_network(paths["grids"])
    assert network.is_sample
    assert network.codes == district.network.codes
    assert network.names == district.network.names
    assert shapely.equals_exact(shapely.get_parts(network.geometry), shapely.get_parts(district.network.geometry)).all()
    assert pq.read_table(paths["tracks"]).num_rows == tracks.fixes.num_rows
    duties = pd.read_csv(paths["duties"], dtype=str, keep_default_na=False)
    assert duties.equals(district.duties.astype(str).astype(duties.dtypes.to_dict()))
    incidents = pd.read_csv(paths["incidents"], dtype={"true_grid": str, "stated_grid": str})
    assert len(incidents) == 20_000
    assert incidents["time"].str.endswith("+08:00").all()
    assert np.array_equal(incidents["lon"].to_numpy(), quick["lon"].to_pandas().to_numpy(), equal_nan=True)
    reports = pd.read_csv(paths["reports"])
    assert reports["time"].str.endswith("+08:00").all()
    again = write_sample(tmp_path / "again", district, tracks, incidents=quick)
    for name in ("incidents", "reports", "labels", "duties", "places", "dwellings", "tracks"):
        assert paths[name].read_bytes() == again[name].read_bytes()
