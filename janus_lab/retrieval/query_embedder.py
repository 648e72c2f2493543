"""What turns a query into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from janus_lab.values.generation import ModelInfo

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector


class QueryEmbedder(Protocol):
    """Turns a query into an embedding of unit length."""

    @property
    def info(self) -> ModelInfo:
        """The model, for the run's manifest."""
        ...

    def embed_query(self, text: str) -> Vector:
        """The embedding of one query, float32, shape `(dim,)`."""
        ...
