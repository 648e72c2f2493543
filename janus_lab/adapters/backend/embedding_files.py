"""Embedding models by what their file is: GGUF by llama.cpp, anything else by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.backend.llama_embedding import open_llama_embedding
from janus_lab.adapters.backend.onnx_embedding import open_embedding as open_onnx_embedding
from janus_lab.ports.embedding import EmbeddingBackend
from janus_lab.values.load_order import LoadOrder

GGUF = ".gguf"


@contextmanager
def open_embedding(order: LoadOrder) -> Iterator[EmbeddingBackend]:
    """The embedding model in the order's file. Raises MissingPackage, DiskFull, SettingsError or ModelFailed."""
    with open_llama_embedding(order) if order.file.suffix == GGUF else open_onnx_embedding(order) as model:
        yield model
