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

ONLY_GROWING: Final = ("edition", "grid", "event", "audit")
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
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("event_id", sa.ForeignKey("event.id"), nullable=False, index=True),
    sa.UniqueConstraint("source_system", "source_id"),
    # What a list is filtered by stands in each index, so that rows which do not fit are passed over without being read.
    sa.Index("ix_incident_time", "reported_ms", "id", "category", "state", "how"),
    sa.Index("ix_incident_township", "township", "reported_ms", "id", "category", "state"),
    sa.Index("ix_incident_village", "village", "reported_ms", "id", "category", "state"),
    sa.Index("ix_incident_grid", "grid", "reported_ms", "id", "category", "state"),
    sa.Index("ix_incident_state", "state", "reported_ms", "id", "category"),
    sa.Index("ix_incident_category", "category", "reported_ms", "id", "state"),
)
"""Incidents as they were reported, where they belong and in which state; `event_id` tells of the last change.

`township`, `village` and `grid` are empty where there is none. `source_digest` is of what the source said last.
"""
