"""What is published of a collection, chunk by chunk, without holding all of it at once."""

from __future__ import annotations

from collections.abc import Iterator

from janus_lab.ports.documents import DocumentStore
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document

AT_ONCE = 500

Pair = tuple[Document, Chunk]


def published(documents: DocumentStore, collection: str) -> Iterator[list[Pair]]:
    """The collection's documents with their chunks, some hundreds at a time."""
    waiting: list[Document] = []
    for document in documents.iterate(collection):
        waiting.append(document)
        if sum(one.chunks for one in waiting) >= AT_ONCE:
            yield from _pairs(documents, waiting)
            waiting = []
    yield from _pairs(documents, waiting)


def amounts(documents: DocumentStore, collection: str) -> tuple[int, int]:
    """How many documents the collection has, and how many chunks."""
    total = chunks = 0
    for document in documents.iterate(collection):
        total += 1
        chunks += document.chunks
    return total, chunks


def published_ids(documents: DocumentStore, collection: str) -> set[str]:
    """The ids of all chunks of the collection's documents."""
    found: set[str] = set()
    waiting: list[str] = []
    for document in documents.iterate(collection):
        waiting.append(document.id)
        if len(waiting) >= AT_ONCE:
            found |= _ids(documents, waiting)
            waiting = []
    return found | _ids(documents, waiting)


def _pairs(documents: DocumentStore, some: list[Document]) -> Iterator[list[Pair]]:
    by_id = {document.id: document for document in some}
    ids = [chunk_id for own in documents.chunk_ids(list(by_id)).values() for chunk_id in own]
    for start in range(0, len(ids), AT_ONCE):
        chunks = documents.chunks(ids[start : start + AT_ONCE])
        yield [(by_id[chunk.document_id], chunk) for chunk in chunks]


def _ids(documents: DocumentStore, document_ids: list[str]) -> set[str]:
    return {chunk_id for ids in documents.chunk_ids(document_ids).values() for chunk_id in ids}
