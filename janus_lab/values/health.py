"""How the engine room and its parts are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of one check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `janus doctor` looked at; `remedy` says what to do unless it is ok."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All checks of one `janus doctor`."""

    checks: tuple[Check, ...]

    @property
    def healthy(self) -> bool:
        """Whether no check failed."""
        return all(c.verdict is not Verdict.FAILED for c in self.checks)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker that says it is ready: where it runs, since when (seconds since the epoch), with which models, at which runs."""

    name: str
    host: str
    pid: int
    started_at: float
    models: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineRoomStatus:
    """What `janus status` shows: processes of the engine room (None where there is none), sizes and open work."""

    running: bool
    home: str
    profile: str
    supervisor_pid: int | None = None
    server_pid: int | None = None
    worker_pid: int | None = None
    worker_ready: bool = False
    server_version: str = ""
    started_at: float | None = None
    clients: int = 0
    open_runs: int = 0
    documents: int = 0
    chunks: int = 0
    serving: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each task the models that serve it, in the order in which they are asked."""
    indexes: Mapping[str, str] = field(default_factory=dict)
    """The embedding model that each collection is searched by; "" where it was not noted."""
    workers: tuple[WorkerState, ...] = ()
    """All that serve these servers, on any machine; empty for an embedded engine room, which has one."""
    failure: str = ""
    """Why the engine room gave up, or which of its servers does not answer."""
