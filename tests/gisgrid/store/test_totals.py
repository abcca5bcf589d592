"""Map, list and board under one filter: the same incidents, whoever asks, whatever changes; as a plain loop over rows has it."""

import random
from collections import Counter

import numpy as np
import pytest
import sqlalchemy as sa

from gisgrid.access import Holder, may
from gisgrid.board import BoardRow, count_board, without_grid
from gisgrid.errors import ForbiddenMove
from gisgrid.flow import ENDED
from gisgrid.incident_filters import IncidentFilter
from gisgrid.map_answers import Viewport, count_by_unit, show
from gisgrid.offices import level_of
from gisgrid.ranking import rank
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.map_mirror import MapMirror
from gisgrid.store.tables import AREA_GRID
from gisgrid.store.ticking import tick
from gisgrid.store.visible import subject_of, visible_to
from gisgrid.units import EVERYWHERE, unit_meant
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import DISTRICT, FIRE, TOWNSHIPS, VILLAGES, SmallDistrict
from tests.gisgrid.store.test_waiting import ORDER, end_of_workday, plainly

HOUR = 3_600_000
HOLDERS = (
    Holder("a", "commander"),
    Holder("b", "commander", TOWNSHIPS["C"]),
    Holder("c", "worker", CODES["A"], "P1"),
    Holder("d", "department", FIRE),
    Holder("e", "wall"),
)
UNITS = (
    EVERYWHERE,
    *(unit_meant(code) for code in (DISTRICT, TOWNSHIPS["A"], TOWNSHIPS["C"], VILLAGES["A"], CODES["C"])),
)
AREA = unit_meant("area:west", [CODES["A"], CODES["E"]])
NEVER = 2**62


class World:
    """A district in which things happen by chance."""

    def __init__(self, database, seed):
        self.random = random.Random(seed)
        self.district = SmallDistrict(database)
        self.maps = MapMirror(self.district.store, IncidentMirror(self.district.store, most_apart=8))
        with self.district.store.changing("clerk") as change:
            change.connection.execute(AREA_GRID.insert(), [{"area": "west", "grid": grid} for grid in AREA.grids])
            change.tell("areas_changed", "areas")

    def happen(self):
        """A report, a step, an assignment by hand, or time that goes by."""
        pick, district = self.random, self.district
        what = pick.randrange(10)
        if what < 4 or not self.rows():
            place = pick.choice([(pick.uniform(-200, 600), pick.uniform(-200, 500)), None])
            stated = pick.choice(["", *CODES.values(), *VILLAGES.values()]) if place is None else ""
            category, sub = pick.choice(
                [("disputes", "family"), ("public_security_hazards", "fire_hazard"), ("other", "")]
            )
            grade = pick.choice(["simple", "ordinary", "prominent", "major"])
            district.report(
                place, stated=stated, category=category, sub_category=sub, grade=grade, is_urgent=pick.random() < 0.2
            )
        elif what < 8:
            row = pick.choice(self.rows())
            move = pick.choice(
                ["accept", "hand_up", "feed_back", "close", "hand_across", "reassign", "re_open", "terminate"]
            )
            office = pick.choice([row.holder, row.township or DISTRICT, DISTRICT])
            to = {"reassign": pick.choice([*CODES.values()]), "hand_across": FIRE}.get(move, "")
            try:
                district.step(row.id, move, office, to=to)
            except ForbiddenMove:
                return
        else:
            district.clock.now_ms += pick.randrange(1, 240) * HOUR
            tick(district.store, district.editions)

    def rows(self):
        with self.district.store.reading() as connection:
            numbers = connection.execute(sa.text("select id from incident order by id")).scalars().all()
        incidents = Incidents(self.district.store)
        return [incidents.get(number) for number in numbers]

    def filter(self):
        """A filter by chance, in which each word narrows now and then."""
        pick, now_ms = self.random, self.district.clock.now_ms

        def some(words, most=2):
            return tuple(pick.sample(words, pick.randint(1, most))) if pick.random() < 0.25 else ()

        return IncidentFilter(
            from_ms=now_ms - pick.randrange(1, 400) * HOUR if pick.random() < 0.2 else None,
            to_ms=now_ms - pick.randrange(0, 100) * HOUR if pick.random() < 0.2 else None,
            categories=some(["disputes", "public_security_hazards", "other"]),
            sub_category=pick.choice(["", "", "", "", "family", "fire_hazard"]),
            states=some(["reported", "accepted", "fed_back", "closed"], 3),
            grades=some(["simple", "ordinary", "prominent", "major"]),
            hows=some(["inside", "stated", "manual", "unassigned"]),
            holder=pick.choice([""] * 9 + [VILLAGES["A"], TOWNSHIPS["C"], DISTRICT, FIRE]),
            levels=some(["village", "township", "district", "department"]),
            cards=some(["", "yellow", "red"]),
            clock_states=some(["settled", *ORDER], 3),
            unit=pick.choice([EVERYWHERE, *UNITS, AREA]),
            is_open=pick.random() < 0.4,
            is_urgent=pick.random() < 0.2,
        )


def clock_of(row, now_ms):
    """How the clocks of a row stand, with the end of the first that is not met."""
    if row.state in ENDED:
        return "settled", NEVER
    start = row.reported_ms if row.started_ms is None else row.started_ms
    response, done = (end_of_workday(start, count) for count in (1, 5))
    if row.is_urgent:
        response, done = start + 15 * 60_000, start + 120 * 60_000
    done = row.extended_due_ms or done
    due = response if row.responded_ms is None else done if row.done_ms is None else NEVER
    return plainly(row, now_ms)[0], due


def fits(row, wanted, now_ms):
    unit = wanted.unit
    word = getattr(row, unit.column) if unit.column else ""
    return (
        (wanted.from_ms is None or row.reported_ms >= wanted.from_ms)
        and (wanted.to_ms is None or row.reported_ms < wanted.to_ms)
        and (not wanted.categories or row.category in wanted.categories)
        and (not wanted.sub_category or row.sub_category == wanted.sub_category)
        and (not wanted.states or row.state in wanted.states)
        and (not wanted.grades or row.grade in wanted.grades)
        and (not wanted.hows or row.how in wanted.hows)
        and (not wanted.holder or (row.holder == wanted.holder and row.state not in ENDED))
        and (not wanted.levels or level_of(row.holder) in wanted.levels)
        and (not wanted.cards or row.card in wanted.cards)
        and (not wanted.clock_states or clock_of(row, now_ms)[0] in wanted.clock_states)
        and (not unit.column or (word in unit.grids if unit.is_area else word.startswith(unit.code.removesuffix("000000"))
             if unit.code == DISTRICT else word == unit.code))
        and (not wanted.is_open or row.state not in ENDED)
        and (not wanted.is_urgent or row.is_urgent)
    )  # fmt: skip


def in_order(rows, now_ms):
    def key(row):
        state, due = clock_of(row, now_ms)
        if state == "settled":
            return len(ORDER), -row.reported_ms, row.id
        return ORDER.index(state), due, row.id

    return [row.id for row in sorted(rows, key=key)]


def plain_row(rows, now_ms):
    """A row of the board, by a plain count."""
    is_open = [row for row in rows if row.state not in ENDED]
    states = Counter(clock_of(row, now_ms)[0] for row in is_open)
    return BoardRow(
        len(rows), len(is_open), states["red"], states["yellow"], states["due_today"], states["at_risk"],
        sum(bool(row.is_urgent) for row in is_open), sum(row.how == "unassigned" for row in is_open),
    )  # fmt: skip


def paged(parts, most):
    found, after = [], None
    while True:
        page, after = rank(parts, after=after, most=most)
        found += page
        if after is None:
            return found


@pytest.mark.parametrize("seed", [1, 2])
def test_map_list_and_board__the_same_under_any_filter(database, seed):
    world = World(database, seed)
    seen_states, most_shown = set(), 0
    for _ in range(8):
        for _ in range(8):
            world.happen()
        rows, now_ms = world.rows(), world.district.clock.now_ms
        now_ms -= now_ms % 60_000
        asked = [(IncidentFilter(), HOLDERS[0]), *((world.filter(), world.random.choice(HOLDERS)) for _ in range(11))]
        for wanted, holder in asked:
            state, sight = world.maps.state(), world.maps.sight(holder)
            choice = state.choice(wanted, sight)
            expected = [
                row for row in rows if fits(row, wanted, now_ms) and may(holder, "read_incidents", subject_of(row))
            ]
            told = (seed, wanted, holder)
            listed = paged(choice.parts, world.random.choice([1, 2, 7, 100]))
            assert [one.number for one in listed] == in_order(expected, now_ms), told
            clocks = {row.id: clock_of(row, now_ms) for row in expected}
            assert {one.number: (one.clock_state, one.due_ms) for one in listed} == clocks, told
            stored = Incidents(world.district.store).page(
                state.told_clocks(wanted, sight), most=1_000, visible=visible_to(holder)
            )
            assert sorted(one.id for one in stored.incidents) == sorted(row.id for row in expected), told
            assert choice.with_place.count == sum(row.lon is not None for row in expected), told
            assert choice.with_place.count + choice.without_place.count == len(listed), told
            shown = show(choice.parts, Viewport(-180.0, -85.0, 180.0, 85.0, 0, most_points=5_000))
            assert shown.tally() == choice.with_place, told
            for by in ("township", "village", "grid"):
                units = {getattr(row, by) for row in expected}
                board = count_board(choice.parts, choice.words, by)
                plainly_counted = {
                    unit: plain_row([row for row in expected if getattr(row, by) == unit], now_ms) for unit in units
                }
                assert board == plainly_counted, told
                tallies = count_by_unit(choice.parts, choice.words, by)
                overdue = {unit: row.red + row.yellow for unit, row in board.items()}
                assert {unit: tally.overdue for unit, tally in tallies.items()} == overdue, told
                assert {unit: tally.open for unit, tally in tallies.items()} == {
                    unit: row.open for unit, row in board.items()
                }
            waiting = {row.id for row in expected if row.how == "unassigned" and row.state not in ENDED}
            found = without_grid(choice.parts, choice.words)
            assert set(np.concatenate([one.points.number[one.chosen] for one in found]).tolist()) == waiting, told
            seen_states |= {state for state, _ in clocks.values()}
            most_shown = max(most_shown, len(listed))
    # Otherwise the agreement would be one of nothing with nothing.
    assert most_shown > 15
    assert {"settled", "red", "yellow"} <= seen_states
