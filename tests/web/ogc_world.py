"""A small district with many incidents, asked for as map programs ask; and what each person may see of it."""

import datetime as dt
from contextlib import contextmanager

import numpy as np
import shapely
from fastapi.testclient import TestClient

from gisgrid.access import ACTIONS, Holder, may
from gisgrid.store.accounts import Accounts
from gisgrid.store.incidents import Incidents
from gisgrid.store.visible import subject_of
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import FIRE, SmallDistrict
from tests.gisgrid.store.test_incidents import rows_of
from tests.web.served import PEOPLE
from tests.worlds import at
from web.app import create_app
from web.services import open_services
from web.settings import make_settings


def many_rows(count, seed=1):
    """Reports in and around the drawing, every seventh without a place, of which half name a grid, some at the firemen's."""
    rng = np.random.default_rng(seed)
    places = np.array([at(x, y) for x, y in rng.uniform((-60.0, -60.0), (460.0, 360.0), (count, 2))])
    lon, lat = np.round(places.T, 7)
    lon[::7], lat[::7] = np.nan, np.nan
    stated = np.full(count, "", dtype=object)
    stated[::14] = CODES["C"]
    level = np.full(count, "", dtype=object)
    level[::5] = FIRE
    state = rng.choice(np.array(["handling", "closed"], dtype=object), count)
    return rows_of(count, seed, lon=lon, lat=lat, stated=stated, level=level, state=state)


class MapWorld:
    """The service without its beginning and end; `get(name, path)` asks as one of `PEOPLE` (None: a stranger)."""

    def __init__(self, database, count, **settings):
        self.clock = database.clock
        self.district = SmallDistrict(database)
        self.incidents = Incidents(self.district.store, self.district.editions)
        if count:
            self.incidents.take_in(many_rows(count), "hotline", author="import")
        values = {
            "data": database.folder,
            "database_url": database.url,
            "requests_per_minute": 1_000_000,
            "misses_per_minute": 1_000_000,
        } | settings
        self.services = open_services(make_settings(values), now_ms=database.clock)
        self.client = TestClient(create_app(self.services, runs_jobs=False))
        self._tokens = {}

    def token(self, name, scopes=None):
        if (name, scopes) not in self._tokens:
            role, unit, person = PEOPLE[name]
            accounts = Accounts(self.services.store)
            if name not in {known for known, _ in self._tokens}:
                accounts.add(name, "Grid-by-grid 7!", role, unit=unit, person=person, author="test")
            wanted = scopes or [action for action, roles in ACTIONS.items() if role in roles]
            self._tokens[name, scopes] = accounts.make_token(name, f"test {scopes}", wanted, author="test")
        return self._tokens[name, scopes]

    def get(self, name, path, **options):
        """The answer to a path below /ogc, or to a whole address."""
        headers = {"authorization": f"Bearer {self.token(name)}"} if name else {}
        address = path if path.startswith("http") else f"/ogc{path}"
        return self.client.get(address, headers=headers | options.pop("headers", {}), **options)

    def walk(self, name, path):
        """All pages, by their links."""
        pages = []
        while path:
            answer = self.get(name, path)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            path = next((one["href"] for one in pages[-1]["links"] if one["rel"] == "next"), None)
        return pages

    def everything(self):
        """All incidents in the order of their numbers."""
        page = self.incidents.page(most=100_000)
        return sorted(page.incidents, key=lambda one: one.id)

    def seen_by(self, name):
        """The incidents that someone may see, one by one by the rule."""
        role, unit, person = PEOPLE[name]
        holder = Holder(name, role, unit, person)
        return [one for one in self.everything() if may(holder, "read_incidents", subject_of(one))]


@contextmanager
def map_world(database, count=60, **settings):
    """The world, its database given back in the end."""
    world = MapWorld(database, count, **settings)
    try:
        yield world
    finally:
        world.services.store.close()


def is_within(one, window):
    """Whether an incident lies in a window (west, south, east, north), edges included."""
    return one.lon is not None and bool(shapely.intersects(shapely.box(*window), shapely.Point(one.lon, one.lat)))


def instant_of(text):
    """Milliseconds since 1970 of a time as features have it; None of none."""
    if text is None:
        return None
    found = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    return round(found.timestamp() * 1000)
