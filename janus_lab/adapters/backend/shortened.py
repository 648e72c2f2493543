"""Embeddings cut to their first numbers, for models that were trained so that these say the most (Matryoshka)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.pooling import unit
from janus_lab.errors import SettingsError
from janus_lab.ports.embedding import EmbeddingBackend
from janus_lab.values.generation import ModelInfo


def shortened(model: EmbeddingBackend, dimensions: int) -> EmbeddingBackend:
    """The model with embeddings of so many numbers; the model itself for 0. Raises SettingsError if it has fewer."""
    if kept(model.info, dimensions) == model.info.dimensions:
        return model
    return ShortenedEmbedding(model, dimensions)


def kept(info: ModelInfo, dimensions: int) -> int:
    """How many numbers of a model's embeddings are kept where so many are wanted (0: all). Raises SettingsError if it has fewer."""
    if not 0 <= dimensions <= info.dimensions:
        raise SettingsError(
            f"embeddings of {info.name} have {info.dimensions} numbers, and can't be cut to {dimensions}",
            remedy="choose a smaller number of dimensions, or 0 for all",
        )
    return dimensions or info.dimensions


class ShortenedEmbedding:
    """An embedding model of fewer dimensions. It is a model of its own: its fingerprint differs from the whole one's."""

    def __init__(self, model: EmbeddingBackend, dimensions: int) -> None:
        info = model.info
        self.info = replace(info, dimensions=dimensions, variant=f"{info.variant}/{dimensions}")
        self._model = model

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dimensions)`. Raises ModelFailed."""
        return unit(self._model.embed(texts)[:, : self.info.dimensions])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, uncut."""
        return self._model.count_tokens(texts)
