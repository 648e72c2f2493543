"""Texts to be embedded, and their embeddings as a run's result keeps them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """Texts for the engine room's embedding model: the one called `model`, or the one in use."""

    texts: tuple[str, ...]
    model: str = ""


@dataclass(frozen=True, slots=True)
class Embedded:
    """`count` embeddings of `dimensions` numbers each: little-endian float32, one after another, in base64.

    `tokens` is how many the texts have for the model, uncut.
    """

    model: str
    count: int
    dimensions: int
    data: str
    tokens: int = 0
