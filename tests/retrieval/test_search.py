"""Search: candidates to hits, on ports kept in memory."""

from __future__ import annotations

import time

import numpy as np
import pytest

from janus_lab.adapters.events.memory import MemoryEvents
from janus_lab.errors import NotFound, RunCancelled
from janus_lab.retrieval.pipeline import SearchService
from janus_lab.retrieval.search import CANDIDATES, HybridSearch, Stopwatch
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document
from janus_lab.values.generation import ModelInfo
from janus_lab.values.hit import SearchResult
from janus_lab.values.request import SearchRequest
from janus_lab.values.run import Priority, Run, RunKind, RunState
from janus_lab.values.vector import ScoredPoint


class Embedder:
    info = ModelInfo("test://", "test", "0" * 64, "none", dimensions=2)

    def embed_query(self, text):
        return np.array([1.0, 0.0], np.float32)


class Vectors:
    """Gives the rankings it was made with, and remembers what it was asked."""

    def __init__(self, dense=(), sparse=()):
        self.dense, self.sparse, self.asked = list(dense), list(sparse), []

    def search_both(self, collection, embedding, query, limit, *, where=()):
        self.asked.append((collection, limit, tuple(where)))
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


def test_hits_carry_ranks_scores_and_their_document():
    hits = HybridSearch(Embedder(), Vectors(ranking("a", "b"), ranking("b")), Documents()).search("q", "c", 5)
    assert [h.chunk.id for h in hits] == ["b", "a"]
    assert [h.rank for h in hits] == [1, 2]
    assert (hits[0].title, hits[0].origin, hits[0].key) == ("Title", "db.txt", "key")
    assert {r.retriever: r.rank for r in hits[0].retrievers} == {"dense": 2, "sparse": 1}
    assert hits[1].score_of("sparse") is None


def test_chunks_that_are_gone_are_made_up_for():
    search = HybridSearch(Embedder(), Vectors(ranking(*"abcdef")), Documents(gone="ab", removed={"dc"}))
    hits = search.search("q", "c", 2)
    assert [h.chunk.id for h in hits] == ["d", "e"]
    assert [h.rank for h in hits] == [1, 2]


def test_conditions_and_depth_reach_the_store_in_one_question():
    vectors = Vectors(ranking("a"))
    HybridSearch(Embedder(), vectors, Documents()).search("q", "c", 300, where=("w",))
    HybridSearch(Embedder(), vectors, Documents()).search("q", "c", 3)
    assert vectors.asked == [("c", 300, ("w",)), ("c", CANDIDATES, ())]


@pytest.mark.parametrize("query", ["", "  \n"])
def test_a_blank_query_has_no_hits(query):
    assert HybridSearch(Embedder(), Vectors(ranking("a")), Documents()).search(query, "c", 5) == []


def test_nothing_found_is_no_error():
    assert HybridSearch(Embedder(), Vectors(), Documents()).search("q", "nowhere", 5) == []


def test_every_stage_is_timed():
    watch = Stopwatch()
    HybridSearch(Embedder(), Vectors(ranking("a")), Documents()).search("q", "c", 5, watch=watch)
    assert set(watch.timings) == {"embed", "retrieve", "fuse", "load"}
    assert all(0 <= seconds < 1 for seconds in watch.timings.values())


class Ledger:
    """The steps of a run, none."""

    def steps(self, run_id):
        return []


def context(request, cancelled=lambda: False):
    run = Run("1" * 32, RunKind.SEARCH, RunState.RUNNING, Priority.BATCH, codec.to_json(request), time.time())
    return RunContext(run, ledger=Ledger(), events=MemoryEvents(), cancelled=cancelled, fence=1)


def test_a_run_of_many_queries_answers_them_in_order():
    service = SearchService(HybridSearch(Embedder(), Vectors(ranking("a", "b")), Documents()))
    told = context(SearchRequest(tuple(f"q{n}" for n in range(60)), "c", 1))
    results = [codec.from_json(SearchResult, r) for r in service.execute(told)["results"]]
    assert [r.query for r in results] == [f"q{n}" for n in range(60)]
    assert all(len(r.hits) == 1 and r.run_id == told.run.id for r in results)
    assert told.manifest["embedding_model"] == Embedder.info.fingerprint


def test_a_cancelled_run_stops_between_queries():
    asked = []
    service = SearchService(HybridSearch(Embedder(), Vectors(ranking("a")), Documents()))
    request = SearchRequest(("q",) * 10, "c")
    with pytest.raises(RunCancelled):
        service.execute(context(request, cancelled=lambda: bool(asked.append(1)) or len(asked) > 3))
    assert len(asked) == 4
