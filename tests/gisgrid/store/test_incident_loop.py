"""Random histories of incidents on both databases: at every moment the store tells what a plain twin in memory tells."""

import datetime as dt
import itertools
import math
import sys

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gisgrid.clocks import NEVER
from gisgrid.errors import GisgridError
from gisgrid.figures import FiguresQuery, count_figures
from gisgrid.flow import Request
from gisgrid.incident_columns import FIXED_WORDS
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.staffing import Staffing
from gisgrid.store.steps import decide_duplicate, take_step
from gisgrid.store.tables import DUPLICATE, EVENT, INCIDENT, STEP
from gisgrid.store.ticking import tick
from tests.gisgrid.store.history_store import NETWORKS, HistoryStore
from tests.gisgrid.store.incident_places import DEPARTMENTS
from tests.gisgrid.store.incident_strategies import (
    FIRE,
    OFFICES,
    OFTEN,
    SPOTS,
    UNITS,
    UNTIL,
    WATER,
    any_number,
    attempts,
    picked,
    reports,
    works,
)
from tests.gisgrid.store.incident_twin import DAY, HOUR, MINUTE, SAID, STATES_OF, TAKES, RefusedError, Twin, local_day
from tests.gisgrid.store.incident_twin_figures import GROUPED_BY, figures_of
from tests.worlds import at

STEPS = 15
COLUMNS = (
    "id", "category", "sub_category", "reported_ms", "state", "is_urgent", "edition_id", "township", "village", "grid",
    "how", "answering_grid", "grade", "holder", "started_ms", "responded_ms", "done_ms", "closed_ms", "is_satisfied",
    "asked_due_ms", "extended_due_ms", "reopened", "card", "version",
)  # fmt: skip
INSTANTS = ("responded_ms", "done_ms", "closed_ms", "extended_due_ms")


class History(RuleBasedStateMachine):
    """What people and the clock do, to the store and to the twin."""

    loop: HistoryStore

    def __init__(self):
        super().__init__()
        self.loop.start_anew()
        self.twin = Twin(self.loop.clock.now_ms)
        self.rules_done = 0

    def both(self, real, twin):
        """Let both do the same; both do it, or both refuse it for the same reason."""
        told = refused = result = None
        try:
            expected = twin()
        except RefusedError as error:
            expected, refused = None, str(error)
        try:
            result = real()
        except GisgridError as error:
            told = error
        assert type(told).__name__ == (refused or "NoneType"), told
        return result, expected

    def step_both(self, number, asked, version=None):
        loop = self.loop
        return self.both(
            lambda: take_step(loop.store, loop.editions, number, Request(**asked), author="Li Na", version=version),
            lambda: self.twin.step(number, asked, version),
        )

    def find_move(self, number, move, variant, *, is_sure):
        """Something that may be done with an incident now, the first that is found from these numbers on.

        If it need not be sure, the state and the office fit, and the rest may not.
        """
        one = self.twin.incidents[number]
        moves = [name for name in (*OFTEN, *STATES_OF) if one["state"] in STATES_OF[name]]
        for past in range(len(moves)):
            name = picked(moves, move + past)
            offices, variants = list(dict.fromkeys(self.twin.who(one, name))), self.variants(name)
            for place in range(len(offices) * len(variants)):
                of_office, of_variant = divmod(variant + place, len(variants))
                asked = {"move": name, "office": picked(offices, of_office), "reason": "because"}
                asked |= picked(variants, of_variant)
                try:
                    if is_sure:
                        self.twin.after(number, asked)
                except RefusedError:
                    continue
                return asked
        raise AssertionError(f"nothing may be done with incident {number}")

    def variants(self, move):
        if move == "hand_down":
            return [{"to": office} for office in ("", *OFFICES[:-2])]
        if move == "hand_across":
            return [
                {"to": FIRE},
                {"to": WATER, "assistants": (FIRE,)},
                {"to": FIRE, "assistants": tuple(DEPARTMENTS[:2])},
            ]
        if move == "reassign":
            return [{"to": unit} for unit in UNITS]
        if move == "ask_extension":
            return [{"until_ms": self.twin.now_ms + days * DAY} for days in (40, 12, 1)]
        return [{"is_satisfied": True}, {"is_satisfied": False}] if move == "evaluate" else [{}]

    def report_both(self, spot, told, ago_ms):
        told = told | {"reported_ms": None if ago_ms is None else self.twin.now_ms - ago_ms}
        lon, lat = at(*spot) if spot else (None, None)
        links = len(self.twin.links)
        reported, one = self.both(
            lambda: report_incident(
                self.loop.store, self.loop.editions, Report(**told, lon=lon, lat=lat), author="Li Na"
            ),
            lambda: self.twin.report({**told, "place": spot}),
        )
        if reported:
            due = self.twin.due(one)
            assert [int(getattr(reported.due, f"{clock}_ms")[0]) for clock in ("response", "done", "most")] == [
                due[clock] for clock in ("response", "done", "most")
            ]
            assert (reported.duplicate is not None) == (len(self.twin.links) > links)

    @initialize(told=st.lists(reports, min_size=2, max_size=5), days=st.sampled_from([3, 8, None]))
    def begin(self, told, days):
        for one in told:
            self.report_both(*one)
        if days is not None:
            self.publish_the_second_edition(days)

    # Hypothesis leaves out whole rules at random in a history, so most of them end with some handling of incidents.

    @rule(told=st.lists(reports, min_size=1, max_size=2), then=works)
    def report(self, told, then):
        for one in told:
            self.report_both(*one)
            self.wait(20 * MINUTE)
        self.work(then)

    @precondition(lambda self: self.twin.incidents)
    @rule(which=any_number, told=reports, later_ms=st.sampled_from([HOUR, 0, -HOUR, DAY, DAY + 1]), then=works)
    def report_it_again(self, which, told, later_ms, then):
        one = self.twin.incidents[picked(sorted(self.twin.incidents), which)]
        kind = {"category": one["category"], "sub_category": one["sub_category"]}
        self.report_both(one["place"], told[1] | kind, self.twin.now_ms - one["reported_ms"] - later_ms)
        self.work(then)

    def work(self, attempts):
        for which, *attempt in attempts:
            self.attempt(which, *attempt)

    @rule(which=any_number, attempts=st.lists(attempts, min_size=4, max_size=8))
    def work_on_one(self, which, attempts):
        for _, *attempt in attempts:
            self.attempt(which, *attempt)

    def attempt(self, which, move, variant, way, passing):
        if not self.twin.incidents:
            return
        number = picked(sorted(self.twin.incidents), which)
        asked, version = (
            self.find_move(number, move, variant, is_sure=way != "unsure"),
            self.twin.incidents[number]["version"],
        )
        if way == "another office":
            one = self.twin.incidents[number]
            involved = [one["holder"], *one["handed"], *one["assistants"], *self.twin.chain(one)]
            asked["office"] = picked([*involved, *involved, *OFFICES], variant)
        elif way == "outdated":
            version += picked((-1, 1, -2), variant)
        self.step_both(number, asked, version if way in ("outdated", "seen") else None)
        self.wait(passing, number)

    @rule(
        which=any_number,
        move=st.sampled_from(sorted(STATES_OF)),
        office=st.sampled_from(OFFICES),
        reason=st.sampled_from(["because", "", " "]),
        to=st.sampled_from([*UNITS, *OFFICES[:-1], "department:magic"]),
        assistants=st.sampled_from([(), (FIRE,), (WATER, WATER), ("331002001000",)]),
        days=st.sampled_from([None, 0, 10]),
        is_satisfied=st.sampled_from([None, True]),
        is_tidy=st.booleans(),
    )
    def try_anything(self, which, move, office, reason, to, assistants, days, is_satisfied, is_tidy):
        number = picked(range(1, len(self.twin.incidents) + 2), which)
        if number in self.twin.incidents and which % 2:
            office = picked(self.twin.who(self.twin.incidents[number], move), which)
        until_ms = None if days is None else self.twin.now_ms + days * DAY
        asked = {"move": move, "office": office, "reason": reason, "to": to, "assistants": assistants}
        asked |= {"until_ms": until_ms, "is_satisfied": is_satisfied}
        if is_tidy:
            # Without what the move does not take, so that more than its shape is tried.
            asked = {name: value for name, value in asked.items() if name not in SAID or name in TAKES.get(move, ())}
        self.step_both(number, asked)

    def wait(self, passing, number=None):
        """Let so many ms pass, or until a clock (of one or of any) ends: there a mistake of one ms shows."""
        if passing in UNTIL:
            (clocks, before_ms), now_ms = UNTIL[passing], self.twin.now_ms
            those = [self.twin.incidents[number]] if number else self.twin.incidents.values()
            ends = [self.twin.due(one)[clock] for one in those for clock in clocks]
            passing = min((end for end in ends if end > now_ms + 1), default=now_ms + 1) - before_ms - now_ms
        self.loop.clock.now_ms += passing
        self.twin.now_ms += passing

    @rule(passing=st.sampled_from([DAY, 0, 3 * DAY, 8 * DAY, 25 * DAY, *UNTIL]), again=st.booleans(), then=works)
    def tick(self, passing, again, then):
        self.wait(passing)
        for _ in range(1 + again):
            done = tick(self.loop.store, self.loop.editions)
            expected = self.twin.tick("gisgrid tick")
            assert {name: list(numbers) for name, numbers in vars(done).items()} == expected
        assert not (again and any(expected.values()))
        self.work(then)

    @rule(days=st.integers(-3, 25), works=st.booleans())
    def set_a_day_of_the_calendar(self, days, works):
        day = local_day(self.twin.now_ms) + dt.timedelta(days=days)
        Staffing(self.loop.store).set_workdays({day: works}, author="Li Na")
        self.twin.set_day(day, works)

    @precondition(lambda self: 2 not in self.twin.places.starts)
    @rule(days=st.integers(-3, 12))
    def publish_the_second_edition(self, days):
        day = local_day(self.twin.now_ms) + dt.timedelta(days=days)
        self.loop.editions.publish(NETWORKS[2], day, author="planner", based_on=1)
        self.twin.publish(day)

    @precondition(lambda self: self.twin.links)
    @rule(
        which=any_number,
        same=st.booleans(),
        office=any_number,
        linked=st.sampled_from([True, True, True, False]),
        then=works,
    )
    def decide_a_duplicate(self, which, same, office, linked, then):
        link = picked(self.twin.links, which)
        number, of = link["incident_id"], link["of_id"] if linked else link["incident_id"]
        one = self.twin.incidents[number]
        words = {"is_same": same, "office": picked([*self.twin.who(one, "terminate"), *OFFICES], office % 6)}
        self.both(
            lambda: decide_duplicate(self.loop.store, self.loop.editions, number, of, author="Li Na", **words),
            lambda: self.twin.decide(number, of, same=same, office=words["office"]),
        )
        self.work(then)

    @invariant()
    def the_store_tells_what_the_twin_tells(self):
        with self.loop.store.reading() as connection:
            rows = connection.execute(sa.select(INCIDENT).order_by(INCIDENT.c.id)).all()
            steps = connection.execute(sa.select(STEP).order_by(STEP.c.incident_id, STEP.c.number)).all()
            links = connection.execute(sa.select(DUPLICATE).order_by(*DUPLICATE.primary_key)).all()
            events = connection.execute(sa.select(EVENT.c.id, EVENT.c.kind).order_by(EVENT.c.id)).all()
        mine = list(self.twin.incidents.values())
        for row, one in itertools.zip_longest(rows, mine):
            assert {name: getattr(row, name) for name in COLUMNS} == {name: one[name] for name in COLUMNS}
            assert (row.handed.split(), row.assistants.split()) == (one["handed"], one["assistants"])
            assert row.steps == len(one["steps"])
        told = [step for one in mine for step in one["steps"]]
        assert [{name: getattr(row, name) for name in row._fields if name != "content"} for row in steps] == told
        assert [(row.incident_id, row.of_id, row.decision, row.apart_ms) for row in links] == [
            (link["incident_id"], link["of_id"], link["decision"], link["apart_ms"]) for link in self.twin.links
        ]
        assert [tuple(row) for row in events] == list(enumerate(self.twin.events, start=1))

    @invariant()
    def the_mirror_shows_what_the_twin_tells(self):
        self.rules_done += 1
        if self.rules_done % 4 == 0:
            self.assert_figures(picked((0, 5 * HOUR, 2 * DAY, 11 * DAY), self.rules_done // 4))

    def assert_figures(self, ago_ms):
        columns, repeats, as_of_ms = self.loop.mirror.refresh(), self.loop.mirror.repeats(), self.twin.now_ms - ago_ms
        assert_shows(columns, self.twin)
        for by in GROUPED_BY:
            table = count_figures(columns, FiguresQuery(as_of_ms, by=by), repeats)
            total, groups = figures_of(self.twin, as_of_ms, by)
            assert vars(table.total) == total
            assert {key: vars(figures) for key, figures in table.groups.items()} == groups

    def teardown(self):
        if sys.exc_info()[0]:
            return  # the history has failed already, and stands half-way
        self.assert_figures(0)
        # A mirror that has seen nothing yet shows the same as the one that has followed every change.
        fresh = IncidentMirror(self.loop.store)
        assert_shows(fresh.refresh(), self.twin)
        assert np.array_equal(fresh.repeats(), self.loop.mirror.repeats())


def assert_shows(columns, twin):
    """The columns of a mirror are the twin's incidents."""
    mine = list(twin.incidents.values())
    assert columns.number.tolist() == [one["id"] for one in mine]
    for name in ("category", "state", "grade", "card", "sub_category", "township", "village", "grid", "how", "holder"):
        words = columns.words[name] if name not in FIXED_WORDS else FIXED_WORDS[name]
        assert [words[code] for code in getattr(columns, name).tolist()] == [one[name] for one in mine], name
    answering = [columns.words["grid"][code] for code in columns.answering_grid.tolist()]
    assert answering == [one["answering_grid"] or one["grid"] for one in mine]
    for name in INSTANTS:
        told = [None if at_ms == NEVER else at_ms for at_ms in getattr(columns, name).tolist()]
        assert told == [one[name] for one in mine], name
    due = [twin.due(one) for one in mine]
    assert columns.due.response_ms.tolist() == [one["response"] for one in due]
    assert columns.due.most_ms.tolist() == [one["most"] for one in due]


def test_spots__none_at_a_threshold():
    for one, other in itertools.combinations(SPOTS, 2):
        assert all(abs(math.dist(one, other) - metres) > 0.2 for metres in (50.0, 100.0))


def run_histories(database, count, **options):
    class OwnHistory(History):
        loop = HistoryStore(database)

    run_state_machine_as_test(
        OwnHistory,
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **options,
        ),
    )


@pytest.mark.parametrize(("kind", "count"), [("sqlite", 150), ("postgresql", 60)])
def test_loop__a_tenth(make_database, kind, count):
    # The same histories each time; others are tried by the long run.
    run_histories(make_database(kind), count, derandomize=True)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "count"), [("sqlite", 2_000), ("postgresql", 600)])
def test_loop__thousands_of_histories(make_database, kind, count):
    run_histories(make_database(kind), count)
