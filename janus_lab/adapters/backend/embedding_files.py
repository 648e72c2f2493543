"""Embedding models by what their file is: GGUF by llama.cpp, ONNX by ONNX Runtime, safetensors by sentence-transformers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from janus_lab.adapters.backend.llama_embedding import open_llama_embedding
from janus_lab.adapters.backend.onnx_embedding import open_embedding as open_onnx_embedding
from janus_lab.adapters.backend.shortened import shortened
from janus_lab.adapters.backend.torch_embedding import open_torch_embedding
from janus_lab.ports.embedding import EmbeddingBackend
from janus_lab.values.load_order import LoadOrder


@contextmanager
def open_embedding(order: LoadOrder) -> Iterator[EmbeddingBackend]:
    """The embedding model in the order's file, its embeddings cut to `dimensions` if the record says so.

    Raises MissingPackage, DiskFull, SettingsError or ModelFailed.
    """
    with _opened(order) as model:
        yield shortened(model, order.record.options.dimensions)


def _opened(order: LoadOrder) -> AbstractContextManager[EmbeddingBackend]:
    match order.file.suffix:
        case ".gguf":
            return open_llama_embedding(order)
        case ".safetensors":
            return open_torch_embedding(order)
        case _:
            return open_onnx_embedding(order)
