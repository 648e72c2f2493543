"""No engine room: runs are carried out in this process, for scripts and tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext

from janus_lab.compose.sampling import open_sampler, this_process
from janus_lab.compose.stores import Shared, full_disk, opened_once
from janus_lab.errors import JanusError
from janus_lab.ports.engine_room import EngineRoom, Link, RoomState
from janus_lab.runs.inline import InlineQueue, NothingParked
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.health import Check, Verdict


class InlineRoom(EngineRoom):
    """No processes: runs are carried out in this one, as soon as they are queued. One owner of a data directory at a time."""

    def __init__(self, settings: Settings, shared: Shared) -> None:
        self._settings = settings
        self._shared = shared
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._resources = ExitStack()

    def link(self, announce: Callable[[str], None]) -> Link:  # noqa: ARG002 - nothing is started that outlives the call
        """Open the stores that have one owner, on first need."""
        with self._lock:
            if self._link is None:
                self._link = self._open()
            return self._link

    def reached(self) -> Link | None:
        """What is open already."""
        return self._link

    def _open(self) -> Link:
        from janus_lab.compose.services import build_worker

        with ExitStack() as opening:
            events = opening.enter_context(factory("events", "memory://")("memory://"))
            claims = opening.enter_context(factory("claims", "memory://")("memory://"))
            samples = opening.enter_context(
                factory("samples", "memory://")("memory://", expiry_seconds=self._settings.stale_seconds)
            )
            leases = opening.enter_context(factory("leases", "memory://")("memory://"))
            open_sampler(
                self._settings, claims=claims, leases=leases, samples=samples, ours=this_process, resources=opening
            )
            states = opened_once("agent states", "memory://", opening.enter_context(ExitStack()))
            worker = build_worker(
                self._settings,
                self._shared,
                events=events,
                claims=claims,
                queue=lambda: queue,
                leases=leases,
                throttle=opening.enter_context(factory("throttle", "memory://")("memory://")),
                resources=opening,
            )
            queue = InlineQueue(worker.carry_out)
            opening.callback(queue.close)
            self._resources = opening.pop_all()
        for run_id, priority in worker.recover():
            queue.enqueue(run_id, priority)
        keyspace = factory("keyspace", "memory://")
        return Link(
            events,
            claims,
            queue,
            lambda: nullcontext(NothingParked()),
            agent_states=states,
            keyspace=lambda: keyspace("memory://"),
            samples=samples,
            leases=leases,
        )

    def start(self, announce: Callable[[str], None]) -> None:
        """Open the stores."""
        self.link(announce)

    def state(self) -> RoomState:
        """Always this process."""
        return RoomState(running=self._link is not None, worker_pid=os.getpid(), worker_ready=self._link is not None)

    def distress(self) -> JanusError | None:
        """A full disk stops the stores."""
        return full_disk(self._settings.home)

    def checks(self) -> list[Check]:
        """Nothing to go wrong here."""
        return [Check("engine room", Verdict.OK, "none: runs are carried out in this process")]

    def stop(self) -> bool:
        """Wait for running runs, and close the stores."""
        was_open = self._link is not None
        self.close()
        return was_open

    def close(self) -> None:
        """Close the stores."""
        self._resources.close()
        self._link = None
