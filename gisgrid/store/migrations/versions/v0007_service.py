"""Phones, answers given under a key, long jobs, photos; what people must give to a grid is found at once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "device",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("phone", sa.Integer, nullable=False),
        *_text("person", "app", "label", "digest"),
        sa.Column("from_day", sa.Date, nullable=False),
        sa.Column("to_day", sa.Date),
        *_text("datum"),
        sa.Column("is_trusted", sa.Boolean, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("revoked_ms", "seen_ms", "newest_ms")),
        sa.Column("battery", sa.Float(53)),
        sa.Column("suspicion", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("digest", name="uq_device_digest"),
        sa.CheckConstraint("to_day is null or to_day > from_day", name="ck_device_span"),
    )
    op.create_index("ix_device_phone", "device", ["phone"])
    op.create_index("ix_device_person", "device", ["person"])
    op.create_table(
        "answered",
        *_text("account", "key", "digest", "subject"),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name="pk_answered"),
    )
    op.create_index("ix_answered_at_ms", "answered", ["at_ms"])
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        *_text("kind", "account"),
        sa.Column("asked", sa.JSON, nullable=False),
        *_text("state"),
        sa.Column("progress", sa.Float(53), nullable=False),
        *_text("stage"),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("is_to_stop", sa.Boolean, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("started_ms", "beat_ms", "ended_ms")),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_account", "job", ["account"])
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        *_text("digest", "type"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("width_px", "height_px", "size_bytes")),
        *(sa.Column(name, sa.Float(53)) for name in ("lon", "lat")),
        sa.Column("taken_ms", sa.BigInteger),
        sa.Column("added_ms", sa.BigInteger, nullable=False),
        *_text("added_by"),
        sa.PrimaryKeyConstraint("id", name="pk_photo"),
        sa.UniqueConstraint("incident_id", "digest", name="uq_photo_incident_id_digest"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_photo_incident_id"),
    )
    op.create_index("ix_photo_incident_id", "photo", ["incident_id"])
    by_hand = sa.text("how in ('manual', 'unassigned')")
    op.create_index(
        "ix_incident_by_hand", "incident", ["reported_ms", "id"], sqlite_where=by_hand, postgresql_where=by_hand
    )


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
