"""Rerankers by what their file is: GGUF by llama.cpp, anything else by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.backend.llama_reranking import open_llama_reranking
from janus_lab.adapters.backend.onnx_reranking import open_onnx_reranking
from janus_lab.ports.reranking import RerankingBackend
from janus_lab.values.load_order import LoadOrder

_GGUF = ".gguf"


@contextmanager
def open_reranking(order: LoadOrder) -> Iterator[RerankingBackend]:
    """The reranker in the order's file. Raises MissingPackage or ModelFailed."""
    with open_llama_reranking(order) if order.file.suffix == _GGUF else open_onnx_reranking(order) as model:
        yield model
