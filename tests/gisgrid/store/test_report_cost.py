"""What a report costs the database: how many statements, along which index, and nothing when a connection was lost before."""

import psycopg
import sqlalchemy as sa

from gisgrid.store.duplicates import find_earlier
from gisgrid.store.ground import GroundKeeper
from gisgrid.store.register_files import import_register
from gisgrid.store.reports import Asked, Report, report_incidents
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import SmallDistrict
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


def test_find_earlier__along_the_index_of_grids_though_there_are_no_statistics(database):
    district = SmallDistrict(database)
    with district.store.reading() as connection:
        ground = GroundKeeper(district.editions).ground(connection)
    one = district.report((150, 50)).incident

    def look():
        with district.store.reading() as connection:
            find_earlier(connection, district.editions, ground, one)

    (text,) = [text for text in statements_of(district.store, look) if "near" in text]
    explain = "explain query plan " if database.kind == "sqlite" else "explain "
    values = [1 if name == "reported_ms" else "x" for name in _values_of(text)]
    with district.store.reading() as connection:
        if database.kind == "postgresql":
            connection.exec_driver_sql("set local enable_seqscan = off")
        plan = "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(explain + text, tuple(values)))
    assert "ix_incident_grid" in plan
    assert "ix_incident_time" not in plan


def _values_of(text):
    """What stands at each mark: the columns of text, and of time."""
    in_grid = ("category", "sub_category", "grid", "reported_ms", "grid", "reported_ms")
    return [*in_grid * text.count("(grid, reported_ms) >="), "category", "sub_category", "reported_ms", "reported_ms"]


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
