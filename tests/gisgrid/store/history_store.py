"""A store that is brought back to its beginning after every history, on either database within milliseconds."""

import sqlalchemy as sa

from gisgrid.store.editions import Editions
from gisgrid.store.engine import is_postgresql
from gisgrid.store.incident_mirror import IncidentMirror
from tests.gisgrid.store.incident_places import FIRST_DAY, network_of

NETWORKS = {edition: network_of(edition) for edition in (1, 2)}


class HistoryStore:
    """A database with the first edition, which is brought back to that after every history."""

    def __init__(self, database):
        self.clock = database.clock
        self.store = database.open()
        self.start_ms = self.clock.now_ms
        Editions(self.store).publish(NETWORKS[1], FIRST_DAY, author="planner")
        if not is_postgresql(self.store.engine):
            self.store.engine.dispose()
            sa.event.listen(
                self.store.engine, "connect", lambda connection, _: connection.execute("pragma synchronous = off")
            )

    def start_anew(self):
        self.clock.now_ms = self.start_ms
        with self.store.changing("test") as change:
            run = change.connection.exec_driver_sql
            guards = []
            if is_postgresql(change.connection):
                run("set local session_replication_role = replica")
            else:
                guards = run("select name, sql from sqlite_master where type = 'trigger'").all()
            for name, _ in guards:
                run(f"drop trigger {name}")
            for table in ("step", "duplicate", "incident", "calendar_day", "audit"):
                run(f"delete from {table}")
            run("delete from grid where edition_id > 1")
            run("delete from edition where id > 1")
            run("delete from event where id > 1")
            for _, sql in guards:
                run(sql)
        self.editions = Editions(self.store)
        self.mirror = IncidentMirror(self.store)
