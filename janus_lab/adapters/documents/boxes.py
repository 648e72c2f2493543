"""Boxes of a version in one compact blob."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from janus_lab.values.document import Box

_FAST = 1
# Page, start and end; left, top, right and bottom: coordinates come back exactly as they went in.
_BOX = struct.Struct("<3i4d")


def pack(boxes: Sequence[Box]) -> bytes | None:
    """All boxes of a version, in order; None where there are none."""
    if not boxes:
        return None
    rows = (_BOX.pack(b.page, b.start, b.end, b.left, b.top, b.right, b.bottom) for b in boxes)
    return zlib.compress(b"".join(rows), _FAST)


def overlapping(blob: bytes | None, start: int, end: int) -> list[Box]:
    """Those boxes of a blob that share a character with `start`–`end`, in order."""
    if blob is None or start >= end:
        return []
    rows = _BOX.iter_unpack(zlib.decompress(blob))
    return [Box(*row) for row in rows if row[1] < end and row[2] > start]
