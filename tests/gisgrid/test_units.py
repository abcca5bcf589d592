"""What a unit means: for grids what the rule of access says, for words of incidents the column that its form names."""

import pytest

from gisgrid.access import covers
from gisgrid.units import EVERYWHERE, Unit, unit_meant

GRID = "331002001001001"
OTHERS = ("A", "331002001001", "331002001002001", "331002002001001", "331003001001001", "331002001001000")


@pytest.mark.parametrize("code", [GRID, *OTHERS])
@pytest.mark.parametrize("unit", ["331002000000", "331002001000", "331002001001", "331009000000", GRID, "A"])
def test_has_grid__as_the_rule_of_access_has_it(unit, code):
    assert unit_meant(unit).has_grid(code) == covers(unit, code)


@pytest.mark.parametrize(
    ("code", "column", "holds", "holds_not"),
    [
        ("331002000000", "township", ("331002001000",), ("", "331003001000")),
        ("331002001000", "township", ("331002001000",), ("", "331002002000", "331002001001")),
        ("331002001001", "village", ("331002001001",), ("", "331002001002")),
        (GRID, "grid", (GRID,), ("", "331002001001002", "331002001001")),
        ("A", "grid", ("A",), ("", "a", "AB")),
        ("area:west", "grid", (GRID, "A"), ("", "west", "331002001001002")),
        ("area:", "grid", (GRID, "A"), ("",)),
    ],
)
def test_holds__words_of_its_column(code, column, holds, holds_not):
    unit = unit_meant(code, ("A", GRID))
    assert unit.column == column
    assert unit.among(holds).all()
    assert not unit.among(holds_not).any()
    assert [unit.holds(word) for word in (*holds, *holds_not)] == [True] * len(holds) + [False] * len(holds_not)


def test_unit_meant__nothing_is_everything():
    assert unit_meant("") == EVERYWHERE == Unit()
    assert EVERYWHERE.has_grid("A")
    assert EVERYWHERE.holds("")


def test_unit_meant__an_area_is_the_same_in_whatever_order():
    assert unit_meant("area:x", ["B", "A", "B"]) == unit_meant("area:x", ("A", "B"))
    assert repr(unit_meant("area:x", ["B", "A"])) == repr(unit_meant("area:x", ["A", "B"]))
    assert not unit_meant("area:x").has_grid("A")
