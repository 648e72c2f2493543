"""Two rankings to one: a weighted sum of the scores themselves, with BM25 trusted as far as it stands out.

Ranks alone (reciprocal rank fusion) throw away how sure a retriever is: where one of the two is useless, its noise gets half
the vote. Scores keep it, if their scales are fixed and not stretched to [0, 1]:

    score = DENSE_WEIGHT · cosine + contrast · BM25 / best BM25,    contrast = 1 - BM25 at rank 50 / best BM25

- A cosine is taken as it is. Where all candidates look alike to the embedding (names in a list), their cosines are close
  together and hardly change the order.
- BM25 is divided by its best score, its minimum is 0 in theory. Where many chunks match almost as well as the best one (the
  question's words are everywhere), `contrast` is small and words count less; where few match, it is near 1.

Sources: the convex combination with theoretical minima is Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid
Retrieval", ACM TOIS 42(1), 2023; that a ranking is to be trusted as far as its best scores stand out from the rest of it is
query performance prediction after Shtok, Kurland and Carmel, "Predicting Query Performance by Query-Drift Estimation", ACM
TOIS 30(2), 2012. Constants were chosen on the tuning sets; `benchmarks/retrieval_quality.py` shows them at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from janus_lab.retrieval.candidates import DENSE, SPARSE
from janus_lab.values.hit import Ranking
from janus_lab.values.vector import ScoredPoint

DENSE_WEIGHT = 2.0
BACKGROUND_RANK = 50
"""The rank whose BM25 score counts as background; where fewer chunks match, there is none."""
_SMALLEST_SCORE = 1e-9


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk with its fused score (it orders the hits of one query and means nothing across queries) and the word of each retriever that found it."""

    chunk_id: str
    score: float
    rankings: tuple[Ranking, ...]


def fuse(dense: Sequence[ScoredPoint], sparse: Sequence[ScoredPoint]) -> list[Fused]:
    """Merge both rankings (each best first), best first; equal scores are ordered by chunk id.

    A chunk that only the sparse retriever found gets the dense retriever's worst returned cosine (it lies below that, and
    cosines at that depth differ little). One that only the dense retriever found gets BM25's minimum, 0: mostly it shares
    no word with the query.
    """
    found_dense = _rankings(DENSE, dense)
    found_sparse = _rankings(SPARSE, sparse)
    worst_cosine = dense[-1].score if dense else 0.0
    words_weight = contrast([p.score for p in sparse]) / max(sparse[0].score, _SMALLEST_SCORE) if sparse else 0.0
    fused = []
    for chunk_id in found_dense.keys() | found_sparse.keys():
        rankings = tuple(found[chunk_id] for found in (found_dense, found_sparse) if chunk_id in found)
        cosine = found_dense[chunk_id].score if chunk_id in found_dense else worst_cosine
        bm25 = found_sparse[chunk_id].score if chunk_id in found_sparse else 0.0
        fused.append(Fused(chunk_id, DENSE_WEIGHT * cosine + words_weight * bm25, rankings))
    return sorted(fused, key=lambda f: (-f.score, f.chunk_id))


def contrast(scores: Sequence[float]) -> float:
    """How far the best of these descending BM25 scores stands out from the one at `BACKGROUND_RANK`, in [0, 1]."""
    if len(scores) < BACKGROUND_RANK or scores[0] <= 0:
        return 1.0
    return 1.0 - scores[BACKGROUND_RANK - 1] / scores[0]


def _rankings(retriever: str, points: Sequence[ScoredPoint]) -> dict[str, Ranking]:
    return {p.chunk_id: Ranking(retriever, rank, p.score) for rank, p in enumerate(points, start=1)}
