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
_LAST = 4
"""The last shares are smaller and smaller, down to this part of the others: whoever is done first finds little left to wait for."""


def partition(found: Sequence[Found]) -> list[list[Found]]:
    """Sources in shares of like weight but the last, the same at every call; one as heavy as a share stands alone, first."""
    bytes_each = max(LEAST_BYTES, sum(map(weight, found)) // SHARES)
    files_each = max(LEAST_FILES, len(found) // SHARES)
    alone = [[source] for source in found if weight(source) >= bytes_each]
    alone.sort(key=weigh, reverse=True)
    return alone + _groups([source for source in found if weight(source) < bytes_each], bytes_each, files_each)


def weight(source: Found) -> int:
    """What a source costs, in bytes."""
    return source.size + EACH


def weigh(sources: Iterable[Found]) -> int:
    """What sources cost together."""
    return sum(map(weight, sources))


def _groups(sources: Sequence[Found], bytes_each: int, files_each: int) -> list[list[Found]]:
    groups: list[list[Found]] = []
    left = weigh(sources)
    tapered = left > 2 * bytes_each
    room = 0
    for source in sources:
        if room <= 0 or len(groups[-1]) >= files_each:
            groups.append([])
            room = max(min(bytes_each, left // _LAST), bytes_each // _LAST) if tapered else bytes_each
        groups[-1].append(source)
        room -= weight(source)
        left -= weight(source)
    return groups
