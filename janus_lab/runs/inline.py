"""The inline runner: runs are carried out in this process, behind the same port as the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from janus_lab.ports.job_queue import JobQueue
from janus_lab.values.run import Priority


class InlineQueue(JobQueue):
    """Carries out each run in a thread of its own pool; for scripts and tests that want no engine room."""

    def __init__(self, carry_out: Callable[[str], None], *, threads: int = 4) -> None:
        self._carry_out = carry_out
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="inline")
        self._timers: set[threading.Timer] = set()

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        """Start the run as soon as a thread is free; `priority` does not matter here."""
        if delay_seconds <= 0:
            self._pool.submit(self._carry_out, run_id)
            return
        timer = threading.Timer(delay_seconds, self.enqueue, (run_id, priority))
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def close(self) -> None:
        """Let running runs end; drop those that wait for their delay."""
        for timer in self._timers:
            timer.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
