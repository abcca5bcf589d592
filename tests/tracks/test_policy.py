"""Policies: defaults, files, and every way to get one wrong."""

import datetime as dt

import pytest

from gisgrid.errors import InvalidPolicy, UnreadableFile
from tracks.policy import Policy, read_policy


def test_policy__defaults_are_the_standard():
    policy = Policy()
    assert (policy.days_per_week, policy.visits_per_day, policy.hours_per_day, policy.reports_per_day) == (5, 2, 2.0, 5)
    assert policy.window_ms == (6 * 3_600_000, 23 * 3_600_000)


def test_policy__hash_follows_the_content():
    assert Policy().hash == Policy().hash
    assert Policy().hash != Policy(tolerance_m=25.0).hash


def test_read_policy__what_is_not_named_keeps_its_default(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(
        'name = "summer"\nvalid_from = 2018-07-02\nhours_per_day = 1.5\nduty_window = "00:00-24:00"\n'
        'base_places = [{name = "centre", lon = 121.4, lat = 28.6}]\n',
        encoding="utf-8",
    )
    policy = read_policy(path)
    assert (policy.name, policy.hours_per_day, policy.visits_per_day) == ("summer", 1.5, 2)
    assert policy.valid_from == dt.date(2018, 7, 2)
    assert policy.base_places[0].name == "centre"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tolerance = 20", "did you mean 'tolerance_m'"),
        ("tolerance_m = -1", "at least 0"),
        ("tolerance_m = nan", "at least 0"),
        ("visits_per_day = 2.5", "whole number"),
        ("visits_per_day = true", "expected a number"),
        ("hours_per_day = '2'", "expected a number"),
        ("days_per_week = 8", "a week has 7 days"),
        ("hours_per_day = 25", "24 hours"),
        ("duty_window = '23:00-06:00'", "never wraps midnight"),
        ("duty_window = '6-23'", "expected HH:MM-HH:MM"),
        ("duty_window = 6", "expected text"),
        ("duty_window = '08:00-09:00'", "more than the duty window"),
        ("sure_gap_s = 1000", "above possible_gap_s"),
        ("driving_kmh = 130", "above jump_kmh"),
        ("required_days = 'some'", "'workdays' or 'strict'"),
        ("valid_from = 2018-07-03", "on a Monday"),
        ("valid_from = '2018-07-02'", "TOML date"),
        ("base_places = [{name = 'x'}]", "needs name, lon and lat"),
        ("base_places = 3", "list of tables"),
    ],
)
def test_read_policy__mistakes_are_told(tmp_path, text, told):
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=told):
        read_policy(path)


def test_read_policy__what_is_no_toml(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        read_policy(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(UnreadableFile, match="not readable as TOML"):
        read_policy(tmp_path / "bad.toml")
