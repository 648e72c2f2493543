"""Chunk ids as points' ids, and back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from janus_lab.values.ids import point_id


def point_ids(chunk_ids: Iterable[str]) -> Iterator[str]:
    """The UUIDs under which chunks are kept."""
    return (point_id(chunk_id) for chunk_id in chunk_ids)


def chunk_id(point: object) -> str:
    """The chunk id that a point's id stands for: engines give it back in a UUID's one usual form."""
    return point.hex if isinstance(point, uuid.UUID) else str(point).replace("-", "")
