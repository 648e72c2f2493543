from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from janus_lab.inference.embedding import QUERIES_KEPT, Embedder
from janus_lab.values.generation import ModelInfo


class LengthBackend:
    """Embeds a text by its length, and remembers what it was asked."""

    def __init__(self, variant="a"):
        self.info = ModelInfo("file:///toy", "toy", "0" * 64, "MIT", dimensions=2, variant=variant)
        self.asked = []

    def embed(self, texts):
        self.asked.append(list(texts))
        angles = np.array([len(t) for t in texts], np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def count_tokens(self, texts):
        return [len(t) for t in texts]


@pytest.fixture
def backend():
    return LengthBackend()


def test_each_text_is_computed_once_ever(backend, cache):
    embedder = Embedder(backend, cache)
    first = embedder.embed(["a", "bb", "a"])
    second = Embedder(backend, cache).embed(["bb", "ccc"])
    assert backend.asked == [["a", "bb"], ["ccc"]]
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[1], second[0])
    assert first.shape == (3, 2)


def test_what_is_in_the_cache_needs_no_model(backend, cache):
    Embedder(backend, cache).embed(["a"])
    Embedder(backend, cache).embed(["a"])
    assert len(backend.asked) == 1


def test_another_preparation_of_the_same_weights_shares_nothing(backend, cache):
    Embedder(backend, cache).embed(["a"])
    other = LengthBackend(variant="b")
    Embedder(other, cache).embed(["a"])
    assert other.asked == [["a"]]


def test_nothing_gives_nothing(backend, cache):
    assert Embedder(backend, cache).embed([]).shape == (0, 2)
    assert backend.asked == []


def test_texts_that_have_no_utf8_are_texts_too(backend, cache):
    assert Embedder(backend, cache).embed(["\ud800"]).shape == (1, 2)


def test_queries_are_kept_for_a_while_and_not_in_the_cache(backend, cache):
    embedder = Embedder(backend, cache)
    np.testing.assert_array_equal(embedder.embed_query("why"), embedder.embed_query("why"))
    assert backend.asked == [["why"]]
    assert cache.kept == {}
    for number in range(QUERIES_KEPT):
        embedder.embed_query(f"question {number}")
    embedder.embed_query("why")
    assert backend.asked[-1] == ["why"]


def test_queries_and_what_is_searched_get_their_prefix_once_and_nothing_is_shared_with_other_prefixes(backend, cache):
    backend.info = replace(backend.info, query_prefix="query: ", passage_prefix="passage: ")
    embedder = Embedder(backend, cache)
    plain = embedder.under("", "")
    for each in (embedder, plain, embedder):
        each.embed(["a"])
        each.embed_query("a")
    assert backend.asked == [["passage: a"], ["query: a"], ["a"], ["a"]]
    assert embedder.under("", "") is plain
    assert (embedder.count_tokens(["a"]), plain.count_tokens(["a"])) == ([10], [1])
    assert embedder.info.fingerprint != plain.info.fingerprint
    assert plain.info.fingerprint == replace(backend.info, passage_prefix="").fingerprint
