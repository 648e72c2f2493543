"""How much a server may send for one answer: whoever sends more is not listened to, and can't fill our memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

MOST_BYTES = 128 << 20
"""Of one answer: more than the longest reply of any model, or the embeddings of one request."""


class Oversized(ValueError):
    """An answer is larger than any that was asked for, or could become so by being unpacked."""


async def bound(response: Any) -> None:
    """To be called with each response of the driver's HTTP client, before its body: Oversized is raised where that is too long."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Oversized("it is packed, though nobody asked for that")
    read = response.aiter_raw

    async def counted(chunk_size: int | None = None) -> AsyncIterator[bytes]:
        seen = 0
        async for part in read(chunk_size):
            seen += len(part)
            if seen > MOST_BYTES:
                raise Oversized(f"it has more than {MOST_BYTES} bytes")
            yield part

    # Both generations of the client read every body through this, and share no class of streams.
    response.aiter_raw = counted
