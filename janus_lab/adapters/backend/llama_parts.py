"""What one batch holds of each request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from janus_lab.adapters.backend.llama_requests import Asked


@dataclass(frozen=True, slots=True)
class Part:
    """What a batch holds of one request: where its first token is, and how many there are."""

    asked: Asked
    place: int
    tokens: list[int]

    @property
    def wanted(self) -> list[int]:
        """The places whose logits are wanted."""
        first = self.asked.read
        skipped = max(0, self.asked.wanted_from - first)
        return list(range(self.place + skipped, self.place + len(self.tokens)))


def mostly_for(parts: Sequence[Part]) -> frozenset[Asked]:
    """Whose reading is most of a batch, so that the batch is not worth finishing without it."""
    total = sum(len(part.tokens) for part in parts)
    return frozenset(part.asked for part in parts if len(part.tokens) > 1 and 2 * len(part.tokens) >= total)


def shares(reading: Sequence[Asked], room: int) -> list[tuple[Asked, int]]:
    """Half of the room to the oldest, the rest to those who need least, and what is left over to the oldest again."""
    if not reading:
        return []
    oldest, *others = reading
    given = {oldest: min(oldest.unread, max(1, room // 2))}
    left = room - given[oldest]
    for asked in sorted(others, key=lambda a: a.unread):
        given[asked] = min(asked.unread, left)
        left -= given[asked]
    given[oldest] = min(oldest.unread, given[oldest] + left)
    return [(asked, share) for asked, share in given.items() if share > 0]
