"""The filling of a new generation of a collection's index."""

from __future__ import annotations

import time
from dataclasses import asdict

from janus_lab.errors import NotFound
from janus_lab.inference.embedding import Embedder
from janus_lab.ingest.points import point_of
from janus_lab.ingest.progress import TELL_EVERY_SECONDS
from janus_lab.ingest.published import Pair, amounts, published, published_ids
from janus_lab.ingest.sources import source_of
from janus_lab.ingest.step_points import embed_pairs
from janus_lab.ingest.stores import IngestStores
from janus_lab.runs.context import RunContext
from janus_lab.values.document import Document
from janus_lab.values.event import EventKind
from janus_lab.values.index_generation import IndexGeneration
from janus_lab.values.ingest import Progress

_DELETED_AT_ONCE = 1000


class Rebuilding:
    """One attempt at filling a generation with the points of everything that is published in its collection."""

    def __init__(
        self, stores: IngestStores, context: RunContext, new: IndexGeneration, embedder: Embedder, began: float
    ) -> None:
        self._stores = stores
        self._context = context
        self._new = new
        self._embedder = embedder
        self._began = self._lap = began
        self._told = float("-inf")
        self._documents = self._chunks = 0
        self._total = (0, 0)
        self._embedded = 0

    def fill(self) -> None:
        """Embed and add what the generation lacks, a few hundred chunks a step. Raises RunCancelled, or lets SliceOver pass."""
        seen: set[str] = set()
        self._documents = self._chunks = 0
        self._total = amounts(self._stores.documents, self._new.collection)
        for batch in published(self._stores.documents, self._new.collection):
            self._context.check_cancelled()
            there = self._stores.vectors.present(self._new.name, batch.chunk_ids)
            self._count(len(there))
            if len(there) < len(batch.chunk_ids):
                self._add(batch.pairs(self._stores.documents, there))
            seen |= batch.documents.keys()
            self._documents = len(seen)
        self._tell(now=True)

    def switched(self) -> bool:
        """Let the generation serve from now on; False if it lacks something by now."""
        collection, vectors = self._new.collection, self._stores.vectors
        with self._stores.switching(collection):
            wanted, there = published_ids(self._stores.documents, collection), vectors.ids(self._new.name)
            if wanted - there:
                return False
            # Left by ingests that were given up, or by documents that were removed while theirs were embedded.
            superfluous = sorted(there - wanted)
            for start in range(0, len(superfluous), _DELETED_AT_ONCE):
                vectors.delete(self._new.name, superfluous[start : start + _DELETED_AT_ONCE])
            vectors.switch(collection, self._new.number)
        return True

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.monotonic()
        seconds, self._lap = now - self._lap, now
        return seconds

    def _add(self, lacking: list[Pair]) -> None:
        embeddings = embed_pairs(
            self._embedder, lacking, between=self._context.check_cancelled, embedded=self._has_embedded
        )
        documents = {document.id: document for document, _ in lacking}
        with self._stores.changing((d.collection, source_of(d)) for d in documents.values()):
            # A document that has changed since it was read is left to the next pass, or has been done by who changed it.
            fresh = {document_id for document_id, document in documents.items() if self._stands(document)}
            points = [point_of(d, chunk, embeddings[chunk.id]) for d, chunk in lacking if d.id in fresh]
            self._stores.vectors.upsert(self._new.name, points)
        step = f"part-{len(self._context.finished)}"
        self._context.commit_step(step, {"embedded": len(points), "seconds": self.lap()})

    def _stands(self, document: Document) -> bool:
        try:
            now = self._stores.documents.get(document.id)
        except NotFound:
            return False
        return now.version_id == document.version_id and dict(now.metadata) == dict(document.metadata)

    def _has_embedded(self, chunks: int) -> None:
        self._embedded += chunks
        self._count(chunks)

    def _count(self, chunks: int) -> None:
        self._chunks += chunks
        self._tell(now=False)

    def _tell(self, *, now: bool) -> None:
        at = time.monotonic()
        if not now and at - self._told < TELL_EVERY_SECONDS:
            return
        self._told = at
        rate = self._embedded / max(at - self._began, 1e-6)
        documents, chunks = self._total
        left = max(chunks - self._chunks, 0) / rate if rate else None
        progress = Progress(min(self._documents, documents), documents, self._chunks, rate, left, self._new.collection)
        self._context.emit(EventKind.PROGRESS, **asdict(progress))
