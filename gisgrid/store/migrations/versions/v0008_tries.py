"""How often a long job was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; what was asked for before counts as never begun."""
    op.add_column("job", sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
