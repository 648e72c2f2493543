"""One ingest's sources, cut into shares that several workers take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from janus_lab.ingest.sources import Found
from janus_lab.ingest.workload import EACH

SHARES = 64
"""About so many shares at most, so that at the end nobody waits long for the others."""
LEAST_BYTES = 200_000
"""Less work than this, a second or so, is not worth a share of its own."""
LEAST_FILES = 64


def partition(found: Sequence[Found]) -> list[list[Found]]:
    """Sources in shares of like weight, the same at every call; one as heavy as a share stands alone, and comes first."""
    bytes_each = max(LEAST_BYTES, sum(map(weight, found)) // SHARES)
    files_each = max(LEAST_FILES, len(found) // SHARES)
    alone = [[source] for source in found if weight(source) >= bytes_each]
    alone.sort(key=weigh, reverse=True)
    return alone + _groups((source for source in found if weight(source) < bytes_each), bytes_each, files_each)


def weight(source: Found) -> int:
    """What a source costs, in bytes."""
    return source.size + EACH


def weigh(sources: Iterable[Found]) -> int:
    """What sources cost together."""
    return sum(map(weight, sources))


def _groups(sources: Iterable[Found], bytes_each: int, files_each: int) -> list[list[Found]]:
    groups: list[list[Found]] = []
    room = 0
    for source in sources:
        if room <= 0 or len(groups[-1]) >= files_each:
            groups.append([])
            room = bytes_each
        groups[-1].append(source)
        room -= weight(source)
    return groups
