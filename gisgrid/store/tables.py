"""What the database holds, as SQLAlchemy tables; the migrations make the same, and a test compares them."""

from typing import Final

import sqlalchemy as sa

from gisgrid.store.geometry import GeometryColumn

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A 64-bit key; SQLite's own row number where it stands alone."""

METADATA: Final = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

EDITION: Final = sa.Table(
    "edition",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("valid_from", sa.Date, nullable=False, unique=True),
    sa.Column("published_at_ms", sa.BigInteger, nullable=False),
    sa.Column("published_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("code_scheme", sa.Text, nullable=False),
    sa.Column("plane_lon", sa.Float(53), nullable=False),
    sa.Column("plane_lat", sa.Float(53), nullable=False),
    sa.Column("is_sample", sa.Boolean, nullable=False),
)
"""A published network; it ends where the next begins, so nothing in it ever changes."""

GRID: Final = sa.Table(
    "grid",
    METADATA,
    sa.Column("edition_id", sa.ForeignKey("edition.id"), primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text),
    sa.Column("shape", GeometryColumn("MULTIPOLYGON"), nullable=False),
    sa.Column("is_multi", sa.Boolean, nullable=False),
)
"""The grids of an edition; `is_multi` says whether the polygon came as a MultiPolygon."""

EVENT: Final = sa.Table(
    "event",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
)
"""What has happened, numbered 1, 2, 3 … in the order in which it became visible."""

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("author", sa.Text, nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
)
"""Who did or saw what, when, on whom, with what result, from where."""

ONLY_GROWING: Final = ("edition", "grid", "event", "audit", "step")
"""Tables in which the database itself refuses to change or delete a row."""

TRACKER: Final = sa.Table(
    "tracker",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("patroller", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.UniqueConstraint("patroller", "device"),
)
"""Who carries which device; its number stands in the rows of fixes."""

FIX: Final = sa.Table(
    "fix",
    METADATA,
    sa.Column("tracker_id", sa.ForeignKey("tracker.id"), primary_key=True),
    sa.Column("time_ms", sa.BigInteger, primary_key=True),
    sa.Column("lon_e7", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("lat_e7", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("accuracy_m", sa.Float(53), primary_key=True),
    sa.Column("received_ms", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The inbox of fixes, each content once: degrees times 10 000 000, accuracy 0 where unknown, the earliest reception."""

REFUSED_FIX: Final = sa.Table(
    "refused_fix",
    METADATA,
    sa.Column("tracker_id", sa.ForeignKey("tracker.id"), primary_key=True),
    sa.Column("time_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Fixes that were acknowledged and not kept: counted, and their places forgotten."""

DUTY: Final = sa.Table(
    "duty",
    METADATA,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("grid", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("from_day", sa.Date, primary_key=True),
    sa.Column("to_day", sa.Date),
    sa.CheckConstraint("to_day is null or to_day > from_day", name="span"),
    sa.Index("ix_duty_grid", "grid"),
)
"""Who holds which role for which grid on local days from `from_day` to the day before `to_day` (none: until further notice)."""

LEAVE: Final = sa.Table(
    "leave",
    METADATA,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("from_day", sa.Date, primary_key=True),
    sa.Column("to_day", sa.Date),
    sa.Column("reason", sa.Text, nullable=False),
    sa.CheckConstraint("to_day is null or to_day > from_day", name="span"),
)
"""Who is away on local days from `from_day` to the day before `to_day`."""

CALENDAR_DAY: Final = sa.Table(
    "calendar_day",
    METADATA,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("is_workday", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)
"""Days that the published calendar has otherwise."""

UNIT: Final = sa.Table(
    "unit",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
)
"""Townships, villages and communities, and areas (named sets of grids)."""

AREA_GRID: Final = sa.Table(
    "area_grid",
    METADATA,
    sa.Column("area", sa.Text, primary_key=True),
    sa.Column("grid", sa.Text, primary_key=True),
)
"""Which grids an area is made of."""

PLACE: Final = sa.Table(
    "place",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("village", sa.Text, nullable=False),
    sa.Column("lon", sa.Float(53), nullable=False),
    sa.Column("lat", sa.Float(53), nullable=False),
)
"""Named buildings, compounds, roads, centres, each at one point (degrees, EPSG:4490)."""

DWELLING: Final = sa.Table(
    "dwelling",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("lon", sa.Float(53), nullable=False),
    sa.Column("lat", sa.Float(53), nullable=False),
    sa.Column("households", sa.Integer, nullable=False),
    sa.Column("residents", sa.Integer, nullable=False),
    sa.Column("migrants", sa.Integer, nullable=False),
)
"""Points where people live (degrees, EPSG:4490)."""

PERSON: Final = sa.Table(
    "person",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("telephone", sa.Text, nullable=False),
)
"""Those who hold duties, by the code that duties, leave and fixes name them with."""

TRANSLATION: Final = sa.Table(
    "translation",
    METADATA,
    sa.Column("source_system", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("theirs", sa.Text, primary_key=True),
    sa.Column("ours", sa.Text, nullable=False),
)
"""The words of another platform: what its headings, categories, states, sources and units are called here."""

IS_OPEN: Final[sa.ColumnElement[bool]] = sa.literal_column("state in ('reported', 'accepted', 'handling', 'fed_back')")
"""Whether somebody still has to act on an incident."""

BY_HAND: Final[sa.ColumnElement[bool]] = sa.literal_column("how in ('manual', 'unassigned')")
"""Whether a person has given an incident to its grid, or must yet."""

INCIDENT: Final = sa.Table(
    "incident",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("source_system", sa.Text),
    sa.Column("source_id", sa.Text),
    sa.Column("source_digest", sa.BigInteger),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("sub_category", sa.Text, nullable=False),
    sa.Column("reported_ms", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("is_urgent", sa.Boolean, nullable=False),
    sa.Column("reporter", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("place", GeometryColumn("POINT")),
    sa.Column("accuracy_m", sa.Float(53)),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("stated", sa.Text, nullable=False),
    sa.Column("edition_id", sa.ForeignKey("edition.id")),
    sa.Column("township", sa.Text, nullable=False),
    sa.Column("village", sa.Text, nullable=False),
    sa.Column("grid", sa.Text, nullable=False),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("border_distance_m", sa.Float(53)),
    sa.Column("alternatives", sa.Text, nullable=False),
    sa.Column("answering_grid", sa.Text),
    sa.Column("grade", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("handed", sa.Text, nullable=False),
    sa.Column("assistants", sa.Text, nullable=False),
    sa.Column("alerted", sa.Text, nullable=False, server_default=""),
    sa.Column("started_ms", sa.BigInteger),
    sa.Column("responded_ms", sa.BigInteger),
    sa.Column("done_ms", sa.BigInteger),
    sa.Column("closed_ms", sa.BigInteger),
    sa.Column("is_satisfied", sa.Boolean),
    sa.Column("asked_due_ms", sa.BigInteger),
    sa.Column("extended_due_ms", sa.BigInteger),
    sa.Column("reopened", sa.Integer, nullable=False),
    sa.Column("card", sa.Text, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("event_id", sa.ForeignKey("event.id"), nullable=False, index=True),
    sa.UniqueConstraint("source_system", "source_id"),
    # What a list is filtered by stands in each index, so that rows which do not fit are passed over without being read.
    sa.Index("ix_incident_time", "reported_ms", "id", "category", "state", "how"),
    sa.Index("ix_incident_township", "township", "reported_ms", "id", "category", "state"),
    sa.Index("ix_incident_village", "village", "reported_ms", "id", "category", "state"),
    sa.Index("ix_incident_grid", "grid", "reported_ms", "id", "category", "state"),
    # Of the few that are open; queries must say `IS_OPEN` in the same words. Of the many others a state or a category is
    # soon met along the time.
    sa.Index(
        "ix_incident_open", "state", "reported_ms", "id", "category", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    ),
    sa.Index("ix_incident_holder", "holder", "reported_ms", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    sa.Index("ix_incident_by_hand", "reported_ms", "id", sqlite_where=BY_HAND, postgresql_where=BY_HAND),
)
"""Incidents as they were reported, where they belong and where they stand; `event_id` tells of the last change.

`township`, `village` and `grid` are those of the report, in its edition, empty where there is none; `answering_grid` is the
grid that a later edition has handed it to. `holder` is the office that must act, `handed` those through which it came,
joined by spaces; `alerted`, of an urgent one near a border, are the units across it. `started_ms` is when its clocks started, where that is not the report (re-opened). Deadlines are not kept:
they follow from that instant and the calendar. `steps` counts the steps taken here. `source_digest` is of what the source
said last.
"""

STEP: Final = sa.Table(
    "step",
    METADATA,
    sa.Column("incident_id", sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("move", sa.Text, nullable=False),
    sa.Column("office", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
)
"""What was done to an incident, one row a step: who, for which office, when, why, and where it stood afterwards."""

DUPLICATE: Final = sa.Table(
    "duplicate",
    METADATA,
    sa.Column("incident_id", sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False),
    sa.Column("of_id", sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False),
    sa.Column("distance_m", sa.Float(53), nullable=False),
    sa.Column("apart_ms", sa.BigInteger, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_ms", sa.BigInteger),
    sa.Index("ix_duplicate_of_id", "of_id"),
)
"""Reports that may tell of what an earlier one told already; `decision` is empty, `same` or `other`, a person's."""

SUB_CATEGORY: Final = sa.Table(
    "sub_category",
    METADATA,
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("from_day", sa.Date),
    sa.Column("to_day", sa.Date),
)
"""A district's own sub-categories and campaigns, for reports of local days in [from_day, to_day)."""

DEPARTMENT: Final = sa.Table(
    "department",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("telephone", sa.Text, nullable=False),
)
"""Departments beside the nine, and the telephones of all."""

ROSTER: Final = sa.Table(
    "roster",
    METADATA,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("shift", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("note", sa.Text, nullable=False),
)
"""Who is on call in which unit or department; the `night` of a day lasts until the next morning."""

RULE: Final = sa.Table(
    "rule",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Rules of the incident loop that a district has otherwise than by default."""
