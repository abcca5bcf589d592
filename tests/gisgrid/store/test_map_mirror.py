"""Maps out of the store: after every change as read anew, clocks by the minute, the same as lists for whoever asks."""

import datetime as dt
import gc
import itertools
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from gisgrid.access import ROLES, Holder
from gisgrid.incident_filters import IncidentFilter
from gisgrid.map_answers import MapDots, Tally, Viewport, count_by_unit, show
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.map_mirror import MapMirror
from gisgrid.store.register_files import import_register
from gisgrid.store.staffing import Staffing
from gisgrid.store.tables import AREA_GRID
from gisgrid.store.ticking import tick
from gisgrid.store.units import find_unit
from gisgrid.store.visible import visible_to
from gisgrid.units import unit_meant
from tests.gisgrid.store.incident_places import CODES, DISTRICT, network_of
from tests.gisgrid.store.test_incident_mirror import DAY, HOUR, TOWNSHIP, VILLAGE, Loop
from tests.gisgrid.store.test_incidents import rows_of
from tests.worlds import at

ALL = Holder("Li Na", "commander")
WEST, SOUTH = at(0.0, 0.0)
NEAR = Viewport(WEST, SOUTH, *at(400.0, 300.0), 15)
WIDE = Viewport(WEST - 2.0, SOUTH - 2.0, WEST + 2.0, SOUTH + 2.0, 7)


@pytest.fixture
def loop(database):
    """An open store with one edition, and what is done to it."""
    return Loop(database)


def maps_of(loop, **options):
    return MapMirror(loop.store, IncidentMirror(loop.store, **options))


def told(maps, wanted=IncidentFilter(), holder=ALL):  # noqa: B008  # a frozen value
    """Everything that a map shows, as plain values."""
    state = maps.state()
    choice = state.choice(wanted, maps.sight(holder))
    near, wide = show(choice.parts, NEAR), show(choice.parts, WIDE)
    cells = show(choice.parts, Viewport(WEST - 2.0, SOUTH - 2.0, WEST + 2.0, SOUTH + 2.0, 7, 32, 0))
    return {
        "version": state.version,
        "totals": (choice.with_place, choice.without_place, choice.clock_states),
        "villages": count_by_unit(choice.parts, choice.words, "village"),
        **{
            f"{name} {part}": getattr(shown, part).tolist()
            for name, shown in (("near", near), ("wide", wide), ("cells", cells))
            for part in shown.__dataclass_fields__
        },
    }


def test_state__after_every_kind_of_change_as_read_anew(loop, tmp_path):
    usual, often = maps_of(loop), maps_of(loop, most_apart=2)
    versions = set()

    def changed(what):
        now = told(usual)
        assert now == told(often) == told(maps_of(loop)), what
        assert now["version"] not in versions, what
        versions.add(now["version"])
        return now

    assert changed("nothing yet")["totals"][0] == Tally()
    first = loop.report()
    assert changed("report")["near number"] == [first]
    loop.take_in(rows_of(30))
    loop.report(None, stated=CODES["E"], is_urgent=True)
    found = changed("import and one without a place")
    assert (found["totals"][0].count, found["totals"][1]) == (31, Tally(1, 1, 0, 1))
    loop.step(first, "accept")
    loop.step(first, "hand_up")
    changed("steps")
    assert maps_of(loop).state().version == usual.state().version
    loop.clock.now_ms += 3 * DAY
    assert tick(loop.store, loop.editions).yellow
    assert changed("tick")["totals"][0].overdue > 0
    days = tmp_path / "calendar.csv"
    days.write_text(
        "day,is_workday,note\n2018-05-08,否,台风\n2018-05-09,否,台风\n2018-05-10,否,台风\n", encoding="utf-8"
    )
    import_register(loop.store, "calendar", days, author="clerk")
    changed("calendar")
    loop.editions.publish(network_of(2), dt.date(2018, 5, 10), author="planner", based_on=1)
    loop.clock.now_ms += DAY
    tick(loop.store, loop.editions)
    changed("edition")


def test_state__the_same_until_something_changes_on_the_map(loop):
    loop.report()
    maps = maps_of(loop)
    state = maps.state()
    assert maps.state() is state
    # What has nothing to do with incidents, and a minute in which no clock ends.
    Staffing(loop.store).set_workdays({}, author="clerk")
    loop.clock.now_ms += 60_000
    assert maps.state() is state
    # A minute in which one does: at the end of the next workday the response is late.
    loop.clock.now_ms += 2 * DAY
    later = maps.state()
    assert later.version[:3] == state.version[:3]
    assert later.version[3] != state.version[3]
    assert told(maps)["totals"][0] == Tally(1, 1, 1, 0)
    # What was read before is as it was.
    assert state.choice(IncidentFilter(), maps.sight(ALL)).with_place == Tally(1, 1, 0, 0)


def test_state__goes_at_once_when_another_follows(make_database):
    loop = Loop(make_database("sqlite"))
    loop.report()
    maps = maps_of(loop)
    state = maps.state()
    choice = state.choice(IncidentFilter(), maps.sight(ALL))
    assert state.choice(IncidentFilter(), maps.sight(ALL)) is choice
    gone = [weakref.ref(one) for one in (state, choice)]
    gc.disable()
    try:
        del state, choice
        loop.report()
        maps.state()
        # Half a megabyte for every filter and event would else wait for the collector of cycles, which does not see it.
        assert [one() for one in gone] == [None, None]
    finally:
        gc.enable()


def test_choice__only_so_many_are_kept(make_database):
    loop = Loop(make_database("sqlite"))
    loop.report()
    maps = maps_of(loop)
    state, sight = maps.state(), maps.sight(ALL)
    first, *_, last = [state.choice(IncidentFilter(from_ms=number), sight) for number in range(40)]
    assert state.choice(IncidentFilter(from_ms=39), sight) is last
    again = state.choice(IncidentFilter(from_ms=0), sight)
    assert again is not first
    assert again.with_place == first.with_place == Tally(1, 1, 0, 0)


def test_choice__as_lists_show_it(loop):
    loop.take_in(rows_of(60))
    for number in range(6):
        loop.report((50.0 + 60.0 * number, 50.0))
    loop.report(None, stated=CODES["E"])
    loop.report(None)
    loop.step(61, "accept", CODES["C"][:12])
    maps, incidents = maps_of(loop), Incidents(loop.store)
    with loop.store.changing("clerk") as change:
        change.connection.execute(AREA_GRID.insert(), [{"area": "west", "grid": CODES[letter]} for letter in "AC"])
        change.tell("areas_changed", "areas")
    holders = [Holder("x", role, unit) for role, unit in itertools.product(
        ROLES, ("", DISTRICT, TOWNSHIP, VILLAGE, CODES["E"], "department:fire"))]  # fmt: skip
    with loop.store.reading() as connection:
        units = [find_unit(connection, code) for code in ("", DISTRICT, TOWNSHIP, VILLAGE, CODES["E"], "area:west")]
    units += [unit_meant("area:nowhere"), unit_meant("331999000000")]
    seen = set()
    for holder, unit, state in itertools.product(holders, units, ("", "reported")):
        states = (state,) if state else ()
        listed = incidents.page(IncidentFilter(unit, states), most=1_000, visible=visible_to(holder)).incidents
        choice = maps.state().choice(IncidentFilter(unit=unit, states=states), maps.sight(holder))
        assert choice.with_place.count == sum(one.lon is not None for one in listed), (holder, unit)
        assert choice.without_place.count == sum(one.lon is None for one in listed), (holder, unit)
        seen.add(len(listed))
    assert {0, 68} < seen


def test_state__from_many_threads_while_things_happen(loop):
    loop.report()
    maps = maps_of(loop, most_apart=3)
    is_over = threading.Event()

    def look():
        sizes = []
        while not is_over.is_set() or len(sizes) < 2:
            choice = maps.state().choice(IncidentFilter(), maps.sight(ALL))
            dots = show(choice.parts, WIDE)
            assert isinstance(dots, MapDots)
            assert dots.tally() == choice.with_place
            assert len(set(dots.number.tolist())) == len(dots.number)
            sizes.append(choice.with_place.count)
        return sizes

    with ThreadPoolExecutor(4) as pool:
        looking = [pool.submit(look) for _ in range(4)]
        try:
            for count in range(8):
                loop.step(loop.report((350.0 - count, 50.0)), "accept")
        finally:
            is_over.set()
        for seen in looking:
            assert seen.result() == sorted(seen.result())
    assert told(maps) == told(maps_of(loop))


def test_warm__of_an_empty_store_and_a_full_one(loop):
    maps = maps_of(loop)
    maps.warm()
    loop.report()
    loop.clock.now_ms += HOUR
    maps.warm()
    assert told(maps)["near number"] == [1]
