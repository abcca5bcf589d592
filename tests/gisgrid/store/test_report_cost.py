"""What a report costs the database: how many statements, along which index, and nothing when a connection was lost before."""

import dataclasses

import numpy as np
import psycopg
import sqlalchemy as sa

from gisgrid.store.duplicates import find_earlier
from gisgrid.store.ground import GroundKeeper
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Asked, Report, report_incidents
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import DAY, SmallDistrict
from tests.web.ogc_world import many_rows
from tests.worlds import at


def a_report(x_m=150.0, y_m=50.0, **told):
    lon, lat = at(x_m, y_m)
    return Report(**{"category": "disputes", "sub_category": "neighbours", "lon": lon, "lat": lat} | told)


def statements_of(store, work):
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", note)
    return seen


def test_report_incidents__few_statements_for_one(database):
    district = SmallDistrict(database)
    keeper = GroundKeeper(district.editions)

    def report(*places):
        asked = [Asked(a_report(x_m), "x") for x_m in places]
        return statements_of(district.store, lambda: report_incidents(district.store, district.editions, asked, keeper))

    report(150.0)
    # Turn, news, numbers, earlier ones; then the rows: on PostgreSQL with the notification in one.
    assert len(report(350.0)) == {"postgresql": 5, "sqlite": 7}[database.kind]
    with district.store.reading() as connection:
        assert connection.execute(sa.text("select count(*) from event where kind = 'incident_reported'")).scalar() == 2


def test_report_incidents__a_lost_connection_of_the_pool_costs_nobody_anything(make_database):
    database = make_database("postgresql")
    district = SmallDistrict(database)
    keeper = GroundKeeper(district.editions)

    def cut():
        with psycopg.connect(database.url, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )

    for number in (1, 2):
        (found,) = report_incidents(district.store, district.editions, [Asked(a_report(), "x")], keeper)
        assert found.incident.id == number
        cut()
    with district.store.reading() as connection:
        assert connection.execute(sa.text("select count(*) from incident")).scalar() == 2
    cut()
    with district.store.changing("x") as change:
        assert change.tell("tried", "something") == 4


def test_find_earlier__reads_no_more_than_its_grids_of_those_days(database):
    district = SmallDistrict(database)
    count = 4_000
    spread_ms = np.linspace(0, 300 * DAY, count).astype(np.int64)
    rows = many_rows(count)
    rows = dataclasses.replace(rows, reported_ms=district.clock.now_ms - 300 * DAY + spread_ms)
    Incidents(district.store, district.editions).take_in(rows, "hotline", author="import")
    with district.store.changing("test") as change:
        change.connection.exec_driver_sql("analyze")
    with district.store.reading() as connection:
        ground = GroundKeeper(district.editions).ground(connection)
    # Where three grids meet: with one alone a wrong estimate does not show.
    one = district.report((200, 100)).incident
    asked = []

    def note(_connection, _cursor, statement, values, *_):
        asked.append((statement, values))

    sa.event.listen(district.store.engine, "before_cursor_execute", note)
    with district.store.reading() as connection:
        find_earlier(connection, district.editions, ground, one)
    sa.event.remove(district.store.engine, "before_cursor_execute", note)
    ((text, values),) = [pair for pair in asked if "near" in pair[0]]
    assert text.count("grid = ") >= 3
    explain = "explain query plan " if database.kind == "sqlite" else "explain "
    with district.store.reading() as connection:
        plan = "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(explain + text, values))
    assert "Seq Scan on incident" not in plan
    assert "SCAN incident" not in plan
    assert "ix_incident_" in plan


def test_ground__much_news_hides_no_change(database, tmp_path):
    district = SmallDistrict(database)
    keeper = GroundKeeper(district.editions)

    def people():
        with district.store.reading() as connection:
            ground = keeper.ground(connection)
            answers = ground.answers(connection, [CODES["C"]], ground.labels[0].valid_from)
        return len(answers[CODES["C"]].people), ground

    assert people()[0] == 0
    path = tmp_path / "duties.csv"
    path.write_text(f"patroller,grid,role,from,to\nP1,{CODES['C']},patroller,2000-01-01,\n", encoding="utf-8")
    import_register(district.store, "duties", path, author="x")
    for _ in range(40):
        district.report((150, 50))
    count, ground = people()
    assert count == 1
    for _ in range(40):
        district.report((150, 50))
    assert people()[1] is ground
