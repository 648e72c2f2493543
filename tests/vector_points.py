"""Points for tests of vector stores: always the same for the same name."""

from __future__ import annotations

import numpy as np

from janus_lab.values.ids import content_id
from janus_lab.values.metadata import flat_metadata
from janus_lab.values.vector import Point

DIMENSIONS = 32
HOME = "papers"


def embeddings(count: int, seed: int = 0) -> np.ndarray:
    numbers = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    return numbers / np.linalg.norm(numbers, axis=1, keepdims=True)


def point(name: str, text: str = "some words", embedding: np.ndarray | None = None, **metadata) -> Point:
    vector = embeddings(1, seed=sum(map(ord, name)))[0] if embedding is None else embedding
    return Point(content_id("chunk", name), vector, text, {"document_id": name, **flat_metadata(metadata)})


def ids(*names: str) -> list[str]:
    return [content_id("chunk", name) for name in names]


def found(points) -> list[str]:
    return [p.chunk_id for p in points]
