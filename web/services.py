"""The services of the application, wired once from the settings: store, editions, mirror, accounts, meters."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from gisgrid.errors import BadOption
from gisgrid.store import Store, open_store
from gisgrid.store.accounts import Accounts
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixInbox
from gisgrid.store.ground import GroundKeeper
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incidents
from gisgrid.store.map_mirror import MapMirror
from gisgrid.store.reports import Asked
from web.basemaps import Basemap, source_of
from web.callers import KnownCallers
from web.grounds import Grounds
from web.inhabitants import Counting
from web.live import Hub
from web.meters import Meters
from web.naming import Naming
from web.ogc_grids import GridFeatures
from web.ogc_incidents import IncidentFeatures
from web.pace import Pace
from web.persons import Persons
from web.positions import Positions
from web.receiving import Receiving
from web.reporting import Answered, report_and_answer
from web.settings import Settings
from web.together import Together


@dataclass(frozen=True)
class Services:
    """Everything that a route may need; `close` gives it back."""

    settings: Settings
    store: Store
    editions: Editions
    incidents: Incidents
    mirror: IncidentMirror
    inbox: FixInbox
    accounts: Accounts
    callers: KnownCallers
    pace: Pace
    sign_in_pace: Pace
    misses: Pace
    meters: Meters
    reporting: Together[Asked, Answered]
    hub: Hub
    phones: Receiving
    naming: Naming
    grid_features: GridFeatures
    incident_features: IncidentFeatures
    maps: MapMirror
    positions: Positions
    grounds: Grounds
    counting: Counting
    persons: Persons
    basemap: Basemap

    async def close(self) -> None:
        """Finish what was asked and give the database back."""
        await self.hub.close()
        await self.reporting.close()
        await self.phones.close()
        self.store.close()


_SIGN_INS_PER_MINUTE = 20


def clock_from(instant: dt.datetime) -> Callable[[], int]:
    """A clock that stands at an instant now, and runs on from there."""
    start_ms, started_ns = round(instant.timestamp() * 1000), time.monotonic_ns()
    return lambda: start_ms + (time.monotonic_ns() - started_ns) // 1_000_000


def _need_sample(editions: Editions) -> None:
    newest = editions.latest()
    if newest is None or not editions.network(newest.id).is_sample:
        raise BadOption(
            "GISGRID_SAMPLE_NOW sets the clock of the sample district, and this is none; leave it out: deadlines of a real "
            "district run by the real time"
        )


def open_services(settings: Settings, *, now_ms: Callable[[], int] | None = None) -> Services:
    """Open the store and wire the services. Raises what `open_store` raises."""
    if now_ms is None and settings.sample_now is not None:
        now_ms = clock_from(settings.sample_now)
    store = open_store(settings.data, settings.database_url, now_ms=now_ms)
    editions = Editions(store)
    if settings.sample_now is not None:
        try:
            _need_sample(editions)
        except BaseException:
            store.close()
            raise
    accounts = Accounts(store)
    keeper = GroundKeeper(editions)
    inbox = FixInbox(store)
    meters = Meters()
    mirror = IncidentMirror(store)
    return Services(
        settings, store, editions, Incidents(store, editions), mirror, inbox, accounts,
        KnownCallers(accounts), Pace(settings.requests_per_minute), Pace(_SIGN_INS_PER_MINUTE),
        Pace(settings.misses_per_minute), meters,
        Together(lambda asked: report_and_answer(store, editions, keeper, asked)),
        Hub(store, most=settings.max_streams, on_newest=meters.events.set),
        Receiving(store, inbox, keep_off_duty=settings.keep_off_duty),
        Naming(store, editions), GridFeatures(editions), IncidentFeatures(store, mirror, editions),
        MapMirror(store, mirror), Positions(store, editions, inbox, settings.data / "tracks"), Grounds(editions),
        Counting(store, editions), Persons(store), Basemap(source_of(settings)),
    )  # fmt: skip
