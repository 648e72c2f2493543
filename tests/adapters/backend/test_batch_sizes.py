"""Batches are as large as settings say, and what is computed does not depend on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from embedding_orders import embedding_order
from generation_orders import generation_order

from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.onnx_embedding import open_embedding
from janus_lab.adapters.backend.token_graph import TokenGraph
from janus_lab.settings import load_settings
from janus_lab.values.generation import GenerationRequest, Message
from janus_lab.values.model import LoadPlan

TEXTS = [f"sentence number {number} of this paper, about lakes and rivers" for number in range(40)]


@pytest.fixture(scope="module")
def settings():
    return load_settings("/nowhere")


def test_embeddings_are_computed_in_batches_of_that_size(settings, monkeypatch):
    order = embedding_order(settings.model_cache, settings.embedding_model)
    sizes: dict[int, int] = {}
    found = {}
    run = TokenGraph.run
    for tokens in (64, 512):
        seen: list[int] = []

        def noting(self, output, rows, seen=seen):
            seen.append(len(rows) * max(map(len, rows)))
            return run(self, output, rows)

        monkeypatch.setattr(TokenGraph, "run", noting)
        with open_embedding(replace(order, batch_tokens=tokens)) as model:
            found[tokens] = model.embed(TEXTS)
        sizes[tokens] = max(seen)
    assert sizes[64] <= 64 < sizes[512] <= 512
    assert np.einsum("ij,ij->i", found[64], found[512]).min() > 0.999


def test_a_prompt_is_read_in_batches_of_that_size(settings, monkeypatch):
    request = GenerationRequest((Message("user", "Name three lakes. " * 20),), max_tokens=8)
    said, sizes = {}, {}
    for tokens in (16, 96, 512):
        plan = LoadPlan(context_tokens=512, cells=512, batch_tokens=tokens)
        sizes[tokens] = []
        with open_llama(generation_order(settings.model_cache, plan, threads=1)) as model:
            read = model._engine._context.read
            monkeypatch.setattr(
                model._engine._context,
                "read",
                lambda batch, read=read, n=tokens: sizes[n].append(batch.used) or read(batch),
            )
            said[tokens] = "".join(token.text for token in model.stream(request, cancelled=lambda: False))
        assert max(sizes[tokens]) <= tokens
    assert all(said.values())
    assert max(sizes[16]) == 16
