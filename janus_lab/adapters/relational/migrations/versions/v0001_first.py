"""The first schema: runs and steps, embeddings, source stamps, documents with versions, chunks, terms and words.

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _runs()
    _sources()
    _versions()
    _documents()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE document_words USING fts5("
            "title, text, content='', tokenize='porter unicode61 remove_diacritics 2')"
        )


def _needed(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String(64), primary_key=True),
        _needed("kind", sa.String(16)),
        _needed("state", sa.String(16)),
        _needed("priority", sa.String(16)),
        _needed("request", sa.JSON()),
        _needed("created_at", sa.Float()),
        sa.Column("started_at", sa.Float()),
        sa.Column("finished_at", sa.Float()),
        _needed("attempts", sa.Integer()),
        _needed("fence", sa.BigInteger()),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.JSON()),
        _needed("manifest", sa.JSON()),
        sa.Index("run_created_at", "created_at"),
        sa.Index("run_state", "state", "created_at"),
    )
    op.create_table(
        "step",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.String(64), sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
        _needed("key", sa.Text()),
        _needed("effect", sa.JSON()),
        _needed("committed_at", sa.Float()),
        sa.UniqueConstraint("run_id", "key", name="step_once"),
    )


def _sources() -> None:
    op.create_table(
        "embedding",
        _needed("model_hash", sa.String(64)),
        _needed("text_hash", sa.String(64)),
        _needed("vector", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("model_hash", "text_hash"),
    )
    op.create_table(
        "source",
        _needed("collection", sa.Text()),
        _needed("origin", sa.Text()),
        _needed("size", sa.BigInteger()),
        _needed("modified_ns", sa.BigInteger()),
        _needed("content_hash", sa.String(64)),
        sa.PrimaryKeyConstraint("collection", "origin"),
        sqlite_with_rowid=False,
    )


def _versions() -> None:
    op.create_table(
        "version",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("document_id", sa.String(32), nullable=False, index=True),
        _needed("characters", sa.Integer()),
        _needed("pages", sa.JSON()),
        sa.Column("boxes", sa.LargeBinary()),
    )
    op.create_table(
        "text_block",
        sa.Column("version", sa.Integer(), sa.ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
        _needed("number", sa.Integer()),
        _needed("text", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("version", "number"),
    )
    op.create_table(
        "chunk",
        sa.Column("version", sa.Integer(), sa.ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
        _needed("ordinal", sa.Integer()),
        sa.Column("id", sa.String(32), nullable=False, index=True),
        _needed("start", sa.Integer()),
        _needed("end", sa.Integer()),
        sa.Column("page", sa.Integer()),
        _needed("heading", sa.Text()),
        sa.PrimaryKeyConstraint("version", "ordinal"),
        sqlite_with_rowid=False,
    )


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("version", sa.Integer(), sa.ForeignKey("version.number"), nullable=False, index=True),
        _needed("collection", sa.Text()),
        _needed("origin", sa.Text()),
        _needed("title", sa.Text()),
        _needed("media_type", sa.Text()),
        _needed("content_hash", sa.String(64)),
        _needed("characters", sa.Integer()),
        _needed("chunks", sa.Integer()),
        _needed("pages", sa.Integer()),
        _needed("metadata", sa.JSON()),
        _needed("ingested_at", sa.Float()),
        sa.Column("key", sa.Text()),
        sa.Index("document_origin", "collection", "origin"),
    )
    op.create_table(
        "doc_term",
        sa.Column(
            "document", sa.Integer(), sa.ForeignKey("document.number", ondelete="CASCADE"), nullable=False, index=True
        ),
        _needed("path", sa.Text()),
        _needed("many", sa.Boolean()),
        _needed("kind", sa.String(8)),
        sa.Column("text", sa.Text()),
        sa.Column("number", sa.Float()),
        sa.Index("doc_term_text", "path", "kind", "text"),
        sa.Index("doc_term_number", "path", "kind", "number"),
    )
