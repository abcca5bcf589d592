"""Verdicts: days, weeks, leave, holidays, silence and the sentences."""

import datetime as dt

import pytest

from gisgrid.duty import Leave
from gisgrid.local_days import day_number
from tests.tracks.walks import MONDAY, SUNDAY, at_ms, duty, fixes_of, stroll
from tests.worlds import draw_network
from tracks.own_zones import Edition
from tracks.policy import Policy
from tracks.sentences import explain_day, explain_week
from tracks.verdicts import judge_amount, lesser
from tracks.verify import verify_tracks

WORLD = draw_network("AB", square_m=1000)
H = 3_600_000


def good_day(day):
    start = at_ms("08:00", day)
    return (
        stroll(start, start + 4 * H // 3, 100, 500, 900, 500)
        + stroll(start + 4 * H // 3 + 60_000, start + 2 * H, 1100, 500, 1900, 500)
        + stroll(start + 2 * H + 60_000, start + 3 * H, 100, 500, 900, 500)
    )


def week(days, **options):
    points = [point for day in days for point in good_day(MONDAY + dt.timedelta(days=day))]
    return verify_tracks(fixes_of(points), [Edition(WORLD)], [duty("A")], MONDAY, SUNDAY, **options)


@pytest.mark.parametrize(
    ("certain", "possible", "verdict"), [(2, 0, "pass"), (1, 1, "undetermined"), (1, 0, "fail"), (0, 2, "undetermined")]
)
def test_judge_amount__certain_passes_and_possible_only_delays(certain, possible, verdict):
    assert judge_amount(certain, possible, 2) == verdict


def test_lesser__fail_below_undetermined_below_pass():
    assert lesser("pass", "undetermined") == "undetermined"
    assert lesser("undetermined", "fail") == "fail"


@pytest.mark.parametrize(("days", "verdict"), [(range(5), "pass"), (range(4), "fail"), ([0, 1, 2, 3, 6], "pass")])
def test_judge_week__five_of_five_also_with_a_sunday(days, verdict):
    (found,) = week(days).weeks
    assert found.required_days == 5
    assert found.patrol_verdict == verdict


def test_judge_week__leave_lowers_what_is_required_and_strict_does_not():
    leave = [Leave("P", day_number(MONDAY), day_number(MONDAY) + 2, "annual")]
    result = week([2, 3, 4], leave=leave)
    assert result.weeks[0].required_days == 3
    assert result.weeks[0].patrol_verdict == "pass"
    assert result.days[0].patrol_verdict == "not_due"
    assert "on leave (annual)" in explain_day(result.days[0], Policy())
    assert week([2, 3, 4], leave=leave, policy=Policy(required_days="strict")).weeks[0].patrol_verdict == "fail"


def test_judge_week__holiday_is_not_required():
    # 2018-04-30 and 2018-05-01 were holidays, 2018-04-28 a Saturday worked instead.
    monday = dt.date(2018, 4, 23)
    result = verify_tracks(
        fixes_of(good_day(MONDAY)), [Edition(WORLD)], [duty("A")], monday, monday + dt.timedelta(days=13)
    )
    assert [found.required_days for found in result.weeks] == [5, 3]


def test_judge_week__only_whole_weeks_are_judged():
    assert (
        verify_tracks(
            fixes_of(good_day(MONDAY)), [Edition(WORLD)], [duty("A")], MONDAY, SUNDAY - dt.timedelta(days=1)
        ).weeks
        == ()
    )


def test_judge_day__silence_is_told_where_it_could_have_mattered():
    result = week([0])
    assert result.days[0].silence_ms == 0
    assert result.days[1].patrol_verdict == "fail"
    assert "not proven: 17 h 00 min silent" in explain_day(result.days[1], Policy())
    assert "未能证明：静默17小时0分" in explain_day(result.days[1], Policy(), "zh")


def test_judge_day__elsewhere_all_day_is_no_silence():
    start = at_ms("06:00")
    points = stroll(start, start + 17 * H, 1100, 500, 1900, 500)
    (day,) = verify_tracks(fixes_of(points), [Edition(WORLD)], [duty("A")], MONDAY, MONDAY).days
    assert day.patrol_verdict == "fail"
    assert day.silence_ms == 0


def test_verify__a_row_for_every_day_with_a_duty_also_without_fixes():
    first = day_number(MONDAY)
    duties = [duty("A", from_day=first + 1, to_day=first + 3), duty("B", person="Q", role="leader")]
    result = verify_tracks(fixes_of(good_day(MONDAY)), [Edition(WORLD)], duties, MONDAY, SUNDAY)
    assert [day.day - first for day in result.days] == [1, 2]


def test_verify__editions_change_on_their_day():
    tuesday = MONDAY + dt.timedelta(days=1)
    swapped = draw_network("BA", square_m=1000)
    points = good_day(MONDAY) + good_day(tuesday)
    editions = [Edition(swapped, day_number(tuesday)), Edition(WORLD)]
    result = verify_tracks(fixes_of(points), editions, [duty("A")], MONDAY, tuesday)
    assert [day.patrol_verdict for day in result.days] == ["pass", "fail"]


def test_explain_week__says_what_was_required():
    (found,) = week(range(4)).weeks
    assert explain_week(found) == "patrols: 4 of 5 required days passed"
    assert explain_week(found, "zh") == "巡查：应达标5天，达标4天"
