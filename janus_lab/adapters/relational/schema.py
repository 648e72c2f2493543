"""The tables as they are now. Migrations lead from every earlier schema to this one."""

from __future__ import annotations

from sqlalchemy import (
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
    UniqueConstraint,
)

from janus_lab.adapters.relational.column_types import characters, row_number, stored_json

metadata = MetaData()

_json = stored_json()

run = Table(
    "run",
    metadata,
    Column("id", characters(String(64)), primary_key=True),
    Column("kind", characters(String(16)), nullable=False),
    Column("state", characters(String(16)), nullable=False),
    Column("priority", characters(String(16)), nullable=False),
    Column("request", _json, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("result", _json),
    Column("error", _json),
    Column("manifest", _json, nullable=False),
    Column("parent", characters(String(64)), nullable=False, server_default=""),
    Column("cell", characters(), nullable=False, server_default=""),
    Index("run_created_at", "created_at"),
    Index("run_state", "state", "created_at"),
    Index("run_parent", "parent", "created_at"),
)

step = Table(
    "step",
    metadata,
    Column("number", row_number(), primary_key=True),
    Column("run_id", characters(String(64)), ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("key", characters(), nullable=False),
    Column("effect", _json, nullable=False),
    Column("committed_at", Float, nullable=False),
    UniqueConstraint("run_id", "key", name="step_once"),
)

embedding = Table(
    "embedding",
    metadata,
    Column("model_hash", characters(String(64)), nullable=False),
    Column("text_hash", characters(String(64)), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    PrimaryKeyConstraint("model_hash", "text_hash"),
)

source = Table(
    "source",
    metadata,
    Column("collection", characters(), nullable=False),
    Column("origin", characters(), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("content_hash", characters(String(64)), nullable=False),
    PrimaryKeyConstraint("collection", "origin"),
    sqlite_with_rowid=False,
)

version = Table(
    "version",
    metadata,
    Column("number", row_number(), primary_key=True),
    Column("id", characters(String(32)), nullable=False, unique=True),
    Column("document_id", characters(String(32)), nullable=False, index=True),
    Column("characters", Integer, nullable=False),
    Column("pages", _json, nullable=False),
    Column("boxes", LargeBinary),
)

text_block = Table(
    "text_block",
    metadata,
    Column("version", row_number(), ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", LargeBinary, nullable=False),
    PrimaryKeyConstraint("version", "number"),
)

chunk = Table(
    "chunk",
    metadata,
    Column("version", row_number(), ForeignKey("version.number", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("id", characters(String(32)), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("heading", characters(), nullable=False),
    PrimaryKeyConstraint("version", "ordinal"),
    sqlite_with_rowid=False,
)

document = Table(
    "document",
    metadata,
    Column("number", row_number(), primary_key=True),
    Column("id", characters(String(32)), nullable=False, unique=True),
    Column("version", row_number(), ForeignKey("version.number"), nullable=False, index=True),
    Column("collection", characters(), nullable=False),
    Column("origin", characters(), nullable=False),
    Column("title", characters(), nullable=False),
    Column("media_type", characters(), nullable=False),
    Column("content_hash", characters(String(64)), nullable=False),
    Column("characters", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("metadata", _json, nullable=False),
    Column("ingested_at", Float, nullable=False),
    Column("key", characters()),
    Index("document_origin", "collection", "origin"),
    Index("document_content", "content_hash"),
)

doc_term = Table(
    "doc_term",
    metadata,
    Column("document", row_number(), ForeignKey("document.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("path", characters(), nullable=False),
    Column("many", Boolean, nullable=False),
    Column("kind", characters(String(8)), nullable=False),
    Column("text", characters()),
    Column("number", Float),
    Index("doc_term_text", "path", "kind", "text"),
    Index("doc_term_number", "path", "kind", "number"),
)

model = Table(
    "model",
    metadata,
    Column("name", characters(), primary_key=True),
    Column("task", characters(String(16)), nullable=False),
    Column("uri", characters(), nullable=False),
    Column("options", _json, nullable=False),
    Column("added_at", Float, nullable=False),
)

model_chain = Table(
    "model_chain",
    metadata,
    Column("task", characters(String(16)), primary_key=True),
    Column("names", _json, nullable=False),
)

model_circuit = Table(
    "model_circuit",
    metadata,
    Column("name", characters(), primary_key=True),
    Column("state", characters(String(16)), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", characters(), nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("again_at", Float, nullable=False),
)

measurement = Table(
    "measurement",
    metadata,
    Column("content_hash", characters(String(64)), nullable=False),
    Column("machine", characters(), nullable=False),
    Column("plan_hash", characters(String(64)), nullable=False),
    Column("plan", _json, nullable=False),
    Column("footprint", _json, nullable=False),
    Column("at", Float, nullable=False),
    Column("load_seconds", Float, nullable=False),
    Column("prompt_speed", Float, nullable=False),
    Column("generation_speed", Float, nullable=False),
    Column("loads", Integer, nullable=False),
    PrimaryKeyConstraint("content_hash", "machine", "plan_hash"),
    Index("measurement_machine", "machine", "at"),
)

FULL_TEXT = "document_words"
"""What finds documents by words; each dialect makes its own: an FTS5 table without content, or rows of words and terms."""

ORIGIN_INDEX = "document_origin"
"""Each dialect makes its own, because PostgreSQL takes no long keys into an index."""
