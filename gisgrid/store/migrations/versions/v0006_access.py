"""Accounts, sessions, tokens."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account",
        *_text("name", "role", "unit", "person", "password"),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_table(
        "session",
        *_text("digest", "account", "csrf", "origin", "agent"),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("made_ms", "seen_ms", "ends_ms")),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_session_account"),
    )
    op.create_index("ix_session_account", "session", ["account"])
    op.create_table(
        "token",
        *_text("digest", "account", "label", "scopes"),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("ends_ms", sa.BigInteger),
        sa.Column("used_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name="pk_token"),
        sa.UniqueConstraint("account", "label", name="uq_token_account_label"),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_token_account"),
    )


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
