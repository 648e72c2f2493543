"""How a run gets to somebody who works on it."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.run import Priority


class JobQueue(Protocol):
    """Hands a run's id to a worker. A message delivered twice does no harm: the ledger knows what is done."""

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        """Queue the run, to be delivered not before the delay is over."""
        ...
