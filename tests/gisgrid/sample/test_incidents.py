"""The sample's incidents: exact totals, true grids, the quick sample, and the files."""

import datetime as dt
import hashlib
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import shapely

from gisgrid.categories import SubCategories
from gisgrid.clocks import NEVER, deadlines
from gisgrid.flow import GRADES, STATES
from gisgrid.grid import read_network
from gisgrid.incident_rows import read_incident_rows
from gisgrid.local_days import local_days
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, LEVELS
from gisgrid.sample import (
    CATEGORIES,
    QUICK_TOTAL,
    SAMPLE_NOW,
    SampleDistrict,
    SampleTracks,
    build_incidents,
    write_sample,
)
from gisgrid.sample.duties import patroller_ids
from gisgrid.sample.handling import GRADE_SHARES, LEADING, URGENT_SHARES
from gisgrid.workdays import WorkCalendar

PLACED_COLUMNS = [
    "incident", "category", "sub_category", "time", "lon", "lat", "accuracy_m", "source", "stated_grid", "grid",
]  # fmt: skip
PLACED_DIGEST = "dc292c41c4dc3803963481185402cc44a4a14edd576dadbbc213d1eb419413ab"
"""Of the quick sample's rows as they were before they had been handled."""

WHOLE_END = dt.datetime(2018, 11, 1, tzinfo=SAMPLE_NOW.tzinfo)


@pytest.fixture(scope="module")
def quick(district: SampleDistrict) -> pa.Table:
    return build_incidents(district, QUICK_TOTAL, SAMPLE_NOW)


@pytest.fixture(scope="module")
def whole(district: SampleDistrict) -> pa.Table:
    return build_incidents(district)


@pytest.fixture(params=["quick", "whole"])
def ended(request: pytest.FixtureRequest) -> tuple[pa.Table, int]:
    """A sample and the instant at which it ends."""
    end = SAMPLE_NOW if request.param == "quick" else WHOLE_END
    return request.getfixturevalue(request.param), round(end.timestamp() * 1000.0)


def instants(rows: pa.Table, name: str) -> np.ndarray:
    """A column of instants in ms, `NEVER` where it is null."""
    return rows[name].cast("int64").fill_null(NEVER).to_numpy()


def share(rows: np.ndarray, of: np.ndarray) -> float:
    return float(rows[of].mean())


def test_build_incidents__whole_year_has_the_five_totals(whole: pa.Table) -> None:
    counts = {item["values"]: item["counts"] for item in whole["category"].value_counts().to_pylist()}
    assert counts == {
        "public_security_hazards": 305_295,
        "livelihood_services": 130_716,
        "disputes": 61_000,
        "central_tasks": 64_831,
        "other": 2_500,
    }
    assert whole.num_rows == 564_342
    times = whole["time"].to_pandas()
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


def test_build_incidents__handling_leaves_what_was_there(quick: pa.Table) -> None:
    written = io.BytesIO()
    pa_csv.write_csv(quick.select(PLACED_COLUMNS), written)
    assert hashlib.sha256(written.getvalue()).hexdigest() == PLACED_DIGEST


def test_categories__are_those_of_the_ground_and_all_are_handled() -> None:
    known = SubCategories()
    for category, (label, _, subs) in CATEGORIES.items():
        assert set(subs) <= {one.code for one in known.of(category)}
        assert label
    names = [name for _, _, subs in CATEGORIES.values() for name in subs]
    assert len(set(names)) == len(names)
    assert list(GRADE_SHARES) == list(CATEGORIES)
    assert set(LEADING) == set(names)
    assert set(URGENT_SHARES) <= set(names)
    assert {department for leading in LEADING.values() for department in leading} == set(DEPARTMENTS)
    assert all(sum(shares) == pytest.approx(1.0) for shares in GRADE_SHARES.values())


def test_build_incidents__handled_in_order_in_whole_seconds_before_the_end(ended: tuple[pa.Table, int]) -> None:
    rows, end_ms = ended
    reported, responded, done, closed = (instants(rows, name) for name in ("time", "responded", "done", "closed"))
    assert ((reported <= responded) & (responded <= done) & (done <= closed)).all()
    for column in (responded, done, closed):
        happened = column[column != NEVER]
        assert happened.max() <= end_ms
        assert (happened % 1_000 == 0).all()


def test_build_incidents__states_agree_with_instants(ended: tuple[pa.Table, int]) -> None:
    rows, _ = ended
    state = rows["state"].to_numpy()
    responded, done, closed = (instants(rows, name) != NEVER for name in ("responded", "done", "closed"))
    assert set(state) == set(STATES)
    assert np.array_equal(closed, np.isin(state, ("closed", "evaluated", "invalid")))
    assert np.array_equal(done & ~closed, state == "fed_back")
    assert np.array_equal(responded & ~done, np.isin(state, ("accepted", "handling")))
    assert np.array_equal(~responded, state == "reported")
    assert np.array_equal(rows["satisfied"].is_valid().to_numpy(), state == "evaluated")


def test_build_incidents__clocks_are_mostly_kept(whole: pa.Table) -> None:
    reported, responded, done, closed = (instants(whole, name) for name in ("time", "responded", "done", "closed"))
    urgent = whole["urgent"].to_numpy()
    due = deadlines(reported, urgent, WorkCalendar())
    on_spot = closed == reported
    assert 0.34 < on_spot.mean() < 0.36
    others = ~on_spot & ~urgent
    answered, finished = others & (responded != NEVER), others & (done != NEVER)
    assert 0.97 < share(responded < due.response_ms, answered) < 0.98
    assert 0.955 < share(done < due.done_ms, finished) < 0.967
    assert 0.002 < share(done >= due.most_ms, finished) < 0.004
    assert 0.0035 < urgent.mean() < 0.0045
    assert 0.95 < share(responded < due.response_ms, urgent & (responded != NEVER)) < 0.99
    assert 0.90 < share(done < due.done_ms, urgent & (done != NEVER)) < 0.97


def test_build_incidents__offices_answer_on_workdays_by_day(whole: pa.Table) -> None:
    calendar = WorkCalendar()
    for name in ("responded", "done", "closed"):
        at = instants(whole, name)
        at = at[(at != NEVER) & (instants(whole, "closed") != instants(whole, "time")) & ~whole["urgent"].to_numpy()]
        days, day_of = np.unique(local_days(at), return_inverse=True)
        works = np.array([calendar.is_workday(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))) for day in days])
        hour = (at // 3_600_000 + 8) % 24
        assert works[day_of].mean() > 0.98
        assert (works[day_of] & (hour >= 8) & (hour < 18)).mean() > 0.95


def test_build_incidents__shares_of_states_grades_and_satisfaction(whole: pa.Table) -> None:
    shares = {
        name: {item["values"]: item["counts"] / len(whole) for item in whole[name].value_counts().to_pylist()}
        for name in ("grade", "state")
    }
    expected = {"simple": 0.55, "ordinary": 0.42, "prominent": 0.026, "major": 0.004}
    assert list(expected) == list(GRADES)
    assert shares["grade"] == pytest.approx(expected, rel=0.1)
    state = shares["state"]
    assert state["invalid"] == pytest.approx(0.012, rel=0.1)
    assert state["evaluated"] / (state["closed"] + state["evaluated"]) == pytest.approx(0.22, rel=0.05)
    assert 0.99 < np.mean(whole["satisfied"].drop_null().to_numpy(zero_copy_only=False)) < 1.0


def test_build_incidents__open_ones_are_mostly_new_and_few_overdue(ended: tuple[pa.Table, int]) -> None:
    rows, end_ms = ended
    reported, is_open = instants(rows, "time"), instants(rows, "closed") == NEVER
    due = deadlines(reported, rows["urgent"].to_numpy(), WorkCalendar())
    overdue = (instants(rows, "done") == NEVER) & (due.most_ms <= end_ms)
    assert is_open.mean() < 0.04
    assert 0.0003 < overdue.mean() < 0.002
    assert share(reported >= end_ms - 7 * 86_400_000, is_open) > 0.8


def test_build_incidents__levels_are_known_and_grave_ones_not_for_villages(
    ended: tuple[pa.Table, int],
) -> None:
    rows, _ = ended
    level, grade = rows["level"].to_numpy(), rows["grade"].to_numpy()
    assert set(level) == {*LEVELS, *(DEPARTMENT + code for code in DEPARTMENTS)}
    on_land = rows["grid"].is_valid().to_numpy()
    assert set(level[~on_land]) == {"district"}
    assert "village" not in level[np.isin(grade, ("prominent", "major"))]
    assert "township" not in level[grade == "major"]
    in_department = np.char.startswith(level.astype(str), DEPARTMENT)
    subs = rows["sub_category"].to_numpy()[in_department]
    codes = np.char.replace(level[in_department].astype(str), DEPARTMENT, "")
    assert all(code in LEADING[sub] for sub, code in set(zip(subs.tolist(), codes.tolist(), strict=True)))
    shares = {name: np.mean(level == name) for name in LEVELS} | {"department": in_department.mean()}
    assert shares == pytest.approx({"village": 0.91, "township": 0.065, "district": 0.005, "department": 0.02}, rel=0.2)
    first = {"simple": "village", "ordinary": "village", "prominent": "township", "major": "district"}
    unanswered = (rows["state"].to_numpy() == "reported") & on_land
    assert all(level[k] == first[grade[k]] for k in np.flatnonzero(unanswered))


def test_build_incidents__reported_by_the_patroller_or_leader_of_the_grid(
    district: SampleDistrict, quick: pa.Table
) -> None:
    patrollers = dict(zip(district.network.codes, patroller_ids(len(district.network)), strict=True))
    duties = district.duties[district.duties["role"] == "leader"]
    leaders = dict(zip(duties["grid"], duties["patroller"], strict=True))
    frame = quick.to_pandas()
    assert quick["reporter"].null_count == 0
    by_patroller = frame["reporter"] == frame["grid"].map(patrollers)
    by_leader = frame["reporter"] == frame["grid"].map(leaders)
    by_nobody = frame["reporter"] == ""
    assert (by_patroller | by_leader | by_nobody).all()
    assert by_nobody[frame["grid"].isna()].all()
    assert by_patroller.mean() == pytest.approx(0.88, rel=0.02)
    assert by_leader.mean() == pytest.approx(0.05, rel=0.15)


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
    found = read_incident_rows(paths["incidents"])
    assert len(found.rejects) == 0
    for name in ("responded", "done", "closed"):
        assert np.array_equal(getattr(found.rows, f"{name}_ms"), instants(quick, name))
    for name in ("grade", "state", "level", "reporter"):
        assert getattr(found.rows, name).tolist() == quick[name].to_pylist()
    assert np.array_equal(found.rows.is_urgent, quick["urgent"].to_numpy())
    assert np.array_equal(found.rows.satisfied, quick["satisfied"].cast("int8").fill_null(-1).to_numpy())
    reports = pd.read_csv(paths["reports"])
    assert reports["time"].str.endswith("+08:00").all()
    again = write_sample(tmp_path / "again", district, tracks, incidents=quick)
    for name in ("incidents", "reports", "labels", "duties", "places", "dwellings", "tracks"):
        assert paths[name].read_bytes() == again[name].read_bytes()
