"""Two rankings of chunks for one query, asked for at once: by meaning (`DENSE`) and by words (`SPARSE`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from janus_lab.ports.vectors import VectorStore
from janus_lab.values.filter import Condition
from janus_lab.values.vector import ScoredPoint

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector

DENSE = "dense"
"""By meaning; a chunk's score is the cosine of its embedding and the query's, in [-1, 1]."""
SPARSE = "sparse"
"""By words; a chunk's score is BM25, at least 0, and 0 means that it shares no word with the query."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What each retriever found, best first."""

    dense: Sequence[ScoredPoint]
    sparse: Sequence[ScoredPoint]


def candidates(
    store: VectorStore, collection: str, embedding: Vector, query: str, depth: int, *, where: Sequence[Condition] = ()
) -> Candidates:
    """The `depth` best chunks of each retriever, in one round trip to the store."""
    near, matching = store.search_both(collection, embedding, query, depth, where=where)
    return Candidates(near, matching)
