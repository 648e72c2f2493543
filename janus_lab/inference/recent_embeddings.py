"""Embeddings kept in memory only, the most recently used of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class RecentEmbeddings:
    """An EmbeddingCache for texts that are looked at in passing: at most `limit` embeddings, gone with the process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], npt.NDArray[np.float32]] = OrderedDict()

    def get(self, model_hash: str, text_hashes: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Those embeddings that are still kept, by text hash."""
        with self._lock:
            known = [h for h in text_hashes if (model_hash, h) in self._kept]
            for text_hash in known:
                self._kept.move_to_end((model_hash, text_hash))
            return {h: self._kept[model_hash, h] for h in known}

    def put(self, model_hash: str, embeddings: dict[str, npt.NDArray[np.float32]]) -> None:
        """Keep embeddings, in place of those that were used longest ago; what is known stays."""
        with self._lock:
            for text_hash, embedding in embeddings.items():
                self._kept.setdefault((model_hash, text_hash), embedding)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def forget(self, text_hashes: Sequence[str]) -> None:
        """Forget these texts, for every model."""
        gone = set(text_hashes)
        with self._lock:
            for key in [key for key in self._kept if key[1] in gone]:
                del self._kept[key]
