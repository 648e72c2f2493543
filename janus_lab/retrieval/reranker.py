"""Hits in the order of a model that reads the question together with each of them, where one was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from janus_lab.inference.reranking import Rerankers
from janus_lab.values.generation import ModelInfo
from janus_lab.values.hit import RERANK, Hit, Ranking

RERANKED = 20
"""How many hits are read: what search puts below them is seldom the best, and each costs a pass of the model."""


class Reranking:
    """The model's word on the hits of one run. A run whose model could not be asked once does without it."""

    def __init__(self, rerankers: Rerankers | None) -> None:
        self._rerankers = rerankers if rerankers is not None and rerankers.any() else None
        self._model: ModelInfo | None = None

    @property
    def depth(self) -> int:
        """How many hits it wants to see; 0 where no model is asked."""
        return RERANKED if self._rerankers is not None else 0

    def ordered(self, query: str, hits: Sequence[Hit]) -> list[Hit]:
        """The first hits as the model ranks them, and the others after them. Each keeps its fused score, and gets its new rank."""
        if self._rerankers is None or not hits:
            return list(hits)
        read, rest = hits[:RERANKED], hits[RERANKED:]
        found = self._rerankers.rerank(query, [_text(hit) for hit in read])
        if found is None:
            self._rerankers = None
            return list(hits)
        self._model = found.model
        best = sorted(zip(found.scores, read, strict=True), key=lambda pair: (-pair[0], pair[1].rank))
        return [*(_ranked(hit, rank, score) for rank, (score, hit) in enumerate(best, start=1)), *rest]

    def facts(self) -> dict[str, Any]:
        """What a run's manifest keeps of it."""
        if self._model is None:
            return {}
        return {"reranking_model": {"name": self._model.name, "fingerprint": self._model.fingerprint, "read": RERANKED}}


def _text(hit: Hit) -> str:
    return "\n".join(part for part in (hit.title, hit.chunk.heading, hit.chunk.text) if part)


def _ranked(hit: Hit, rank: int, score: float) -> Hit:
    return replace(hit, rank=rank, retrievers=(*hit.retrievers, Ranking(RERANK, rank, score)))
