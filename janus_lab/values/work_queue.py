"""What there is to do and who does it: the broker's queues, runs, and one run's steps, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import RETRIABLE, Run, RunState, Step


class RunAct(StrEnum):
    """What a person may do to a run."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class QueuedRun:
    """A run as it stands among others.

    `held` says that a worker is at it now; `before` is how many queued runs are to be begun before it, for a queued one.
    `progress` and `waits` are the data of its last event, if that told how far it is, or what it waits for.
    """

    run: Run
    held: bool = False
    before: int | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    waits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def phase(self) -> str:
        """Its state in a word, and where that says too little, what it means at present."""
        match self.run.state:
            case RunState.PAUSED if self.held:
                return "pausing"
            case RunState.QUEUED if self.held:
                return "running"
            case RunState.RUNNING if self.waits or not self.held:
                return "waiting"
            case state:
                return state.value

    @property
    def acts(self) -> tuple[RunAct, ...]:
        """What may be done to it now. A share rests and goes on with its run."""
        state = self.run.state
        if state is RunState.PAUSED:
            return (RunAct.RESUME, RunAct.CANCEL)
        if not state.final:
            return (RunAct.CANCEL,) if self.run.parent else (RunAct.PAUSE, RunAct.CANCEL)
        return (RunAct.RETRY,) if state in RETRIABLE else ()


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """One run looked at closely: how many steps it has finished, the last of them, newest first, and its shares."""

    run: Run
    step_count: int
    steps: tuple[Step, ...]
    shares: tuple[QueuedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """What is known at `at` (seconds since the epoch).

    `runs` are those that are open, in the order in which they are served, then some that ended last. `note` says what is
    missing, and why.
    """

    at: float
    queues: tuple[QueueLength, ...] = ()
    runs: tuple[QueuedRun, ...] = ()
    parked: tuple[DeadLetter, ...] = ()
    opened: OpenedRun | None = None
    note: str = ""
