"""Finds open runs whose message was lost, while other workers go on: nobody works on them, and nothing is queued for them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import structlog

from janus_lab.ports.claims import Claims
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.ledger import Ledger
from janus_lab.values.run import ACTIVE, Priority, RunState

PATIENCE_SECONDS = 4.0
"""A run that nobody has claimed for so long, while its queue is empty, has no message any more."""
BUSY_PATIENCE_SECONDS = 300.0
"""With other messages waiting its own may be among them; one too many after so long does no harm."""
AGAIN_SECONDS = 60.0
"""No run is queued by any sweep more often than this: its message may wait for a later attempt in a worker's memory."""

_log = structlog.get_logger(__name__)


class Sweep:
    """One worker's eye on open runs; any number of workers sweep side by side."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        claims: Claims,
        queue: JobQueue,
        letters: Callable[[], AbstractContextManager[DeadLetters]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._claims = claims
        self._queue = queue
        self._letters = letters
        self._clock = clock
        self._unclaimed_since: dict[str, float] = {}

    def look(self) -> list[str]:
        """Queue every lost run again; their ids. To be called every few seconds. Raises what the stores raise."""
        now = self._clock()
        abandoned = self._abandoned()
        self._unclaimed_since = {run_id: self._unclaimed_since.get(run_id, now) for run_id, _ in abandoned}
        waits = {run_id: now - since for run_id, since in self._unclaimed_since.items()}
        ripe = [(run_id, priority) for run_id, priority in abandoned if waits[run_id] >= PATIENCE_SECONDS]
        if not ripe:
            return []
        with self._letters() as letters:
            busy = {length.queue.rpartition(".")[2] for length in letters.lengths() if length.waiting}
        return [
            run_id
            for run_id, priority in ripe
            if (priority.value not in busy or waits[run_id] >= BUSY_PATIENCE_SECONDS) and self._queued(run_id, priority)
        ]

    def _abandoned(self) -> list[tuple[str, Priority]]:
        """Runs that somebody should work on and nobody does, oldest first; shares of a paused run rest with it."""
        resting = {run.id for run in self._ledger.find(states=(RunState.PAUSED,), limit=10_000, brief=True)}
        runs = self._ledger.find(states=ACTIVE, parent=None, limit=10_000, brief=True)
        runs = [run for run in runs if run.parent not in resting]
        held = self._claims.held([run.id for run in runs])
        return [(run.id, run.priority) for run in reversed(runs) if run.id not in held]

    def _queued(self, run_id: str, priority: Priority) -> bool:
        if self._claims.take(f"sweep:{run_id}", uuid.uuid4().hex, AGAIN_SECONDS) is None:
            return False
        self._queue.enqueue(run_id, priority)
        _log.info("lost-run-queued", run=run_id)
        return True
