"""Duties, leave, days of the calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "duty",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("grid", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("from_day", sa.Date, nullable=False),
        sa.Column("to_day", sa.Date),
        sa.PrimaryKeyConstraint("person", "grid", "role", "from_day", name="pk_duty"),
        sa.CheckConstraint("to_day is null or to_day > from_day", name="ck_duty_span"),
    )
    op.create_index("ix_duty_grid", "duty", ["grid"])
    op.create_table(
        "leave",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("from_day", sa.Date, nullable=False),
        sa.Column("to_day", sa.Date),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("person", "from_day", name="pk_leave"),
        sa.CheckConstraint("to_day is null or to_day > from_day", name="ck_leave_span"),
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("is_workday", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_calendar_day"),
    )
