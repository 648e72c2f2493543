"""GGUF encoders: what llama.cpp gives is what the model computes, in whatever company, as embeddings and as scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from embedding_orders import embedding_order
from generation_orders import SMOLLM2
from gguf import PoolingType
from minilm_gguf import write_minilm

from janus_lab.adapters.backend.embedding_files import open_embedding
from janus_lab.adapters.backend.llama_encoder import opened_encoder
from janus_lab.adapters.backend.reranking_files import open_reranking
from janus_lab.errors import ModelFailed, UserError
from janus_lab.values.model import ModelOptions, ModelTask

TEXTS = ["Tides follow the moon.", "The keeper counted forty-two ships before breakfast. " * 5, "x"]
HEAD = np.random.default_rng(3).normal(size=384).astype(np.float32)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def minilm(cache):
    return embedding_order(cache, write_minilm(cache / "minilm.gguf", cache).as_uri())


@pytest.fixture(scope="module")
def ranking(cache):
    path = write_minilm(cache / "rank.gguf", cache, pooling=PoolingType.RANK, head=HEAD)
    return embedding_order(cache, path.as_uri(), task=ModelTask.RERANKING)


def test_where_nothing_can_be_read_it_says_so(minilm):
    with opened_encoder(minilm) as encoder:
        row = encoder.tokens("x")
        with pytest.raises(UserError, match="nothing to be read"):
            encoder.encode([row, []])
        assert encoder.encode([row]).shape == (1, encoder.size)


def test_it_computes_what_the_onnx_graph_does(minilm, cache):
    with open_embedding(minilm) as ours, open_embedding(embedding_order(cache, precision="fp32")) as exact:
        assert (ours.embed(TEXTS) * exact.embed(TEXTS)).sum(axis=1).min() > 0.998
        assert ours.count_tokens(TEXTS) == exact.count_tokens(TEXTS)


def test_more_texts_than_sequences_at_once(minilm):
    with open_embedding(replace(minilm, batch_tokens=2048)) as model:
        many = model.embed([f"{number}" for number in range(700)])
        assert many[650] @ model.embed(["650"])[0] > 0.999


def test_the_window_is_what_was_asked_for_but_no_more_than_was_trained(minilm):
    def window(tokens):
        record = replace(minilm.record, options=ModelOptions(context_tokens=tokens))
        with open_embedding(replace(minilm, record=record)) as model:
            model.embed(["word " * 3000])
            return model.info.context_tokens

    assert [window(64), window(0), window(100_000)] == [64, 512, 512]


def test_a_language_model_pools_by_its_last_token(cache):
    with open_embedding(embedding_order(cache, SMOLLM2)) as model:
        first, second, again = model.embed(["Tides follow the moon.", "Seven ships", "Tides follow the moon."])
        assert model.info.dimensions == 576
    assert first @ again > 0.9999
    assert first @ second < 0.99


def test_a_score_is_the_models_own_head_on_its_first_token(ranking, cache):
    first_token = embedding_order(cache, write_minilm(cache / "cls.gguf", cache, pooling=PoolingType.CLS).as_uri())
    with opened_encoder(first_token) as encoder:
        question, text = (encoder.tokens(each, special=False) for each in ("How many ships?", "Seven ships."))
        expected = encoder.encode([[101, *question, 102, *text, 102]])[0] @ HEAD
    with open_reranking(ranking) as model:
        assert model.rerank("How many ships?", ["Seven ships."])[0] == pytest.approx(expected, abs=0.2)


def test_scores_do_not_depend_on_company(ranking):
    with open_reranking(ranking) as model:
        alone = [model.rerank("ships?", [text])[0] for text in TEXTS]
        assert model.rerank("ships?", TEXTS * 4) == pytest.approx(alone * 4, abs=0.2)
        assert len(model.rerank("ships " * 3000, ["word " * 3000, ""])) == 2


def test_each_task_refuses_the_others_models(minilm, ranking):
    with pytest.raises(ModelFailed, match="gives scores"), open_embedding(ranking):
        pass
    with pytest.raises(ModelFailed, match="gives no scores"), open_reranking(minilm):
        pass


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model at all" * 1000])
def test_a_broken_file_is_refused(cache, content):
    path = cache / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFailed, match=r"broken\.gguf"), open_embedding(embedding_order(cache, path.as_uri())):
        pass
