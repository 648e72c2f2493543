"""Events: what a run tells while it goes on, in one ordered stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What an event reports."""

    STATE = "state"
    WAITING = "waiting"
    """The run waits for `what` (resources of its machine), for `seconds` by now; `state` is a GrantState."""
    PROGRESS = "progress"
    TOKEN = "token"  # noqa: S105 - a piece of an answer, no secret
    CITATION = "citation"
    WARNING = "warning"
    DONE = "done"
    ERROR = "error"

    @property
    def terminal(self) -> bool:
        """Whether it is the last one of a run's stream."""
        return self in (EventKind.DONE, EventKind.ERROR)


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `sequence` orders a run's events and resumes a reader after it ("" until the log has given it one)."""

    run_id: str
    kind: EventKind
    data: Mapping[str, Any]
    at: float
    sequence: str = ""
