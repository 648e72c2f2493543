"""The engine room as a client sees it: the processes that do the work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from janus_lab.errors import JanusError
from janus_lab.ports.agent_states import AgentStates
from janus_lab.ports.claims import Claims
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.ports.events import EventLog
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.keyspace import Keyspace
from janus_lab.ports.leases import Leases
from janus_lab.ports.samples import Samples
from janus_lab.values.health import Check, WorkerState


@dataclass(frozen=True, slots=True)
class Link:
    """What a client needs of a running engine room."""

    events: EventLog
    claims: Claims
    queue: JobQueue
    letters: Callable[[], AbstractContextManager[DeadLetters]]
    """Opens what the broker has parked; seldom needed, so not kept open."""
    keyspace: Callable[[], AbstractContextManager[Keyspace]]
    """Opens a look at the server's keys, for people; likewise."""
    agent_states: Callable[[], AgentStates]
    """What agents know, opened at the first call."""
    samples: Samples
    leases: Leases


@dataclass(frozen=True, slots=True)
class RoomState:
    """Processes of the engine room; None where there is none. `failure` says why it gave up, if it did.

    `stopped` is true when it was ended in order, or is about to be; `asked_at` is when somebody had it end so, None where nobody
    did. `workers` are those of a room of servers, wherever they run.
    """

    running: bool
    supervisor_pid: int | None = None
    server_pid: int | None = None
    worker_pid: int | None = None
    worker_ready: bool = False
    server_version: str = ""
    started_at: float | None = None
    clients: int = 0
    failure: str = ""
    stopped: bool = False
    asked_at: float | None = None
    workers: tuple[WorkerState, ...] = ()


class EngineRoom(Protocol):
    """Starts, finds and stops the processes that work on runs."""

    def link(self, announce: Callable[[str], None]) -> Link:
        """Attach to the engine room, starting it if it is not there (then `announce` is told one line). Cheap when attached.

        Raises EngineRoomFailed, or what kept it from starting.
        """
        ...

    def reached(self) -> Link | None:
        """As `link` gives it, where the engine room runs; None where none does. Starts nothing."""
        ...

    def start(self, announce: Callable[[str], None]) -> None:
        """Start the processes that belong on this machine, where they don't run. Raises EngineRoomFailed."""
        ...

    def state(self) -> RoomState:
        """How it is, without starting it."""
        ...

    def distress(self) -> JanusError | None:
        """What keeps it from working at present, as far as can be seen from outside; None if nothing does."""
        ...

    def checks(self) -> list[Check]:
        """What `janus doctor` finds out about it, without starting it."""
        ...

    def stop(self) -> bool:
        """Stop every process of it; open runs go on at the next start. False if nothing ran."""
        ...

    def close(self) -> None:
        """Let go of it; it stops by itself when the last client is gone for long enough."""
        ...
