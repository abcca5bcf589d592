"""`gisgrid tracks verify` as a person types it."""

import csv

import numpy as np
import pytest

from gisgrid.cli import main
from tests.tracks.walks import MONDAY, at_ms, stroll
from tests.worlds import PLANE, draw_network

H = 3_600_000


@pytest.fixture
def folder(tmp_path):
    """Inputs for one patroller who passes on Monday, another who is silent."""
    draw_network("AB", square_m=1000).write(tmp_path / "grids.gpkg")
    start = at_ms("08:00")
    points = (
        stroll(start, start + 4 * H // 3, 100, 500, 900, 500)
        + stroll(start + 4 * H // 3 + 60_000, start + 2 * H, 1100, 500, 1900, 500)
        + stroll(start + 2 * H + 60_000, start + 3 * H, 100, 500, 900, 500)
    )
    xy = np.array(points)
    lon, lat = PLANE.to_lonlat(xy[:, 1], xy[:, 2])
    rows = [f"P,{t},{x:.7f},{y:.7f}" for (t, *_), x, y in zip(points, lon, lat, strict=True)]
    (tmp_path / "tracks.csv").write_text("patroller,time,lon,lat\n" + "\n".join(rows) + "\n")
    (tmp_path / "duties.csv").write_text(
        "patroller,grid,role,from,to\nP,A,patroller,2018-01-01,\nQ,B,patroller,2018-01-01,\nL,A,leader,2018-01-01,\n"
    )
    return tmp_path


def verify(
    folder, *more, duties="duties.csv", tracks="tracks.csv", grids="grids.gpkg", period=("2018-05-07", "2018-05-13")
):
    return main(
        ["tracks", "verify", str(folder / tracks), "--grids", str(folder / grids), "--duties", str(folder / duties),
         "--from", period[0], "--to", period[1], "--out", str(folder / "out"), *more]
    )  # fmt: skip


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_verify__writes_the_three_tables(folder, capsys):
    assert verify(folder) == 0
    days = rows(folder / "out" / "days.csv")
    assert list(days[0]) == [
        "patroller",
        "day",
        "visits_certain",
        "visits_possible",
        "own_certain_s",
        "own_possible_s",
        "elsewhere_s",
        "unknown_s",
        "off_duty_s",
        "reports",
        "visits_verdict",
        "hours_verdict",
        "reports_verdict",
        "patrol_verdict",
        "full_verdict",
        "why",
    ]
    assert len(days) == 14
    monday = days[0]
    assert (
        monday["patroller"],
        monday["day"],
        monday["patrol_verdict"],
        monday["full_verdict"],
        monday["reports"],
    ) == ("P", "2018-05-07", "pass", "", "")
    spent = [
        float(monday[name]) for name in ("own_certain_s", "own_possible_s", "elsewhere_s", "unknown_s", "off_duty_s")
    ]
    assert sum(spent) == pytest.approx(86_400)
    visits = rows(folder / "out" / "visits.csv")
    assert list(visits[0]) == ["patroller", "start", "end", "certain_s", "possible_s", "walked_m", "counts"]
    assert [visit["counts"] for visit in visits] == ["certain", "certain"]
    assert visits[0]["start"] == "2018-05-07T08:00:00.000+08:00"
    weeks = rows(folder / "out" / "weeks.csv")
    assert [(week["patroller"], week["week"], week["required_days"], week["patrol_verdict"]) for week in weeks] == [
        ("P", "2018-W19", "5", "fail"),
        ("Q", "2018-W19", "5", "fail"),
    ]
    assert "Q" in {day["patroller"] for day in days}
    assert "days, patrols" in capsys.readouterr().out


def test_verify__reports_leave_policy_and_map(folder):
    lon, lat = PLANE.to_lonlat(np.array([500.0]), np.array([500.0]))
    reports = [
        f"I{k},P,2018-05-07T09:00:0{k}+08:00,{lon[0]:.7f},{lat[0]:.7f},{'no' if k == 5 else 'yes'}" for k in range(6)
    ]
    (folder / "reports.csv").write_text(
        "incident,patroller,time,lon,lat,valid\n" + "\n".join(reports) + "\nI9,P,2018-05-07T09:00:00+08:00,,,\n"
    )
    (folder / "leave.csv").write_text("patroller,from,to,reason\nQ,2018-05-07,2018-05-09,sick\n")
    (folder / "policy.toml").write_text('name = "gentle"\nreports_per_day = 5\n')
    options = [
        "--reports",
        str(folder / "reports.csv"),
        "--leave",
        str(folder / "leave.csv"),
        "--policy",
        str(folder / "policy.toml"),
    ]
    assert verify(folder, *options, "--map", "P:2018-05-07", "--language", "zh") == 0
    days = rows(folder / "out" / "days.csv")
    assert (days[0]["上报事件数"], days[0]["上报判定"], days[0]["综合判定"]) == ("5", "达标", "达标")
    silent = [day for day in days if day["人员编号"] == "Q"]
    assert [day["巡查判定"] for day in silent] == ["不考核", "不考核", "未达标", "未达标", "未达标", "不考核", "不考核"]
    weeks = rows(folder / "out" / "weeks.csv")
    assert [week["应达标天数"] for week in weeks] == ["5", "3"]
    assert {visit["是否计入"] for visit in rows(folder / "out" / "visits.csv")} <= {"确定", "可能", "否"}
    page = (folder / "out" / "map_P_2018-05-07.html").read_text(encoding="utf-8")
    assert 'lang="zh-CN"' in page
    assert "https://" not in page
    assert "http://www.w3.org" in page
    assert (folder / "out" / "map-assets" / "leaflet" / "leaflet.js").is_file()


def test_verify__editions_by_date(folder):
    draw_network("BA", square_m=1000).write(folder / "later.gpkg")
    assert verify(folder, "--grids", f"{folder / 'later.gpkg'}@2018-05-07", period=("2018-05-07", "2018-05-07")) == 0
    assert rows(folder / "out" / "days.csv")[0]["patrol_verdict"] == "fail"
    assert verify(folder, "--grids", f"{folder / 'later.gpkg'}@2018-05-08", period=("2018-05-07", "2018-05-07")) == 0
    assert rows(folder / "out" / "days.csv")[0]["patrol_verdict"] == "pass"


def test_verify__unknown_people_and_bad_rows_are_counted_and_the_rest_goes_on(folder, capsys):
    with (folder / "tracks.csv").open("a") as stream:
        stream.write(
            "X,2018-05-07T08:00:00+08:00,121.4,28.6\nP,2018-05-07T08:00:00,121.4,28.6\nP,1525651200000,nan,28.6\n"
        )
    with (folder / "duties.csv").open("a") as stream:
        stream.write("R,Z,patroller,2018-01-01,\nS,A,king,2018-01-01,\n")
    assert verify(folder) == 0
    told = capsys.readouterr().err
    assert "1 fixes of 1 people without a patrolling duty are not judged: X" in told.replace("\n", " ")
    assert "grid Z of R is in no edition" in told.replace("\n", " ")
    rejected = rows(folder / "out" / "rejected_fixes.csv")
    assert len(rejected) == 2
    assert rejected[0]["patroller"] == "P"
    assert "no offset" in rejected[0]["reject_reason"]
    assert "role is unknown" in rows(folder / "out" / "rejected_duties.csv")[0]["reject_reason"]
    assert rows(folder / "out" / "days.csv")[0]["patrol_verdict"] == "pass"


def test_verify__a_week_without_data_is_silent_not_absent(folder, capsys):
    assert verify(folder, period=("2018-06-04", "2018-06-10")) == 0
    days = rows(folder / "out" / "days.csv")
    assert {day["patrol_verdict"] for day in days} == {"fail", "not_due"}
    assert all("no usable fixes" in day["why"] for day in days)
    assert "no fix lies in the period" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tracks": "none.csv"}, "none.csv does not exist"),
        ({"grids": "none.gpkg"}, "none.gpkg does not exist"),
        ({"duties": "none.csv"}, "none.csv does not exist"),
        ({"period": ("2018-05-13", "2018-05-07")}, "before it begins"),
        ({"period": ("13.5.2018", "2018-05-07")}, "expected a date such as 2018-05-07"),
        ({"period": ("2017-01-02", "2017-01-08")}, "nobody holds a patrolling duty"),
    ],
)
def test_verify__what_cannot_be_used_is_told_with_code_2(folder, capsys, change, told):
    assert verify(folder, **change) == 2
    message = capsys.readouterr().err
    assert told in message
    assert message.lstrip().startswith("error: ")
    assert "Traceback" not in message
    assert not (folder / "out" / "days.csv").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--map", "P"], "PATROLLER:YYYY-MM-DD"),
        (["--map", "Nobody:2018-05-07"], "no verdict for 'Nobody'"),
        (["--zone", "Mars/Base"], "time zone"),
        (["--datum", "moon"], "unknown datum"),
        (["--language", "fr"], "en or zh"),
        (["--code", "GRID"], "its columns are code"),
        (["--lat", "breite"], "no column 'breite'"),
        (["--policy", "none.toml"], "none.toml does not exist"),
    ],
)
def test_verify__options_that_make_no_sense(folder, capsys, options, told):
    assert verify(folder, *options) == 2
    assert told in capsys.readouterr().err


def test_verify__editions_that_begin_too_late(folder, capsys):
    path = folder / "grids.gpkg"
    arguments = [
        "tracks",
        "verify",
        str(folder / "tracks.csv"),
        "--duties",
        str(folder / "duties.csv"),
        "--from",
        "2018-05-07",
        "--to",
        "2018-05-07",
    ]
    assert main([*arguments, "--grids", f"{path}@2018-05-08", "--out", str(folder / "out")]) == 2
    assert f"no edition is in force on {MONDAY}" in capsys.readouterr().err
