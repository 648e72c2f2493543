"""Samples in the memory of one process, for the inline room."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from janus_lab.ports.samples import Samples
from janus_lab.values.machine import Sample


@contextmanager
def open_samples(
    url: str = "memory://",  # noqa: ARG001 - one signature for every scheme
    *,
    expiry_seconds: float = 5.0,
    history_seconds: float = 300.0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Samples]:
    """Samples that nobody outside this process sees. `clock` tells seconds since whenever."""
    yield MemorySamples(expiry_seconds, history_seconds, clock)


class MemorySamples:
    """The latest and the last few of each machine."""

    def __init__(self, expiry_seconds: float, history_seconds: float, clock: Callable[[], float]) -> None:
        self._expiry_seconds = expiry_seconds
        self._history_seconds = history_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[float, Sample]] = {}
        self._history: dict[str, deque[Sample]] = {}

    def publish(self, sample: Sample) -> None:
        """Make this the machine's latest."""
        with self._lock:
            self._latest[sample.machine] = (self._clock(), sample)
            history = self._history.setdefault(sample.machine, deque())
            # Where the clock was put back, what was measured before it would seem the newest.
            while history and history[-1].at > sample.at:
                history.pop()
            history.append(replace(sample, processes=()))
            while history[0].at < sample.at - self._history_seconds:
                history.popleft()

    def latest(self, machine: str) -> Sample | None:
        """The machine's latest sample, or None where it is too old."""
        with self._lock:
            published_at, sample = self._latest.get(machine, (float("-inf"), None))
            return sample if self._clock() - published_at < self._expiry_seconds else None

    def history(self, machine: str, *, seconds: float) -> list[Sample]:
        """Samples of the last `seconds` before the newest, oldest first, without their processes."""
        with self._lock:
            history = self._history.get(machine, deque())
            return [sample for sample in history if sample.at >= history[-1].at - seconds]

    def machines(self) -> list[str]:
        """Machines of which there is a sample, by name."""
        with self._lock:
            names = sorted(self._latest)
        return [name for name in names if self.latest(name) is not None]
