"""Counts in memory: as the database counts, for every viewer and filter, also just after a write."""

import random

import pytest

from gisgrid.access import Holder
from gisgrid.flow import STATES
from gisgrid.incident_filters import IncidentFilter
from gisgrid.sight import Sight
from gisgrid.store.counting import COUNTED, count_chosen
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.map_mirror import MapMirror
from gisgrid.store.visible import visible_to
from gisgrid.units import unit_meant
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import FIRE, MINUTE, TOWNSHIPS, VILLAGES, SmallDistrict
from tests.gisgrid.store.test_seen_pages import HOLDERS

PLACES = [(50, 50), (150, 50), (250, 50), (350, 50), (5_000, 5_000), None]
UNITS = [
    unit_meant(""), unit_meant("331002000000"), unit_meant(TOWNSHIPS["C"]), unit_meant(VILLAGES["A"]), unit_meant(CODES["C"]),
    unit_meant("area:A1", [CODES["A"], CODES["C"]]), unit_meant("area:A2"),
]  # fmt: skip
EVERYBODY = [Holder("z", "commander"), Holder("y", "wall"), Holder("x", "auditor"), *HOLDERS]


class Counted:
    """A small district in which things happen by chance, and its counts both ways."""

    def __init__(self, database, seed, most_apart):
        self.chance = random.Random(seed)
        self.district = SmallDistrict(database)
        self.maps = MapMirror(self.district.store, IncidentMirror(self.district.store, most_apart=most_apart))
        self.incidents = Incidents(self.district.store)
        self.first_ms = self.district.clock.now_ms
        self.open = {}

    def happen(self):
        chance, district = self.chance, self.district
        district.clock.now_ms += chance.choice([0, 0, MINUTE])
        if self.open and chance.random() < 0.4:
            number = chance.choice(sorted(self.open))
            holder = self.open.pop(number)
            move = chance.choice(["accept", "terminate"])
            district.step(number, move, holder, reason="as it is" if move == "terminate" else "")
            return
        told = {"reported_ms": district.clock.now_ms - chance.choice([0, 0, 90 * MINUTE])}
        if chance.random() < 0.3:
            told["category"], told["sub_category"] = "disputes", "neighbours"
        one = district.report(chance.choice(PLACES), **told).incident
        self.open[one.id] = one.holder

    def filter(self):
        chance, categories = self.chance, ["disputes", "livelihood_services", "other", "public_security_hazards"]
        some = lambda values: tuple(chance.sample(values, chance.choice([0, 0, 1, 2])))  # noqa: E731
        instant = lambda: chance.choice([None, self.first_ms + chance.randrange(-90, 20) * MINUTE])  # noqa: E731
        return IncidentFilter(
            unit=chance.choice(UNITS), states=some(list(STATES)), categories=some(categories), from_ms=instant(),
            hows=some(["inside", "snapped", "stated", "manual", "unassigned"]), to_ms=instant(),
            holder=chance.choice(["", "", "", VILLAGES["A"], CODES["A"], CODES["C"], FIRE, "nobody"]),
        )  # fmt: skip

    def check(self, holder, wanted):
        expected = self.incidents.counts_by(COUNTED, wanted, visible=visible_to(holder))
        choice = self.maps.state().choice(wanted, Sight(holder))
        found = count_chosen(choice.parts, choice.words)
        assert found == expected
        assert [list(found[name]) for name in COUNTED] == [list(expected[name]) for name in COUNTED]
        return sum(found["state"].values())


@pytest.mark.parametrize("most_apart", [3, 4_096])
def test_count_chosen__as_the_database_counts_after_every_write(database, most_apart):
    counted = Counted(database, seed=most_apart, most_apart=most_apart)
    seen = 0
    for holder in EVERYBODY:
        assert counted.check(holder, IncidentFilter()) == 0
    for _ in range(30):
        counted.happen()
        for holder in EVERYBODY:
            seen += counted.check(holder, IncidentFilter())
            seen += counted.check(holder, counted.filter())
    for _ in range(200):
        seen += counted.check(counted.chance.choice(EVERYBODY), counted.filter())
    assert seen > 1_000
