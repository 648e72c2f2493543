"""Runs: the durable record of one ingest, search, ask, removal or check, and the steps it is cut into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from janus_lab.errors import JanusError, RunFailed


class RunKind(StrEnum):
    """What a run does."""

    INGEST = "ingest"
    SEARCH = "search"
    ASK = "ask"
    REMOVE = "remove"
    CHECK = "check"
    EMBED = "embed"
    CHAT = "chat"
    COUNT = "count"
    PULL = "pull"
    LOAD = "load"
    FIT = "fit"
    BENCH = "bench"
    REINDEX = "reindex"


LOOKUPS = (RunKind.SEARCH, RunKind.EMBED, RunKind.CHAT, RunKind.COUNT, RunKind.LOAD, RunKind.FIT)
"""Kinds whose result is handed over at once: they are forgotten after `keep_lookups_days`."""


class RunState(StrEnum):
    """Where a run stands.

    QUEUED and RUNNING runs go on by themselves; a PAUSED one rests until somebody resumes (QUEUED) or cancels it. The others
    are final; a retry makes FAILED or CANCELLED QUEUED again.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more happens to such a run by itself."""
        return self not in OPEN


ACTIVE = (RunState.QUEUED, RunState.RUNNING)
"""States of runs that a worker carries out, or will."""
OPEN = (*ACTIVE, RunState.PAUSED)
"""States that are not final."""
RETRIABLE = (RunState.FAILED, RunState.CANCELLED)


class Priority(StrEnum):
    """Who waits for a run: a person (interactive), an agent that works for one, or nobody in particular (batch).

    In this order they are served.
    """

    INTERACTIVE = "interactive"
    AGENT = "agent"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run failed, kept with it: an error's code, message and remedy."""

    code: str
    message: str
    remedy: str

    def as_error(self) -> JanusError:
        """The error of that code; one that is not known here is RunFailed."""
        pending: list[type[JanusError]] = [JanusError]
        while pending:
            kind = pending.pop()
            if kind.code == self.code:
                return kind(self.message, remedy=self.remedy)
            pending.extend(kind.__subclasses__())
        return RunFailed(self.message, remedy=self.remedy)


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the ledger has it. `request` and `result` are JSON-ready; times are seconds since the epoch."""

    id: str
    kind: RunKind
    state: RunState
    priority: Priority
    request: Mapping[str, Any]
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    attempts: int = 0
    fence: int = 0
    result: Mapping[str, Any] | None = None
    error: RunError | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    """The run that this one is a share of; "" for one that somebody asked for."""
    cell: str = ""
    """Where it was asked from, for people, such as "In [12] of wind.ipynb"; "" outside of notebooks."""


@dataclass(frozen=True, slots=True)
class Step:
    """A unit of a run, committed once: `key` is unique in its run; `effect` says what it did (counts), JSON-ready."""

    run_id: str
    key: str
    effect: Mapping[str, Any]
    committed_at: float
