"""How every vector store finds points: by meaning, by words, by both at once."""

from __future__ import annotations

import numpy as np
import pytest
from qdrant_engines import NO_SERVER, REAL
from vector_points import HOME, embeddings, found, ids, point

from janus_lab.values.filter import Condition, Operator


def test_dense_search_is_exact(vectors):
    numbers = embeddings(3000)
    points = [point(str(n), embedding=row) for n, row in enumerate(numbers)]
    vectors.upsert(HOME, points)
    for query in embeddings(10, seed=1):
        best = np.argsort(-(numbers @ query))[:20]
        hits = vectors.search_dense(HOME, query, 20)
        assert found(hits) == [points[n].chunk_id for n in best]
        assert np.allclose([h.score for h in hits], numbers[best] @ query, atol=1e-5)


def test_sparse_search_ranks_rare_and_frequent_words(vectors):
    vectors.upsert(
        HOME,
        [
            point("twice", "quokka quokka in a short text"),
            point("once", "quokka in a short text"),
            point("long", "quokka " + "in a text that goes on about other things for long " * 20),
            point("other", "wombat in a short text"),
        ],
    )
    hits = vectors.search_sparse(HOME, "Which quokkas?", 10)
    assert found(hits) == ids("twice", "once", "long")
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert found(vectors.search_sparse(HOME, "wombat text", 10))[0] == ids("other")[0]


@pytest.mark.parametrize("query", ["", "the of and", "…!?", "zebra", "\ud800", "\0"])
def test_queries_without_known_words_find_nothing(vectors, query):
    vectors.upsert(HOME, [point("a", "the quokka of the island")])
    assert vectors.search_sparse(HOME, query, 10) == []


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Ein naïves Café in Zürich", "cafe zurich"),
        ("built in 1889, 324 m high", "1889"),
        ("version v1.2 of foo_bar", "foo_bar"),
        ("機械学習の研究", "学習"),
        ("running engines", "engine runs"),
    ],
)
def test_words_meet(vectors, text, query):
    vectors.upsert(HOME, [point("a", text), point("b", "nothing of the kind")])
    assert found(vectors.search_sparse(HOME, query, 10)) == ids("a")


def test_the_limit_is_kept(vectors):
    vectors.upsert(HOME, [point(str(n)) for n in range(30)])
    assert len(vectors.search_dense(HOME, embeddings(1)[0], 7)) == 7
    assert len(vectors.search_sparse(HOME, "words", 7)) == 7
    assert len(vectors.search_dense(HOME, embeddings(1)[0], 1000)) == 30
    assert vectors.search_dense(HOME, embeddings(1)[0], 0) == []


def test_both_searches_at_once_find_what_each_finds(vectors):
    vectors.upsert(HOME, [point(str(n), f"quokka {'island ' * (n % 7)} number {n}", year=n % 4) for n in range(200)])
    numbers = embeddings(1, seed=5)[0]
    for where in ([], [Condition("year", Operator.AT_LEAST, 2)], [Condition("year", Operator.EQUALS, 9)]):
        both = vectors.search_both(HOME, numbers, "Which island?", 25, where=where)
        dense = vectors.search_dense(HOME, numbers, 25, where=where)
        assert both == (dense, vectors.search_sparse(HOME, "Which island?", 25, where=where))
    assert vectors.search_both(HOME, numbers, "the of", 3) == (vectors.search_dense(HOME, numbers, 3), [])
    assert (
        vectors.search_both(HOME, numbers, "island", 0) == vectors.search_both("no", numbers, "island", 5) == ([], [])
    )


def test_equal_scores_are_ordered_by_id_also_where_the_limit_cuts_them(vectors):
    names = [str(n) for n in range(120)]
    numbers = embeddings(1, seed=2)[0]
    vectors.upsert(HOME, [point(name, "the same words", numbers) for name in names])
    expected = sorted(ids(*names))
    for limit in (1, 10, 50, 119, 500):
        near, matching = vectors.search_both(HOME, numbers, "same words", limit)
        assert found(near) == found(matching) == expected[:limit]


@pytest.mark.skipif(not REAL, reason=NO_SERVER)
def test_a_real_server_is_asked_too(qdrant_real_url):
    assert qdrant_real_url.startswith("qdrant://")
