"""Making versions current, and removing documents with everything of theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from janus_lab.adapters.documents import reading
from janus_lab.adapters.documents.search_index import Entry, SearchIndex
from janus_lab.adapters.documents.staging import version_numbers
from janus_lab.adapters.relational.batches import batches, keeping
from janus_lab.adapters.relational.schema import document, version
from janus_lab.errors import Defect
from janus_lab.values.document import Document

_AT_ONCE = 50
_CHARACTERS_AT_ONCE = 4_000_000
"""Of text that is read back to be indexed; a longer document is read alone."""


def publish(connection: Connection, index: SearchIndex, documents: Sequence[Document]) -> None:
    """Make the staged versions of these documents current. Raises Defect if one was never staged."""
    latest = {d.id: d for d in documents}
    versions = version_numbers(connection, [d.version_id for d in latest.values()])
    for d in latest.values():
        if d.version_id not in versions:
            raise Defect(
                f"version {d.version_id} of {d.origin} was published without being staged",
                remedy="ingest the file again, and report this",
            )
    rows = {d.id: {**_row(d), "version": versions[d.version_id]} for d in latest.values()}
    published = _published(connection, rows)
    fresh = {document_id: row for document_id, row in rows.items() if document_id not in published}
    added = _add(connection, index, fresh)
    # Whoever published one of the new ones a moment ago did so with another version, perhaps.
    published |= _published(connection, fresh.keys() - added)
    for document_id, before in published.items():
        _change(connection, index, before, rows[document_id])


def remove(connection: Connection, index: SearchIndex, document_ids: Collection[str]) -> int:
    """Remove documents with every version; returns how many were published."""
    published = _published(connection, document_ids)
    for row in published.values():
        index.take_out(connection, _entry(connection, row.number, row._mapping))  # noqa: SLF001 - a row's public columns
    for batch in batches(document_ids):
        connection.execute(delete(document).where(document.c.id.in_(batch)))
        connection.execute(delete(version).where(version.c.document_id.in_(batch)))
    return len(published)


def _published(connection: Connection, document_ids: Collection[str]) -> dict[str, Row[Any]]:
    """The rows of those that are published, in one order, and held where a server lets others change them meanwhile."""
    rows: dict[str, Row[Any]] = {}
    for batch in batches(sorted(document_ids)):
        held = select(document).where(document.c.id.in_(batch)).order_by(document.c.id).with_for_update()
        for row in connection.execute(held):
            rows[row.id] = row
    return rows


def _add(connection: Connection, index: SearchIndex, rows: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The ids of those that were not there, and are now."""
    if not rows:
        return set()
    adding = keeping(connection, document).returning(document.c.id, document.c.number)
    numbers = {row.id: row.number for row in connection.execute(adding, list(rows.values()))}
    for some in _together(list(numbers), rows):
        texts = reading.whole_texts(connection, [rows[i]["version"] for i in some])
        index.add(connection, [_with_text(numbers[i], rows[i], texts[rows[i]["version"]]) for i in some])
    return set(numbers)


def _together(document_ids: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> Iterator[list[str]]:
    """Documents whose texts may be in memory at once."""
    some: list[str] = []
    characters = 0
    for document_id in document_ids:
        if some and (len(some) >= _AT_ONCE or characters + rows[document_id]["characters"] > _CHARACTERS_AT_ONCE):
            yield some
            some, characters = [], 0
        some.append(document_id)
        characters += rows[document_id]["characters"]
    if some:
        yield some


def _with_text(number: int, row: Mapping[str, Any], text: str) -> Entry:
    return Entry(number, row["title"], row["metadata"], lambda: text)


def _change(connection: Connection, index: SearchIndex, before: Row[Any], row: Mapping[str, Any]) -> None:
    if all(before._mapping[name] == value for name, value in row.items()):  # noqa: SLF001 - a row's public columns
        return
    connection.execute(update(document).where(document.c.number == before.number).values(row))
    entry = _entry(connection, before.number, row)
    if before.metadata != row["metadata"]:
        index.change_terms(connection, entry)
    if (before.version, before.title) != (row["version"], row["title"]):
        old = _entry(connection, before.number, before._mapping)  # noqa: SLF001 - a row's public columns
        index.change_words(connection, old, entry)


def _entry(connection: Connection, number: int, row: Mapping[Any, Any]) -> Entry:
    version_number = row["version"]
    return Entry(number, row["title"], row["metadata"], lambda: reading.whole_text(connection, version_number))


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
