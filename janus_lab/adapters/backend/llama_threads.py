"""How many threads read a single token: of a small model, one is often faster than several that wait for one another."""

from __future__ import annotations

TRIES = 8
"""So often each number is tried, in turns."""


class ThreadChoice:
    """Tries all of the threads, half of them and one while requests are served, and stays with what was fastest."""

    def __init__(self, most: int) -> None:
        self._seconds: dict[int, list[float]] = {count: [] for count in (most, max(1, most // 2), 1)}
        self._chosen = most if len(self._seconds) == 1 else 0

    @property
    def now(self) -> int:
        """How many threads to read the next single token with."""
        return self._chosen or min(self._seconds, key=lambda count: len(self._seconds[count]))

    def took(self, seconds: float) -> None:
        """Reading a token with `now` threads took so long."""
        if self._chosen:
            return
        self._seconds[self.now].append(seconds)
        if all(len(tried) >= TRIES for tried in self._seconds.values()):
            # The lower quartile: other programs disturb some of the tries.
            self._chosen = min(self._seconds, key=lambda count: sorted(self._seconds[count])[TRIES // 4])
