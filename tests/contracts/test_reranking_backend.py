"""The law of `RerankingBackend`, for every backend: a new one adds a row to `BACKENDS`."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from cross_encoders import overlap_order

from janus_lab.adapters.backend.onnx_reranking import open_onnx_reranking

QUESTION = "How many ships did the keeper count?"
TEXTS = [
    "Sparse matrices need less memory than dense ones.",
    "The keeper counts how many ships did come.",
    "A keeper of bees.",
    "",
    "word " * 700,
]


def onnx(labels):
    return lambda cache: open_onnx_reranking(overlap_order(cache, labels=labels))


BACKENDS = {"onnx": onnx(1), "onnx-two-labels": onnx(2)}


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request, tmp_path_factory):
    with BACKENDS[request.param](tmp_path_factory.mktemp("models")) as opened:
        yield opened


def test_each_text_has_a_score_and_the_better_one_a_higher(backend):
    scores = backend.rerank(QUESTION, TEXTS)
    assert len(scores) == len(TEXTS)
    assert all(isinstance(score, float) and math.isfinite(score) for score in scores)
    assert scores[1] > scores[2] > scores[0]
    assert max(scores) == scores[1]


def test_nothing_gives_nothing(backend):
    assert backend.rerank(QUESTION, []) == []


def test_a_score_depends_on_question_and_text_alone(backend):
    together = backend.rerank(QUESTION, TEXTS * 5)
    alone = [backend.rerank(QUESTION, [text])[0] for text in TEXTS]
    assert together == pytest.approx(alone * 5, abs=1e-3)
    turned = backend.rerank(QUESTION, TEXTS[::-1])
    assert turned[::-1] == pytest.approx(alone, abs=1e-3)


def test_the_end_of_a_long_text_is_cut_and_not_the_question(backend):
    window = backend.info.context_tokens
    assert window > 0
    scores = backend.rerank(
        "keeper ships", ["keeper ships " + "word " * 2 * window, "word " * 2 * window + "keeper ships"]
    )
    assert scores[0] > scores[1]


def test_an_endless_question_leaves_room_for_the_text(backend):
    better, worse = backend.rerank("keeper " + "ships and more " * 2000, ["A keeper.", "A matrix."])
    assert better > worse


def test_strange_texts_are_only_strange(backend):
    scores = backend.rerank("ships \ud800?", ["broken \ud800 text", "[SEP] [CLS]", "\x00", "日本語 😀"])
    assert all(math.isfinite(score) for score in scores)


def test_threads_may_share_it(backend):
    alone = backend.rerank(QUESTION, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: backend.rerank(QUESTION, TEXTS), range(8)):
            assert scores == pytest.approx(alone, abs=1e-3)


def test_the_model_says_what_it_is(backend):
    assert backend.info.name
    assert backend.info.content_hash
    assert backend.info.variant
