"""Embeddings for the rooms above: each text computed once, ever."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from janus_lab.ports.embedding import EmbeddingBackend, EmbeddingCache
from janus_lab.values.generation import ModelInfo

QUERIES_KEPT = 256


Prefixes = tuple[str, str]
"""What is put before a query, and before a text that is searched."""


class Embedder:
    """Embeds texts through a cache by the SHA-256 of their text, and queries through a short memory of their own.

    Here and nowhere else a text gets its prefix: the model's, or one of `prefixes`. Safe to call from several threads.
    """

    def __init__(self, backend: EmbeddingBackend, cache: EmbeddingCache, prefixes: Prefixes | None = None) -> None:
        self._backend = backend
        self._cache = cache
        self._prefixes = prefixes
        self._others: dict[Prefixes, Embedder] = {}
        self._queries: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def info(self) -> ModelInfo:
        """The model that computes, with the prefixes that texts get here."""
        info = self._backend.info
        if self._prefixes is None:
            return info
        query, passage = self._prefixes
        return replace(info, query_prefix=query, passage_prefix=passage)

    def under(self, query: str, passage: str) -> Embedder:
        """The same model for texts that get these prefixes."""
        with self._lock:
            return self._others.setdefault((query, passage), Embedder(self._backend, self._cache, (query, passage)))

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`, computing only those that are in neither cache nor call."""
        if not texts:
            return np.empty((0, self.info.dimensions), np.float32)
        hashes = [_text_hash(text) for text in texts]
        distinct = dict(zip(hashes, texts, strict=True))
        info = self.info
        known = self._cache.get(info.fingerprint, list(distinct))
        missing = [text_hash for text_hash in distinct if text_hash not in known]
        if missing:
            computed = self._backend.embed([info.passage_prefix + distinct[text_hash] for text_hash in missing])
            fresh = dict(zip(missing, computed, strict=True))
            self._cache.put(info.fingerprint, fresh)
            known = {**known, **fresh}
        return np.stack([known[text_hash] for text_hash in hashes])

    def embed_query(self, text: str) -> npt.NDArray[np.float32]:
        """The embedding of one query, shape `(dim,)`; the last few hundred are kept in memory, none in the cache."""
        with self._lock:
            if (kept := self._queries.get(text)) is not None:
                self._queries.move_to_end(text)
                return kept
        embedding: npt.NDArray[np.float32] = self._backend.embed([self.info.query_prefix + text])[0]
        with self._lock:
            self._queries[text] = embedding
            while len(self._queries) > QUERIES_KEPT:
                self._queries.popitem(last=False)
        return embedding

    def forget(self, texts: Sequence[str]) -> None:
        """Keep nothing of these texts in the cache."""
        self._cache.forget([_text_hash(text) for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has for this model, its prefix included, uncut."""
        prefix = self.info.passage_prefix
        return self._backend.count_tokens([prefix + text for text in texts])


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
