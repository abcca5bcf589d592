"""What the database holds of the service: the phones, the answers given under a key, long jobs, photos."""

from typing import Final

import sqlalchemy as sa

from gisgrid.store.tables import METADATA

DEVICE: Final = sa.Table(
    "device",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("phone", sa.Integer, nullable=False, index=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("app", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("from_day", sa.Date, nullable=False),
    sa.Column("to_day", sa.Date),
    sa.Column("datum", sa.Text, nullable=False),
    sa.Column("is_trusted", sa.Boolean, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("revoked_ms", sa.BigInteger),
    sa.Column("seen_ms", sa.BigInteger),
    sa.Column("newest_ms", sa.BigInteger),
    sa.Column("battery", sa.Float(53)),
    sa.Column("suspicion", sa.JSON, nullable=False),
    sa.CheckConstraint("to_day is null or to_day > from_day", name="span"),
)
"""A phone paired: whose it is on local days from `from_day` to the day before `to_day`, known by the digest of its token.

`phone` is the number of the thing itself: a phone that changes hands is paired again, with the same number.
`datum` is that of what it sends; `is_trusted`: what it says of the time of reception counts (another service's relay).
`seen_ms` is when it was last heard of, `newest_ms` the time of its newest fix, `suspicion` what speaks for another datum.
"""

ANSWERED: Final = sa.Table(
    "answered",
    METADATA,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
)
"""What was done under a key that the sender chose, with the digest of what was asked: asked again it is not done again."""

JOB: Final = sa.Table(
    "job",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("progress", sa.Float(53), nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("result", sa.JSON, nullable=False),
    sa.Column("is_to_stop", sa.Boolean, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("started_ms", sa.BigInteger),
    sa.Column("beat_ms", sa.BigInteger),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
)
"""Long jobs: `state` is waiting, running, done, failed or stopped; `progress` 0 to 1; `beat_ms` when its worker last wrote.

`tries` counts how often it was begun and not given back.
"""

PHOTO: Final = sa.Table(
    "photo",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("incident_id", sa.ForeignKey("incident.id"), nullable=False, index=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("width_px", sa.Integer, nullable=False),
    sa.Column("height_px", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("lon", sa.Float(53)),
    sa.Column("lat", sa.Float(53)),
    sa.Column("taken_ms", sa.BigInteger),
    sa.Column("added_ms", sa.BigInteger, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.UniqueConstraint("incident_id", "digest"),
)
"""Photos of incidents, kept as files by the digest of their content, with what the camera said and the file no longer says."""
