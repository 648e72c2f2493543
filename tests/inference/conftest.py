"""An embedding cache in memory."""

from __future__ import annotations

import pytest


class CacheInMemory:
    """An `EmbeddingCache` that tells what it was asked to keep."""

    def __init__(self):
        self.kept = {}

    def get(self, model_hash, text_hashes):
        return {h: self.kept[model_hash, h] for h in text_hashes if (model_hash, h) in self.kept}

    def put(self, model_hash, embeddings):
        self.kept.update({(model_hash, h): e for h, e in embeddings.items()})


@pytest.fixture
def cache():
    return CacheInMemory()
