"""What every cache of embeddings does."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from janus_lab.adapters.relational.embedding_cache import open_embedding_cache
from janus_lab.inference.recent_embeddings import RecentEmbeddings
from janus_lab.values.ids import bytes_hash

ROWS = [
    ("sqlite", lambda request: open_embedding_cache(f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db")),
    ("postgresql", lambda request: open_embedding_cache(request.getfixturevalue("ready_postgresql_url"))),
    ("recent", lambda _request: nullcontext(RecentEmbeddings(10_000))),
]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def cache(request):
    with request.param(request) as opened:
        yield opened


def embeddings(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    return {bytes_hash(str(n).encode()): row for n, row in enumerate(numbers)}


def test_embeddings_come_back_bit_by_bit(cache):
    known = embeddings(2500)
    cache.put("model", known)
    found = cache.get("model", [*known, bytes_hash(b"never seen")])
    assert found.keys() == known.keys()
    assert all(found[h].dtype == np.float32 and np.array_equal(found[h], known[h]) for h in known)


def test_models_do_not_share(cache):
    known = embeddings(3)
    cache.put("one", known)
    assert cache.get("two", list(known)) == {}


def test_putting_again_keeps_what_is_known(cache):
    first, second = embeddings(3), embeddings(5, seed=1)
    cache.put("model", first)
    cache.put("model", second)
    found = cache.get("model", list(second))
    assert all(np.array_equal(found[h], first.get(h, second[h])) for h in second)


def test_nothing_is_nothing(cache):
    cache.put("model", {})
    assert cache.get("model", []) == {}


def test_forgotten_texts_are_gone_for_every_model_and_others_stay(cache):
    known = embeddings(2500)
    for model in ("one", "two"):
        cache.put(model, known)
    gone, kept = list(known)[:1200], list(known)[1200:]
    cache.forget([*gone, bytes_hash(b"never seen")])
    for model in ("one", "two"):
        assert cache.get(model, list(known)).keys() == set(kept)
