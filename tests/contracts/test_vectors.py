"""What every vector store does."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qdrant_engines import NO_SERVER, REAL

from janus_lab.adapters.vector import edge
from janus_lab.adapters.vector.server import store as server
from janus_lab.errors import NotFound, StoreFailed, UsageError
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.ids import content_id
from janus_lab.values.index_generation import IndexGeneration
from janus_lab.values.metadata import flat_metadata
from janus_lab.values.vector import Point

ROWS = [
    ("edge", lambda request: edge.open_vectors(f"edge://{request.getfixturevalue('tmp_path')}/a folder/vectörs")),
    ("qdrant-stand-in", lambda request: server.open_vectors(request.getfixturevalue("qdrant_stand_in_url"))),
]
if REAL:
    ROWS.append(("qdrant", lambda request: server.open_vectors(request.getfixturevalue("qdrant_real_url"))))
DIMENSIONS = 32
HOME = "papers"


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def vectors(request):
    with request.param(request) as opened:
        opened.ensure(HOME, DIMENSIONS)
        yield opened


def embeddings(count: int, seed: int = 0) -> np.ndarray:
    numbers = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    return numbers / np.linalg.norm(numbers, axis=1, keepdims=True)


def point(name: str, text: str = "some words", embedding: np.ndarray | None = None, **metadata) -> Point:
    vector = embeddings(1, seed=sum(map(ord, name)))[0] if embedding is None else embedding
    return Point(content_id("chunk", name), vector, text, {"document_id": name, **flat_metadata(metadata)})


def ids(*names: str) -> list[str]:
    return [content_id("chunk", name) for name in names]


def found(points) -> list[str]:
    return [p.chunk_id for p in points]


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


CONDITIONS = [
    ("document_id", "=", "a", "a"),
    ("year", "=", 2020, "a"),
    ("year", "=", 2020.0, "a"),
    ("year", "!=", 2020, "bcd"),
    ("year", ">=", 2020, "ab"),
    ("year", "<=", 2020.5, "ac"),
    ("year", "=", "2020", ""),
    ("venue", "=", "ACL", "a"),
    ("venue", ">=", "B", "bc"),
    ("venue", "<=", "ACL", "a"),
    ("venue", "<=", 5, ""),
    ("open", "=", True, "a"),
    ("open", "=", 1, "c"),
    ("open", "!=", True, "bcd"),
    ("tags", "contains", "x", "ab"),
    ("tags", "=", "x", "c"),
    ("venue", "contains", "ACL", ""),
    ("years", "contains", 1999, "b"),
    ("author.name", "=", "O'Brien \"%_", "a"),
    ("authors.name", "contains", "Ada", "c"),
    ('odd "key" 100%.\\[0]', "=", 1, "d"),
    ("missing", "=", "", ""),
    ("missing", "!=", "x", "abcd"),
    ("", "=", "x", ""),
]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: " ".join(map(str, case[:3])))
def test_conditions(vectors, case):
    path, operator, value, expected = case
    vectors.upsert(
        HOME,
        [
            point("a", year=2020, venue="ACL", open=True, tags=["x", "y"], author={"name": "O'Brien \"%_"}),
            point("b", year=2021, venue="acl", open=False, tags=["x"], years=[1999, 2000], author={"name": "Ada"}),
            point("c", year=2019.5, venue="EMNLP", open=1, tags="x", authors=[{"name": "Ada"}, {"name": "Bob"}]),
            point("d", **{'odd "key" 100%.\\[0]': 1}),
        ],
    )
    where = [Condition(path, Operator(operator), value)]
    assert set(found(vectors.search_dense(HOME, embeddings(1)[0], 10, where=where))) == set(ids(*expected))
    assert set(found(vectors.search_sparse(HOME, "words", 10, where=where))) == set(ids(*expected))


def test_conditions_all_hold(vectors):
    vectors.upsert(HOME, [point(str(n), year=n % 5, tags=["even"] if n % 2 == 0 else ["odd"]) for n in range(40)])
    where = [Condition("year", Operator.AT_LEAST, 3), Condition("tags", Operator.CONTAINS, "odd")]
    expected = {str(n) for n in range(40) if n % 5 >= 3 and n % 2}
    assert set(found(vectors.search_dense(HOME, embeddings(1)[0], 100, where=where))) == set(ids(*expected))


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


def test_a_generation_is_filled_while_the_old_one_serves(vectors):
    vectors.upsert(HOME, [point("old", "quokka")])
    new = vectors.prepare(HOME, DIMENSIONS * 2)
    assert (new.collection, new.number, new.dimensions, new.serving) == (HOME, 2, DIMENSIONS * 2, False)
    wide = np.ones(DIMENSIONS * 2, np.float32)
    vectors.upsert(new.name, [Point(ids("new")[0], wide, "quokka", {"year": 1})])
    assert vectors.ids(HOME) == set(ids("old"))
    assert vectors.ids(new.name) == found_ids(vectors.search_sparse(new.name, "quokka", 5)) == set(ids("new"))
    assert vectors.collections() == [HOME]
    vectors.switch(HOME, new.number)
    vectors.switch(HOME, new.number)
    assert found(vectors.search_dense(HOME, wide, 5)) == ids("new")
    assert [(g.number, g.serving, g.dimensions) for g in vectors.generations(HOME)] == [
        (1, False, DIMENSIONS),
        (2, True, DIMENSIONS * 2),
    ]
    vectors.ensure(HOME, DIMENSIONS * 2)
    with pytest.raises(StoreFailed):
        vectors.ensure(HOME, DIMENSIONS)


def found_ids(points) -> set[str]:
    return {p.chunk_id for p in points}


def test_generations_go_one_by_one_but_not_the_one_that_serves(vectors):
    numbers = [vectors.prepare(HOME, DIMENSIONS).number for _ in range(2)]
    assert numbers == [2, 3]
    vectors.upsert(HOME, [point("a")])
    with pytest.raises(UsageError):
        vectors.drop(HOME, 1)
    vectors.drop(HOME, 2)
    vectors.drop(HOME, 2)
    vectors.switch(HOME, 3)
    vectors.drop(HOME, 1)
    assert [g.number for g in vectors.generations(HOME)] == [3]
    assert vectors.count(HOME) == 0
    assert vectors.prepare(HOME, DIMENSIONS).number == 4
    vectors.switch(HOME, 4)
    vectors.switch(HOME, 3)
    assert [g.serving for g in vectors.generations(HOME)] == [True, False]


def test_generations_that_are_not_there_are_told(vectors):
    with pytest.raises(NotFound):
        vectors.switch(HOME, 2)
    with pytest.raises(NotFound):
        vectors.prepare("no", DIMENSIONS)
    with pytest.raises(NotFound):
        vectors.switch("no", 1)
    vectors.drop("no", 1)
    vectors.drop(HOME, 7)
    assert vectors.generations("no") == []
    assert [g.number for g in vectors.generations(HOME)] == [1]
    assert vectors.count(IndexGeneration(HOME, 9, DIMENSIONS, serving=False).name) == 0


@pytest.mark.skipif(not REAL, reason=NO_SERVER)
def test_a_real_server_has_its_row():
    assert "qdrant" in dict(ROWS)
