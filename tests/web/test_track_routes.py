"""Tracks over HTTP: archive and inbox together, marked as for verdicts, for few eyes, and every look written down."""

import datetime as dt
import logging

import numpy as np
import pytest
import sqlalchemy as sa

from gisgrid.local_days import start_of
from gisgrid.store.fixes import FixBatch
from gisgrid.store.tables import AUDIT
from tests.gisgrid.store.small_district import TOWNSHIPS
from tests.web.staffed import B, staffed
from tests.web.test_grid_routes import NOON
from tests.worlds import at
from tracks.archive import TrackArchive, seal
from tracks.marks import MARK_NAMES
from tracks.policy import Policy

DAY = dt.date(2018, 5, 7)
START_MS = start_of(DAY)
S = 1_000


def batch(rows):
    """Fixes of (person, device, second of the day, metres x, metres y, accuracy, seconds until received)."""
    people, devices, seconds, xs, ys, accuracies, delays = zip(*rows, strict=True)
    places = [at(x, y) for x, y in zip(xs, ys, strict=True)]
    time_ms = np.array([START_MS + second * S for second in seconds], np.int64)
    return FixBatch(
        np.array(people, dtype=object), np.array(devices, dtype=object), time_ms,
        np.array([lon for lon, _ in places]), np.array([lat for _, lat in places]),
        np.array([np.nan if value is None else value for value in accuracies], np.float64),
        time_ms + np.array(delays, np.int64) * S,
    )  # fmt: skip


MORNING = 9 * 3_600
P1 = [
    ("P1", "a", MORNING, 50, 50, 5.0, 2),
    ("P1", "b", MORNING, 51, 50, 8.0, 2),  # duplicate: the same millisecond, less exact
    ("P1", "a", MORNING + 10, 55, 50, None, 2),
    ("P1", "a", MORNING + 20, 60, 50, 500.0, 2),  # vague
    ("P1", "a", MORNING + 30, 9_000, 50, 5.0, 2),  # jump
    ("P1", "a", MORNING + 40, 65, 50, 5.0, 2),
    ("P1", "a", MORNING + 50, 70, 50, 5.0, 80 * 3_600),  # late
    ("P1", "a", MORNING + 60, 75, 50, 5.0, -400),  # future
]
MARKS = ["used", "duplicate", "used", "vague", "jump", "used", "late", "future"]
OTHERS = [("P2", "c", MORNING + second, 50, 150, 5.0, 1) for second in range(5)]
BEFORE = [("P1", "a", -1, 50, 50, 5.0, 1), ("P1", "a", 86_400, 50, 50, 5.0, 1)]


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, make_database, tmp_path):
    with staffed(make_database(request.param), tmp_path) as service:
        service.clock.now_ms = NOON
        service.services.inbox.add(batch(P1[:4] + OTHERS + BEFORE), author="phones")
        seal(service.services.inbox, TrackArchive(service.data / "tracks"), DAY, DAY, author="test")
        service.services.inbox.add(batch(P1[3:]), author="phones")
        yield service


def show(service, name, person, day="2018-05-07"):
    return service.ask(name, "GET", f"/tracks/{person}", params={"day": day})


def looks(service):
    query = sa.select(AUDIT.c.author, AUDIT.c.subject, AUDIT.c.origin).where(AUDIT.c.action == "read_track")
    with service.services.store.reading() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(AUDIT.c.id))]


def test_show_track__archive_and_inbox_each_content_once_marked(service):
    answer = show(service, "assessor", "P1")
    assert answer.status_code == 200
    told = answer.json()
    assert told["time_ms"] == [START_MS + row[2] * S for row in P1]
    assert told["mark"] == MARKS
    assert set(told["mark"]) == set(MARK_NAMES)
    assert told["marks"] == {mark: MARKS.count(mark) for mark in MARKS}
    assert told["accuracy_m"] == [row[5] for row in P1]
    assert told["received_ms"] == [START_MS + (row[2] + row[6]) * S for row in P1]
    for place, row in enumerate(P1):
        assert (told["lon"][place], told["lat"][place]) == pytest.approx(at(row[3], row[4]), abs=1e-7)
    assert told["policy"] == Policy().hash
    assert answer.headers["cache-control"] == "no-store"


def test_show_track__every_look_is_written_down_also_at_nothing(service):
    for name, person, day in (
        ("assessor", "P1", "2018-05-07"),
        ("assessor", "P1", "2018-05-07"),
        ("half", "P1", "2018-05-06"),
        ("assessor", "P9", "2018-01-01"),
    ):
        assert show(service, name, person, day).status_code == 200
    tag = show(service, "assessor", "P1").headers["etag"]
    again = service.ask(
        "assessor", "GET", "/tracks/P1", params={"day": "2018-05-07"}, headers={"if-none-match": tag}
    )  # fmt: skip
    assert again.status_code == 304
    service.ask("worker", "GET", "/my/tracks", params={"day": "2018-05-07"})
    assert looks(service) == [
        ("assessor", "person/P1/2018-05-07", "testclient"),
        ("assessor", "person/P1/2018-05-07", "testclient"),
        ("half", "person/P1/2018-05-06", "testclient"),
        ("assessor", "person/P9/2018-01-01", "testclient"),
        ("assessor", "person/P1/2018-05-07", "testclient"),
        ("assessor", "person/P1/2018-05-07", "testclient"),
        ("worker", "person/P1/2018-05-07", "testclient"),
    ]


def test_show_track__nothing_is_shown_that_could_not_be_written_down(service):
    assert "lon" in show(service, "assessor", "P1").json()
    with service.services.store.engine.begin() as connection:
        connection.execute(sa.text("alter table audit rename to audit_away"))
    try:
        answer = show(service, "assessor", "P1")
        assert answer.status_code >= 500
        assert "lon" not in answer.text
    finally:
        with service.services.store.engine.begin() as connection:
            connection.execute(sa.text("alter table audit_away rename to audit"))


def test_show_track__only_assessors_of_the_unit_in_which_someone_patrols(service):
    assert show(service, "half", "P1").status_code == 200
    for name, person, day in (
        ("half", "P2", "2018-05-07"),
        ("half", "P9", "2018-05-07"),
        ("half", "P1", "2018-04-30"),
        ("li.na", "P1", "2018-05-07"),
        ("planner", "P1", "2018-05-07"),
        ("worker", "P1", "2018-05-07"),
        ("admin", "P1", "2018-05-07"),
        ("auditor", "P1", "2018-05-07"),
        ("wall", "P1", "2018-05-07"),
    ):
        answer = show(service, name, person, day)
        assert answer.status_code == 403, (name, person)
        assert "lon" not in answer.json()
    assert [look[0] for look in looks(service)] == ["half"]


def test_show_track__of_who_patrols_on_both_sides_is_shown_to_both(service, tmp_path):
    store = service.services.store
    with store.changing("clerk") as change:
        change.connection.execute(sa.text("update duty set grid = :grid where person = 'P1'"), {"grid": B})
    assert show(service, "half", "P1").status_code == 403
    assert TOWNSHIPS["C"] != TOWNSHIPS["B"]
    assert show(service, "assessor", "P1").json()["mark"] == MARKS


def test_show_own_track__and_nobody_elses(service):
    own = service.ask("worker", "GET", "/my/tracks", params={"day": "2018-05-07"})
    assert own.json() == show(service, "assessor", "P1").json()
    for name in ("assessor", "li.na", "admin", "wall"):
        assert service.ask(name, "GET", "/my/tracks", params={"day": "2018-05-07"}).status_code == 403
    service.services.accounts.add("no-code", "Grid-by-grid 7!", "worker", TOWNSHIPS["C"], author="test")
    token = service.services.accounts.make_token("no-code", "t", ["read_own_tracks"], author="test")
    headers = {"authorization": f"Bearer {token}"}
    nobody = service.ask("worker", "GET", "/my/tracks", params={"day": "2018-05-07"}, headers=headers)
    assert nobody.status_code == 403


def test_show_track__before_the_first_edition_and_wrong_days(service):
    early = [("P1", "a", -30 * 86_400 + second, 50 + second, 50, 5.0, 1) for second in (0, 10)]
    service.services.inbox.add(batch(early), author="phones")
    told = show(service, "assessor", "P1", "2018-04-07").json()
    assert told["mark"] == ["used", "used"]
    for day in ("", "yesterday", "9999-12-31"):
        assert show(service, "assessor", "P1", day).status_code == 422
    assert service.ask("assessor", "GET", "/tracks/P1").status_code == 422


def test_show_track__places_are_not_in_the_log(service, caplog):
    with caplog.at_level(logging.DEBUG):
        show(service, "assessor", "P1")
    assert any(record.name == "gisgrid.service" for record in caplog.records)
    text = "\n".join(record.getMessage() + repr(record.__dict__) for record in caplog.records)
    assert "/tracks/{person}" in text
    assert "121.4" not in text
