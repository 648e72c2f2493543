"""A model's word on hits: which of them it reads, what they show of it, and what happens when it can't be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from janus_lab.adapters.models.memory import open_model_registry
from janus_lab.errors import ModelFailed
from janus_lab.inference.circuit import Breaker
from janus_lab.inference.reranking import Rerankers
from janus_lab.retrieval.reranker import RERANKED, Reranking
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Somebody, Work
from janus_lab.values.chunk import Chunk
from janus_lab.values.generation import ModelInfo
from janus_lab.values.hit import RERANK, Hit, Ranking
from janus_lab.values.lease import RAM
from janus_lab.values.model import ModelRecord, ModelTask
from tests.admitting import admission_over, leases_over


class Reader:
    """Ranks longer texts above shorter ones, or fails."""

    def __init__(self, name="reader", *, broken=False):
        self.info = ModelInfo("test://", name, name * 4, "MIT")
        self.broken, self.read = broken, []

    def rerank(self, query, texts):
        if self.broken:
            raise ModelFailed("no words", remedy="none")
        self.read.append((query, list(texts)))
        return [float(len(text)) for text in texts]


@dataclass
class Listener(Somebody):
    heard: list = field(default_factory=list)

    def told(self, code, text):
        self.heard.append((code, text))


@pytest.fixture
def made():
    """Makes the rerankers of a chain of readers."""
    with open_model_registry() as registry:

        def make(*readers, fallback=True):
            records = [ModelRecord(reader.info.name, ModelTask.RERANKING, "test://") for reader in readers]
            backends = {reader.info.name: reader for reader in readers}
            return Rerankers(
                lambda: records, lambda record, _patience: backends[record.name], Breaker(registry), fallback=fallback
            )

        yield make


def hit(rank, text, title="", heading=""):
    chunk = Chunk(f"c{rank}", "d", "v", 0, 0, len(text), None, heading, text)
    return Hit(chunk, 1 / rank, rank, (Ranking("dense", rank, 0.5),), title, "origin")


def hits(count):
    """The longer, the farther below."""
    return [hit(rank, "x" * rank) for rank in range(1, count + 1)]


def test_hits_come_in_the_models_order_and_say_so(made):
    found = Reranking(made(Reader())).ordered("q", hits(3))
    assert [h.chunk.id for h in found] == ["c3", "c2", "c1"]
    assert [h.rank for h in found] == [1, 2, 3]
    assert [h.score_of(RERANK) for h in found] == [3.0, 2.0, 1.0]
    assert found[0].retrievers == (Ranking("dense", 3, 0.5), Ranking(RERANK, 1, 3.0))
    assert found[0].score == 1 / 3


def test_only_the_first_hits_are_read_and_the_others_stay_below(made):
    reader = Reader()
    found = Reranking(made(reader)).ordered("q", hits(RERANKED + 5))
    assert len(reader.read[0][1]) == RERANKED
    assert [h.rank for h in found] == list(range(1, RERANKED + 6))
    assert found[0].chunk.id == f"c{RERANKED}"
    assert [h.chunk.id for h in found[RERANKED:]] == [f"c{rank}" for rank in range(RERANKED + 1, RERANKED + 6)]
    assert found[-1].score_of(RERANK) is None


def test_a_hit_is_read_under_its_title_and_heading(made):
    reader = Reader()
    Reranking(made(reader)).ordered("which?", [hit(1, "text", "Title", "Part 2")])
    assert reader.read == [("which?", ["Title\nPart 2\ntext"])]


def test_equal_scores_keep_the_order_of_the_search(made):
    found = Reranking(made(Reader())).ordered("q", [hit(rank, "same") for rank in (1, 2, 3)])
    assert [h.chunk.id for h in found] == ["c1", "c2", "c3"]


@pytest.mark.parametrize("rerankers", ["none", "an empty chain"])
def test_where_no_model_was_chosen_nothing_is_read(made, rerankers):
    reranking = Reranking(None if rerankers == "none" else made())
    assert reranking.depth == 0
    assert reranking.ordered("q", hits(2)) == hits(2)
    assert reranking.facts() == {}


def test_the_manifest_names_the_model(made):
    reranking = Reranking(made(Reader()))
    assert reranking.facts() == {}
    reranking.ordered("q", hits(2))
    assert reranking.facts()["reranking_model"]["name"] == "reader"


def test_the_next_model_is_asked_and_that_is_told(made):
    listener, second = Listener(), Reader("second")
    with admission_over(leases_over({RAM: 10})) as admission:
        reranking = Reranking(made(Reader("first", broken=True), second))
        with Work(admission, Demand("search", {RAM: 1}), listener).going():
            found = reranking.ordered("q", hits(2))
    assert found[0].chunk.id == "c2"
    assert reranking.facts()["reranking_model"]["name"] == "second"
    [(code, text)] = listener.heard
    assert code == "model-fallback"
    assert "first" in text


def test_a_run_that_found_no_model_does_without_it_and_asks_only_once(made):
    listener = Listener()
    with admission_over(leases_over({RAM: 10})) as admission:
        reranking = Reranking(made(Reader(broken=True)))
        with Work(admission, Demand("search", {RAM: 1}), listener).going():
            assert [reranking.ordered("q", hits(2)) for _ in range(3)] == [hits(2)] * 3
    assert len(listener.heard) == 1
    assert (reranking.depth, reranking.facts()) == (0, {})


def test_without_fallback_the_error_is_raised(made):
    with pytest.raises(ModelFailed):
        Reranking(made(Reader(broken=True), Reader("second"), fallback=False)).ordered("q", hits(2))
