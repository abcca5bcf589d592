"""Editions and grids, the event log, the audit."""

import sqlalchemy as sa
from alembic import op

from gisgrid.store.geometry import GeometryColumn

revision = "0001"
down_revision = None

ONLY_GROWING = ("edition", "grid", "event", "audit")


def upgrade() -> None:
    """Make the tables, and guard those that only grow."""
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("published_at_ms", sa.BigInteger, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("code_scheme", sa.Text, nullable=False),
        sa.Column("plane_lon", sa.Float(53), nullable=False),
        sa.Column("plane_lat", sa.Float(53), nullable=False),
        sa.Column("is_sample", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
        sa.UniqueConstraint("valid_from", name="uq_edition_valid_from"),
    )
    op.create_table(
        "grid",
        sa.Column("edition_id", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text),
        sa.Column("shape", GeometryColumn("MULTIPOLYGON"), nullable=False),
        sa.Column("is_multi", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "code", name="pk_grid"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_grid_edition_id"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    for column in ("at_ms", "author", "subject"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
        op.execute("create index ix_grid_shape on grid using gist (shape)")
    else:
        _guard_on_sqlite()


def _guard_on_postgresql() -> None:
    op.execute(
        "create function gisgrid_only_grows() returns trigger language plpgsql as $$ begin "
        "raise exception 'table % only grows: its rows are never changed or deleted', tg_table_name; end $$"
    )
    for table in ONLY_GROWING:
        op.execute(
            f"create trigger {table}_only_grows before update or delete or truncate on {table} "
            "for each statement execute function gisgrid_only_grows()"
        )


def _guard_on_sqlite() -> None:
    for table in ONLY_GROWING:
        for change in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{change} before {change} on {table} begin "
                f"select raise(abort, 'table {table} only grows: its rows are never changed or deleted'); end"
            )
