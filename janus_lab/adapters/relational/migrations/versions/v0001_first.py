"""The first schema: runs and steps, embeddings, source stamps, documents with versions, chunks, terms and words.

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from janus_lab.adapters.relational.column_types import characters, row_number, stored_json

revision = "0001"
down_revision = None

_ON_SQLITE = (
    "CREATE INDEX document_origin ON document (collection, origin)",
    (
        "CREATE VIRTUAL TABLE document_words USING fts5("
        "title, text, content='', tokenize='porter unicode61 remove_diacritics 2')"
    ),
)
# Origins may be longer than what an index takes; the beginnings are in the same order as the whole.
_ON_POSTGRESQL = (
    "CREATE INDEX document_origin ON document (left(origin, 500), collection)",
    (
        "CREATE TABLE document_words ("
        "document bigint PRIMARY KEY REFERENCES document (number) ON DELETE CASCADE,"
        ' terms jsonb NOT NULL, words tsvector NOT NULL, more text[] COLLATE "C")'
    ),
    "CREATE INDEX document_words_terms ON document_words USING gin (terms jsonb_path_ops) WITH (fastupdate = off)",
    "CREATE INDEX document_words_words ON document_words USING gin (words) WITH (gin_pending_list_limit = 1024)",
    "CREATE INDEX document_words_more ON document_words USING gin (more) WHERE more IS NOT NULL",
)


def upgrade() -> None:
    """Make every table."""
    _runs()
    _sources()
    _versions()
    _documents()
    for statement in _ON_SQLITE if op.get_bind().dialect.name == "sqlite" else _ON_POSTGRESQL:
        op.execute(statement)


def _needed(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", characters(sa.String(64)), primary_key=True),
        _needed("kind", characters(sa.String(16))),
        _needed("state", characters(sa.String(16))),
        _needed("priority", characters(sa.String(16))),
        _needed("request", stored_json()),
        _needed("created_at", sa.Float()),
        sa.Column("started_at", sa.Float()),
        sa.Column("finished_at", sa.Float()),
        _needed("attempts", sa.Integer()),
        _needed("fence", sa.BigInteger()),
        sa.Column("result", stored_json()),
        sa.Column("error", stored_json()),
        _needed("manifest", stored_json()),
        sa.Index("run_created_at", "created_at"),
        sa.Index("run_state", "state", "created_at"),
    )
    op.create_table(
        "step",
        sa.Column("number", row_number(), primary_key=True),
        sa.Column("run_id", characters(sa.String(64)), sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
        _needed("key", characters()),
        _needed("effect", stored_json()),
        _needed("committed_at", sa.Float()),
        sa.UniqueConstraint("run_id", "key", name="step_once"),
    )


def _sources() -> None:
    op.create_table(
        "embedding",
        _needed("model_hash", characters(sa.String(64))),
        _needed("text_hash", characters(sa.String(64))),
        _needed("vector", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("model_hash", "text_hash"),
    )
    op.create_table(
        "source",
        _needed("collection", characters()),
        _needed("origin", characters()),
        _needed("size", sa.BigInteger()),
        _needed("modified_ns", sa.BigInteger()),
        _needed("content_hash", characters(sa.String(64))),
        sa.PrimaryKeyConstraint("collection", "origin"),
        sqlite_with_rowid=False,
    )


def _versions() -> None:
    op.create_table(
        "version",
        sa.Column("number", row_number(), primary_key=True),
        sa.Column("id", characters(sa.String(32)), nullable=False, unique=True),
        sa.Column("document_id", characters(sa.String(32)), nullable=False, index=True),
        _needed("characters", sa.Integer()),
        _needed("pages", stored_json()),
        sa.Column("boxes", sa.LargeBinary()),
    )
    op.create_table(
        "text_block",
        sa.Column("version", row_number(), sa.ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
        _needed("number", sa.Integer()),
        _needed("text", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("version", "number"),
    )
    op.create_table(
        "chunk",
        sa.Column("version", row_number(), sa.ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
        _needed("ordinal", sa.Integer()),
        sa.Column("id", characters(sa.String(32)), nullable=False, index=True),
        _needed("start", sa.Integer()),
        _needed("end", sa.Integer()),
        sa.Column("page", sa.Integer()),
        _needed("heading", characters()),
        sa.PrimaryKeyConstraint("version", "ordinal"),
        sqlite_with_rowid=False,
    )


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("number", row_number(), primary_key=True),
        sa.Column("id", characters(sa.String(32)), nullable=False, unique=True),
        sa.Column("version", row_number(), sa.ForeignKey("version.number"), nullable=False, index=True),
        _needed("collection", characters()),
        _needed("origin", characters()),
        _needed("title", characters()),
        _needed("media_type", characters()),
        _needed("content_hash", characters(sa.String(64))),
        _needed("characters", sa.Integer()),
        _needed("chunks", sa.Integer()),
        _needed("pages", sa.Integer()),
        _needed("metadata", stored_json()),
        _needed("ingested_at", sa.Float()),
        sa.Column("key", characters()),
    )
    op.create_table(
        "doc_term",
        sa.Column(
            "document", row_number(), sa.ForeignKey("document.number", ondelete="CASCADE"), nullable=False, index=True
        ),
        _needed("path", characters()),
        _needed("many", sa.Boolean()),
        _needed("kind", characters(sa.String(8))),
        sa.Column("text", characters()),
        sa.Column("number", sa.Float()),
        sa.Index("doc_term_text", "path", "kind", "text"),
        sa.Index("doc_term_number", "path", "kind", "number"),
    )
