"""The service over a small district, with an account of each kind and a client that asks as one of them."""

from contextlib import contextmanager

from fastapi.testclient import TestClient

from gisgrid.access import ACTIONS
from gisgrid.store.accounts import Accounts
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import FIRE, TOWNSHIPS, SmallDistrict
from web.app import create_app
from web.services import open_services
from web.settings import make_settings

PEOPLE = {
    # name: role, unit, person
    "li.na": ("commander", "", ""),
    "other": ("commander", "", ""),
    "east": ("commander", TOWNSHIPS["C"], ""),
    "assessor": ("assessor", "", ""),
    "half": ("assessor", TOWNSHIPS["C"], ""),
    "planner": ("planner", "", ""),
    "worker": ("worker", CODES["C"], "P1"),
    "fire": ("department", FIRE, ""),
    "wall": ("wall", "", ""),
    "auditor": ("auditor", "", ""),
    "admin": ("administrator", "", ""),
}


class Served:
    """A running service; `ask(name)` is a client with the token of an account, which is made when it first asks."""

    def __init__(self, database, client, services, district):
        self.database, self.services, self.district = database, services, district
        self.clock = database.clock
        self.data = services.settings.data
        self._client, self._tokens = client, {}

    @property
    def client(self):
        """A client without anything that says who asks."""
        return self._client

    def ask(self, name, method, path, **options):
        headers = {"authorization": f"Bearer {self._token(name)}"} | options.pop("headers", {})
        address = path if path.startswith("/ogc/") else f"/api/v1{path}"
        return self._client.request(method, address, headers=headers, **options)

    def _token(self, name):
        if name not in self._tokens:
            role, unit, person = PEOPLE[name]
            accounts = Accounts(self.services.store)
            accounts.add(name, "Grid-by-grid 7!", role, unit=unit, person=person, author="test")
            scopes = [action for action, roles in ACTIONS.items() if role in roles]
            self._tokens[name] = accounts.make_token(name, "test", scopes, author="test")
        return self._tokens[name]


def services_over(database, **settings):
    """The services over a database, by its clock, with a pace that no test meets unless it asks for one."""
    values = {
        "data": database.folder,
        "database_url": database.url,
        "requests_per_minute": 100_000,
        "misses_per_minute": 100_000,
    } | settings
    return open_services(make_settings(values), now_ms=database.clock)


@contextmanager
def served(database, **settings):
    """The service over a database, with the district in it; no worker runs unless a test starts one."""
    district = SmallDistrict(database)
    services = services_over(database, **settings)
    app = create_app(services, runs_jobs=False)
    with TestClient(app) as client:
        yield Served(database, client, services, district)
