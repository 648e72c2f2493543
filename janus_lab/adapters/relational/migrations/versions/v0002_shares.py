"""Runs that are shares of another, and documents by the bytes they were read from.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from janus_lab.adapters.relational.column_types import characters

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a run's parent, and the indexes that find shares and originals."""
    op.add_column("run", sa.Column("parent", characters(sa.String(64)), nullable=False, server_default=""))
    op.create_index("run_parent", "run", ["parent", "created_at"])
    op.create_index("document_content", "document", ["content_hash"])
