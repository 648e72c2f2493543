"""Hits: chunks found for a query, and which retriever found them why."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.chunk import Chunk

RERANK = "rerank"
"""By a model that reads question and chunk together; its scores are its own, higher is better."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One retriever's word on a chunk: its rank (from 1) and its own score (cosine for dense, BM25 for sparse, the model's for rerank)."""

    retriever: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its fused `score` and `rank` (from 1), the document it stands in, and every retriever that found it.

    Where a reranker was asked, `rank` is as it says, and its own score is among the retrievers'.
    """

    chunk: Chunk
    score: float
    rank: int
    retrievers: tuple[Ranking, ...]
    title: str
    origin: str
    key: str | None = None

    def score_of(self, retriever: str) -> float | None:
        """This chunk's score by the named retriever, or None if that retriever did not find it."""
        return next((r.score for r in self.retrievers if r.retriever == retriever), None)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits for one query, best first, and how long each stage took (seconds); `notes` say why there may be none.

    `generation` is the number of the index generation that was searched; 0 where there was none.
    """

    query: str
    hits: tuple[Hit, ...]
    run_id: str
    timings: dict[str, float]
    notes: tuple[str, ...] = ()
    generation: int = 0
