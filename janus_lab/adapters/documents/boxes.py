"""Boxes of a version in one compact blob."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from janus_lab.values.document import Box

_FAST = 1
_BOX = np.dtype(
    [
        ("page", "<i4"),
        ("start", "<i4"),
        ("end", "<i4"),
        ("left", "<f8"),
        ("top", "<f8"),
        ("right", "<f8"),
        ("bottom", "<f8"),
    ]
)


def pack(boxes: Sequence[Box]) -> bytes | None:
    """All boxes of a version, in order; None where there are none."""
    if not boxes:
        return None
    rows = [(b.page, b.start, b.end, b.left, b.top, b.right, b.bottom) for b in boxes]
    return zlib.compress(np.array(rows, dtype=_BOX).tobytes(), _FAST)


def overlapping(blob: bytes | None, start: int, end: int) -> list[Box]:
    """Those boxes of a blob that share a character with `start`–`end`, in order."""
    if blob is None or start >= end:
        return []
    rows = np.frombuffer(zlib.decompress(blob), dtype=_BOX)
    return [Box(*row) for row in rows[(rows["start"] < end) & (rows["end"] > start)].tolist()]
