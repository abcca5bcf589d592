"""The sample's ground truth: every labelled day is judged as labelled."""

import datetime as dt

import pytest

from gisgrid.duty import read_duties, read_leave
from gisgrid.local_days import date_of
from gisgrid.sample import build_district, build_tracks, write_sample
from tracks.filed_reports import read_reports
from tracks.formats import read_tracks
from tracks.own_zones import Edition
from tracks.policy import Policy
from tracks.sentences import explain_day
from tracks.verify import verify_tracks

KINDS = {
    "diligent", "too_short", "one_visit", "border_walker", "phone_off_hour", "phone_at_home", "driving_through", "copied_track", "gcj02_phone",
    "late_upload", "absent", "substitute", "on_leave",
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The whole week of 659 patrollers, read back from the files that the sample writes."""
    district = build_district()
    tracks = build_tracks(district)
    paths = write_sample(tmp_path_factory.mktemp("sample"), district, tracks)
    duties, _ = read_duties(paths["duties"])
    leave, _ = read_leave(paths["leave"])
    reports, rejected = read_reports(paths["reports"])
    assert len(rejected) == 0
    fixes = read_tracks([paths["tracks"]], bounds=district.network.bounds).fixes
    week = dt.date(2018, 5, 7), dt.date(2018, 5, 13)
    return tracks.labels, verify_tracks(fixes, [Edition(district.network)], duties, *week, leave=leave, reports=reports)


def test_verify__every_labelled_day_is_judged_as_labelled(judged):
    labels, result = judged
    verdicts = {(day.patroller, date_of(day.day).isoformat()): day for day in result.days}
    assert len(verdicts) == len(labels) == 659 * 7
    wrong = [
        (row.patroller, row.day, row.kind, row.patrol_verdict, found.patrol_verdict, explain_day(found, Policy()))
        for row in labels.itertuples()
        if (found := verdicts[row.patroller, str(row.day)[:10]]).patrol_verdict != row.patrol_verdict
    ]
    assert wrong == []
    assert set(labels["kind"]) >= KINDS


def test_verify__each_kind_says_why(judged):
    labels, result = judged
    verdicts = {(day.patroller, date_of(day.day).isoformat()): day for day in result.days}

    def sentences(kind):
        return [
            explain_day(verdicts[row.patroller, str(row.day)[:10]], Policy())
            for row in labels[labels["kind"] == kind].itertuples()
        ]

    assert all("no usable fixes" in text and "not proven" in text for text in sentences("absent"))
    assert all("late" in text and "not proven" in text for text in sentences("late_upload"))
    assert all("on leave" in text for text in sentences("on_leave"))
    assert all("possible" in text for text in sentences("phone_off_hour"))


def test_verify__each_person_has_one_week(judged):
    _, result = judged
    assert len(result.weeks) == 659
    assert {week.required_days for week in result.weeks} <= set(range(6))
