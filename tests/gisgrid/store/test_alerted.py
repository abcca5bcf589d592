"""Urgent incidents at a border: those across it see them too, by the rule, in the database and in memory."""

import pytest

from gisgrid.access import Holder, may
from gisgrid.sight import Sight
from gisgrid.store.answering import units_to_alert
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.visible import subject_of, visible_to
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES, SmallDistrict

IN_C_NEAR_A = (100.0, 95.0)
NEIGHBOURS = [
    Holder("street", "commander", TOWNSHIPS["A"]),
    Holder("village", "worker", VILLAGES["A"], "P2"),
    Holder("grid", "worker", CODES["A"], "P2"),
]
FARTHER = [Holder("village", "worker", VILLAGES["B"], "P3"), Holder("grid", "worker", CODES["E"], "P4")]


def seen_by(district, holder):
    incidents = Incidents(district.store)
    by_rule = {one.id for one in incidents.page().incidents if may(holder, "read_incidents", subject_of(one))}
    in_database = {one.id for one in incidents.page(visible=visible_to(holder)).incidents}
    parts, sight, in_memory = IncidentMirror(district.store).parts(), Sight(holder), set()
    for columns, _ in ((parts.base, 0), (parts.delta, 1)):
        in_memory |= set(columns.number[sight.seen(columns, parts.delta.words)].tolist())
    assert by_rule == in_database == in_memory
    return by_rule


@pytest.mark.parametrize("holder", NEIGHBOURS, ids=lambda holder: holder.name)
def test_urgent__is_seen_across_the_border(database, holder):
    district = SmallDistrict(database)
    district.report(IN_C_NEAR_A, accuracy_m=30.0)
    urgent = district.report(IN_C_NEAR_A, accuracy_m=30.0, is_urgent=True).incident
    assert seen_by(district, holder) == {urgent.id}


@pytest.mark.parametrize("holder", FARTHER, ids=lambda holder: holder.name)
def test_urgent__is_not_seen_by_everybody(database, holder):
    district = SmallDistrict(database)
    district.report(IN_C_NEAR_A, accuracy_m=30.0, is_urgent=True)
    assert seen_by(district, holder) == set()


def test_urgent__given_to_the_grid_across_alerts_the_other_side(database):
    district = SmallDistrict(database)
    number = district.report(IN_C_NEAR_A, accuracy_m=30.0, is_urgent=True).incident.id
    district.step(number, "reassign", TOWNSHIPS["C"], to=CODES["A"])
    assert seen_by(district, NEIGHBOURS[2]) == {number}
    assert seen_by(district, Holder("beside", "worker", CODES["C"], "P1")) == {number}
    assert seen_by(district, Holder("far", "worker", CODES["E"], "P4")) == set()


def test_units_to_alert__those_that_are_not_its_own_anyway():
    a, b, c = CODES["A"], CODES["B"], CODES["C"]
    assert units_to_alert(a, f"{b}:0.30", is_urgent=True).split() == [b, b[:12]]
    assert units_to_alert(a, f"{c}:0.30", is_urgent=True).split() == [c, c[:12], c[:9] + "000"]
    assert units_to_alert(a, f"{c}:0.30", is_urgent=False) == ""
    assert units_to_alert("", "", is_urgent=True) == ""
    assert units_to_alert("A", "B:0.50", is_urgent=True) == "B"
