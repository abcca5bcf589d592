"""Who may do what where: every role with every action, in and out of its unit."""

import pytest

from gisgrid.access import ACTIONS, ROLES, Holder, Subject, acts_for, check_role, covers, may
from gisgrid.errors import BadOption

GRID, VILLAGE, TOWNSHIP, DISTRICT = "331002001001001", "331002001001", "331002001000", "331002000000"
OTHER = "331002002001001"
FIRE = "department:fire"

# Written out once more by hand: what each role may do.
MAY = {
    "administrator": {"read_grids", "read_names", "keep_registers", "keep_accounts"},
    "planner": {
        "read_grids", "read_incidents", "report_incident", "read_figures", "export_incidents", "read_names", "draw_grids",
        "publish_grids",
    },
    "assessor": {
        "read_grids", "read_incidents", "report_incident", "read_figures", "export_incidents", "read_names", "read_tracks",
        "judge_tracks",
    },
    "commander": {
        "read_grids", "read_incidents", "report_incident", "move_incident", "read_figures", "export_incidents", "read_names", "read_positions",
    },
    "worker": {"read_grids", "read_incidents", "report_incident", "move_incident", "read_names", "read_own_tracks"},
    "department": {"read_grids", "read_incidents", "move_incident", "read_names"},
    "auditor": {"read_audit"},
    "wall": {"read_grids", "read_incidents", "read_figures"},
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_may__every_role_with_every_action(role, action):
    assert may(Holder("x", role), action) == (action == "own_account" or action in MAY[role])


@pytest.mark.parametrize("role", [role for role in ROLES if role != "department"])
@pytest.mark.parametrize("action", [action for action in ACTIONS if action not in {"own_account", "read_own_tracks"}])
def test_may__only_within_the_unit(role, action):
    holder = Holder("x", role, TOWNSHIP)
    assert may(holder, action, Subject(GRID)) == (action in MAY[role])
    assert not may(holder, action, Subject(OTHER))
    assert not may(holder, action, Subject(""))
    assert may(Holder("x", role), action, Subject("")) == (action in MAY[role])


def test_may__a_department_has_what_is_handed_to_it():
    fire = Holder("x", "department", FIRE)
    assert may(fire, "move_incident", Subject(GRID, (VILLAGE, FIRE)))
    assert not may(fire, "move_incident", Subject(GRID, (VILLAGE, "department:water")))
    assert may(fire, "read_grids", Subject(GRID))
    assert not may(fire, "report_incident", Subject(GRID, (FIRE,)))


def test_may__a_worker_sees_the_own_tracks_only():
    worker = Holder("x", "worker", GRID, "P1")
    assert may(worker, "read_own_tracks", Subject(person="P1"))
    assert not may(worker, "read_own_tracks", Subject(GRID, person="P2"))
    assert not may(Holder("x", "worker", GRID), "read_own_tracks", Subject(person=""))
    assert not may(worker, "read_tracks", Subject(GRID, person="P1"))


@pytest.mark.parametrize(
    ("unit", "other", "is_covered"),
    [
        ("", "", True), ("", GRID, True), (GRID, GRID, True), (VILLAGE, GRID, True), (TOWNSHIP, GRID, True),
        (DISTRICT, GRID, True), (TOWNSHIP, VILLAGE, True), (DISTRICT, TOWNSHIP, True), (GRID, VILLAGE, False),
        (VILLAGE, TOWNSHIP, False), (TOWNSHIP, OTHER, False), (VILLAGE, "", False), (VILLAGE, "A", False), ("A", "A", True),
        ("33", GRID, False), ("331002001", GRID, False),
    ],
)  # fmt: skip
def test_covers__itself_and_what_lies_below(unit, other, is_covered):
    assert covers(unit, other) == is_covered


@pytest.mark.parametrize(
    ("holder", "office", "may_act"),
    [
        (Holder("x", "commander"), TOWNSHIP, True),
        (Holder("x", "commander"), "district", True),
        (Holder("x", "commander", TOWNSHIP), VILLAGE, True),
        (Holder("x", "commander", TOWNSHIP), DISTRICT, False),
        (Holder("x", "commander"), FIRE, False),
        (Holder("x", "worker", GRID), VILLAGE, True),
        (Holder("x", "worker", VILLAGE), TOWNSHIP, False),
        (Holder("x", "worker"), VILLAGE, False),
        (Holder("x", "department", FIRE), FIRE, True),
        (Holder("x", "department", FIRE), "department:water", False),
        (Holder("x", "planner"), VILLAGE, False),
    ],
)
def test_acts_for__the_own_office(holder, office, may_act):
    assert acts_for(holder, office) == may_act


def test_may__an_unknown_action_is_a_mistake():
    with pytest.raises(BadOption, match="there is no action 'fly'"):
        may(Holder("x", "planner"), "fly")


@pytest.mark.parametrize(("role", "unit"), [("king", ""), ("department", ""), ("planner", FIRE), ("worker", "")])
def test_check_role__refuses_what_cannot_be(role, unit):
    with pytest.raises(BadOption, match=r"expected|needs"):
        check_role(role, unit)
