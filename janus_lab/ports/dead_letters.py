"""Messages that could not be delivered to the end: parked, visible, to be queued again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from janus_lab.values.queue import DeadLetter, QueueLength


class DeadLetters(Protocol):
    """What a broker holds of each queue, and the messages it has parked."""

    def lengths(self) -> list[QueueLength]:
        """How much waits in each queue, is delayed, is under way and is parked."""
        ...

    def dead(self, *, limit: int = 100) -> list[DeadLetter]:
        """The parked messages, oldest first; looking at them changes nothing."""
        ...

    def redrive(self, ids: Collection[str] | None = None) -> int:
        """Queue parked messages again (None: all of them); how many there were."""
        ...

    def discard(self, ids: Collection[str] | None = None) -> int:
        """Drop parked messages for good (None: all of them); how many there were."""
        ...
