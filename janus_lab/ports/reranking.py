"""Pairs of question and text to how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from janus_lab.values.generation import ModelInfo


class RerankingBackend(Protocol):
    """A model that reads a question and a text together, loaded; safe to call from several threads."""

    @property
    def info(self) -> ModelInfo:
        """The model."""
        ...

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better; texts over the model's window are cut. Raises ModelFailed."""
        ...
