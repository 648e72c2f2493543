"""The vector store: chunks to be found by meaning and by words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from janus_lab.values.filter import Condition
from janus_lab.values.index_generation import IndexModel
from janus_lab.values.vector import Point, ScoredPoint

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector


class VectorStore(Protocol):
    """Points by collection. Embeddings have unit length, so cosine is their dot product."""

    def ensure(self, collection: str, dimensions: int, model: IndexModel | None = None) -> None:
        """Make the collection if it is not there. Raises StoreFailed if it has other dimensions.

        `model` is what its embeddings will be of; one that has none noted yet is noted to be of it.
        """
        ...

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Add or replace points; durable when it returns."""
        ...

    def delete(self, collection: str, chunk_ids: Collection[str]) -> None:
        """Remove points; ids that are not there do no harm."""
        ...

    def search_dense(
        self, collection: str, embedding: Vector, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The points nearest to the embedding by cosine, best first. An unknown collection has none."""
        ...

    def search_sparse(
        self, collection: str, query: str, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The points that share words with the query by BM25, best first."""
        ...

    def search_both(
        self, collection: str, embedding: Vector, query: str, limit: int, *, where: Sequence[Condition] = ()
    ) -> tuple[list[ScoredPoint], list[ScoredPoint]]:
        """What `search_dense` and `search_sparse` find, in one round trip where the store is a server."""
        ...

    def embeddings(self, collection: str, chunk_ids: Collection[str]) -> dict[str, Vector]:
        """The embeddings of those points that are there, by chunk id."""
        ...

    def present(self, collection: str, chunk_ids: Collection[str]) -> set[str]:
        """Which of these points are there."""
        ...

    def ids(self, collection: str) -> set[str]:
        """Every point's chunk id."""
        ...

    def count(self, collection: str) -> int:
        """How many points there are."""
        ...

    def collections(self) -> list[str]:
        """The collections there are, by name."""
        ...
