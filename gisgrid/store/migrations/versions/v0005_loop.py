"""The incident loop: where incidents stand, their steps, probable duplicates; sub-categories, departments, roster, rules."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_IS_OPEN = "state in ('reported', 'accepted', 'handling', 'fed_back')"
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; incidents that are there stand at the lowest of their units."""
    op.add_column("incident", sa.Column("answering_grid", sa.Text))
    for name, value in (("grade", "ordinary"), ("holder", ""), ("handed", ""), ("assistants", ""), ("card", "")):
        op.add_column("incident", sa.Column(name, sa.Text, nullable=False, server_default=value))
    for name in ("started_ms", "responded_ms", "done_ms", "closed_ms", "asked_due_ms", "extended_due_ms"):
        op.add_column("incident", sa.Column(name, sa.BigInteger))
    op.add_column("incident", sa.Column("is_satisfied", sa.Boolean))
    for name in ("reopened", "steps"):
        op.add_column("incident", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "update incident set holder = case when village <> '' then village when township <> '' then township "
        "else 'district' end"
    )
    is_open = sa.text(_IS_OPEN)
    for name, columns in (
        ("open", ["state", "reported_ms", "id", "category"]),
        ("holder", ["holder", "reported_ms", "id"]),
    ):
        op.create_index(f"ix_incident_{name}", "incident", columns, sqlite_where=is_open, postgresql_where=is_open)
    for name in ("state", "category"):
        op.drop_index(f"ix_incident_{name}", "incident")
    _make_steps()
    _make_lists()


def _make_steps() -> None:
    op.create_table(
        "step",
        sa.Column("incident_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("move", "office", "author", "reason", "state", "holder")
        ),
        sa.Column("content", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "number", name="pk_step"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_step_incident_id"),
    )
    op.create_index("ix_step_at_ms", "step", ["at_ms"])
    op.create_table(
        "duplicate",
        sa.Column("incident_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("of_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("distance_m", sa.Float(53), nullable=False),
        sa.Column("apart_ms", sa.BigInteger, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("incident_id", "of_id", name="pk_duplicate"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_duplicate_incident_id"),
        sa.ForeignKeyConstraint(["of_id"], ["incident.id"], name="fk_duplicate_of_id"),
    )
    op.create_index("ix_duplicate_of_id", "duplicate", ["of_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create trigger step_only_grows before update or delete or truncate on step "
            "for each statement execute function gisgrid_only_grows()"
        )
    else:
        for change in ("update", "delete"):
            op.execute(
                f"create trigger step_no_{change} before {change} on step begin "
                "select raise(abort, 'table step only grows: its rows are never changed or deleted'); end"
            )


def _make_lists() -> None:
    for name, texts, days, key in (
        ("sub_category", ("category", "code", "name", "name_en"), ("from_day", "to_day"), ("category", "code")),
        ("department", ("code", "name", "telephone"), (), ("code",)),
        ("rule", ("name", "value"), (), ("name",)),
    ):
        op.create_table(
            name,
            *(sa.Column(text, sa.Text, nullable=False) for text in texts),
            *(sa.Column(day, sa.Date) for day in days),
            sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        )
    op.create_table(
        "roster",
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(text, sa.Text, nullable=False) for text in ("shift", "unit", "person", "note")),
        sa.PrimaryKeyConstraint("day", "shift", "unit", "person", name="pk_roster"),
    )
