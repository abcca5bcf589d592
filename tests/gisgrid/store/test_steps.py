"""Steps and ticks on both databases: what is not allowed is refused with a sentence, what happens at once happens once."""

import datetime as dt
import math

import numpy as np
import pytest

from gisgrid.errors import BadOption, Conflict, ForbiddenMove, UnknownGrid, UnknownIncident
from gisgrid.incident_filters import IncidentFilter
from gisgrid.store.incidents import Incidents
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import decide_duplicate
from gisgrid.store.ticking import Ticked, tick
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import (
    DAY,
    DISTRICT,
    FIRE,
    HOUR,
    TOWNSHIPS,
    VILLAGES,
    WATER,
    SmallDistrict,
    all_at_once,
    most_connections,
)

C, TOWNSHIP = VILLAGES["C"], TOWNSHIPS["C"]
IN_C, IN_E = (190, 50), (350, 50)


@pytest.fixture
def district(database):
    district = SmallDistrict(database)
    district.report(IN_C)
    return district


def refused(district, error, act):
    """The sentence with which something is refused that leaves no trace."""
    before = district.everything()
    with pytest.raises(error) as raised:
        act()
    assert district.everything() == before
    return str(raised.value)


def decide(district, number, of, *, is_same, office=C):
    return decide_duplicate(
        district.store, district.editions, number, of, is_same=is_same, office=office, author="Li Na"
    )


FORBIDDEN = [
    # move, office, reason, what else, the sentence
    ("vanish", C, "why", {}, "there is no move 'vanish'; expected one of accept, handle, "),
    ("close", C, "", {}, "an incident that is reported cannot close; possible: accept, handle, hand_up, "),
    ("evaluate", C, "", {"is_satisfied": True}, "an incident that is reported cannot evaluate; possible: accept, "),
    ("accept", VILLAGES["A"], "", {}, f"{VILLAGES['A']} may not accept this incident, which {C} holds; it is for {C}"),
    ("accept", TOWNSHIP, "", {}, f"{TOWNSHIP} may not accept this incident, which {C} holds; it is for {C}"),
    ("comment", FIRE, "hm", {}, f"{FIRE} may not comment this incident, which {C} holds; it is for {C}, {TOWNSHIP}, "),
    ("accept", "", "", {}, f"nobody may not accept this incident, which {C} holds; it is for {C}"),
    ("hand_up", C, "  ", {}, "hand_up needs a reason; say why"),
    ("hand_down", C, "why", {}, f"nobody is below {C} on the way to this incident's grid; handle it, or re-assign it"),
    ("hand_across", C, "why", {"to": FIRE}, f"{C} does not hand to departments; a township or the district does: hand it up"),
    ("return", C, "why", {}, f"{C} got this incident from nobody; hand it up, or re-assign it to another grid"),
    ("ask_extension", C, "why", {}, "an extension needs a day in the future until which it is asked for"),
    ("approve_extension", TOWNSHIP, "", {}, "nobody has asked for an extension of this incident"),
    ("reassign", C, "why", {}, "a re-assignment needs the code of the grid (or village) that answers; name it"),
    ("reassign", C, "", {"to": CODES["A"]}, "reassign needs a reason; say why"),
]  # fmt: skip


def test_step__what_may_not_be_leaves_no_trace(district):
    for move, office, reason, more, sentence in FORBIDDEN:
        told = refused(district, ForbiddenMove, lambda: district.step(1, move, office, reason, **more))  # noqa: B023  # called at once
        assert sentence in told
    told = refused(district, UnknownGrid, lambda: district.step(1, "reassign", C, to="331002009001001"))
    assert told == (
        "neither the edition of the report nor today's has a grid or village '331002009001001'; give another code"
    )
    assert refused(district, UnknownIncident, lambda: district.step(7, "accept", C)) == "there is no incident 7"


def test_step__an_outdated_version_says_who_was_quicker(district):
    district.step(1, "hand_up", C, author="Wang Fang", version=1)
    told = refused(district, Conflict, lambda: district.step(1, "accept", C, version=1))
    assert told == (
        f"incident 1 has changed meanwhile (version 2, you saw 1: Wang Fang hand up); it is reported at {TOWNSHIP} now: "
        "look again"
    )
    assert district.step(1, "accept", TOWNSHIP, version=2).version == 3


def test_step__evaluated_once_it_is_closed_and_not_before(district):
    district.step(1, "accept", C)
    district.step(1, "feed_back", C)
    told = refused(district, ForbiddenMove, lambda: district.step(1, "evaluate", C, is_satisfied=True))
    assert told == (
        "an incident that is fed_back cannot evaluate; possible: return, urge, close, terminate, reassign, comment"
    )
    district.step(1, "close", C)
    told = refused(district, ForbiddenMove, lambda: district.step(1, "evaluate", C))
    assert told == "an evaluation says whether the reporter is satisfied; say yes or no"
    assert district.step(1, "evaluate", C, "", is_satisfied=False).is_satisfied is False


def test_step__every_step_is_a_row_with_who_when_and_why(district):
    district.step(1, "hand_up", C, "too big for us", author="Wang Fang")
    district.clock.now_ms += HOUR
    district.step(1, "hand_across", TOWNSHIP, "burning", author="Li Na", to=FIRE, assistants=(WATER,))
    first, second = district.steps(1)
    assert (first.number, first.move, first.office, first.author, first.reason, first.state, first.holder) == (
        1, "hand_up", C, "Wang Fang", "too big for us", "reported", TOWNSHIP,
    )  # fmt: skip
    assert (second.at_ms - first.at_ms, second.holder, second.content) == (
        HOUR,
        FIRE,
        {"from": TOWNSHIP, "assistants": [WATER]},
    )
    assert [(event.kind, event.content["holder"]) for event in district.events()[-2:]] == [
        ("incident_moved", TOWNSHIP),
        ("incident_moved", FIRE),
    ]


def test_step__ten_at_once_with_one_version(district):
    found = all_at_once(10, lambda number: district.step(1, "accept", C, author=f"clerk {number}", version=1))
    lost = [str(one) for one in found if isinstance(one, Conflict)]
    (won,) = [one for one in found if not isinstance(one, Exception)]
    (step,) = district.steps(1)
    assert (won.version, won.steps, len(lost)) == (2, 1, 9)
    assert all(f"you saw 1: {step.author} accept); it is accepted at {C} now" in sentence for sentence in lost)
    assert district.get(1) == won
    assert [event.id for event in district.events()] == [1, 2, 3]


def test_step__more_at_once_than_there_are_connections(district):
    # Nobody says what version was seen: all are made, one after the other.
    words = [f"note {number}" for number in range(40)]
    found = all_at_once(40, lambda number: district.step(1, "comment", C, words[number]))
    assert sorted(one.version for one in found) == list(range(2, 42))
    assert sorted(step.reason for step in district.steps(1)) == sorted(words)
    assert [step.number for step in district.steps(1)] == list(range(1, 41))


def test_step__needs_one_connection_at_a_time(district):
    def act():
        district.step(1, "reassign", C, to=CODES["D"])
        district.step(1, "terminate", C)
        district.step(1, "re_open", C)
        district.clock.now_ms += 30 * DAY
        tick(district.store, district.editions)

    assert most_connections(district.store, act) == 1


def test_step__cards_that_were_earned_come_before_the_move(district):
    district.clock.now_ms += 30 * DAY
    found = district.step(1, "accept", C)
    assert (found.card, found.version, found.steps) == ("red", 2, 3)
    assert district.moves(1) == ["yellow_card", "red_card", "accept"]
    assert [step.state for step in district.steps(1)] == ["reported", "reported", "accepted"]


def test_extension__moves_the_clock_and_keeps_both_dates(district):
    until_ms = district.clock.now_ms + 40 * DAY
    district.step(1, "ask_extension", C, "parts are missing", until_ms=until_ms)
    refused(district, ForbiddenMove, lambda: district.step(1, "approve_extension", C))
    district.step(1, "approve_extension", TOWNSHIP, "")
    asked, approved = district.steps(1)
    most_due_ms = dt.datetime(2018, 5, 29, tzinfo=dt.UTC).timestamp() * 1000 - 8 * HOUR
    assert asked.content == {"until_ms": until_ms}
    assert approved.content == {"until_ms": until_ms, "before_ms": None, "most_due_ms": most_due_ms}
    district.step(1, "accept", C)
    district.clock.now_ms = until_ms - 1
    assert tick(district.store, district.editions) == Ticked()
    district.clock.now_ms += 1
    assert tick(district.store, district.editions) == Ticked((1,), (1,), ())


def test_extension__is_not_shorter_than_the_clock(district):
    with pytest.raises(ForbiddenMove):
        district.step(1, "ask_extension", C, until_ms=district.clock.now_ms + HOUR)


def test_reassign__by_hand_with_a_reason(district):
    before = district.get(1)
    found = district.step(1, "reassign", C, "the other side of the wall", to=CODES["D"])
    assert (found.grid, found.how, found.holder, found.village) == (CODES["D"], "manual", C, VILLAGES["D"])
    # The place lies 10 m outside the grid that it was given, and nearly all of its disc in the old one.
    share = 1 - (900 * math.acos(1 / 3) - 10 * math.sqrt(800)) / (900 * math.pi)
    assert before.border_distance_m == pytest.approx(found.border_distance_m, abs=0.02)
    assert found.alternatives == f"{CODES['C']}:{share:.3f}"
    (step,) = district.steps(1)
    assert (step.reason, step.content["grid"]) == ("the other side of the wall", CODES["D"])
    far = district.step(1, "reassign", C, to=CODES["A"])
    assert (far.holder, far.township, far.handed) == (VILLAGES["A"], TOWNSHIPS["A"], "")
    assert far.border_distance_m == pytest.approx(50.0, abs=0.1)
    refused(district, ForbiddenMove, lambda: district.step(1, "accept", C))


def test_reassign__what_waits_at_the_district_for_a_grid(district):
    assert (district.report((600, 50)).incident.holder, district.report().incident.holder) == (DISTRICT, DISTRICT)
    assert Incidents(district.store).count(IncidentFilter(holder=DISTRICT, hows=("unassigned",))) == 2
    refused(district, ForbiddenMove, lambda: district.step(2, "reassign", C, to=CODES["C"]))
    found = district.step(2, "reassign", DISTRICT, to=CODES["E"])
    assert (found.grid, found.how, found.holder) == (CODES["E"], "manual", VILLAGES["E"])
    village = district.step(3, "reassign", DISTRICT, to=C)
    assert (village.grid, village.village, village.holder, village.how) == ("", C, C, "manual")


def test_decide__the_same_ends_it_another_lets_it_go_on(district):
    for _ in range(3):
        district.report(IN_C)
    assert [link.of_id for link in district.duplicates(1)] == [1, 1, 1]
    found = decide(district, 2, 1, is_same=True)
    assert (found.state, found.closed_ms, found.done_ms) == ("invalid", district.clock.now_ms, district.clock.now_ms)
    (step,) = district.steps(2)
    assert (step.move, step.office, step.reason) == ("terminate", C, "duplicate of 1")
    assert decide(district, 3, 1, is_same=False).state == "reported"
    assert district.moves(3) == []
    assert [link.decision for link in district.duplicates(1)] == ["same", "other", ""]
    assert district.get(1).state == "reported"


def test_decide__what_is_not_linked_and_who_may_not(district):
    district.report(IN_C)
    told = refused(district, UnknownIncident, lambda: decide(district, 1, 2, is_same=True))
    assert told == "incident 1 is not linked to 2; look at its probable duplicates"
    told = refused(district, ForbiddenMove, lambda: decide(district, 2, 1, is_same=True, office=VILLAGES["A"]))
    assert f"{VILLAGES['A']} may not terminate this incident, which {C} holds" in told
    decide(district, 2, 1, is_same=True)
    told = refused(district, ForbiddenMove, lambda: decide(district, 2, 1, is_same=True))
    assert told == "an incident that is invalid cannot terminate; possible: re_open"


def test_decide__a_stranger_says_it_is_another(district):
    district.report(IN_C)
    with pytest.raises(ForbiddenMove):
        decide(district, 2, 1, is_same=False, office=VILLAGES["A"])


def test_source__of_an_incident_that_is_handled_here_is_heard_and_not_obeyed(district):
    told = {"source_system": "hotline", "source_id": "A7", "description": "smoke"}
    district.report(IN_C, **told)
    before = district.step(2, "accept", C)
    district.clock.now_ms += HOUR
    says = told | {"is_handled": True, "description": "much smoke", "sub_category": "theft", "grade": "major"}
    after = district.report(IN_E, **says, author="import").incident
    assert (after.description, after.sub_category) == ("much smoke", "theft")
    for name in ("state", "holder", "grade", "grid", "lon", "closed_ms", "responded_ms", "reported_ms", "card"):
        assert getattr(after, name) == getattr(before, name), name
    assert (after.version, after.steps) == (before.version + 1, 2)
    step = district.steps(2)[-1]
    assert (step.move, step.author, step.state, step.holder) == ("source_says", "import", "accepted", C)
    assert (step.content["system"], step.content["state"], step.content["grade"]) == ("hotline", "closed", "major")
    assert np.isclose(step.content["lon"], 121.4035783)
    assert district.report(IN_E, **says, author="import").incident == after


def test_source__closes_what_has_only_got_a_card(district):
    told = {"source_system": "hotline", "source_id": "A7", "reported_ms": district.clock.now_ms}
    district.report(IN_C, **told)
    district.clock.now_ms += 3 * DAY
    tick(district.store, district.editions)
    assert district.report(IN_C, **told, is_handled=True).incident.state == "closed"


def test_tick__after_downtime_each_card_once(district):
    district.clock.now_ms += 3 * DAY
    assert tick(district.store, district.editions) == Ticked((1,), (), ())
    district.report(IN_E, sub_category="theft")
    district.clock.now_ms += 100 * DAY
    assert tick(district.store, district.editions) == Ticked((2,), (1, 2), ())
    before = district.everything()
    assert tick(district.store, district.editions) == Ticked()
    assert district.everything() == before
    assert (district.moves(1), district.moves(2)) == (["yellow_card", "red_card"], ["yellow_card", "red_card"])
    assert [event.kind for event in district.events()].count("incidents_ticked") == 2
    step = district.steps(1)[-1]
    assert (step.author, step.office, step.state, step.holder) == ("gisgrid tick", "", "reported", C)
    assert set(step.content) == {"response_due_ms", "done_due_ms", "most_due_ms"}


def test_tick__from_many_threads_at_once(district):
    district.report(IN_E)
    district.publish_second(dt.date(2018, 5, 20))
    district.clock.now_ms += 100 * DAY
    found = all_at_once(20, lambda _: tick(district.store, district.editions))
    assert sum(found, Ticked()) == Ticked((1, 2), (1, 2), (2,))
    assert district.moves(2) == ["pass_on", "yellow_card", "red_card"]
    assert (district.get(2).version, district.get(1).version) == (2, 2)


def test_tick__a_new_day_of_the_calendar_moves_the_clock(district):
    staffing = Staffing(district.store)
    staffing.set_workdays({dt.date(2018, 5, 8): False, dt.date(2018, 5, 9): False}, author="chief", note="typhoon")
    district.clock.now_ms += 3 * DAY
    assert tick(district.store, district.editions) == Ticked()
    staffing.set_workdays({dt.date(2018, 5, 9): True}, author="chief", note="typhoon has gone")
    assert tick(district.store, district.editions) == Ticked((1,), (), ())


def test_tick__passes_on_what_a_new_edition_gives_to_another_grid(district):
    district.report(IN_E)
    district.step(2, "hand_up", VILLAGES["E"])
    district.publish_second(dt.date(2018, 5, 9))
    assert tick(district.store, district.editions) == Ticked()
    district.clock.now_ms += 2 * DAY
    assert tick(district.store, district.editions).passed_on == (2,)
    found = district.get(2)
    assert (found.grid, found.answering_grid) == (CODES["E"], CODES["B"])
    assert (found.holder, found.handed) == (TOWNSHIPS["B"], VILLAGES["B"])
    assert district.step(2, "return", TOWNSHIPS["B"]).holder == VILLAGES["B"]
    told = refused(district, ForbiddenMove, lambda: district.step(2, "comment", VILLAGES["E"]))
    assert f"it is for {VILLAGES['B']}, {TOWNSHIPS['B']}, {DISTRICT}" in told


def test_re_open__after_a_new_edition_at_the_offices_of_the_grid_that_answers(district):
    district.report(IN_E, is_handled=True)
    district.publish_second(dt.date(2018, 5, 9))
    district.clock.now_ms += 2 * DAY
    found = district.step(2, "re_open", VILLAGES["E"])
    tick(district.store, district.editions)
    assert (found.answering_grid, district.get(2).holder) == (CODES["B"], VILLAGES["B"])


def test_reassign__to_a_grid_that_has_been_replaced(district):
    district.publish_second(dt.date(2018, 5, 9))
    district.clock.now_ms += 2 * DAY
    found = district.step(1, "reassign", C, to=CODES["E"])
    tick(district.store, district.editions)
    assert (found.grid, found.answering_grid, district.get(1).holder) == (CODES["E"], CODES["B"], VILLAGES["B"])


@pytest.mark.parametrize("number", [0, -1, 10**30])
def test_step__numbers_that_no_incident_has(district, number):
    refused(district, UnknownIncident, lambda: district.step(number, "accept", C))


def test_step__a_reason_that_cannot_be_kept(district):
    refused(district, BadOption, lambda: district.step(1, "comment", C, "a\0b"))
    refused(district, BadOption, lambda: district.step(1, "comment", C, "a\ud800"))


def test_extension__of_more_than_a_year_is_none(district):
    refused(
        district, ForbiddenMove,
        lambda: district.step(1, "ask_extension", C, until_ms=district.clock.now_ms + 400 * DAY),
    )  # fmt: skip
