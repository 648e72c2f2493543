"""Where a run was asked from.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from janus_lab.adapters.relational.column_types import characters

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a run's cell."""
    op.add_column("run", sa.Column("cell", characters(), nullable=False, server_default=""))
