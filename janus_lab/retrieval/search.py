"""One query to hits: embed, ask both retrievers, fuse, load the chunks that are shown, let a reranker read them if one is chosen."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from janus_lab.errors import NotFound
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.inference.reranking import Rerankers
from janus_lab.ports.documents import DocumentStore
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.retrieval.fusion import Fused, fuse
from janus_lab.retrieval.pinned import PinnedIndex
from janus_lab.retrieval.reranker import Reranking
from janus_lab.retrieval.stopwatch import Stopwatch
from janus_lab.values.document import Document
from janus_lab.values.filter import Condition
from janus_lab.values.hit import Hit

CANDIDATES = 100
"""How deep each retriever looks: enough that the fused top ten no longer changes (measured on the tuning sets)."""


def nothing_there(collection: str) -> str:
    """What to say of a collection without documents, and how to go on."""
    quoted = shlex.quote(collection)
    return (
        f"Collection {collection} holds no documents yet. "
        f"`janus ingest -c {quoted} PATH` puts some there (in a notebook: `%janus ingest -c {quoted} PATH`)."
    )


class HybridSearch:
    """Finds chunks by meaning and by words; every hit says who found it, at what rank and with what score."""

    def __init__(
        self,
        embedders: IndexEmbedders,
        vectors: VectorIndex,
        documents: DocumentStore,
        rerankers: Rerankers | None = None,
    ) -> None:
        self._embedders = embedders
        self._rerankers = rerankers
        self._documents = documents
        self._vectors = vectors

    def index(self, collection: str) -> PinnedIndex:
        """The collection's index as it serves now, for all searches of one run."""
        return PinnedIndex(collection, self._vectors, self._embedders)

    def reranking(self) -> Reranking:
        """Who puts the hits of one run in order, if anybody was chosen for that."""
        return Reranking(self._rerankers)

    def search(
        self,
        query: str,
        index: PinnedIndex,
        limit: int,
        *,
        where: Sequence[Condition] = (),
        watch: Stopwatch | None = None,
        reranking: Reranking | None = None,
    ) -> list[Hit]:
        """Up to `limit` hits, best first, as `reranking` puts them. An empty or blank query has none."""
        watch = watch or Stopwatch()
        reranking = reranking or self.reranking()
        if not query.strip() or limit < 1:
            return []
        depth = max(CANDIDATES, limit)
        found = index.candidates(query, depth, where=where, watch=watch)
        with watch.stage("fuse"):
            fused = fuse(found.dense, found.sparse)
        with watch.stage("load"):
            hits = self._load(fused, max(limit, reranking.depth))
        if reranking.depth:
            with watch.stage("rerank"):
                hits = reranking.ordered(query, hits)
        return hits[:limit]

    def has_documents(self, collection: str) -> bool:
        """Whether there is anything to find in that collection."""
        return bool(self._documents.find(collection, limit=1))

    def _load(self, fused: Sequence[Fused], limit: int) -> list[Hit]:
        """The first `limit` candidates that are still published; a vector may outlive its document for a moment."""
        hits: list[Hit] = []
        known: dict[str, Document | None] = {}
        for begin in range(0, len(fused), limit):
            batch = {f.chunk_id: f for f in fused[begin : begin + limit]}
            for chunk in self._documents.chunks(list(batch)):
                if chunk.document_id not in known:
                    known[chunk.document_id] = self._document(chunk.document_id)
                document = known[chunk.document_id]
                if document is None:
                    continue
                found = batch[chunk.id]
                rank = len(hits) + 1
                hits.append(
                    Hit(chunk, found.score, rank, found.rankings, document.title, document.origin, document.key)
                )
                if len(hits) == limit:
                    return hits
        return hits

    def _document(self, document_id: str) -> Document | None:
        try:
            return self._documents.get(document_id)
        except NotFound:
            return None
