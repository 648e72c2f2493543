"""The ordered stream of events of each run."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.event import Event


class EventLog(Protocol):
    """One bounded, expiring stream of events a run."""

    def append(self, event: Event) -> str:
        """Add an event to its run's stream; returns its sequence."""
        ...

    def read(self, run_id: str, *, after: str = "", wait_seconds: float = 0.0, limit: int = 1000) -> list[Event]:
        """Events after `after` ("" = from the beginning), waiting up to `wait_seconds` for the first one."""
        ...

    def last(self, run_id: str) -> Event | None:
        """The newest event of a run, if its stream is still there."""
        ...
