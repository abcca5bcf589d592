"""A small district in an open store, and what its people do there, one after another or all at once."""

import threading

import sqlalchemy as sa

from gisgrid.flow import Request
from gisgrid.store.duplicates import duplicates_of
from gisgrid.store.editions import Editions
from gisgrid.store.events import events_after
from gisgrid.store.incidents import Incidents
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.steps import steps_of, take_step
from gisgrid.store.tables import AUDIT, DUPLICATE, EVENT, INCIDENT, STEP
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.worlds import at

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DISTRICT = "331002000000"
VILLAGES = {letter: code[:12] for letter, code in CODES.items()}
TOWNSHIPS = {letter: code[:9] + "000" for letter, code in CODES.items()}
FIRE, WATER = "department:fire", "department:water"


class SmallDistrict:
    """A store in which the first of the drawn editions holds."""

    def __init__(self, database):
        self.clock = database.clock
        self.store = database.open()
        self.editions = Editions(self.store)
        self.editions.publish(network_of(1), FIRST_DAY, author="planner")

    def publish_second(self, day):
        self.editions.publish(network_of(2), day, author="planner", based_on=1)

    def report(self, place=None, *, author="Li Na", **told):
        """Take in a report of a fire hazard at metres of the drawing."""
        lon, lat = at(*place) if place else (None, None)
        told = {"category": "public_security_hazards", "sub_category": "fire_hazard", "lon": lon, "lat": lat} | told
        return report_incident(self.store, self.editions, Report(**told), author=author)

    def step(self, number, move, office, reason="because", *, author="Li Na", version=None, **more):
        request = Request(move, office, reason, **more)
        return take_step(self.store, self.editions, number, request, author=author, version=version)

    def get(self, number):
        return Incidents(self.store).get(number)

    def steps(self, number):
        with self.store.reading() as connection:
            return steps_of(connection, number)

    def moves(self, number):
        return [step.move for step in self.steps(number)]

    def duplicates(self, number):
        with self.store.reading() as connection:
            return duplicates_of(connection, number)

    def events(self):
        with self.store.reading() as connection:
            return events_after(connection, 0)

    def everything(self):
        """All rows of what the loop writes."""
        with self.store.reading() as connection:
            return [
                connection.execute(sa.select(table).order_by(*table.primary_key)).all()
                for table in (INCIDENT, STEP, DUPLICATE, EVENT, AUDIT)
            ]


def all_at_once(count, act):
    """What `act(number)` gives or raises in so many threads that begin together, in the order of their numbers."""
    begin, found = threading.Barrier(count), [None] * count

    def run(number):
        begin.wait()
        try:
            found[number] = act(number)
        except Exception as error:  # noqa: BLE001  # handed to the test
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def most_connections(store, act):
    """How many connections of the store one thread held at once at the most while it did `act()`."""
    held = [0, 0]

    def taken(*_):
        held[0] += 1
        held[1] = max(held)

    def given_back(*_):
        held[0] -= 1

    for name, listener in (("checkout", taken), ("checkin", given_back)):
        sa.event.listen(store.engine, name, listener)
    act()
    for name, listener in (("checkout", taken), ("checkin", given_back)):
        sa.event.remove(store.engine, name, listener)
    return held[1]
