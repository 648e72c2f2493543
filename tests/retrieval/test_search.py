"""Search: candidates to hits, on ports kept in memory."""

from __future__ import annotations

import time

import numpy as np
import pytest

from janus_lab.adapters.events.memory import MemoryEvents
from janus_lab.errors import IndexModelMissing, NotFound, RunCancelled
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.retrieval.pipeline import SearchService
from janus_lab.retrieval.search import CANDIDATES, HybridSearch
from janus_lab.retrieval.stopwatch import Stopwatch
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document
from janus_lab.values.generation import ModelInfo
from janus_lab.values.hit import SearchResult
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.request import SearchRequest
from janus_lab.values.run import Priority, Run, RunKind, RunState
from janus_lab.values.vector import ScoredPoint

MODEL = IndexModel("test", "test://test", "test" * 8)
GENERATION = IndexGeneration("c", 1, 2, serving=True, model=MODEL)


class Embedder:
    def __init__(self, name="test"):
        self.info = ModelInfo(f"test://{name}", name, name * 8, "none", dimensions=2)
        self.embedded = []

    def embed_query(self, text):
        self.embedded.append(text)
        return np.array([1.0, 0.0], np.float32)


class Vectors:
    """Gives the rankings it was made with, and remembers what it was asked."""

    def __init__(self, dense=(), sparse=(), generation=GENERATION):
        self.dense, self.sparse, self.asked = list(dense), list(sparse), []
        self.generation, self.dropped = generation, set()

    def serving(self, collection):
        return self.generation

    def search_both(self, collection, embedding, query, limit, *, where=()):
        self.asked.append((collection, limit, tuple(where)))
        if collection in self.dropped:
            return [], []
        return self.dense[:limit], self.sparse[:limit]


class Documents:
    """Chunks by id; those in `gone` are no longer published, documents in `removed` can't be read."""

    def __init__(self, gone=(), removed=()):
        self.gone, self.removed = set(gone), set(removed)

    def chunks(self, chunk_ids):
        return [Chunk(i, f"d{i}", f"v{i}", 0, 0, 4, None, "", "text") for i in chunk_ids if i not in self.gone]

    def get(self, document_id):
        if document_id in self.removed:
            raise NotFound("gone", remedy="none")
        return Document(document_id, "c", f"{document_id}.txt", "Title", "text/plain", "", "v", 4, 1, 0, {}, 0.0, "key")


def ranking(*ids, top=0.9):
    return [ScoredPoint(i, top - 0.01 * n) for n, i in enumerate(ids)]


def over(vectors, documents=None, **embedders):
    known = {"test": Embedder()} | embedders
    return HybridSearch(IndexEmbedders(lambda name="": known[name or "test"]), vectors, documents or Documents())


def find(search, query, limit, **options):
    return search.search(query, search.index("c"), limit, **options)


def test_hits_carry_ranks_scores_and_their_document():
    hits = find(over(Vectors(ranking("a", "b"), ranking("b"))), "q", 5)
    assert [h.chunk.id for h in hits] == ["b", "a"]
    assert [h.rank for h in hits] == [1, 2]
    assert (hits[0].title, hits[0].origin, hits[0].key) == ("Title", "db.txt", "key")
    assert {r.retriever: r.rank for r in hits[0].retrievers} == {"dense": 2, "sparse": 1}
    assert hits[1].score_of("sparse") is None


def test_chunks_that_are_gone_are_made_up_for():
    search = over(Vectors(ranking(*"abcdef")), Documents(gone="ab", removed={"dc"}))
    hits = find(search, "q", 2)
    assert [h.chunk.id for h in hits] == ["d", "e"]
    assert [h.rank for h in hits] == [1, 2]


def test_conditions_and_depth_reach_the_store_in_one_question():
    vectors = Vectors(ranking("a"))
    find(over(vectors), "q", 300, where=("w",))
    find(over(vectors), "q", 3)
    assert vectors.asked == [(GENERATION.name, 300, ("w",)), (GENERATION.name, CANDIDATES, ())]


@pytest.mark.parametrize("query", ["", "  \n"])
def test_a_blank_query_has_no_hits(query):
    assert find(over(Vectors(ranking("a"))), query, 5) == []


def test_nothing_found_is_no_error():
    assert find(over(Vectors()), "q", 5) == []


def test_every_stage_is_timed():
    watch = Stopwatch()
    find(over(Vectors(ranking("a"))), "q", 5, watch=watch)
    assert set(watch.timings) == {"embed", "retrieve", "fuse", "load"}
    assert all(0 <= seconds < 60 for seconds in watch.timings.values())


class Ledger:
    """The steps of a run, none."""

    def steps(self, run_id):
        return []


def context(request, cancelled=lambda: False):
    run = Run("1" * 32, RunKind.SEARCH, RunState.RUNNING, Priority.BATCH, codec.to_json(request), time.time())
    return RunContext(run, ledger=Ledger(), events=MemoryEvents(), cancelled=cancelled, fence=1)


def test_a_run_of_many_queries_answers_them_in_order():
    service = SearchService(over(Vectors(ranking("a", "b"))))
    told = context(SearchRequest(tuple(f"q{n}" for n in range(60)), "c", 1))
    results = [codec.from_json(SearchResult, r) for r in service.execute(told)["results"]]
    assert [r.query for r in results] == [f"q{n}" for n in range(60)]
    assert all(len(r.hits) == 1 and r.run_id == told.run.id for r in results)
    assert told.manifest["embedding_model"] == Embedder().info.fingerprint
    assert told.manifest["index"] == {"generation": 1, "model": "test"}
    assert {r.generation for r in results} == {1}


def test_a_cancelled_run_stops_between_queries():
    asked = []
    service = SearchService(over(Vectors(ranking("a"))))
    request = SearchRequest(("q",) * 10, "c")
    with pytest.raises(RunCancelled):
        service.execute(context(request, cancelled=lambda: bool(asked.append(1)) or len(asked) > 3))
    assert len(asked) == 4


def test_a_query_is_embedded_by_the_model_of_the_generation_that_serves():
    other = IndexGeneration("c", 2, 2, serving=True, model=IndexModel("other", "test://other", "other" * 8))
    one, two = Embedder(), Embedder("other")
    search = over(Vectors(ranking("a"), generation=other), test=one, other=two)
    find(search, "q", 1)
    assert (one.embedded, two.embedded) == ([], ["q"])


def test_a_run_stays_with_its_generation_until_that_is_dropped():
    after = IndexGeneration("c", 2, 2, serving=True, model=IndexModel("other", "test://other", "other" * 8))
    vectors, two = Vectors(ranking("a")), Embedder("other")
    search = over(vectors, other=two)
    index = search.index("c")
    vectors.generation = after
    assert len(search.search("q", index, 1)) == 1
    assert index.generation == 1
    vectors.dropped.add(GENERATION.name)
    assert len(search.search("q", index, 1)) == 1
    assert (index.generation, two.embedded) == (2, ["q"])
    assert index.facts()["index"] == {"generation": 2, "model": "other"}


def test_a_collection_that_is_not_there_needs_no_model():
    one = Embedder()
    search = over(Vectors(ranking("a"), generation=None), test=one)
    index = search.index("c")
    assert search.search("q", index, 5) == []
    assert (one.embedded, index.generation, index.facts()) == ([], 0, {})


def test_an_index_of_a_model_that_is_another_one_by_now_is_not_searched():
    with pytest.raises(IndexModelMissing):
        over(Vectors(ranking("a")), **{"test": Embedder("x"), "test://test": Embedder("y")}).index("c")


def test_a_generation_that_names_no_model_is_of_the_settings():
    old = IndexGeneration("c", 1, 2, serving=True)
    embedder = IndexEmbedders(
        {"": Embedder("in use"), "test://of-settings": Embedder("y")}.__getitem__, "test://of-settings"
    )
    assert HybridSearch(embedder, Vectors(generation=old), Documents()).index("c").embedder.info.name == "y"
