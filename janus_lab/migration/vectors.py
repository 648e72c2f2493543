"""Embeddings from one vector store into another; nothing is embedded again."""

from __future__ import annotations

from collections.abc import Iterator

from janus_lab.ingest.points import point_of
from janus_lab.ingest.sources import source_of
from janus_lab.migration.side import Side, Tell
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document

_AT_ONCE = 500

Pair = tuple[Document, Chunk]


def copy_vectors(source: Side, target: Side, tell: Tell) -> dict[str, list[str]]:
    """Carry every published chunk's embedding over that is not there yet.

    Returns the origins of sources whose documents lack some, by collection, as the source index knows them.
    """
    _, total = source.census.totals()
    done = 0
    lacking: dict[str, list[str]] = {}
    tell("vectors", done, total)
    for collection in source.collections():
        incomplete: set[str] = set()
        for batch in _batches(source, collection):
            incomplete |= _copy(source, target, collection, batch)
            done += len(batch)
            tell("vectors", done, total)
        if incomplete:
            lacking[collection] = sorted(incomplete)
    return lacking


def _copy(source: Side, target: Side, collection: str, batch: list[Pair]) -> set[str]:
    there = target.vectors.present(collection, [chunk.id for _, chunk in batch])
    wanted = [pair for pair in batch if pair[1].id not in there]
    embeddings = source.vectors.embeddings(collection, [chunk.id for _, chunk in wanted])
    points = [point_of(document, chunk, embeddings[chunk.id]) for document, chunk in wanted if chunk.id in embeddings]
    if points:
        target.vectors.ensure(collection, len(points[0].embedding))
        target.vectors.upsert(collection, points)
    return {source_of(document) for document, chunk in wanted if chunk.id not in embeddings}


def _batches(side: Side, collection: str) -> Iterator[list[Pair]]:
    """The collection's documents with their chunks, some hundreds at a time."""
    waiting: list[Document] = []
    for document in side.documents.iterate(collection):
        waiting.append(document)
        if sum(one.chunks for one in waiting) >= _AT_ONCE:
            yield from _pairs(side, waiting)
            waiting = []
    yield from _pairs(side, waiting)


def _pairs(side: Side, documents: list[Document]) -> Iterator[list[Pair]]:
    by_id = {document.id: document for document in documents}
    ids = [chunk_id for own in side.documents.chunk_ids(list(by_id)).values() for chunk_id in own]
    for start in range(0, len(ids), _AT_ONCE):
        chunks = side.documents.chunks(ids[start : start + _AT_ONCE])
        yield [(by_id[chunk.document_id], chunk) for chunk in chunks]
