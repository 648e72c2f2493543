"""A collection's index for one run: the generation that serves when it is first asked, and the model that its points are of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from janus_lab.errors import StoreFailed
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.retrieval.candidates import Candidates, candidates
from janus_lab.retrieval.stopwatch import Stopwatch
from janus_lab.values.filter import Condition
from janus_lab.values.index_generation import IndexGeneration


class PinnedIndex:
    """Stays with its generation when another one takes its place, until it is dropped. Of an unknown collection it finds nothing."""

    def __init__(self, collection: str, vectors: VectorIndex, embedders: IndexEmbedders) -> None:
        self.collection = collection
        self._vectors = vectors
        self._embedders = embedders
        self._pin()

    @property
    def generation(self) -> int:
        """The number of the generation; 0 where there is none."""
        return self._generation.number if self._generation else 0

    @property
    def embedder(self) -> Embedder:
        """Embeds with the model of the generation; with the one in use where there is none."""
        return self._embedder

    def candidates(self, query: str, depth: int, *, where: Sequence[Condition], watch: Stopwatch) -> Candidates:
        """The `depth` best chunks of each retriever. Raises IndexModelMissing."""
        while generation := self._generation:
            with watch.stage("embed"):
                embedding = self._embedder.embed_query(query)
            with watch.stage("retrieve"):
                try:
                    found = candidates(self._vectors, generation.name, embedding, query, depth, where=where)
                except StoreFailed:
                    # Somebody may have dropped it at this very moment.
                    if not self._moved_on(generation):
                        raise
                    continue
            if found.dense or found.sparse or not self._moved_on(generation):
                return found
        return Candidates((), ())

    def facts(self) -> dict[str, Any]:
        """What a run's manifest keeps of it."""
        if self._generation is None:
            return {}
        info = self._embedder.info
        return {"embedding_model": info.fingerprint, "index": {"generation": self.generation, "model": info.name}}

    def _moved_on(self, generation: IndexGeneration) -> bool:
        """Whether another generation serves by now, which is the one to be asked from here on."""
        self._pin()
        return self._generation != generation

    def _pin(self) -> None:
        self._generation = self._vectors.serving(self.collection)
        self._embedder = self._embedders.of(self._generation) if self._generation else self._embedders.chosen()
