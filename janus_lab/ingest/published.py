"""What is published of a collection, chunk by chunk, without holding all of it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from janus_lab.ports.documents import DocumentStore
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document

AT_ONCE = 500

Pair = tuple[Document, Chunk]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some hundreds of chunks: their ids in order, and the documents by id that they stand in."""

    documents: Mapping[str, Document]
    chunk_ids: Sequence[str]

    def pairs(self, store: DocumentStore, without: Collection[str]) -> list[Pair]:
        """The chunks but for those, each with its document."""
        chunks = store.chunks([chunk_id for chunk_id in self.chunk_ids if chunk_id not in without])
        return [(self.documents[chunk.document_id], chunk) for chunk in chunks]


def published(store: DocumentStore, collection: str) -> Iterator[Batch]:
    """The collection's chunks, document by document."""
    waiting: list[Document] = []
    for document in store.iterate(collection):
        waiting.append(document)
        if sum(one.chunks for one in waiting) >= AT_ONCE:
            yield from _batches(store, waiting)
            waiting = []
    yield from _batches(store, waiting)


def amounts(store: DocumentStore, collection: str) -> tuple[int, int]:
    """How many documents the collection has, and how many chunks."""
    total = chunks = 0
    for document in store.iterate(collection):
        total += 1
        chunks += document.chunks
    return total, chunks


def published_ids(store: DocumentStore, collection: str) -> set[str]:
    """The ids of all chunks of the collection's documents."""
    return {chunk_id for batch in published(store, collection) for chunk_id in batch.chunk_ids}


def _batches(store: DocumentStore, some: list[Document]) -> Iterator[Batch]:
    by_id = {document.id: document for document in some}
    ids = [chunk_id for own in store.chunk_ids(list(by_id)).values() for chunk_id in own]
    for start in range(0, len(ids), AT_ONCE):
        yield Batch(by_id, ids[start : start + AT_ONCE])
