"""What every vector store keeps, replaces, removes and tells."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from vector_points import DIMENSIONS, HOME, embeddings, found, ids, point

from janus_lab.errors import NotFound, StoreFailed
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.vector import Point


def test_a_point_is_replaced_whole(vectors):
    vectors.upsert(HOME, [point("a", "quokka", year=1, tags=["x"])])
    numbers = embeddings(1, seed=9)[0]
    vectors.upsert(HOME, [point("a", "wombat", numbers, year=2)])
    assert vectors.count(HOME) == 1
    assert vectors.search_sparse(HOME, "quokka", 5) == []
    assert found(vectors.search_sparse(HOME, "wombat", 5)) == ids("a")
    assert vectors.search_dense(HOME, numbers, 5)[0].score == pytest.approx(1, abs=1e-5)
    assert vectors.search_dense(HOME, numbers, 5, where=[Condition("tags", Operator.CONTAINS, "x")]) == []
    assert vectors.search_dense(HOME, numbers, 5, where=[Condition("year", Operator.EQUALS, 1)]) == []


def test_deleted_points_are_gone(vectors):
    vectors.upsert(HOME, [point(name, "quokka") for name in "abc"])
    vectors.delete(HOME, [*ids("a", "b"), "0" * 32])
    vectors.delete(HOME, [])
    assert vectors.ids(HOME) == set(ids("c"))
    assert found(vectors.search_sparse(HOME, "quokka", 5)) == ids("c")
    assert found(vectors.search_dense(HOME, embeddings(1)[0], 5)) == ids("c")


def test_what_is_there_is_told(vectors):
    names = [str(n) for n in range(2500)]
    vectors.upsert(HOME, [point(name) for name in names])
    assert vectors.count(HOME) == 2500
    assert vectors.ids(HOME) == set(ids(*names))
    assert vectors.present(HOME, [*ids(*names), "f" * 32]) == set(ids(*names))
    assert vectors.present(HOME, []) == set()


def test_embeddings_come_back(vectors):
    numbers = embeddings(1200)
    points = [point(str(n), embedding=row) for n, row in enumerate(numbers)]
    vectors.upsert(HOME, points)
    back = vectors.embeddings(HOME, [*(p.chunk_id for p in points), "f" * 32])
    assert back.keys() == {p.chunk_id for p in points}
    for p in points:
        assert back[p.chunk_id].dtype == np.float32
        assert np.allclose(back[p.chunk_id], p.embedding, atol=1e-6)
    assert vectors.embeddings(HOME, []) == vectors.embeddings("no", ids("a")) == {}


def test_points_of_any_size_are_taken(vectors):
    long = "quokka " * 30_000
    vectors.upsert(HOME, [point(str(n), long, note="x" * 100_000) for n in range(60)])
    assert vectors.count(HOME) == 60
    assert len(vectors.search_sparse(HOME, "quokka", 100)) == 60
    vectors.upsert(HOME, [])
    assert vectors.count(HOME) == 60


def test_collections_are_apart(vectors):
    names = ["ünï code", "../escape", "a/b", ".", "", "PAPERS", "x" * 300]
    for name in names:
        vectors.ensure(name, 4)
        vectors.ensure(name, 4)
        vectors.upsert(name, [Point(ids(name)[0], np.eye(4, dtype=np.float32)[0], "word", {})])
    assert vectors.collections() == sorted([*names, HOME])
    assert all(vectors.ids(name) == set(ids(name)) for name in names)
    assert vectors.count(HOME) == 0


def test_other_dimensions_are_refused(vectors):
    with pytest.raises(StoreFailed):
        vectors.ensure(HOME, DIMENSIONS + 1)
    with pytest.raises(StoreFailed):
        vectors.upsert(HOME, [point("a", embedding=np.ones(3, dtype=np.float32))])
    assert vectors.count(HOME) == 0


def test_an_unknown_collection_has_nothing(vectors):
    assert vectors.search_dense("no", embeddings(1)[0], 5) == vectors.search_sparse("no", "words", 5) == []
    assert (vectors.ids("no"), vectors.present("no", ids("a")), vectors.count("no")) == (set(), set(), 0)
    vectors.delete("no", ids("a"))
    with pytest.raises(NotFound):
        vectors.upsert("no", [point("a")])
    assert vectors.collections() == [HOME]


def test_threads_write_and_search_together(vectors):
    start = threading.Barrier(6)

    def write(k: int) -> None:
        start.wait()
        for n in range(20):
            vectors.upsert(HOME, [point(f"{k}-{n}-{m}", "quokka", year=m) for m in range(5)])

    def search(k: int) -> None:
        start.wait()
        where = [Condition("year", Operator.AT_LEAST, k)]
        for n in range(40):
            vectors.search_dense(HOME, embeddings(1, n)[0], 10, where=where)
            vectors.search_sparse(HOME, "quokka", 10)

    with ThreadPoolExecutor(6) as pool:
        for future in [*(pool.submit(write, k) for k in range(3)), *(pool.submit(search, k) for k in range(3))]:
            future.result()
    assert vectors.count(HOME) == 300
    assert len(vectors.search_sparse(HOME, "quokka", 1000)) == 300
