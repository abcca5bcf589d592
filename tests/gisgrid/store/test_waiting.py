"""What waits: every open incident by how its clocks stand, as a plain loop has it; counted the same from the mirror."""

import datetime as dt

import numpy as np
import pytest

from gisgrid.clocks import NEVER, explain
from gisgrid.flow import Request
from gisgrid.incident_filters import IncidentFilter
from gisgrid.local_days import start_of
from gisgrid.store.editions import Editions
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.steps import take_step
from gisgrid.store.waiting import WAITING_STATES, count_waiting, find_waiting
from gisgrid.units import unit_meant
from gisgrid.workdays import WorkCalendar
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.gisgrid.store.test_incidents import rows_of

HOUR, DAY = 3_600_000, 86_400_000
STATES = ("reported", "accepted", "handling", "fed_back", "closed", "evaluated", "invalid")
# Worst first.
ORDER = ("red", "yellow", "due_today", "at_risk", "calm")


@pytest.fixture
def crowded(database):
    """A store with incidents of three weeks in every state, all stated for grids; their clock stands on 25 May."""
    database.clock.now_ms = start_of(dt.date(2018, 5, 25)) + 10 * HOUR
    store = database.open()
    Editions(store).publish(network_of(1), FIRST_DAY, author="planner")
    random, count = np.random.default_rng(7), 120
    state = random.choice(np.array(STATES, dtype=object), count)
    reported = start_of(dt.date(2018, 5, 3)) + random.integers(0, 22 * 24 + 10, count) * HOUR
    answered = np.isin(state, ("accepted", "handling", "fed_back", "closed", "evaluated"))
    finished = np.isin(state, ("fed_back", "closed", "evaluated", "invalid"))
    ended = np.isin(state, ("closed", "evaluated", "invalid"))
    waits = np.sort(random.integers(0, 200, (3, count)), axis=0) * HOUR
    instants = [
        np.where(known, np.minimum(reported + wait, database.clock.now_ms), NEVER)
        for known, wait in zip((answered, finished, ended), waits, strict=True)
    ]
    rows = rows_of(
        count, lon=np.full(count, np.nan), lat=np.full(count, np.nan), state=state, reported_ms=reported,
        stated=random.choice(np.array([*CODES.values(), ""], dtype=object), count), responded_ms=instants[0],
        done_ms=instants[1], closed_ms=instants[2],
    )  # fmt: skip
    taken = Incidents(store).take_in(rows, "hotline", author="import")
    assert (taken.new, dict(taken.refused)) == (count, {})
    return store


def end_of_workday(at_ms, count):
    """The instant at which the n-th workday after that of an instant ends, counted day by day."""
    return start_of(explain(local_day(at_ms), count, WorkCalendar()).last + dt.timedelta(days=1))


def local_day(at_ms):
    return dt.date(1970, 1, 1) + dt.timedelta(days=(at_ms + 8 * HOUR) // DAY)


def plainly(one, now_ms):
    """How the clocks of an open incident stand, and when the next one ends."""
    start = one.reported_ms if one.started_ms is None else one.started_ms
    response, done, most = (end_of_workday(start, count) for count in (1, 5, 15))
    if one.is_urgent:
        response, done = start + 15 * 60_000, start + 120 * 60_000
    if one.extended_due_ms is not None:
        done, most = one.extended_due_ms, max(most, one.extended_due_ms)
    waits_for_answer, waits_for_end = one.responded_ms is None, one.done_ms is None
    if (now_ms if waits_for_end else one.done_ms) >= most:
        state = "red"
    elif (now_ms if waits_for_answer else one.responded_ms) >= response or (
        now_ms if waits_for_end else one.done_ms
    ) >= done:
        state = "yellow"
    else:
        running = [
            clock for clock, is_waited_for in ((response, waits_for_answer), (done, waits_for_end)) if is_waited_for
        ]
        nearest = min(running, default=NEVER)
        tonight, soon = start_of(local_day(now_ms) + dt.timedelta(days=1)), end_of_workday(now_ms, 1)
        state = "due_today" if nearest <= tonight else "at_risk" if nearest <= soon else "calm"
    if waits_for_answer and response > now_ms:
        return state, response
    return state, done if waits_for_end else most


def all_open(store):
    incidents = Incidents(store)
    found = [incidents.get(number) for number in range(1, incidents.count() + 1)]
    return [one for one in found if one.state in ("reported", "accepted", "handling", "fed_back")]


def waiting(store, now_ms, clocks=(), **wanted):
    with store.reading() as connection:
        return find_waiting(connection, IncidentFilter(**wanted), now_ms, clocks)


def test_find_waiting__as_by_a_plain_loop_the_worst_and_oldest_first(crowded):
    seen = set()
    for days in (0, 0.5, 1, 3, 6):
        now_ms = crowded.now_ms() + int(days * DAY)
        expected = [(*plainly(one, now_ms), one.id) for one in all_open(crowded)]
        expected.sort(key=lambda each: (ORDER.index(each[0]), *each[1:]))
        found = [(one.clock_state, one.due_ms, one.incident.id) for one in waiting(crowded, now_ms)]
        assert found == expected
        seen |= {state for state, *_ in found}
    assert seen == set(ORDER) == set(WAITING_STATES)


def test_find_waiting__filters(crowded):
    now_ms = crowded.now_ms()
    everything = waiting(crowded, now_ms)
    filters = [
        ({"clocks": ("red",)}, lambda one: one.clock_state == "red"),
        ({"clocks": ("yellow", "due_today")}, lambda one: one.clock_state in ("yellow", "due_today")),
        ({"unit": unit_meant(CODES["C"][:9] + "000")}, lambda one: one.incident.township == CODES["C"][:9] + "000"),
        ({"unit": unit_meant(CODES["A"])}, lambda one: one.incident.grid == CODES["A"]),
        ({"states": ("fed_back",)}, lambda one: one.incident.state == "fed_back"),
        ({"states": ("reported", "closed")}, lambda one: one.incident.state == "reported"),
        ({"categories": ("disputes",)}, lambda one: one.incident.category == "disputes"),
        ({"holder": CODES["A"][:12]}, lambda one: one.incident.holder == CODES["A"][:12]),
        ({"from_ms": now_ms - 3 * DAY, "to_ms": now_ms - DAY}, lambda one: -3 * DAY <= one.incident.reported_ms - now_ms < -DAY),
        ({"hows": ("unassigned",), "clocks": ("red", "yellow")}, lambda one: not one.incident.grid and one.clock_state in ("red", "yellow")),
    ]  # fmt: skip
    for wanted, fits in filters:
        expected = tuple(one for one in everything if fits(one))
        assert expected, wanted
        assert len(expected) < len(everything), wanted
        assert waiting(crowded, now_ms, **wanted) == expected, wanted
    assert waiting(crowded, now_ms, states=("closed",)) == ()
    assert waiting(crowded, now_ms, clocks=("settled",)) == ()


def test_count_waiting__the_same_by_township(crowded):
    columns = IncidentMirror(crowded).refresh()
    with crowded.reading() as connection:
        rulebook = rulebook_of(connection)
    for days in (0, 2):
        now_ms = crowded.now_ms() + days * DAY
        expected = {}
        for one in waiting(crowded, now_ms):
            counts = expected.setdefault(one.incident.township, dict.fromkeys(WAITING_STATES, 0))
            counts[one.clock_state] += 1
        found = count_waiting(columns, rulebook, now_ms)
        assert found == expected
        assert list(found) == sorted(found)
        assert "" in found
    before = count_waiting(columns, rulebook, crowded.now_ms() - 30 * DAY)
    assert before == {}


def test_find_waiting__an_extension_and_a_reopening_move_the_clocks(database):
    store = database.open()
    editions = Editions(store)
    editions.publish(network_of(1), FIRST_DAY, author="planner")
    report_incident(store, editions, Report("disputes", stated=CODES["A"]), author="Li Na")
    village, township = CODES["A"][:12], CODES["A"][:9] + "000"

    def step(move, office=village, **more):
        take_step(store, editions, 1, Request(move, office, "because", **more), author="Li Na")

    def stands():
        ((one),) = waiting(store, database.clock.now_ms)
        assert (one.clock_state, one.due_ms) == plainly(one.incident, database.clock.now_ms)
        return one.clock_state, str(local_day(one.due_ms - 1))

    assert stands() == ("at_risk", "2018-05-08")
    step("handle")
    assert stands() == ("calm", "2018-05-14")
    step("ask_extension", until_ms=start_of(dt.date(2018, 5, 22)))
    step("approve_extension", township)
    assert stands() == ("calm", "2018-05-21")
    database.clock.now_ms += 14 * DAY
    assert stands() == ("due_today", "2018-05-21")
    database.clock.now_ms += DAY
    assert stands() == ("yellow", "2018-05-21")
    step("feed_back")
    step("close")
    assert waiting(store, database.clock.now_ms) == ()
    step("re_open")
    assert stands() == ("at_risk", "2018-05-23")
