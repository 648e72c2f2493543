"""The embedding model of each generation of an index: whatever is compared with its points is embedded by the model they are of."""

from __future__ import annotations

from typing import Protocol

from janus_lab.errors import IndexModelMissing, JanusError, NotFound
from janus_lab.inference.embedding import Embedder
from janus_lab.values.index_generation import IndexGeneration, IndexModel


class Embedders(Protocol):
    """Embedding models by name."""

    def __call__(self, name: str = "") -> Embedder:
        """The model of this name or at this URI and no other, loaded at its first use; "" is the one in use.

        Raises NotFound, UnknownScheme or MissingPackage.
        """
        ...


class IndexEmbedders:
    """Finds the model that a generation's embeddings are of.

    A generation that names none is of the model at the URI `unnoted`: before models were noted, only settings chose one.
    """

    def __init__(self, named: Embedders, unnoted: str = "") -> None:
        self._named = named
        self._unnoted = unnoted

    def chosen(self, name: str = "") -> Embedder:
        """The model of that name or URI; "" is the one in use, which new collections are made with."""
        return self._named(name)

    def of(self, generation: IndexGeneration) -> Embedder:
        """The model of a generation, which is loaded to be compared. Raises IndexModelMissing if it is no longer to be had."""
        noted = generation.model
        references = [noted.name, noted.uri] if noted else [self._unnoted]
        reasons: list[JanusError] = []
        for reference in references:
            try:
                embedder = self._named(reference)
            except NotFound as error:
                reasons.append(error)
                continue
            if _fits(embedder, generation):
                return _as_noted(embedder, noted)
        raise _missing(generation, noted) from (reasons[0] if reasons else None)


def _fits(embedder: Embedder, generation: IndexGeneration) -> bool:
    info, noted = embedder.info, generation.model
    return info.dimensions == generation.dimensions and (noted is None or noted.is_of(info))


def _as_noted(embedder: Embedder, noted: IndexModel | None) -> Embedder:
    """With the prefixes that the generation's texts got; before these were noted there were none."""
    info, prefixes = embedder.info, (noted.query_prefix, noted.passage_prefix) if noted else ("", "")
    return embedder if prefixes == (info.query_prefix, info.passage_prefix) else embedder.under(*prefixes)


def _missing(generation: IndexGeneration, noted: IndexModel | None) -> IndexModelMissing:
    name = repr(noted.name) if noted else "the one that the settings named when it was made"
    return IndexModelMissing(
        f"collection {generation.collection!r} is indexed with an embedding model that is no longer known: {name}"
        + (f" at {noted.uri}" if noted else ""),
        remedy=f"add that model again, or index the collection anew: `lab.reindex({generation.collection!r})`",
    )
