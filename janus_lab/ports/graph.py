"""The knowledge graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from janus_lab.values.graph import Entity, Neighbourhood, Path, Relation


class GraphStore(Protocol):
    """Entities and relations by collection. Writing the same again changes nothing."""

    def upsert(self, collection: str, entities: Sequence[Entity], relations: Sequence[Relation] = ()) -> None:
        """Add or replace, all or nothing. Raises Defect if a relation's entity is neither there nor among these."""
        ...

    def entities(self, collection: str, ids: Collection[str]) -> list[Entity]:
        """Those entities that are there, by id."""
        ...

    def mentioned(self, collection: str, chunk_ids: Collection[str]) -> dict[str, list[str]]:
        """Ids of the entities that these chunks mention, by chunk; a chunk that mentions none is left out."""
        ...

    def chunk_ids(self, collection: str) -> set[str]:
        """Ids of all chunks that support any entity or relation."""
        ...

    def neighbourhood(
        self, collection: str, ids: Collection[str], *, hops: int = 1, limit: int = 1000
    ) -> Neighbourhood:
        """What lies within so many hops of these entities, in either direction, nearest first, at most `limit` entities."""
        ...

    def shortest_path(self, collection: str, source: str, target: str, *, most_hops: int = 6) -> Path | None:
        """A shortest way between two entities, in either direction; None if there is none within so many hops."""
        ...

    def page_rank(self, collection: str, seeds: Mapping[str, float], *, limit: int = 100) -> list[tuple[str, float]]:
        """Entities by personalised PageRank over weighted, undirected relations, best first; `seeds` weigh where it restarts."""
        ...

    def forget_chunks(self, collection: str, chunk_ids: Collection[str]) -> int:
        """Take these chunks from what they support; entities and relations without any support left go. How many went."""
        ...

    def iterate(self, collection: str) -> Iterator[Entity | Relation]:
        """Everything, entities first, without holding all of it at once."""
        ...

    def totals(self) -> dict[str, tuple[int, int]]:
        """How many entities and relations each collection has; one that has none is left out."""
        ...

    def clear(self, collection: str) -> None:
        """Remove everything of a collection."""
        ...


@runtime_checkable
class SupportsCypher(Protocol):
    """A graph store that answers queries in Cypher."""

    def cypher(
        self, query: str, parameters: Mapping[str, Any] | None = None, *, write: bool = False, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Rows of a query as plain values. Without `write` the server itself refuses whatever would change anything.

        Raises UserError for a query that is wrong or not allowed.
        """
        ...
