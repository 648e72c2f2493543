"""By words: chunks that share rare words with the query."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.ports.vectors import VectorStore
from janus_lab.values.filter import Condition
from janus_lab.values.vector import ScoredPoint

NAME = "sparse"


class SparseRetriever:
    """Finds chunks by BM25; a chunk's score is at least 0, and 0 means that it shares no word with the query."""

    name = NAME

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    def retrieve(
        self, collection: str, query: str, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The `limit` best chunks by BM25, best first."""
        return self._store.search_sparse(collection, query, limit, where=where)
