"""How much of an ingest is left, judged by the bytes of its sources: files differ too much in size to be counted."""

from __future__ import annotations

from collections.abc import Iterable

from janus_lab.values.ingest import FileOutcome, FileState

EACH = 1000
"""What a source costs beside its bytes, in bytes; it is all that is known of a URL."""
_DONE = (FileState.ADDED, FileState.CHANGED)


class Workload:
    """Sources that are still to be read and how large they are. Sources that need no work count neither as done nor as left."""

    def __init__(self, sources: Iterable[tuple[str, int]]) -> None:
        self._weights = {origin: size + EACH for origin, size in sources}
        self._left = sum(self._weights.values())
        self._done = 0
        self._under_way = 0

    def drop(self, origin: str) -> None:
        """A source was finished before, or needs nothing."""
        self._left -= self._weights.pop(origin, 0)

    def finish(self, outcome: FileOutcome) -> None:
        """A source came to its end."""
        if outcome.state in _DONE or outcome.chunks:
            self._done += self._weights.get(outcome.origin, 0)
            self._under_way = 0
        self.drop(outcome.origin)

    def advance(self, origin: str, characters: int) -> None:
        """So many more characters of a source have been written, which goes on."""
        self._under_way = min(self._under_way + characters, self._weights.get(origin, 0))

    def seconds_left(self, elapsed: float) -> float | None:
        """Seconds until the end, if it goes on as in the `elapsed` ones; None while nothing is done."""
        done = self._done + self._under_way
        return elapsed * (self._left - self._under_way) / done if done else None
