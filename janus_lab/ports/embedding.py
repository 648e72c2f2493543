"""Texts to embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from janus_lab.values.generation import ModelInfo


class EmbeddingBackend(Protocol):
    """An embedding model, loaded."""

    @property
    def info(self) -> ModelInfo:
        """The model; `info.content_hash` names the weights, `info.dimensions` the length of an embedding."""
        ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`; texts over the model's window are cut. Raises ModelFailed."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included, uncut."""
        ...


class EmbeddingCache(Protocol):
    """Embeddings by model and text hash, so that the same text is never embedded twice."""

    def get(self, model_hash: str, text_hashes: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Those embeddings that are known, by text hash."""
        ...

    def put(self, model_hash: str, embeddings: dict[str, npt.NDArray[np.float32]]) -> None:
        """Remember embeddings by text hash."""
        ...

    def forget(self, text_hashes: Sequence[str]) -> None:
        """Forget these texts, for every model."""
        ...
