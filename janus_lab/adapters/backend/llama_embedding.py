"""Embeddings by llama.cpp, from GGUF files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.llama_encoder import LlamaEncoder, opened_encoder
from janus_lab.adapters.backend.pooling import unit
from janus_lab.adapters.backend.shared_batches import SharedBatches
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder

_VARIANT = "llama.cpp/1"


@contextmanager
def open_llama_embedding(order: LoadOrder) -> Iterator[LlamaEmbedding]:
    """The embedding model in a GGUF file, pooled as the file says. Raises MissingPackage, or ModelFailed if it can't be used."""
    with opened_encoder(order) as encoder, ThreadPoolExecutor(1) as pool:
        if encoder.ranks:
            raise ModelFailed(
                f"{order.file.name} gives scores and no embeddings", remedy="add it with the task reranking"
            )
        info = replace(order.info, variant=_VARIANT, dimensions=encoder.size, context_tokens=encoder.window)
        batches = SharedBatches(encoder.encode, pool=pool, threads=1, budget=encoder.batch_tokens)
        yield LlamaEmbedding(encoder, info, batches)


class LlamaEmbedding:
    """An embedding model in llama.cpp; safe to call from several threads, whose texts may share batches."""

    def __init__(self, encoder: LlamaEncoder, info: ModelInfo, batches: SharedBatches[Sequence[int]]) -> None:
        self.info = info
        self._encoder = encoder
        self._batches = batches

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`; texts over the model's window are cut. Raises ModelFailed."""
        if not texts:
            return np.empty((0, self.info.dimensions), np.float32)
        window = self.info.context_tokens
        rows = [self._encoder.tokens(text) for text in texts]
        cut = [row if len(row) <= window else [*row[: window - 1], row[-1]] for row in rows]
        return unit(np.stack(self._batches.compute(cut)))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included, uncut."""
        return [len(self._encoder.tokens(text)) for text in texts]
