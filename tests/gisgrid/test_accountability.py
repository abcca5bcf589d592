"""Evidence for the accountability rules: where an incident lay, five cases, from when on each is shown; no sanction."""

import datetime as dt
import itertools
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.accountability import CASES, Stay, find_evidence, find_stays
from gisgrid.clocks import Deadlines, Workdays
from gisgrid.rules import AccountabilityRules
from gisgrid.workdays import WorkCalendar

VILLAGE, TOWNSHIP, FIRE = "331002001001", "331002001000", "department:fire"
WORKDAYS = Workdays(WorkCalendar(), dt.date(2018, 4, 1), dt.date(2018, 8, 1))
ZONE = dt.timezone(dt.timedelta(hours=8))


def ms(text):
    return int(dt.datetime.fromisoformat(f"2018-{text}").replace(tzinfo=ZONE).timestamp()) * 1000


@dataclass(frozen=True)
class Step:
    """What `find_stays` and `find_evidence` read of a step."""

    at_ms: int
    holder: str
    move: str = "comment"
    office: str = "331002000000"
    content: Any = field(default_factory=lambda: MappingProxyType({}))


def handed(at, holder, before, move="hand_up"):
    return Step(ms(at), holder, move, content={"from": before})


# Reported on Monday 7 May at nine: response by Tuesday night, done by Monday night, at the latest on 28 May.
REPORTED = ms("05-07T09:00")
DUE = Deadlines(
    np.array([ms("05-09T00:00")]), np.array([ms("05-15T00:00")]), np.array([ms("05-29T00:00")]), np.array([False])
)


def evidence(now, steps=(), *, responded=None, done=None, extended=None, urgent=False, rules=None, holder=VILLAGE):
    """Cases of the incident above, as (case, office, from, to, workdays, times)."""
    done_ms = ms(done) if done else None
    found = find_evidence(
        7,
        find_stays(REPORTED, holder, steps, done_ms),
        steps,
        DUE,
        responded_ms=ms(responded) if responded else None,
        done_ms=done_ms,
        now_ms=ms(now),
        extended_due_ms=ms(extended) if extended else None,
        is_urgent=urgent,
        workdays=WORKDAYS,
        rules=rules or AccountabilityRules(),
    )
    assert all(one.incident_id == 7 for one in found)
    return [(one.case, one.office, local(one.from_ms), local(one.to_ms), one.workdays, one.times) for one in found]


def local(at_ms):
    return None if at_ms is None else f"{dt.datetime.fromtimestamp(at_ms / 1000, ZONE):%m-%dT%H:%M}"


def test_find_stays__without_steps_it_lay_where_it_lies():
    assert find_stays(1, VILLAGE, (), None) == (Stay(VILLAGE, 1, None),)
    assert find_stays(1, FIRE, (), 9) == (Stay(FIRE, 1, 9),)


def test_find_stays__from_office_to_office():
    steps = [
        Step(2, VILLAGE, "accept"),
        Step(3, TOWNSHIP, "hand_up", content={"from": VILLAGE}),
        Step(5, TOWNSHIP, "urge"),
        Step(8, FIRE, "hand_across", content={"from": TOWNSHIP}),
        Step(9, FIRE, "feed_back"),
    ]
    first = (Stay(VILLAGE, 1, 3), Stay(TOWNSHIP, 3, 8))
    assert find_stays(1, FIRE, steps, None) == (*first, Stay(FIRE, 8, None))
    assert find_stays(1, FIRE, steps, 9) == (*first, Stay(FIRE, 8, 9))


def test_find_stays__the_first_step_may_take_it_away():
    steps = [Step(4, TOWNSHIP, "hand_up", content={"from": VILLAGE})]
    assert find_stays(1, TOWNSHIP, steps, None) == (Stay(VILLAGE, 1, 4), Stay(TOWNSHIP, 4, None))


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from((VILLAGE, TOWNSHIP, FIRE))), max_size=8), st.booleans())
def test_find_stays__follow_one_another_and_say_where_it_was(moves, is_done):
    at, steps, office = 10, [], VILLAGE
    holders = [VILLAGE] * 10
    for wait, to in moves:
        holders += [office] * wait
        at += wait
        steps.append(Step(at, to, "move", content={"from": office} if to != office else {}))
        office = to
    end = at + 3
    holders += [office] * 3
    stays = find_stays(10, office, steps, end if is_done else None)
    assert (stays[0].from_ms, stays[-1].to_ms) == (10, end if is_done else None)
    assert all(one.to_ms == after.from_ms and one.office != after.office for one, after in itertools.pairwise(stays))
    for instant in range(10, end):
        (there,) = [one for one in stays if one.from_ms <= instant < (one.to_ms or end)]
        assert there.office == holders[instant]


def test_find_evidence__nothing_of_an_incident_in_time():
    assert evidence("05-08T23:59") == []
    assert evidence("07-01T00:00", responded="05-08T23:59", done="05-14T23:59") == []
    steps = [handed("05-08T10:00", TOWNSHIP, VILLAGE), handed("05-08T11:00", VILLAGE, TOWNSHIP, "return")]
    assert evidence("05-14T23:59", [*steps, Step(ms("05-09T10:00"), VILLAGE, "urge")], responded="05-08T10:00") == []


def test_find_evidence__no_response():
    assert evidence("05-09T00:00") == []
    assert evidence("05-11T12:00") == [("no_response", VILLAGE, "05-09T00:00", None, 3, 1)]
    assert evidence("05-14T12:00", responded="05-10T08:00") == [
        ("no_response", VILLAGE, "05-09T00:00", "05-10T08:00", 2, 1)
    ]


def test_find_evidence__not_done_where_it_lay_then():
    steps = [handed("05-08T10:00", TOWNSHIP, VILLAGE), handed("05-18T10:00", FIRE, TOWNSHIP, "hand_across")]
    # From Tuesday the 15th the township had it four workdays too long, the fire brigade three since.
    assert evidence("05-23T12:00", steps, responded="05-08T10:00", holder=FIRE) == [
        ("not_done", TOWNSHIP, "05-15T00:00", "05-18T10:00", 4, 1),
        ("not_done", FIRE, "05-18T10:00", None, 3, 1),
    ]
    done = evidence("05-28T12:00", steps, responded="05-08T10:00", done="05-22T09:00", holder=FIRE)
    assert done[-1] == ("not_done", FIRE, "05-18T10:00", "05-22T09:00", 2, 1)


def test_find_evidence__beyond_the_last_clock():
    (late, beyond) = evidence("05-30T12:00", responded="05-08T10:00")
    assert late == ("not_done", VILLAGE, "05-15T00:00", None, 12, 1)
    assert beyond == ("beyond_last", VILLAGE, "05-29T00:00", None, 2, 1)
    assert [case for case, *_ in evidence("05-29T00:00", responded="05-08T10:00")] == ["not_done"]


def test_find_evidence__an_extension_moves_the_clocks():
    assert evidence("05-24T00:00", responded="05-08T10:00", extended="05-25T00:00") == []
    assert evidence("05-28T00:00", responded="05-08T10:00", extended="05-25T00:00") == [
        ("not_done", VILLAGE, "05-25T00:00", None, 1, 1)
    ]
    assert evidence("06-04T12:00", responded="05-08T10:00", extended="06-01T00:00") == [
        ("not_done", VILLAGE, "06-01T00:00", None, 2, 1),
        ("beyond_last", VILLAGE, "06-01T00:00", None, 2, 1),
    ]


def test_find_evidence__lay_workdays_are_those_at_one_office():
    def cases(now, lay, urgent=False):
        found = evidence(now, responded="05-08T10:00", urgent=urgent, rules=AccountabilityRules(lay_workdays=lay))
        return [case for case, *_ in found]

    assert [cases(now, 4) for now in ("05-17T23:59", "05-18T00:01")] == [[], ["not_done"]]
    # The weekend counts nothing.
    assert [cases(now, 5) for now in ("05-20T23:59", "05-21T00:01")] == [[], ["not_done"]]
    assert cases("05-15T00:01", 3, urgent=True) == ["not_done"]
    assert cases("05-15T00:00", 3, urgent=True) == []


def test_find_evidence__short_stays_are_not_shown():
    rules = AccountabilityRules(lay_workdays=3)
    steps = [handed("05-16T10:00", TOWNSHIP, VILLAGE), handed("05-21T10:00", VILLAGE, TOWNSHIP, "return")]
    found = evidence("05-21T18:00", steps, responded="05-08T10:00", rules=rules)
    assert found == [("not_done", TOWNSHIP, "05-16T10:00", "05-21T10:00", 3, 1)]


def test_find_evidence__sent_round():
    steps = [
        handed("05-08T10:00", TOWNSHIP, VILLAGE),
        handed("05-09T10:00", FIRE, TOWNSHIP, "hand_across"),
        handed("05-10T10:00", TOWNSHIP, FIRE, "return"),
        handed("05-10T11:00", FIRE, TOWNSHIP, "hand_across"),
    ]
    again = [
        *steps,
        handed("05-11T10:00", TOWNSHIP, FIRE, "return"),
        handed("05-11T11:00", VILLAGE, TOWNSHIP, "return"),
    ]
    assert evidence("05-12T00:00", steps, responded="05-08T10:00") == []
    assert evidence("05-12T00:00", again, responded="05-08T10:00") == [
        ("sent_round", FIRE, "05-10T10:00", "05-11T11:00", 1, 3)
    ]
    rules = AccountabilityRules(returned_times=4)
    assert evidence("05-12T00:00", again, responded="05-08T10:00", rules=rules) == []


def test_find_evidence__urged_in_vain():
    steps = [
        Step(ms("05-08T10:00"), VILLAGE, "urge"),
        handed("05-09T10:00", TOWNSHIP, VILLAGE),
        Step(ms("05-10T10:00"), TOWNSHIP, "urge"),
        Step(ms("05-14T10:00"), TOWNSHIP, "urge"),
    ]
    assert evidence("05-14T12:00", steps[:2], responded="05-08T10:00") == []
    assert evidence("05-14T12:00", steps, responded="05-08T10:00") == [
        ("urged_in_vain", TOWNSHIP, "05-08T10:00", "05-14T10:00", 4, 3)
    ]
    # Of two offices urged as often the one that was urged first.
    assert evidence("05-14T12:00", steps[:3], responded="05-08T10:00")[0][1] == VILLAGE
    assert evidence("05-14T12:00", steps[:1], responded="05-08T10:00", rules=AccountabilityRules(urged_times=1)) == [
        ("urged_in_vain", VILLAGE, "05-08T10:00", "05-08T10:00", 0, 1)
    ]


def test_find_evidence__a_response_that_nobody_has_told_of_is_no_neglect():
    # Another platform says when it was done and not when it was answered; cards and figures do not hold that against it.
    assert [case for case, *_ in evidence("05-28T00:00", done="05-18T09:00")] == ["not_done"]


@given(
    moves=st.lists(st.tuples(st.integers(1, 200), st.sampled_from((VILLAGE, TOWNSHIP, FIRE))), max_size=6),
    done_h=st.none() | st.integers(1, 900),
    late_h=st.integers(0, 100),
)
def test_find_evidence__the_time_beyond_a_clock_is_parted_among_offices_without_a_gap(moves, done_h, late_h):
    hour = 3_600_000
    at, office, steps = REPORTED, VILLAGE, []
    for wait_h, to in moves:
        at += wait_h * hour
        steps.append(Step(at, to, "move", content={"from": office} if to != office else {}))
        office = to
    done_ms = None if done_h is None else at + done_h * hour
    now_ms = (done_ms or at) + late_h * hour
    found = find_evidence(
        1, find_stays(REPORTED, office, steps, done_ms), steps, DUE, responded_ms=REPORTED, done_ms=done_ms, now_ms=now_ms,
        extended_due_ms=None, is_urgent=True, workdays=WORKDAYS, rules=AccountabilityRules(),
    )  # fmt: skip
    for case, clock_ms in (("not_done", int(DUE.done_ms[0])), ("beyond_last", int(DUE.most_ms[0]))):
        spans = [(one.from_ms, now_ms if one.to_ms is None else one.to_ms) for one in found if one.case == case]
        end = now_ms if done_ms is None else done_ms
        assert sum(until - since for since, until in spans) == max(0, end - clock_ms)
        assert all(until == after for (_, until), (after, _) in itertools.pairwise(spans))
        if spans:
            assert (spans[0][0], spans[-1][1]) == (clock_ms, end)
    assert {one.case for one in found} <= {"not_done", "beyond_last"}


def test_cases__are_five_in_both_languages():
    assert list(CASES) == ["no_response", "not_done", "beyond_last", "sent_round", "urged_in_vain"]
    texts = [text for parts in CASES.values() for labels in parts for text in labels]
    assert all(texts)
    assert len(set(texts)) == 20


@given(st.dates(dt.date(2018, 4, 1), dt.date(2018, 7, 1)), st.integers(0, 30), st.integers(0, 23), st.integers(0, 23))
def test_workdays_between__as_counted_day_by_day(day, days, first_h, last_h):
    calendar = WorkCalendar({dt.date(2018, 5, 12): True, dt.date(2018, 5, 15): False})
    last = day + dt.timedelta(days=days)
    since, until = ms(f"{day:%m-%d}T{first_h:02d}:59"), ms(f"{last:%m-%d}T{last_h:02d}:00")
    counted = sum(calendar.is_workday(day + dt.timedelta(days=past)) for past in range(1, days + 1))
    workdays = Workdays(calendar, dt.date(2018, 4, 1), dt.date(2018, 8, 1))
    assert workdays.between(since, until) == counted
    assert workdays.between(until, since) == (0 if days else counted)


def test_find_evidence__who_urges_itself_is_not_urged():
    steps = [Step(ms(f"05-08T{hour}:00"), VILLAGE, "urge", office=VILLAGE) for hour in (10, 11, 12)]
    assert evidence("05-08T12:30", steps) == []
