"""The inbox of fixes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tracker",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("patroller", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tracker"),
        sa.UniqueConstraint("patroller", "device", name="uq_tracker_patroller_device"),
    )
    op.create_table(
        "fix",
        sa.Column("tracker_id", sa.Integer, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("lon_e7", sa.Integer, nullable=False),
        sa.Column("lat_e7", sa.Integer, nullable=False),
        sa.Column("accuracy_m", sa.Float(53), nullable=False),
        sa.Column("received_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tracker_id", "time_ms", "lon_e7", "lat_e7", "accuracy_m", name="pk_fix"),
        sa.ForeignKeyConstraint(["tracker_id"], ["tracker.id"], name="fk_fix_tracker_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refused_fix",
        sa.Column("tracker_id", sa.Integer, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tracker_id", "time_ms", name="pk_refused_fix"),
        sa.ForeignKeyConstraint(["tracker_id"], ["tracker.id"], name="fk_refused_fix_tracker_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_refused_fix_day", "refused_fix", ["day"])
