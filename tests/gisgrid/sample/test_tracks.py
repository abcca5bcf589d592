"""The sample's tracks: every kind of day is what its label says, seen by a plain second reading of the rules."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
import shapely

from gisgrid.sample import SAMPLE_NOW, SampleDistrict, SampleTracks, build_reports, build_tracks
from gisgrid.sample.outline import PLANE
from gisgrid.sample.roster import VERDICT_OF

TOLERANCE_M = 20.0


@pytest.fixture(scope="module")
def fixes(tracks: SampleTracks, district: SampleDistrict) -> pd.DataFrame:
    """The fixes with their label, metres and distance to the grids of the person's duties that day."""
    frame = tracks.fixes.to_pandas()
    frame["patroller"] = frame["patroller"].astype(str)
    frame["day"] = frame["time"].dt.tz_convert("Asia/Shanghai").dt.date.astype(str)
    frame = frame.merge(tracks.labels, on=["patroller", "day"], how="left", validate="many_to_one")
    frame["x_m"], frame["y_m"] = PLANE.to_xy(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    shapes = dict(zip(district.network.codes, PLANE.project(district.network.geometry), strict=True))
    duties = district.duties[district.duties["role"].isin(["patroller", "substitute"])]
    frame["away_m"] = np.nan
    for (name, day), rows in frame.groupby(["patroller", "day"]):
        mine = duties[
            (duties["patroller"] == name) & (duties["from"] <= day) & ((duties["to"] > day) | (duties["to"] == ""))
        ]
        own = shapely.union_all([shapes[code] for code in mine["grid"]])
        frame.loc[rows.index, "away_m"] = shapely.distance(own, shapely.points(rows["x_m"], rows["y_m"]))
    return frame


def days_of(fixes: pd.DataFrame, kind: str) -> list[pd.DataFrame]:
    found = [day for _, day in fixes[fixes["kind"] == kind].groupby(["patroller", "day"])]
    assert found, f"no day of kind {kind}"
    return found


def own_seconds(day: pd.DataFrame) -> float:
    """Seconds of legs up to 5 min with both ends within the tolerance."""
    seconds = day["time"].diff().dt.total_seconds().to_numpy()[1:]
    near = day["away_m"].to_numpy() <= TOLERANCE_M
    return float(seconds[near[1:] & near[:-1] & (seconds <= 300.0)].sum())


def longest_absence_s(day: pd.DataFrame) -> float:
    near = day["time"][day["away_m"] <= TOLERANCE_M]
    return float(near.diff().dt.total_seconds().max())


def test_labels__a_row_a_day_and_every_kind(tracks: SampleTracks) -> None:
    assert set(tracks.labels["kind"]) == set(VERDICT_OF)
    assert (tracks.labels.groupby("patroller")["day"].nunique() == 7).all()
    assert set(tracks.labels["patrol_verdict"]) == {"pass", "fail", "undetermined", "not_due"}


def test_roster__most_workdays_are_diligent(district: SampleDistrict) -> None:
    assert (district.roster.kinds[:, :5] == "diligent").mean() > 0.8


def test_fixes__typed_sorted_rounded_and_known_by_the_sample_clock(tracks: SampleTracks) -> None:
    table = tracks.fixes
    assert [str(field.type) for field in table.schema] == [
        "dictionary<values=string, indices=int32, ordered=0>", "timestamp[ms, tz=UTC]", "double", "double", "float",
        "timestamp[ms, tz=UTC]",
    ]  # fmt: skip
    frame = table.to_pandas()
    assert frame["time"].groupby(frame["patroller"].astype(str)).is_monotonic_increasing.all()
    assert not frame.duplicated(["patroller", "time"]).any()
    assert np.array_equal(frame["lon"], frame["lon"].round(7))
    assert pc.max(table["received_at"]).as_py() < SAMPLE_NOW.astimezone(dt.UTC)
    assert (frame["received_at"] > frame["time"]).all()


def test_fixes__none_on_days_without(fixes: pd.DataFrame) -> None:
    assert not set(fixes["kind"]) & {"absent", "on_leave", "day_off"}


@pytest.mark.parametrize("kind", ["diligent", "copied_track", "substitute", "border_walker"])
def test_days__those_that_pass_have_two_long_visits_parted_by_a_known_absence(fixes: pd.DataFrame, kind: str) -> None:
    for day in days_of(fixes, kind):
        assert own_seconds(day) > 7_800.0
        assert 2_100.0 < longest_absence_s(day) < 3_600.0
        assert day["time"].diff().dt.total_seconds().max() < 15.0
        away = day["away_m"].to_numpy()
        assert ((away > 60.0).sum() - 1) * 10.0 > 2_100.0, "half an hour and more far outside"


def test_days__walkers_walk(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "diligent"):
        half_minute = day.iloc[::3]
        step_m = np.hypot(half_minute["x_m"].diff(), half_minute["y_m"].diff()).to_numpy()[1:]
        assert step_m.max() / 30.0 * 3.6 < 6.5
        assert np.median(step_m) > 10.0


def test_days__border_walkers_keep_outside_but_inside_the_tolerance(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "border_walker"):
        near = day["away_m"][day["away_m"] < 30.0]
        assert ((near > 4.9) & (near < 15.0)).mean() > 0.95


def test_days__too_short_and_one_visit(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "too_short"):
        assert own_seconds(day) < 5_400.0
        assert longest_absence_s(day) > 2_100.0
    for day in days_of(fixes, "one_visit"):
        assert own_seconds(day) > 8_900.0
        assert day["away_m"].max() == 0.0


def test_days__phone_off_for_55_minutes_inside(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "phone_off_hour"):
        silence_s = day["time"].diff().dt.total_seconds().max()
        assert 1_800.0 < silence_s < 3_600.0
        assert own_seconds(day) > 9_000.0
        assert day["away_m"].max() == 0.0


def test_days__phone_at_home_never_moves_20_metres(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "phone_at_home"):
        assert np.ptp(day["x_m"]) < 17.0
        assert np.ptp(day["y_m"]) < 17.0
        assert own_seconds(day) > 7 * 3_600.0


def test_days__driving_is_fast_and_shifted_phones_never_come_near(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "driving_through"):
        step_m = np.hypot(day["x_m"].diff(), day["y_m"].diff()).to_numpy()
        inside = day["away_m"].to_numpy() == 0.0
        assert 0 < inside.sum() < 120
        assert step_m[1:][inside[1:]].min() / 10.0 * 3.6 > 30.0
        assert own_seconds(day) < 1_200.0
    for day in days_of(fixes, "gcj02_phone"):
        assert own_seconds(day) < 1_800.0


def test_days__late_and_copied(fixes: pd.DataFrame) -> None:
    for day in days_of(fixes, "late_upload"):
        assert ((day["received_at"] - day["time"]).dt.total_seconds() > 72 * 3_600.0).all()
    for day in days_of(fixes, "copied_track"):
        before = str(dt.date.fromisoformat(day["day"].iloc[0]) - dt.timedelta(days=1))
        original = fixes[(fixes["patroller"] == day["patroller"].iloc[0]) & (fixes["day"] == before)]
        assert np.array_equal(original[["lon", "lat"]], day[["lon", "lat"]])
        assert ((day["time"].to_numpy() - original["time"].to_numpy()) == np.timedelta64(24, "h")).all()


def test_build_tracks__same_for_one_person_alone_and_for_the_same_seed(
    district: SampleDistrict, tracks: SampleTracks
) -> None:
    name = tracks.labels["patroller"].iloc[0]
    alone = build_tracks(district, patrollers=[name])
    among = tracks.fixes.filter(pc.equal(tracks.fixes["patroller"].cast("string"), name))
    assert alone.fixes.equals(among)
    with pytest.raises(ValueError, match="P9999"):
        build_tracks(district, patrollers=["P9999"])


def test_build_reports__five_valid_ones_in_the_own_grid_on_passing_days(
    district: SampleDistrict, tracks: SampleTracks, fixes: pd.DataFrame
) -> None:
    reports = build_reports(district, tracks)
    assert list(reports.columns) == ["incident", "patroller", "time", "lon", "lat", "valid"]
    assert reports["incident"].is_unique
    assert not reports["valid"].all()
    at_fixes = reports.assign(time=reports["time"].dt.tz_convert("UTC")).merge(
        fixes, on=["patroller", "time"], validate="one_to_one"
    )
    assert len(at_fixes) == len(reports)
    near = at_fixes[at_fixes["valid"] & (at_fixes["away_m"] <= TOLERANCE_M)]
    counts = near.groupby(["patroller", "day", "kind"]).size().reset_index(name="count")
    for kind in ("diligent", "border_walker", "copied_track", "substitute"):
        assert counts[counts["kind"] == kind]["count"].min() >= 5
