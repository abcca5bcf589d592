"""Maps of incidents: what is shown and seen is what a walk over all incidents, one by one, finds; a cell does not depend on panning."""

import dataclasses
import itertools
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.access import ROLES, Holder, Subject, may
from gisgrid.clocks import CLOCK_STATES, ClockRules, clock_states
from gisgrid.errors import BadOption
from gisgrid.incident_filters import IncidentFilter
from gisgrid.map_answers import (
    Chosen,
    MapCells,
    MapDots,
    Tally,
    Viewport,
    clock_counts,
    count_by_unit,
    show,
    tally_of,
)
from gisgrid.map_filters import choose
from gisgrid.map_points import map_points
from gisgrid.sight import Sight
from gisgrid.units import unit_meant
from gisgrid.workdays import WorkCalendar
from tests.gisgrid.test_figures import GRIDS, START, STEP, columns_of, incidents

NOW = START + 8 * STEP
CALENDAR, RULES = WorkCalendar(), ClockRules()
WEST = (GRIDS[0], GRIDS[3])
EVERYTHING = Sight(Holder("Li Na", "commander"))

# Within one cell of 64 pixels at zoom 15 (about 600 m) and in others, and nowhere.
degrees = st.sampled_from((0.0, 0.0000001, 0.003, 0.01, 0.2, 30.0))
spots = st.none() | st.tuples(
    degrees.map(lambda off: round(121.4 + off, 7)), degrees.map(lambda off: round(28.6 + off, 7))
)


@st.composite
def told_incidents(draw):
    """Incidents as dicts, with places, offices and cards."""
    told = draw(st.lists(incidents(), max_size=30))
    for number, one in enumerate(told, 1):
        one |= {
            "number": number,
            "spot": draw(spots),
            "is_urgent": draw(st.booleans()),
            "card": draw(st.sampled_from(("", "yellow", "red"))),
            "answering": draw(st.sampled_from(("", *GRIDS))) or one["grid"],
            "offices": draw(st.sampled_from(("", "331002001001", "331002001001 department:fire", "department:water"))),
        }
        if not one["grid"]:
            one["township"] = draw(st.sampled_from(("", "331002001000")))
            one["village"] = draw(st.sampled_from(("", "331002001001"))) if one["township"] else ""
    return told


def columns_with_places(told):
    """The incidents as the mirror keeps them."""
    columns = columns_of(told)
    grids = ("", *sorted(({one["answering"] for one in told} | set(columns.words["grid"])) - {""}))
    lon, lat = (np.array([one["spot"][axis] if one["spot"] else np.nan for one in told], float) for axis in (0, 1))
    return dataclasses.replace(
        columns,
        words=columns.words | {"grid": grids},
        grid=np.array([grids.index(one["grid"]) for one in told], np.int32),
        answering_grid=np.array([grids.index(one["answering"]) for one in told], np.int32),
        lon=lon,
        lat=lat,
    )


def parts_of(columns, in_delta, wanted=IncidentFilter(), sight=EVERYTHING):  # noqa: B008  # a frozen value
    """The columns in two parts, of which what is wanted is chosen."""
    found = []
    for some in (np.flatnonzero(~in_delta), np.flatnonzero(in_delta)):
        points = map_points(columns.at(some))
        looks = points.looks(NOW, CALENDAR, RULES)
        found.append(Chosen(points, looks, choose(points, looks, columns.words, wanted, sight)))
    return found


def states_of(columns):
    """How the clocks of all stand."""
    states = clock_states(
        NOW, columns.is_open(), columns.responded_ms, columns.done_ms, columns.due, columns.extended_due_ms, CALENDAR, RULES
    )  # fmt: skip
    return [tuple(CLOCK_STATES)[state] for state in states.tolist()]


def tally(told):
    """How many, one by one."""
    return Tally(
        len(told),
        sum(one["clock"] != "settled" for one in told),
        sum(one["clock"] in ("yellow", "red") for one in told),
        sum(one["is_urgent"] for one in told),
    )


def cell_of(spot, level):
    """The cell of a place by the formula of the tiles of the Web."""
    lon, lat = spot
    x = (lon + 180.0) / 360.0
    y = (1.0 - math.log(math.tan(math.radians(lat)) + 1.0 / math.cos(math.radians(lat))) / math.pi) / 2.0
    return math.floor(x * 2**level), math.floor(y * 2**level)


def column_and_row(cell):
    """A cell's column and row, out of the digits of its key."""
    digits = f"{cell:062b}"
    return int(digits[1::2], 2), int(digits[0::2], 2)


wanteds = st.builds(
    IncidentFilter,
    from_ms=st.none() | st.integers(0, 6).map(lambda steps: START + steps * STEP),
    to_ms=st.none() | st.integers(4, 12).map(lambda steps: START + steps * STEP),
    categories=st.sampled_from(((), ("disputes",), ("disputes", "other"))),
    sub_category=st.sampled_from(("", "theft", "nowhere")),
    states=st.sampled_from(((), ("reported", "closed"))),
    levels=st.sampled_from(((), ("village",), ("department", "district"))),
    cards=st.sampled_from(((), ("",), ("yellow", "red"))),
    clock_states=st.sampled_from(((), ("settled",), ("yellow", "red", "due_today"))),
    unit=st.sampled_from(
        ("", "331002000000", "331002001000", "331002001001", GRIDS[0], "area:west", "331999001001")
    ).map(lambda code: unit_meant(code, WEST)),
    is_open=st.booleans(),
    is_urgent=st.booleans(),
)  # fmt: skip


def is_wanted(one, wanted):
    """A filter, said of one incident."""
    unit = wanted.unit.code
    if unit == "area:west":
        lies_in = one["grid"] in WEST
    elif len(unit) == 12:
        level = "district" if unit.endswith("000000") else "township" if unit.endswith("000") else "village"
        lies_in = one["township"][:6] == unit[:6] if level == "district" else one[level] == unit
    else:
        lies_in = not unit or one["grid"] == unit
    return (
        lies_in
        and (wanted.from_ms is None or one["reported_ms"] >= wanted.from_ms)
        and (wanted.to_ms is None or one["reported_ms"] < wanted.to_ms)
        and (not wanted.categories or one["category"] in wanted.categories)
        and (not wanted.sub_category or one["sub_category"] == wanted.sub_category)
        and (not wanted.states or one["state"] in wanted.states)
        and (not wanted.levels or one["level"] in wanted.levels)
        and (not wanted.cards or one["card"] in wanted.cards)
        and (not wanted.clock_states or one["clock"] in wanted.clock_states)
        and (not wanted.is_open or one["state"] not in ("closed", "evaluated", "invalid"))
        and (not wanted.is_urgent or one["is_urgent"])
    )


def subject_of(one):
    return Subject(one["answering"] or one["village"] or one["township"], tuple(one["offices"].split()))


HOLDERS = [
    Holder("Li Na", role, unit)
    for role, unit in itertools.product(
        ROLES, ("", "331002000000", "331002001000", "331002001001", GRIDS[2], "department:fire", "331081001001")
    )
]


@given(told_incidents(), wanteds, st.sampled_from(HOLDERS), st.data())
def test_choose__as_one_by_one(told, wanted, holder, data):
    columns = columns_with_places(told)
    in_delta = np.array([data.draw(st.booleans()) for _ in told], bool)
    for one, state in zip(told, states_of(columns), strict=True):
        one["clock"] = state
    expected = [one for one in told if is_wanted(one, wanted) and may(holder, "read_incidents", subject_of(one))]
    parts = parts_of(columns, in_delta, wanted, Sight(holder))
    found = sorted(number for part in parts for number in part.points.number[part.chosen].tolist())
    assert found == [one["number"] for one in expected]
    with_place, without = (sum(counts) for counts in zip(*(part.counts() for part in parts), strict=True))
    assert tally_of(with_place) == tally([one for one in expected if one["spot"]])
    assert tally_of(without) == tally([one for one in expected if not one["spot"]])
    clocks = Counter(one["clock"] for one in expected)
    assert clock_counts(with_place + without) == {state: clocks[state] for state in CLOCK_STATES}
    for by in ("township", "village", "grid"):
        units = defaultdict(list)
        for one in expected:
            units[one[by]].append(one)
        counted = count_by_unit(parts, columns.words, by)
        assert counted == {unit: tally(those) for unit, those in units.items()}
        assert list(counted) == sorted(counted)


@given(told_incidents(), st.integers(3, 19), st.sampled_from((32, 64, 256)), st.data())
def test_show__cells_as_one_by_one(told, zoom, cell_px, data):
    columns = columns_with_places(told)
    in_delta = np.array([data.draw(st.booleans()) for _ in told], bool)
    for one, state in zip(told, states_of(columns), strict=True):
        one["clock"] = state
    half = 90.0 / 2**zoom
    view = Viewport(121.4 - half, 28.6 - half, 121.4 + half, 28.6 + half, zoom, cell_px, most_points=0)
    first_x, first_y = cell_of((view.west, view.north), view.level)
    last_x, last_y = cell_of((view.east, view.south), view.level)
    expected = defaultdict(list)
    for one in told:
        if one["spot"]:
            column, row = cell_of(one["spot"], view.level)
            if first_x <= column <= last_x and first_y <= row <= last_y:
                expected[column, row].append(one)
    found = show(parts_of(columns, in_delta), view)
    assert isinstance(found, MapCells)
    assert [column_and_row(cell) for cell in found.cell.tolist()] == sorted(expected, key=interleaved)
    for at, cell in enumerate(map(column_and_row, found.cell.tolist())):
        those = expected[cell]
        assert Tally(*(int(part[at]) for part in (found.count, found.open, found.overdue, found.urgent))) == tally(
            those
        )
        assert tuple(CLOCK_STATES)[found.worst[at]] == max(
            (one["clock"] for one in those), key=list(CLOCK_STATES).index
        )
        for axis, mean, low, high in ((0, found.lon, found.west, found.east), (1, found.lat, found.south, found.north)):
            values = [one["spot"][axis] for one in those]
            assert mean[at] == pytest.approx(sum(values) / len(values), abs=1e-9)
            assert (low[at], high[at]) == pytest.approx((min(values), max(values)), abs=1e-9)
    assert found.tally() == tally([one for those in expected.values() for one in those])


def interleaved(cell):
    """The key of a cell out of the digits of its column and row."""
    return int("".join(south + east for south, east in zip(f"{cell[1]:031b}", f"{cell[0]:031b}", strict=True)), 2)


@given(told_incidents(), st.integers(1, 30), st.data())
def test_show__points_where_they_are_few(told, most, data):
    columns = columns_with_places(told)
    in_delta = np.array([data.draw(st.booleans()) for _ in told], bool)
    for one, state in zip(told, states_of(columns), strict=True):
        one["clock"] = state
    there = [one for one in told if one["spot"] and one["spot"][0] < 150.0 and one["spot"][1] < 50.0]
    found = show(parts_of(columns, in_delta), Viewport(121.0, 28.0, 122.0, 29.0, 12, most_points=most))
    assert isinstance(found, MapDots) == (len(there) <= most)
    assert found.tally() == tally(there)
    if isinstance(found, MapDots):
        assert found.number.tolist() == [one["number"] for one in there]
        for axis, values in ((0, found.lon), (1, found.lat)):
            assert values.tolist() == [one["spot"][axis] for one in there]
        names = (("category", found.category), ("state", found.state))
        for name, codes in names:
            assert [columns.words[name][code] for code in codes.tolist()] == [one[name] for one in there]
        assert [tuple(CLOCK_STATES)[code] for code in found.clock.tolist()] == [one["clock"] for one in there]
        assert found.is_urgent.tolist() == [one["is_urgent"] for one in there]


def crowd(count=3_000):
    """Many incidents around one place."""
    rng = np.random.default_rng(5)
    told = [
        {
            "category": "disputes", "state": "reported", "grade": "ordinary", "card": "", "level": "village",
            "sub_category": "", "grid": GRIDS[0], "village": "", "township": "", "department": "", "reporter": "",
            "how": "inside", "holder": "", "offices": "", "reported_ms": START, "started_ms": START, "responded_ms": None,
            "done_ms": None, "closed_ms": None, "extended_due_ms": None, "satisfied": -1, "is_urgent": False,
            "response_due": START, "done_due": START, "most_due": START + 20 * STEP, "answering": GRIDS[0], "spot": spot,
        }
        for spot in np.round(rng.normal((121.4, 28.6), 0.02, (count, 2)), 7).tolist()
    ]  # fmt: skip
    return parts_of(columns_with_places(told), rng.random(count) < 0.01)


def test_show__a_cell_does_not_depend_on_where_the_viewport_ends():
    parts = crowd()
    wide = show(parts, Viewport(121.2, 28.4, 121.6, 28.8, 14, most_points=0))
    known = dict(zip(wide.cell.tolist(), zip(wide.count.tolist(), wide.lon.tolist(), strict=True), strict=True))
    assert sum(count for count, _ in known.values()) == 3_000
    rng = np.random.default_rng(1)
    for west, south in rng.uniform((121.37, 28.57), (121.43, 28.63), (40, 2)).tolist():
        view = Viewport(west, south, west + 0.02, south + 0.01, 14, most_points=0)
        some = show(parts, view)
        for cell, count, lon in zip(some.cell.tolist(), some.count.tolist(), some.lon.tolist(), strict=True):
            assert known[cell] == (count, lon)
        bounds = view.bounds()
        assert bounds[0] <= west < west + 0.02 <= bounds[2]
        assert bounds[1] <= south < south + 0.01 <= bounds[3]
        assert (some.west >= bounds[0]).all()
        assert (some.north <= bounds[3]).all()
        # Nothing that lies in the viewport is left out.
        assert {cell for cell in known if view_has(view, column_and_row(cell))} == set(some.cell.tolist())


def view_has(view, cell):
    first_x, first_y, last_x, last_y = view.cells()
    return first_x <= cell[0] <= last_x and first_y <= cell[1] <= last_y


def test_show__four_cells_of_the_next_zoom_add_up():
    parts = crowd()
    for zoom in range(5, 20):
        half = 900.0 / 2**zoom
        box = (121.4 - half, 28.6 - half, 121.4 + half, 28.6 + half)
        coarse = show(parts, Viewport(*box, zoom, most_points=0))
        fine = show(parts, Viewport(*Viewport(*box, zoom).bounds(), zoom + 1, most_points=0))
        added = Counter()
        for cell, count in zip(fine.cell.tolist(), fine.count.tolist(), strict=True):
            added[cell >> 2] += count
        for cell, count in zip(coarse.cell.tolist(), coarse.count.tolist(), strict=True):
            assert added[cell] == count
        assert len(coarse.cell) > 0


@pytest.mark.parametrize(
    "box",
    [
        (122.0, 28.0, 121.0, 29.0),
        (121.0, 29.0, 122.0, 28.0),
        (-181.0, 0.0, 0.0, 1.0),
        (0.0, 0.0, 1.0, 90.5),
        (math.nan, 0.0, 1.0, 1.0),
        (0.0, 0.0, math.inf, 1.0),
    ],
)
def test_viewport__no_box(box):
    with pytest.raises(BadOption, match="expected west <= east"):
        Viewport(*box, 5)


def test_viewport__what_cannot_be_shown():
    whole = (-180.0, -90.0, 180.0, 90.0)
    for changes, why in (
        ({"zoom": 23}, "zoom 23"),
        ({"zoom": -1}, "zoom -1"),
        ({"zoom": 1, "cell_px": 50}, "50 pixels"),
        ({"zoom": 1, "most_points": 5_001}, "5001 points"),
        ({"zoom": 6}, "256 by 256 cells"),
    ):
        with pytest.raises(BadOption, match=why):
            Viewport(*whole, **changes)
    assert Viewport(*whole, 5).bounds() == pytest.approx((-180.0, -85.0511287798, 180.0, 85.0511287798))
    assert Viewport(*whole, 0, 256).cells() == (0, 0, 0, 0)


@pytest.mark.parametrize("name", ["categories", "states", "levels", "cards", "clock_states"])
def test_map_filter__unknown_words(name):
    with pytest.raises(BadOption, match="'nonsense'"):
        IncidentFilter(**{name: ("nonsense",)})


def test_count_by_unit__by_something_else():
    with pytest.raises(BadOption, match="'person'"):
        count_by_unit((), {}, "person")
