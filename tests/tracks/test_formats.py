"""Files of fixes: every format, and everything that can be wrong with one."""

import shutil
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gisgrid.errors import BadColumn, EmptyInput, MissingColumn, UnreadableFile
from tracks.formats import TrackColumns, fixes_of_table, read_tracks

HEADER = "patroller,time,lon,lat,accuracy_m,received_at\n"
GOOD = "P1,2018-05-07T08:00:00+08:00,121.4,28.6,10,2018-05-07T08:00:05+08:00\n"
HOUR_MS = 3_600_000


def written(tmp_path, text, name="tracks.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_read_tracks__csv_with_all_columns(tmp_path):
    fixes = read_tracks([written(tmp_path, HEADER + GOOD)]).fixes
    assert fixes.patrollers == ("P1",)
    assert fixes.time_ms.tolist() == [1525651200000]
    assert (fixes.lon[0], fixes.lat[0], fixes.accuracy_m[0]) == (121.4, 28.6, 10.0)
    assert fixes.received_ms.tolist() == [1525651205000]


def test_read_tracks__columns_by_other_names(tmp_path):
    path = written(tmp_path, "user_id;tracked_at;longitude;latitude\n7;2019-01-25 20:00:16.178;7.0389004;47.0516249\n")
    columns = TrackColumns("user_id", "tracked_at", "longitude", "latitude")
    fixes = read_tracks([path], columns=columns, zone=ZoneInfo("UTC")).fixes
    assert fixes.patrollers == ("7",)
    assert fixes.time_ms.tolist() == [1548446416178]


def test_read_tracks__order_and_batches_do_not_matter(tmp_path):
    rows = [f"P{k % 2},2018-05-07T08:00:{k:02d}+08:00,121.4,28.6,,\n" for k in range(30)]
    whole = read_tracks([written(tmp_path, HEADER + "".join(rows))]).fixes
    first = written(tmp_path, HEADER + "".join(rows[20:]), "one.csv")
    second = written(tmp_path, HEADER + "".join(rows[:25]), "two.csv")
    parts = read_tracks([first, second]).fixes
    assert parts.copies == 5
    for name in ("patroller", "time_ms", "lon", "lat", "received_ms"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()


def test_read_tracks__gpx_belongs_to_the_file_name(tmp_path):
    points = (
        '<trkpt lat="28.6" lon="121.4"><time>2018-05-07T00:00:00Z</time></trkpt><trkpt lat="28.6" lon="121.5"></trkpt>'
    )
    for version in ("http://www.topografix.com/GPX/1/0", "http://www.topografix.com/GPX/1/1"):
        path = written(tmp_path, f'<gpx xmlns="{version}"><trk><trkseg>{points}</trkseg></trk></gpx>', "P0007.gpx")
        found = read_tracks([path])
        assert found.fixes.patrollers == ("P0007",)
        assert found.fixes.time_ms.tolist() == [1525651200000]
        assert found.rejects[0].reasons == ("time is empty",)


def test_read_tracks__parquet_with_typed_columns(tmp_path):
    table = pa.table(
        {
            "patroller": pa.array(["P2", "P1"]).dictionary_encode(),
            "time": pa.array([1525651200000, 1525651210000], pa.timestamp("ms", tz="UTC")),
            "lon": [121.4, 121.5],
            "lat": [28.6, 28.7],
        }
    )
    pq.write_table(table, tmp_path / "tracks.parquet")
    fixes = read_tracks([tmp_path / "tracks.parquet"]).fixes
    assert fixes.patrollers == ("P1", "P2")
    assert fixes.lon.tolist() == [121.5, 121.4]
    assert fixes_of_table(table).lon.tolist() == [121.5, 121.4]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("P1,2018-05-07T08:00:00,121.4,28.6,,\n", "time has no offset"),
        ("P1,yesterday,121.4,28.6,,\n", "time is not readable"),
        ("P1,,121.4,28.6,,\n", "time is empty"),
        (",2018-05-07T08:00:00+08:00,121.4,28.6,,\n", "patroller is empty"),
        ("P1,2018-05-07T08:00:00+08:00,,28.6,,\n", "is not a number"),
        ("P1,2018-05-07T08:00:00+08:00,nan,28.6,,\n", "is not a number"),
        ("P1,2018-05-07T08:00:00+08:00,121.4,91,,\n", "outside -180..180"),
        ("P1,2018-05-07T08:00:00+08:00,28.6,121.4,,\n", "look exchanged"),
        ("P1,2018-05-07T08:00:00+08:00,121.4,28.6,good,\n", "accuracy is not a number"),
        ("P1,2018-05-07T08:00:00+08:00,121.4,28.6,,soon\n", "received_at is not readable"),
        ("P1,2018-05-07T08:00:00+08:00\n", "does not have 6 fields"),
    ],
)
def test_read_tracks__a_bad_row_is_set_aside_and_the_rest_goes_on(tmp_path, row, reason):
    found = read_tracks([written(tmp_path, HEADER + GOOD + row)])
    assert len(found.fixes) == 1
    (rejects,) = found.rejects
    assert rejects.lines.tolist() == [3]
    assert reason in rejects.reasons[0]


def test_read_tracks__an_unknown_accuracy_is_no_offence(tmp_path):
    rows = "".join(f"P1,2018-05-07T08:00:0{k}+08:00,121.4,28.6,{value},\n" for k, value in enumerate(["-1", "0", ""]))
    assert np.isnan(read_tracks([written(tmp_path, HEADER + rows)]).fixes.accuracy_m).all()


def test_read_tracks__files_that_cannot_be_used(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        read_tracks([tmp_path / "none.csv"])
    with pytest.raises(UnreadableFile, match="does not exist"):
        read_tracks([tmp_path / "none.gpx"])
    with pytest.raises(UnreadableFile, match="not readable as GPX"):
        read_tracks([written(tmp_path, "<gpx><trk>", "cut.gpx")])
    with pytest.raises(MissingColumn, match="no track point has a time"):
        read_tracks([written(tmp_path, '<gpx><trkpt lat="1" lon="2"/></gpx>', "still.gpx")])
    with pytest.raises(EmptyInput, match="no track points"):
        read_tracks([written(tmp_path, "<gpx></gpx>", "bare.gpx")])
    with pytest.raises(MissingColumn, match="--lat"):
        read_tracks([written(tmp_path, "patroller,time,lon\nP1,2018-05-07T08:00:00+08:00,121.4\n")])
    with pytest.raises(EmptyInput):
        read_tracks([written(tmp_path, HEADER)])
    with pytest.raises(EmptyInput, match="the first reason is: time has no offset"):
        read_tracks([written(tmp_path, HEADER + "P1,2018-05-07T08:00:00,121.4,28.6,,\n")])


def test_read_tracks__exchanged_coordinates_of_a_whole_file_are_told(tmp_path):
    rows = "".join(f"P1,2018-05-07T08:00:0{k}Z,53.4,-2.9,,\n" for k in range(9))
    with pytest.raises(BadColumn, match="look exchanged"):
        read_tracks([written(tmp_path, HEADER + rows)], bounds=(-3.2, 53.3, -2.6, 53.7))


def test_read_tracks__declared_gcj02_is_shifted_back(tmp_path):
    path = written(tmp_path, HEADER + GOOD)
    plain, shifted = read_tracks([path]).fixes, read_tracks([path], datum="gcj02").fixes
    assert 300 < np.hypot(plain.lon[0] - shifted.lon[0], plain.lat[0] - shifted.lat[0]) * 111_000 < 700


def test_read_tracks__real_files(shared_data, tmp_path):
    bus = read_tracks([shared_data / "tracks" / "bus_304_linz.gpx"]).fixes
    assert len(bus) == 2144
    columns = TrackColumns("user_id", "tracked_at", "longitude", "latitude", "accuracy")
    posmo = read_tracks([shared_data / "tracks" / "posmo_trajectory.csv"], columns=columns, zone=ZoneInfo("UTC"))
    assert posmo.rows_read == 1327
    assert len(posmo.fixes) + posmo.fixes.copies == 1327
    shutil.copy(shared_data / "tracks" / "posmo_trajectory.csv", tmp_path / "again.csv")
    twice = read_tracks(
        [shared_data / "tracks" / "posmo_trajectory.csv", tmp_path / "again.csv"], columns=columns, zone=ZoneInfo("UTC")
    )
    assert len(twice.fixes) == len(posmo.fixes)


def test_read_tracks__ranger_patrols_are_rosters_of_fewer_fixes(shared_data):
    columns = TrackColumns("patrol_id", "fixtime")
    found = read_tracks([shared_data / "tracks" / "smart_ranger_patrols.parquet"], columns=columns)
    fixes = found.fixes
    assert (found.rows_read, len(fixes), len(fixes.patrollers)) == (32_145, 10_147, 18)
    gaps = [np.diff(fixes.time_ms[start:end]) for start, end in zip(fixes.starts[:-1], fixes.starts[1:], strict=True)]
    within = {minutes: sum(int(gap[gap <= minutes * 60_000].sum()) for gap in gaps) / HOUR_MS for minutes in (5, 15)}
    assert within[5] == pytest.approx(109.5, abs=0.05)
    assert within[15] == pytest.approx(132.0, abs=0.05)
