"""The inline runner: runs are carried out in this process, behind the same port as the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

import structlog

from janus_lab.errors import JanusError, NotFound
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.ports.job_queue import JobQueue
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import Priority

RETRY_SECONDS = 1.0
"""After so long a run is tried again that a store would not let be carried out or recorded."""

_log = structlog.get_logger(__name__)


class NothingParked(DeadLetters):
    """An inline queue keeps nothing that it could not deliver."""

    def lengths(self) -> list[QueueLength]:
        """No queue is kept."""
        return []

    def dead(self, *, limit: int = 100) -> list[DeadLetter]:  # noqa: ARG002 - there is none to leave out
        """None."""
        return []

    def redrive(self, ids: Collection[str] | None = None) -> int:  # noqa: ARG002 - there is none to name
        """None."""
        return 0

    def discard(self, ids: Collection[str] | None = None) -> int:  # noqa: ARG002 - there is none to name
        """None."""
        return 0


class InlineQueue(JobQueue):
    """Carries out each run in a thread of its own pool; for scripts and tests that want no engine room."""

    def __init__(self, carry_out: Callable[[str], None], *, threads: int = 4) -> None:
        self._carry_out = carry_out
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="inline")
        self._lock = threading.Lock()
        self._waiting: set[threading.Timer] = set()
        self._closed = False

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        """Start the run as soon as a thread is free; `priority` does not matter here. Once closed, it stays in the ledger."""
        with self._lock:
            self._waiting = {timer for timer in self._waiting if timer.is_alive()}
            if self._closed:
                return
            if delay_seconds <= 0:
                self._pool.submit(self._attempt, run_id, priority)
                return
            timer = threading.Timer(delay_seconds, self.enqueue, (run_id, priority))
            timer.daemon = True
            self._waiting.add(timer)
            timer.start()

    def close(self) -> None:
        """Let running runs end; drop those that wait for a thread or for their delay."""
        with self._lock:
            self._closed = True
            for timer in self._waiting:
                timer.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _attempt(self, run_id: str, priority: Priority) -> None:
        try:
            self._carry_out(run_id)
        except NotFound:
            _log.warning("unknown-run", run=run_id)
        except JanusError:
            _log.warning("attempt-failed", run=run_id, exc_info=True)
            self.enqueue(run_id, priority, delay_seconds=RETRY_SECONDS)
