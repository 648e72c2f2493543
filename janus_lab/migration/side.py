"""One of the two deployments of a migration, opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from janus_lab.ports.documents import Census, DocumentStore, SourceIndex
from janus_lab.ports.graph import GraphStore
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.ports.ledger import Ledger
from janus_lab.ports.objects import ObjectStore
from janus_lab.values.document import Document

ALL = 2**31 - 1

Tell = Callable[[str, int, int], None]
"""Told which kind is being carried over, how many are there, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class Side:
    """A profile's stores."""

    name: str
    ledger: Ledger
    documents: DocumentStore
    census: Census
    sources: SourceIndex
    objects: ObjectStore
    vectors: VectorIndex
    graph: GraphStore

    def run_ids(self) -> set[str]:
        """Every run's id, shares included."""
        return {run.id for run in self.ledger.find(parent=None, limit=ALL)}

    def published(self) -> set[tuple[str, str]]:
        """Every published document's id with its version's."""
        return {(document.id, document.version_id) for document in self.documents.iterate()}

    def collections(self) -> list[str]:
        """Collections that hold documents."""
        return self.census.collections()

    def chunk_ids(self, documents: list[Document]) -> set[str]:
        """The ids of the documents' chunks."""
        found = self.documents.chunk_ids([document.id for document in documents])
        return {chunk_id for ids in found.values() for chunk_id in ids}

    def amounts(self) -> dict[str, int]:
        """How much there is, by kind."""
        documents, chunks = self.census.totals()
        graph = self.graph.totals().values()
        return {
            "runs": len(self.run_ids()),
            "documents": documents,
            "chunks": chunks,
            "objects": len(set(self.objects.keys())),
            "vectors": sum(self.vectors.count(name) for name in self.vectors.collections()),
            "entities": sum(entities for entities, _ in graph),
            "relations": sum(relations for _, relations in graph),
        }
