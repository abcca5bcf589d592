"""What the database holds of accounts, sessions and tokens."""

from typing import Final

import sqlalchemy as sa

from gisgrid.store.tables import METADATA

ACCOUNT: Final = sa.Table(
    "account",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until_ms", sa.BigInteger, nullable=False),
)
"""Who may sign in: role and unit (see `gisgrid.access`); `password` is its argon2 hash."""

SESSION: Final = sa.Table(
    "session",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("account", sa.ForeignKey("account.name"), nullable=False, index=True),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
    sa.Column("ends_ms", sa.BigInteger, nullable=False),
)
"""Who is signed in; the cookie's value is known only by its digest."""

TOKEN: Final = sa.Table(
    "token",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("account", sa.ForeignKey("account.name"), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("ends_ms", sa.BigInteger),
    sa.Column("used_ms", sa.BigInteger),
    sa.UniqueConstraint("account", "label"),
)
"""Tokens of scripts and programs, known only by their digest; `scopes` are actions joined by spaces."""
