"""What someone may see of the incidents: the condition for the database says of every row what the rule of access says."""

import itertools

import pytest
import sqlalchemy as sa

from gisgrid.access import ROLES, Holder, Subject, may
from gisgrid.store.incidents import Incidents
from gisgrid.store.tables import INCIDENT
from gisgrid.store.visible import subject_of, visible_to

UNITS = (
    "",
    "331002001001001",
    "331002001001901",
    "331002001002001",
    "331002002001001",
    "331003001001001",
    "331002001001000",  # not a grid: nothing above it is known
    "331002001001",
    "331002001002",
    "331002001000",
    "331002000000",
    "331003000000",
    "33100200100100X",
    "33100200100X",
    "33100200100x",
    "E-1",
    "e-1",
    "under_score",
    "underXscore",
    "50%",
    "500",
)
OFFICES = (
    # holder, handed, assistants
    ("", "", ""),
    ("331002001001", "", ""),
    ("331002001000", "331002001001", ""),
    ("department:fire", "331002001001 331002001000", "department:water department:housing"),
    ("district", "", "department:fire"),
    ("department:Fire", "", ""),
    ("department:fire_2", "E-1", ""),
    ("department:fireX2", "", "department:water"),
)
HOLDER_UNITS = (
    *UNITS,
    "district",
    "33100200100X000",
    "331002001001 331002001000",
    "department:fire",
    "department:Fire",
    "department:fire_2",
    "department:water",
    "department:nobody",
    "department:",
    " ",
    "%",
)


def fill(store):
    """An incident for every way of lying somewhere and having to do with offices."""
    places = [dict(zip(("answering_grid", "grid", "village", "township"), four, strict=True)) for four in _places()]
    rows = []
    with store.changing("clerk") as change:
        event_id = change.tell("incidents_taken_in", "test")
        for number, (place, offices) in enumerate(itertools.product(places, OFFICES), 1):
            holder, handed, assistants = offices
            rows.append(
                place
                | {
                    "id": number, "category": "disputes", "sub_category": "", "reported_ms": number, "state": "reported",
                    "is_urgent": False, "reporter": "", "description": "", "source": "", "stated": "", "how": "inside",
                    "alternatives": "", "grade": "simple", "holder": holder, "handed": handed, "assistants": assistants,
                    "reopened": 0, "card": "", "steps": 0, "version": 1, "event_id": event_id,
                }
            )  # fmt: skip
        change.connection.execute(INCIDENT.insert(), rows)
    return Incidents(store).page(most=10_000).incidents


def _places():
    for unit in UNITS:
        yield from ((unit, "", "", ""), (None, unit, "", ""), (None, "", unit, ""), ("", "", "", unit))
    # The grid that answers now comes before the one of the report, and that before its village.
    yield ("331002002001001", "331002001001001", "331002001001", "331002001000")
    yield (None, "331002001001001", "331002002001", "331002002000")
    yield ("", "", "331002001001", "331002002000")


def test_visible_to__row_by_row_what_the_rule_of_access_says(store):
    incidents = fill(store)
    seen = set()
    with store.reading() as connection:
        for role, unit in itertools.product(ROLES, HOLDER_UNITS):
            holder = Holder("somebody", role, unit)
            found = connection.execute(sa.select(INCIDENT.c.id).where(visible_to(holder))).scalars().all()
            told = [one.id for one in incidents if may(holder, "read_incidents", subject_of(one))]
            assert sorted(found) == sorted(told), holder
            seen.add(len(found))
    assert {0, len(incidents)} < seen


def test_visible_to__a_page_shows_nothing_else(store):
    incidents = fill(store)
    holder = Holder("Li Na", "worker", "331002001001")
    page = Incidents(store).page(most=10_000, visible=visible_to(holder))
    assert 0 < len(page.incidents) < len(incidents)
    assert all(may(holder, "read_incidents", subject_of(one)) for one in page.incidents)


@pytest.mark.parametrize("offices", OFFICES)
def test_subject_of__every_office_once(store, offices):
    one = next(one for one in fill(store) if (one.holder, one.handed, one.assistants) == offices)
    subject = subject_of(one)
    assert isinstance(subject, Subject)
    assert len(set(subject.offices)) == len(subject.offices)
    assert set(subject.offices) == set(" ".join(offices).split())
