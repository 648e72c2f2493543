"""Making versions current, and removing documents with everything of theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from janus_lab.adapters.documents import full_text, reading
from janus_lab.adapters.documents.staging import version_numbers
from janus_lab.adapters.documents.terms import term_rows
from janus_lab.adapters.relational.batches import batches
from janus_lab.adapters.relational.schema import doc_term, document, version
from janus_lab.errors import Defect
from janus_lab.values.document import Document


def publish(connection: Connection, documents: Sequence[Document]) -> None:
    """Make the staged versions of these documents current. Raises Defect if one was never staged."""
    latest = {d.id: d for d in documents}
    versions = version_numbers(connection, [d.version_id for d in latest.values()])
    published = _published(connection, latest)
    for d in latest.values():
        if d.version_id not in versions:
            raise Defect(
                f"version {d.version_id} of {d.origin} was published without being staged",
                remedy="ingest the file again, and report this",
            )
        row = {**_row(d), "version": versions[d.version_id]}
        before = published.get(d.id)
        if before is None:
            _add(connection, row)
        else:
            _change(connection, before, row)


def remove(connection: Connection, document_ids: Collection[str]) -> int:
    """Remove documents with every version; returns how many were published."""
    published = _published(connection, document_ids)
    for row in published.values():
        full_text.take_out(connection, row.number, row.title, reading.whole_text(connection, row.version))
    for batch in batches(document_ids):
        connection.execute(delete(document).where(document.c.id.in_(batch)))
        connection.execute(delete(version).where(version.c.document_id.in_(batch)))
    return len(published)


def _published(connection: Connection, document_ids: Collection[str]) -> dict[str, Row[Any]]:
    rows: dict[str, Row[Any]] = {}
    for batch in batches(document_ids):
        for row in connection.execute(select(document).where(document.c.id.in_(batch))):
            rows[row.id] = row
    return rows


def _add(connection: Connection, row: Mapping[str, Any]) -> None:
    number: int = connection.execute(insert(document).values(row).returning(document.c.number)).scalar_one()
    _add_terms(connection, number, row["metadata"])
    full_text.add(connection, number, row["title"], reading.whole_text(connection, row["version"]))


def _change(connection: Connection, before: Row[Any], row: Mapping[str, Any]) -> None:
    if all(before._mapping[name] == value for name, value in row.items()):  # noqa: SLF001 - a row's public columns
        return
    connection.execute(update(document).where(document.c.number == before.number).values(row))
    if before.metadata != row["metadata"]:
        connection.execute(delete(doc_term).where(doc_term.c.document == before.number))
        _add_terms(connection, before.number, row["metadata"])
    if (before.version, before.title) != (row["version"], row["title"]):
        old_text = reading.whole_text(connection, before.version)
        full_text.take_out(connection, before.number, before.title, old_text)
        full_text.add(connection, before.number, row["title"], reading.whole_text(connection, row["version"]))


def _add_terms(connection: Connection, number: int, metadata: Mapping[str, Any]) -> None:
    if terms := list(term_rows(number, metadata)):
        connection.execute(insert(doc_term), terms)


def _row(d: Document) -> dict[str, Any]:
    return {
        "id": d.id,
        "collection": d.collection,
        "origin": d.origin,
        "title": d.title,
        "media_type": d.media_type,
        "content_hash": d.content_hash,
        "characters": d.characters,
        "chunks": d.chunks,
        "pages": d.pages,
        "metadata": dict(d.metadata),
        "ingested_at": d.ingested_at,
        "key": d.key,
    }
