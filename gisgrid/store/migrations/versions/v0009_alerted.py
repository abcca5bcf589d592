"""The units across a border that an urgent incident alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; what was reported before alerts nobody across its border."""
    op.add_column("incident", sa.Column("alerted", sa.Text, nullable=False, server_default=""))
