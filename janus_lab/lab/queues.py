"""What there is to do, for a person: queues and runs, and what was parked because no worker could handle it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from janus_lab.errors import NotFound
from janus_lab.lab.board_feed import Feed
from janus_lab.lab.work_queue import WorkQueueReader
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.ledger import Ledger
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.work_queue import WorkQueue

_SOUGHT = 10_000
"""Among so many parked messages the beginning of an id is looked for."""


class Queues:
    """The queues of an engine room, and the runs of a ledger. `feed` reads them for displays that are live.

    What changes anything starts the engine room where it does not run; then `announce` is told one line.
    """

    def __init__(self, room: EngineRoom, ledger: Ledger, announce: Callable[[str], None]) -> None:
        self._room = room
        self._announce = announce
        self._reader = WorkQueueReader(room, ledger)
        self.feed: Feed[WorkQueue] = Feed(self._reader.now)

    def now(self, run_id: str | None = None) -> WorkQueue:
        """Queues, runs and parked messages, and the steps of that run (by its whole id). Starts nothing, and raises nothing."""
        return self._reader.now(run_id)

    def lengths(self) -> list[QueueLength]:
        """How much waits in each queue, is delayed, is under way and is parked."""
        with self._letters() as letters:
            return letters.lengths()

    def dead(self, *, limit: int = 100) -> list[DeadLetter]:
        """The parked messages, oldest first."""
        with self._letters() as letters:
            return letters.dead(limit=limit)

    def redrive(self, ids: Collection[str] | None = None) -> int:
        """Queue parked messages again (None: all), named by id, run id or the beginning of one. Raises NotFound."""
        with self._letters() as letters:
            return letters.redrive(None if ids is None else _named(letters.dead(limit=_SOUGHT), ids))

    def discard(self, ids: Collection[str] | None = None) -> int:
        """Drop parked messages for good (None: all), named likewise. Raises NotFound."""
        with self._letters() as letters:
            return letters.discard(None if ids is None else _named(letters.dead(limit=_SOUGHT), ids))

    def close(self) -> None:
        """End live displays' feed."""
        self.feed.close()

    def _letters(self) -> AbstractContextManager[DeadLetters]:
        return self._room.link(self._announce).letters()


def _named(dead: Collection[DeadLetter], beginnings: Collection[str]) -> set[str]:
    found: set[str] = set()
    for beginning in beginnings:
        meant = {letter.id for letter in dead if letter.id.startswith(beginning) or letter.run_id.startswith(beginning)}
        if not beginning or not meant:
            raise NotFound(f"no message {beginning!r} is parked", remedy="list them with `janus queue dead`")
        found |= meant
    return found
