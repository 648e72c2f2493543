"""By meaning: chunks whose embedding is near the query's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from janus_lab.ports.vectors import VectorStore
from janus_lab.values.filter import Condition
from janus_lab.values.generation import ModelInfo
from janus_lab.values.vector import ScoredPoint

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector

NAME = "dense"


class QueryEmbedder(Protocol):
    """Turns a query into an embedding of unit length."""

    @property
    def info(self) -> ModelInfo:
        """The model, for the run's manifest."""
        ...

    def embed_query(self, text: str) -> Vector:
        """The embedding of one query, float32, shape `(dim,)`."""
        ...


class DenseRetriever:
    """Finds chunks by cosine; a chunk's score is the cosine of its embedding and the query's, in [-1, 1]."""

    name = NAME

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    def retrieve(
        self, collection: str, embedding: Vector, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The `limit` nearest chunks, best first."""
        return self._store.search_dense(collection, embedding, limit, where=where)
