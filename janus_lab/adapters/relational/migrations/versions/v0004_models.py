"""Models that are known, which of them serve, how their servers are, and what loads and benchmarks showed.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from janus_lab.adapters.relational.column_types import characters, stored_json

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "model",
        sa.Column("name", characters(), primary_key=True),
        sa.Column("task", characters(sa.String(16)), nullable=False),
        sa.Column("uri", characters(), nullable=False),
        sa.Column("options", stored_json(), nullable=False),
        sa.Column("added_at", sa.Float, nullable=False),
    )
    op.create_table(
        "model_chain",
        sa.Column("task", characters(sa.String(16)), primary_key=True),
        sa.Column("names", stored_json(), nullable=False),
    )
    op.create_table(
        "model_circuit",
        sa.Column("name", characters(), primary_key=True),
        sa.Column("state", characters(sa.String(16)), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("reason", characters(), nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("again_at", sa.Float, nullable=False),
    )
    _measurement()


def _measurement() -> None:
    op.create_table(
        "measurement",
        sa.Column("content_hash", characters(sa.String(64)), nullable=False),
        sa.Column("machine", characters(), nullable=False),
        sa.Column("plan_hash", characters(sa.String(64)), nullable=False),
        sa.Column("plan", stored_json(), nullable=False),
        sa.Column("footprint", stored_json(), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("load_seconds", sa.Float, nullable=False),
        sa.Column("prompt_speed", sa.Float, nullable=False),
        sa.Column("generation_speed", sa.Float, nullable=False),
        sa.Column("loads", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "machine", "plan_hash"),
    )
    op.create_index("measurement_machine", "measurement", ["machine", "at"])
