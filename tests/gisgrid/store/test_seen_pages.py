"""Pages of what someone sees: the same as by the database alone, for every viewer, filter and size of page."""

import random

import pytest

from gisgrid.access import Holder
from gisgrid.incident_filters import IncidentFilter
from gisgrid.sight import Sight
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.seen_pages import seen_page
from gisgrid.store.visible import visible_to
from gisgrid.units import unit_meant
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import FIRE, MINUTE, TOWNSHIPS, VILLAGES, SmallDistrict

HOLDERS = [
    Holder("a", "commander", TOWNSHIPS["C"]), Holder("b", "commander", VILLAGES["A"]), Holder("c", "worker", CODES["C"]),
    Holder("d", "department", FIRE), Holder("e", "wall", "331002000000"), Holder("f", "commander", "331009000000"),
]  # fmt: skip
FILTERS = [
    IncidentFilter(), IncidentFilter(states=("accepted",)), IncidentFilter(unit=unit_meant(VILLAGES["C"])),
    IncidentFilter(categories=("disputes",)), IncidentFilter(hows=("unassigned",)),
]  # fmt: skip


@pytest.mark.parametrize("most", [1, 3, 100])
def test_seen_page__as_by_the_database_alone(database, most):
    district, chance = SmallDistrict(database), random.Random(7)
    mirror = IncidentMirror(district.store)
    places = [(50, 50), (150, 50), (250, 50), (350, 50), (5_000, 5_000), None]
    for number in range(1, 41):
        # Several at one instant, and some later ones reported for an earlier time.
        district.clock.now_ms += chance.choice([0, 0, MINUTE])
        told = {"reported_ms": district.clock.now_ms - chance.choice([0, 0, 90 * MINUTE])}
        if chance.random() < 0.3:
            told["category"], told["sub_category"] = "disputes", "neighbours"
        told["grade"] = chance.choice(["ordinary", "prominent"])
        one = district.report(chance.choice(places), **told).incident
        if number == 20:
            mirror.parts()
        if chance.random() < 0.3:
            district.step(one.id, "accept", one.holder)
        elif told["grade"] == "prominent" and one.holder.endswith("000"):
            district.step(one.id, "hand_across", one.holder, to=FIRE)
    incidents = Incidents(district.store)
    for holder in HOLDERS:
        for wanted in FILTERS:
            after, pages = None, 0
            while True:
                expected = incidents.page(wanted, after=after, most=most, visible=visible_to(holder))
                assert seen_page(district.store, mirror, Sight(holder), wanted, after=after, most=most) == expected
                pages, after = pages + 1, expected.after
                if after is None:
                    break
            assert pages >= 1
