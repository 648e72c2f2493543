"""Embeddings from one vector store into another; nothing is embedded again."""

from __future__ import annotations

from janus_lab.ingest.points import point_of
from janus_lab.ingest.published import Batch, published
from janus_lab.ingest.sources import source_of
from janus_lab.migration.side import Side, Tell


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
        for batch in published(source.documents, collection):
            incomplete |= _copy(source, target, collection, batch)
            done += len(batch.chunk_ids)
            tell("vectors", done, total)
        if incomplete:
            lacking[collection] = sorted(incomplete)
    return lacking


def _copy(source: Side, target: Side, collection: str, batch: Batch) -> set[str]:
    there = target.vectors.present(collection, batch.chunk_ids)
    wanted = batch.pairs(source.documents, there)
    embeddings = source.vectors.embeddings(collection, [chunk.id for _, chunk in wanted])
    points = [point_of(document, chunk, embeddings[chunk.id]) for document, chunk in wanted if chunk.id in embeddings]
    if points:
        serving = source.vectors.serving(collection)
        target.vectors.ensure(collection, len(points[0].embedding), serving.model if serving else None)
        target.vectors.upsert(collection, points)
    return {source_of(document) for document, chunk in wanted if chunk.id not in embeddings}
