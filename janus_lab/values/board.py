"""What a board shows: one machine, its leases, the queues and the runs, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.lease import LeaseBook
from janus_lab.values.machine import Sample
from janus_lab.values.queue import QueueLength
from janus_lab.values.run import Run


@dataclass(frozen=True, slots=True)
class Board:
    """What is known at `at` (seconds since the epoch). `machines` are all that have a sample; `note` says what is missing, and why."""

    at: float
    machine: str
    machines: tuple[str, ...] = ()
    sample: Sample | None = None
    book: LeaseBook | None = None
    queues: tuple[QueueLength, ...] = ()
    runs: tuple[Run, ...] = ()
    note: str = ""
