"""Events in the memory of one process, for the inline runner."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from janus_lab.ports.events import EventLog
from janus_lab.values.event import Event

OVER_KEPT = 100
"""Streams of runs that are over which are kept; a process may carry out any number of runs."""


@contextmanager
def open_events(
    url: str = "memory://",  # noqa: ARG001 - one signature for every scheme
    *,
    expiry_seconds: int = 24 * 3600,  # noqa: ARG001 - memory ends with the process
    max_length: int = 20_000,
) -> Iterator[EventLog]:
    """Streams that nobody outside this process sees and that keep `max_length` events each; those of old runs go."""
    yield MemoryEvents(max_length)


class MemoryEvents:
    """One bounded queue a run, in order of sequence."""

    def __init__(self, max_length: int = 20_000) -> None:
        self._max_length = max_length
        self._streams: dict[str, deque[Event]] = {}
        self._over: deque[str] = deque()
        self._appended = threading.Condition()
        self._count = 0

    def append(self, event: Event) -> str:
        """Add an event to its run's stream; returns its sequence."""
        data = json.loads(json.dumps(dict(event.data)))
        with self._appended:
            self._count += 1
            sequence = f"{self._count}-0"
            stream = self._streams.setdefault(event.run_id, deque(maxlen=self._max_length))
            stream.append(replace(event, data=data, sequence=sequence))
            if event.kind.terminal:
                self._forget_old(event.run_id)
            self._appended.notify_all()
        return sequence

    def read(self, run_id: str, *, after: str = "", wait_seconds: float = 0.0, limit: int = 1000) -> list[Event]:
        """Events after `after` ("" = from the beginning), waiting up to `wait_seconds` for the first one."""
        position = int(after.partition("-")[0]) if after else 0
        with self._appended:
            self._appended.wait_for(lambda: self._newer(run_id, position, 1), timeout=max(wait_seconds, 0.0))
            return self._newer(run_id, position, limit)

    def last(self, run_id: str) -> Event | None:
        """The newest event of a run, if there is one."""
        with self._appended:
            stream = self._streams.get(run_id)
            return stream[-1] if stream else None

    def _forget_old(self, ended: str) -> None:
        self._over.append(ended)
        if len(self._over) > OVER_KEPT:
            self._streams.pop(self._over.popleft(), None)

    def _newer(self, run_id: str, position: int, limit: int) -> list[Event]:
        found: list[Event] = []
        for event in reversed(self._streams.get(run_id, ())):
            if int(event.sequence.partition("-")[0]) <= position:
                break
            found.append(event)
        return found[::-1][:limit]
