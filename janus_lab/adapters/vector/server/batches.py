"""Points as the server takes them, in requests of bounded size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import qdrant_edge as edge
from qdrant_client import models

from janus_lab.adapters.vector.payload import encoded
from janus_lab.adapters.vector.server.layout import DENSE, SPARSE
from janus_lab.adapters.vector.words import WordModel
from janus_lab.values.ids import point_id
from janus_lab.values.vector import Point

_MOST_BYTES = 4 * 1024 * 1024
"""A request as JSON. Servers refuse more than 32 MiB, and proxies before them less."""
_MOST_POINTS = 1000
_BYTES_A_NUMBER = 22
_BYTES_A_WORD = 34
_BYTES_A_POINT = 120


def batches(points: Sequence[Point], words: WordModel) -> Iterator[list[models.PointStruct]]:
    """The points in order, in lists that fit a request; a point larger than that travels alone."""
    batch: list[models.PointStruct] = []
    size = 0
    for point in points:
        stored, its_size = _stored(point, words)
        if batch and (size + its_size > _MOST_BYTES or len(batch) == _MOST_POINTS):
            yield batch
            batch, size = [], 0
        batch.append(stored)
        size += its_size
    if batch:
        yield batch


def sparse(words: edge.SparseVector) -> models.SparseVector:
    """Weighed words in the server's terms."""
    return models.SparseVector(indices=list(words.indices), values=list(words.values))


def _stored(point: Point, words: WordModel) -> tuple[models.PointStruct, int]:
    weighed = sparse(words.text(point.text))
    payload = encoded(point.payload)
    numbers = point.embedding.tolist()
    size = (
        _BYTES_A_POINT
        + _BYTES_A_NUMBER * len(numbers)
        + _BYTES_A_WORD * len(weighed.indices)
        + len(json.dumps(payload))
    )
    return models.PointStruct(
        id=point_id(point.chunk_id), vector={DENSE: numbers, SPARSE: weighed}, payload=payload
    ), size
