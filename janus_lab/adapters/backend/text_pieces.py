"""Bytes of tokens to text that can be shown: whole characters only, and never any part of a stop sequence."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextPieces:
    """Collects what a model says. `push` gives the text that is certain by now; `stopped` tells that a stop sequence came."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stopped = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(s for s in stop if s)
        self._held = ""

    def push(self, data: bytes, *, last: bool = False) -> str:
        """Text that became certain with these bytes; with `last`, all that is left. Nothing comes after a stop sequence."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data, final=last)
        ends = [at for s in self._stop if (at := self._held.find(s)) >= 0]
        if ends:
            self.stopped = True
            return self._held[: min(ends)]
        keep = 0 if last else self._undecided()
        certain, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return certain

    def _undecided(self) -> int:
        """How many of the last characters might be the beginning of a stop sequence."""
        longest = min(max(map(len, self._stop), default=0) - 1, len(self._held))
        for size in range(longest, 0, -1):
            if any(s.startswith(self._held[-size:]) for s in self._stop):
                return size
        return 0
