"""The tables as they are now. Migrations lead from every earlier schema to this one."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

_json = JSON(none_as_null=True)

run = Table(
    "run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("request", _json, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("result", _json),
    Column("error", _json),
    Column("manifest", _json, nullable=False),
    Column("parent", String(64), nullable=False, server_default=""),
    Index("run_created_at", "created_at"),
    Index("run_state", "state", "created_at"),
    Index("run_parent", "parent", "created_at"),
)

step = Table(
    "step",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run_id", String(64), ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("effect", _json, nullable=False),
    Column("committed_at", Float, nullable=False),
    UniqueConstraint("run_id", "key", name="step_once"),
)

embedding = Table(
    "embedding",
    metadata,
    Column("model_hash", String(64), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    PrimaryKeyConstraint("model_hash", "text_hash"),
)

source = Table(
    "source",
    metadata,
    Column("collection", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("content_hash", String(64), nullable=False),
    PrimaryKeyConstraint("collection", "origin"),
    sqlite_with_rowid=False,
)

version = Table(
    "version",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("document_id", String(32), nullable=False, index=True),
    Column("characters", Integer, nullable=False),
    Column("pages", _json, nullable=False),
    Column("boxes", LargeBinary),
)

text_block = Table(
    "text_block",
    metadata,
    Column("version", Integer, ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", LargeBinary, nullable=False),
    PrimaryKeyConstraint("version", "number"),
)

chunk = Table(
    "chunk",
    metadata,
    Column("version", Integer, ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("id", String(32), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("heading", Text, nullable=False),
    PrimaryKeyConstraint("version", "ordinal"),
    sqlite_with_rowid=False,
)

document = Table(
    "document",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("version", Integer, ForeignKey("version.number"), nullable=False, index=True),
    Column("collection", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("characters", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("metadata", _json, nullable=False),
    Column("ingested_at", Float, nullable=False),
    Column("key", Text),
    Index("document_origin", "collection", "origin"),
    Index("document_content", "content_hash"),
)

doc_term = Table(
    "doc_term",
    metadata,
    Column("document", Integer, ForeignKey("document.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("many", Boolean, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("text", Text),
    Column("number", Float),
    Index("doc_term_text", "path", "kind", "text"),
    Index("doc_term_number", "path", "kind", "number"),
)

FULL_TEXT = "document_words"
"""The full-text index over title and text; each dialect makes its own (on SQLite an FTS5 table without content)."""
