"""Housekeeping: clocks tick while the service runs, and it ends with it."""

import time

from fastapi.testclient import TestClient

from gisgrid.errors import DatabaseLost
from gisgrid.store.incidents import Incidents
from tests.gisgrid.store.small_district import DAY, SmallDistrict
from web.app import create_app
from web.housekeeping import Housekeeping
from web.services import open_services
from web.settings import make_settings


def serve(database):
    values = {"data": database.folder, "database_url": database.url}
    return open_services(make_settings(values), now_ms=database.clock)


def test_keep__cards_are_raised_once(database):
    district = SmallDistrict(database)
    district.report((150, 50))
    services = serve(database)
    house = Housekeeping(services)
    house.keep()
    assert district.get(1).card == ""
    district.clock.now_ms += 60 * DAY
    house.keep()
    house.keep()
    assert (district.get(1).card, district.moves(1)) == ("red", ["yellow_card", "red_card"])
    services.store.close()


def test_start__beside_the_service_until_it_ends(database):
    district = SmallDistrict(database)
    district.report((150, 50))
    district.clock.now_ms += 60 * DAY
    services = serve(database)
    with TestClient(create_app(services, runs_jobs=False, keeps_house=True)) as client:
        for _ in range(200):
            if Incidents(district.store).get(1).card:
                break
            time.sleep(0.05)
        assert client.get("/health").status_code == 200
    assert district.get(1).card == "red"


class Failing(Housekeeping):
    """Housekeeping that always fails, with an error of ours and others by turns."""

    def __init__(self, services, failures):
        super().__init__(services, every_s=0.01)
        self.failures = failures

    def keep(self):
        """Fail."""
        self.failures.append(1)
        raise DatabaseLost("gone") if len(self.failures) % 2 else ZeroDivisionError


def test_run__what_fails_does_not_end_it(make_database):
    database = make_database("sqlite")
    SmallDistrict(database)
    services = serve(database)
    failures = []
    house = Failing(services, failures)
    house.start()
    for _ in range(200):
        if len(failures) > 2:
            break
        time.sleep(0.01)
    house.close()
    services.store.close()
    assert len(failures) > 2
