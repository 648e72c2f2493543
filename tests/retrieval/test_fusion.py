"""Fusion: properties that hold for any two rankings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.retrieval.fusion import BACKGROUND_RANK, contrast, fuse
from janus_lab.values.vector import ScoredPoint

IDS = [f"{n:032x}" for n in range(120)]


def rankings(low: float, high: float) -> st.SearchStrategy[list[ScoredPoint]]:
    scores = st.dictionaries(st.sampled_from(IDS), st.floats(low, high, allow_nan=False), max_size=120)
    return scores.map(lambda d: sorted((ScoredPoint(i, s) for i, s in d.items()), key=lambda p: -p.score))


COSINES = rankings(-1.0, 1.0)
BM25 = rankings(0.001, 60.0)


@given(COSINES, BM25)
def test_every_candidate_comes_out_once_and_best_first(dense, sparse):
    fused = fuse(dense, sparse)
    assert sorted(f.chunk_id for f in fused) == sorted({p.chunk_id for p in (*dense, *sparse)})
    assert [f.score for f in fused] == sorted((f.score for f in fused), reverse=True)


@given(COSINES, BM25)
def test_every_retriever_that_found_a_chunk_is_named_with_its_rank_and_score(dense, sparse):
    for found in fuse(dense, sparse):
        for name, ranking in (("dense", dense), ("sparse", sparse)):
            told = next((r for r in found.rankings if r.retriever == name), None)
            place = next((i for i, p in enumerate(ranking) if p.chunk_id == found.chunk_id), None)
            if place is None:
                assert told is None
            else:
                assert told is not None
                assert (told.rank, told.score) == (place + 1, ranking[place].score)


@given(COSINES, BM25)
def test_what_both_retrievers_find_better_stays_better(dense, sparse):
    order = {f.chunk_id: i for i, f in enumerate(fuse(dense, sparse))}
    cosine, bm25 = ({p.chunk_id: p.score for p in points} for points in (dense, sparse))
    both = [i for i in cosine if i in bm25]
    for first in both[:20]:
        for second in both[:20]:
            if cosine[first] > cosine[second] and bm25[first] > bm25[second]:
                assert order[first] < order[second]


@given(COSINES)
def test_one_ranking_alone_keeps_its_order(points):
    scores = {p.chunk_id: p.score for p in points}
    fused = [scores[f.chunk_id] for f in fuse(points, [])]
    assert fused == sorted(fused, reverse=True)


@given(BM25)
def test_words_alone_keep_their_order_where_they_stand_out(points):
    if contrast([p.score for p in points]) < 1e-6:
        return
    scores = {p.chunk_id: p.score for p in points}
    fused = [scores[f.chunk_id] for f in fuse([], points)]
    assert fused == pytest.approx(sorted(fused, reverse=True))


@given(COSINES, BM25, st.floats(0.1, 10.0))
def test_the_scale_of_bm25_does_not_matter(dense, sparse, factor):
    scaled = [ScoredPoint(p.chunk_id, p.score * factor) for p in sparse]
    plain = {f.chunk_id: f.score for f in fuse(dense, sparse)}
    for found in fuse(dense, scaled):
        assert found.score == pytest.approx(plain[found.chunk_id])


def test_useless_cosines_leave_the_order_to_words():
    # As with lists of names: all cosines alike, in an order that means nothing, and two chunks that hold the word.
    dense = [ScoredPoint(i, 0.30 - 0.001 * n) for n, i in enumerate(IDS[:40])]
    sparse = [ScoredPoint(IDS[38], 5.0), ScoredPoint(IDS[39], 4.9)]
    assert [f.chunk_id for f in fuse(dense, sparse)[:2]] == [IDS[38], IDS[39]]


def test_words_that_are_everywhere_leave_the_order_to_meaning():
    sparse = [ScoredPoint(i, 5.0 - 0.001 * n) for n, i in enumerate(IDS[:100])]
    dense = [ScoredPoint(IDS[90], 0.6), ScoredPoint(IDS[0], 0.4)]
    assert fuse(dense, sparse)[0].chunk_id == IDS[90]


def test_contrast_is_one_where_few_chunks_match_and_none_where_all_match_alike():
    assert contrast([9.0] * (BACKGROUND_RANK - 1)) == 1.0
    assert contrast([9.0] * BACKGROUND_RANK) == 0.0
    assert contrast([]) == 1.0
    assert contrast([8.0] + [2.0] * 99) == 0.75
