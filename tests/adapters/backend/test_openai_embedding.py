"""Embeddings and rankings by servers: in the order of their texts, one a text, of one model, or a failure."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import pytest
from openai_scripts import Scripted, refused

from janus_lab.adapters.backend.openai_embedding import open_embedding
from janus_lab.adapters.backend.openai_reranking import open_reranking
from janus_lab.errors import ContextTooLong, ModelFailed, NotFound
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask


@contextmanager
def opened(open_served, url, **options):
    record = ModelRecord("theirs", ModelTask.EMBEDDING, url, ModelOptions(**{"timeout_seconds": 60.0, **options}))
    with open_served(LoadOrder(record, ModelInfo("", "", "", ""))) as backend:
        yield backend


def answer(value):
    return Scripted([json.dumps(value).encode()], headers={"Content-Type": "application/json"})


def rows(*embeddings):
    return answer({"data": [{"index": i, "embedding": row} for i, row in enumerate(embeddings)]})


def letters(body):
    """Embeddings of two numbers: what a text has of the letter a, and its length."""
    return {"data": [{"index": i, "embedding": [t.count("a") + 1, len(t) + 1]} for i, t in enumerate(body["input"])]}


def test_many_texts_go_in_parts_and_come_back_in_order(model_server):
    model_server.answers["/v1/embeddings"] = letters
    texts = [*("a" * n for n in range(1, 100)), ""]
    with opened(open_embedding, model_server.url) as backend:
        found = backend.embed(texts)
    assert (found[:, 0] / found[:, 1]) == pytest.approx([1.0] * 99 + [0.5])
    asked = [call.body["input"] for call in model_server.calls if call.path.endswith("embeddings")][1:]
    assert sorted(map(len, asked)) == [4, 32, 32, 32]
    assert all(text for part in asked for text in part), "an empty text is refused by many servers"


STRANGE = {
    "too few": rows([1.0, 0.0]),
    "too many": rows([1.0, 0.0], [0.0, 1.0], [1.0, 1.0]),
    "one twice": answer({"data": [{"index": 0, "embedding": [1.0, 0.0]}, {"index": 0, "embedding": [1.0, 0.0]}]}),
    "ragged": rows([1.0, 0.0], [1.0]),
    "of another length": rows([1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    "of no direction": rows([0.0, 0.0], [1.0, 0.0]),
    "not numbers": rows(["a", "b"], ["c", "d"]),
    "not finite": Scripted(
        [b'{"data": [{"index": 0, "embedding": [NaN, 1]}, {"index": 1, "embedding": [1, 1]}]}'],
        headers={"Content-Type": "application/json"},
    ),
    "not a list": answer({"data": "no"}),
    "not JSON": Scripted([b"<html>hello</html>"], headers={"Content-Type": "text/html"}),
    "cut JSON": Scripted([b'{"data": ['], headers={"Content-Type": "application/json"}),
}


@pytest.mark.parametrize("script", STRANGE.values(), ids=STRANGE)
def test_what_is_no_embedding_is_a_failure(model_server, script):
    model_server.answers["/v1/embeddings"] = letters
    with opened(open_embedding, model_server.url) as backend:
        model_server.next(script)
        with pytest.raises(ModelFailed):
            backend.embed(["one", "two"])
        assert backend.embed(["one", "two"]).shape == (2, 2)


def test_a_text_that_the_server_finds_too_long_is_cut_by_its_own_count(model_server):
    """Strange letters have more tokens than any estimate."""
    model_server.answers["/tokenize"] = lambda body: {"count": len(body["prompt"])}
    model_server.answers["/v1/embeddings"] = letters
    with opened(open_embedding, model_server.url, context_tokens=64) as backend:
        model_server.next(refused(400, "too many tokens"))
        backend.embed(["x" * 100, "short"])
    assert model_server.calls[-1].body["input"] == ["x" * 64, "short"]


def test_where_nothing_counts_a_long_text_is_cut_by_the_estimate(model_server):
    model_server.answers["/v1/embeddings"] = letters
    with opened(open_embedding, model_server.url, context_tokens=32) as backend:
        backend.embed(["word " * 400])
        assert 20 < len(model_server.calls[-1].body["input"][0]) < 32 * 4
        assert backend.count_tokens(["word " * 400])[0] > 400


def test_two_servers_or_models_are_two_models(model_server):
    model_server.answers["/v1/embeddings"] = letters
    with opened(open_embedding, model_server.url, remote_model="a") as first:
        with opened(open_embedding, model_server.url, remote_model="b") as second:
            assert first.info.fingerprint != second.info.fingerprint
        with opened(open_embedding, model_server.url, remote_model="a") as again:
            assert first.info == again.info


def test_busy_servers_are_asked_again(model_server):
    model_server.answers["/v1/embeddings"] = letters
    with opened(open_embedding, model_server.url) as backend:
        model_server.next(refused(429, headers={"Retry-After": "0.1"}), refused(503))
        np.testing.assert_array_equal(backend.embed(["a"]), backend.embed(["a"]))


def ranking(body):
    words = [{"index": i, "relevance_score": d.count(body["query"])} for i, d in enumerate(body["documents"])]
    return {"results": sorted(words, key=lambda entry: -entry["relevance_score"])}


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank"])
def test_texts_are_scored_in_their_order_wherever_the_server_does_it(model_server, path):
    model_server.answers[path] = ranking
    with opened(open_reranking, model_server.url) as backend:
        assert backend.rerank("gull", ["a gull", "", "gull, gull", "ship"]) == [1, 0, 2, 0]
        assert backend.rerank("gull", []) == []


def test_scores_without_a_frame_are_scores(model_server):
    model_server.answers["/rerank"] = lambda _: [{"index": 1, "score": 0.5}, {"index": 0, "score": -2}]
    with opened(open_reranking, model_server.url) as backend:
        assert backend.rerank("gull", ["one", "two"]) == [-2, 0.5]


@pytest.mark.parametrize(
    "results", [[], [{"index": 0, "score": 1}] * 2, [{"index": 0}, {"index": 1}], ["a", "b"], {"no": 1}, "no"]
)
def test_what_is_no_ranking_is_a_failure(model_server, results):
    model_server.answers["/v1/rerank"] = lambda _: {"results": results}
    with opened(open_reranking, model_server.url) as backend, pytest.raises(ModelFailed):
        backend.rerank("gull", ["one", "two"])


def test_a_server_without_a_reranker(model_server):
    with opened(open_reranking, model_server.url) as backend, pytest.raises(NotFound):
        backend.rerank("gull", ["one"])


def test_a_question_that_fills_the_window_is_refused(model_server):
    model_server.answers["/v1/rerank"] = ranking
    with opened(open_reranking, model_server.url, context_tokens=40) as backend:
        with pytest.raises(ContextTooLong):
            backend.rerank("gull " * 60, ["one"])
        assert len(backend.rerank("gull", ["ship " * 400])) == 1
        assert len(model_server.calls[-1].body["documents"][0]) < 40 * 4
