"""Last positions over HTTP: the newest of archive and inbox, within the unit of whoever asks, one line of the audit each."""

import numpy as np
import pytest
import sqlalchemy as sa

from gisgrid.store.fixes import FixBatch
from gisgrid.store.tables import AUDIT
from tests.web.staffed import A, B, staffed
from tests.web.test_grid_routes import NOON
from tests.web.test_track_routes import DAY, S, batch
from tests.worlds import at
from tracks.archive import TrackArchive, seal

NOON_S = 12 * 3_600


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, make_database, tmp_path):
    with staffed(make_database(request.param), tmp_path) as service:
        service.clock.now_ms = NOON
        early = [("P1", "a", NOON_S - 3_600, 50, 50, 5.0, 1), ("P2", "c", NOON_S - 7_200, 50, 150, 5.0, 1)]
        service.services.inbox.add(batch(early), author="phones")
        seal(service.services.inbox, TrackArchive(service.data / "tracks"), DAY, DAY, author="test")
        yield service


def positions(service, name="li.na", **asked):
    answer = service.ask(name, "GET", "/positions", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["positions"]


def send(service, *rows):
    service.services.inbox.add(batch(list(rows)), author="phones")


def test_positions__of_the_archive_at_the_start_then_what_comes(service):
    assert [(one["person"], one["age_s"]) for one in positions(service)] == [("P1", 3_600), ("P2", 7_200)]
    send(service, ("P1", "b", NOON_S - 30, 250, 50, 5.0, 1))
    # What comes late is older than what is known.
    send(service, ("P2", "c", NOON_S - 9_000, 350, 50, 5.0, 1))
    first, second = positions(service)
    lon, lat = at(250, 50)
    assert (first["age_s"], first["lon"], first["lat"]) == (
        30,
        pytest.approx(lon, abs=1e-6),
        pytest.approx(lat, abs=1e-6),
    )
    assert second["age_s"] == 7_200


def test_positions__from_a_clock_that_is_ahead_are_no_positions(service):
    send(service, ("P1", "a", NOON_S + 3_600, 350, 50, 5.0, 1))
    assert positions(service)[0]["age_s"] == 3_600


def test_positions__say_who_and_where(service):
    known = positions(service)[1]
    assert (known["person"], known["grids"], known["grid"], known["distance_m"]) == ("P2", [A, B], A, None)
    assert (known["name"], known["telephone"]) == ("李二", "13800000002")


def test_positions__the_nearest_first_with_their_distance(service):
    lon, lat = at(50, 140)
    near = positions(service, near_lon=lon, near_lat=lat, limit=1)
    assert [(one["person"], one["distance_m"]) for one in near] == [("P2", pytest.approx(10.0, abs=0.2))]
    assert [one["person"] for one in positions(service, near_lon=lon, near_lat=lat)] == ["P2", "P1"]
    half = service.ask("li.na", "GET", "/positions", params={"near_lon": lon})
    assert half.status_code == 422
    assert "near_lat" in half.json()["detail"]


def test_positions__not_older_than_asked(service):
    assert [one["person"] for one in positions(service, within_h=1)] == ["P1"]


def test_positions__a_first_look_is_noted_polling_is_not(service):
    def looks():
        query = sa.select(AUDIT.c.author, AUDIT.c.subject).where(AUDIT.c.action == "read_positions")
        with service.services.store.reading() as connection:
            return [tuple(row) for row in connection.execute(query)]

    for _ in range(3):
        positions(service)
    assert looks() == [("li.na", "unit/district")]


def test_newest__of_each_device_up_to_an_instant(service):
    inbox = service.services.inbox
    send(service, *(("P1", "a", NOON_S + second, 50, 50, 5.0, 1) for second in (0, 10, 20)))
    send(service, ("P1", "b", NOON_S + 5, 60, 50, 5.0, 1))
    found = inbox.newest(NOON + 15 * S)
    assert isinstance(found, FixBatch)
    devices = list(zip(found.device.tolist(), (found.time_ms - NOON).tolist(), strict=True))
    assert devices == [("a", 10 * S), ("b", 5 * S)]
    assert np.isfinite(found.lon).all()


def test_positions__within_the_unit_of_whoever_asks(service):
    # P1 patrols in the east, P2 in the west.
    assert [one["person"] for one in positions(service, "east")] == ["P1"]
