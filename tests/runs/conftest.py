"""A ledger on SQLite, events and claims in memory, and services written for the test at hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from janus_lab.adapters.agent_states.memory import MemoryAgentStates
from janus_lab.adapters.keyspace.memory import open_keyspace
from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.ports.claims import Claims
from janus_lab.ports.engine_room import Link
from janus_lab.ports.events import EventLog
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.ledger import Ledger
from janus_lab.ports.samples import Samples
from janus_lab.runs.context import RunContext
from janus_lab.runs.executor import Executor
from janus_lab.runs.inline import NothingParked
from janus_lab.schemes import factory
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState


@dataclass
class Recorded:
    """A queue that keeps what it was given, so that a test delivers it when it wants."""

    messages: list[tuple[str, Priority, float]] = field(default_factory=list)

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        self.messages.append((run_id, priority, delay_seconds))


@dataclass
class Service:
    """Carries out runs with a function."""

    work: Callable[[RunContext], Mapping[str, Any]]

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        return self.work(context)


@dataclass
class Bench:
    """Everything an executor stands on."""

    ledger: Ledger
    events: EventLog
    claims: Claims
    samples: Samples
    queue: Recorded

    def executor(
        self, work: Callable[[RunContext], Mapping[str, Any]], *, holder: str = "one", **options: Any
    ) -> Executor:
        return Executor(
            holder=holder,
            ledger=self.ledger,
            events=self.events,
            claims=self.claims,
            queue=lambda: self.queue,
            services={RunKind.ASK: Service(work)},
            **options,
        )

    def link(self, queue: JobQueue) -> Link:
        return Link(
            self.events,
            self.claims,
            queue,
            lambda: nullcontext(NothingParked()),
            agent_states=MemoryAgentStates,
            keyspace=open_keyspace,
            samples=self.samples,
            leases=MemoryLeases(),
        )

    def new_run(self) -> str:
        run = Run(new_run_id(), RunKind.ASK, RunState.QUEUED, Priority.INTERACTIVE, {"question": "?"}, time.time())
        self.ledger.create(run)
        return run.id


@pytest.fixture
def bench(tmp_path) -> Iterator[Bench]:
    url = f"sqlite:///{tmp_path}/janus.db"
    with ExitStack() as stack:
        ledger = stack.enter_context(factory("ledger", url)(url))
        events = stack.enter_context(factory("events", "memory://")("memory://"))
        claims = stack.enter_context(factory("claims", "memory://")("memory://"))
        samples = stack.enter_context(factory("samples", "memory://")("memory://"))
        yield Bench(ledger, events, claims, samples, Recorded())
