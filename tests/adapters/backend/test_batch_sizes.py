"""Batches are as large as settings say, and what is computed does not depend on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from embedding_orders import embedding_order

from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.onnx_embedding import OnnxEmbedding, open_embedding
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.generation import GenerationRequest, Message

TEXTS = [f"sentence number {number} of this paper, about lakes and rivers" for number in range(40)]


@pytest.fixture(scope="module")
def settings():
    return load_settings("/nowhere")


def test_embeddings_are_computed_in_batches_of_that_size(settings, monkeypatch):
    order = embedding_order(settings.model_cache, settings.embedding_model)
    sizes: dict[int, int] = {}
    found = {}
    run = OnnxEmbedding._run
    for tokens in (64, 512):
        seen: list[int] = []

        def noting(self, rows, seen=seen):
            seen.append(len(rows) * max(map(len, rows)))
            return run(self, rows)

        monkeypatch.setattr(OnnxEmbedding, "_run", noting)
        with open_embedding(replace(order, batch_tokens=tokens)) as model:
            found[tokens] = model.embed(TEXTS)
        sizes[tokens] = max(seen)
    assert sizes[64] <= 64 < sizes[512] <= 512
    assert np.einsum("ij,ij->i", found[64], found[512]).min() > 0.999


def test_a_prompt_is_read_in_batches_of_that_size(settings):
    entry = Catalog(settings.model_cache).find(settings.generation_model)
    request = GenerationRequest((Message("user", "Name three lakes. " * 20),), max_tokens=8)
    said = {}
    for tokens in (16, 96, 512):
        with open_llama(
            entry.path, entry.info, cache=settings.model_cache, context_tokens=512, threads=1, batch_tokens=tokens
        ) as model:
            said[tokens] = "".join(token.text for token in model.stream(request, cancelled=lambda: False))
            assert model._context._api.llama_n_batch(model._context._context) == max(tokens, 64)
    assert all(said.values())
