"""Units, places, dwellings, persons, translations, incidents."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gisgrid.store.geometry import GeometryColumn

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INDEXES = {
    "event_id": ["event_id"],
    "time": ["reported_ms", "id", "category", "state", "how"],
    "township": ["township", "reported_ms", "id", "category", "state"],
    "village": ["village", "reported_ms", "id", "category", "state"],
    "grid": ["grid", "reported_ms", "id", "category", "state"],
    "state": ["state", "reported_ms", "id", "category"],
    "category": ["category", "reported_ms", "id", "state"],
}


def upgrade() -> None:
    """Make the tables."""
    _make("unit", _text("code", "level", "name", "kind"), ["code"])
    _make("area_grid", _text("area", "grid"), ["area", "grid"])
    _make("place", [*_text("code", "kind", "name", "village"), *_degrees()], ["code"])
    op.create_index("ix_place_name", "place", ["name"])
    counts: list[sa.Column[Any]] = [
        sa.Column(name, sa.Integer, nullable=False) for name in ("households", "residents", "migrants")
    ]
    _make("dwelling", [*_text("code"), *_degrees(), *counts], ["code"])
    _make("person", _text("code", "name", "telephone"), ["code"])
    _make("translation", _text("source_system", "field", "theirs", "ours"), ["source_system", "field", "theirs"])
    op.create_table(
        "incident",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("source_system", sa.Text),
        sa.Column("source_id", sa.Text),
        sa.Column("source_digest", sa.BigInteger),
        *_text("category", "sub_category"),
        sa.Column("reported_ms", sa.BigInteger, nullable=False),
        *_text("state"),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        *_text("reporter", "description"),
        sa.Column("place", GeometryColumn("POINT")),
        sa.Column("accuracy_m", sa.Float(53)),
        *_text("source", "stated"),
        sa.Column("edition_id", sa.Integer),
        *_text("township", "village", "grid", "how"),
        sa.Column("border_distance_m", sa.Float(53)),
        *_text("alternatives"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_incident_edition_id"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_incident_event_id"),
        sa.UniqueConstraint("source_system", "source_id", name="uq_incident_source_system_source_id"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_incident_{name}", "incident", columns)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("create index ix_incident_place on incident using gist (place)")


def _make(name: str, columns: list[sa.Column[Any]], key: list[str]) -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _degrees() -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Float(53), nullable=False) for name in ("lon", "lat")]
