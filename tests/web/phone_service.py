"""The service with a few people and their phones, for tests that send as phones do."""

import dataclasses
import datetime as dt
from contextlib import contextmanager

from fastapi.testclient import TestClient

from gisgrid.duty import FOREVER_DAY, Duty
from gisgrid.local_days import day_number
from gisgrid.store.devices import Devices
from gisgrid.store.events import events_after
from gisgrid.store.fixes import FixInbox
from gisgrid.store.staffing import Staffing
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import SmallDistrict
from tests.web.served import services_over
from web.app import create_app

NOW = 1_525_651_200_000  # 2018-05-07T08:00:00+08:00, as the clock of the databases has it
S = NOW // 1000
TODAY = dt.date(2018, 5, 7)
FIRST = dt.date(2018, 5, 1)
LON, LAT = 121.43, 28.66
APPS = ("traccar", "owntracks", "overland", "plain")


class PhoneService:
    """A running service; P1 and P2 patrol from the first of May on."""

    def __init__(self, database, services, client):
        self.database, self.services, self.client = database, services, client
        self.store, self.devices = services.store, Devices(services.store)

    def pair(self, app="traccar", person="P1", **more):
        """The token of a phone just paired, known to the service at once."""
        paired = self.devices.add(person, app, author="admin", **{"from_day": FIRST, **more})
        self.look()
        return paired.token

    def look(self):
        """Let the service look at its phones and duties, as it does each second."""
        self.services.phones.forget()

    def get(self, path, **more):
        return self.client.get(f"/phones/{path}", **more)

    def post(self, path, **more):
        return self.client.post(f"/phones/{path}", **more)

    def plain(self, token, body, **more):
        headers = {"authorization": f"Bearer {token}", **more}
        if isinstance(body, list | dict):
            return self.post("plain", json=body, headers=headers)
        return self.post("plain", content=body, headers=headers)

    def kept(self, first=dt.date(2018, 1, 1), last=dt.date(2018, 12, 31)):
        """What the inbox holds: (person, device, time_ms, lon, lat, accuracy_m or None, received_ms)."""
        batch = FixInbox(self.store).read(first, last)
        columns = (
            batch.patroller, batch.device, batch.time_ms, batch.lon, batch.lat, batch.accuracy_m, batch.received_ms
        )  # fmt: skip
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [tuple(None if value != value else value for value in row) for row in rows]

    def counted(self):
        """What was not kept, by person, day and reason."""
        return FixInbox(self.store).refused_on(dt.date(2018, 1, 1), dt.date(2018, 12, 31))

    def receptions(self):
        """The events that tell of fixes."""
        with self.store.reading() as connection:
            return [event for event in events_after(connection, 0) if event.kind == "fixes_received"]


@contextmanager
def phone_service(database, receiving=None, **settings):
    """The service over an empty database; `receiving(store)` makes another way of taking fixes in."""
    SmallDistrict(database)
    services = services_over(database, **settings)
    if receiving is not None:
        services = dataclasses.replace(services, phones=receiving(services.store))
    first = day_number(FIRST)
    duties = [Duty(person, CODES[grid], "patroller", first, FOREVER_DAY) for person, grid in (("P1", "A"), ("P2", "B"))]
    Staffing(services.store).take_in_duties(duties, author="admin")
    with TestClient(create_app(services)) as client:
        yield PhoneService(database, services, client)
