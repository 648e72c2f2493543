"""An engine room of servers: nothing is started by a client, and workers serve from any number of machines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.engine_room.local_workers import start_workers
from janus_lab.adapters.engine_room.workers import ready_workers
from janus_lab.compose.links import open_link
from janus_lab.compose.stores import full_disk
from janus_lab.errors import EngineError, EngineRoomFailed, JanusError, SettingsError
from janus_lab.ports.engine_room import EngineRoom, Link, RoomState
from janus_lab.settings import Settings, environment_of
from janus_lab.values.counted import count
from janus_lab.values.health import Check, Verdict

LONELY_SECONDS = 8.0
"""So long no worker need be ready, as one may just be starting, before a waiting client is told."""
_REMEDY = "`janus up` starts workers on this machine, `janus worker` runs them in the foreground of any"


class ServerRoom(EngineRoom):
    """Claims, events and queues on servers; `start` and `stop` are about this machine's workers only."""

    def __init__(self, settings: Settings, overrides: Mapping[str, Any]) -> None:
        require_owners(settings, settings.worker_processes)
        self._settings = settings
        # Whoever starts workers hands them what was chosen in this session: by environment, as URLs hold passwords.
        self._environment = environment_of(overrides)
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._lonely_since: float | None = None
        self._resources = ExitStack()

    def link(self, announce: Callable[[str], None]) -> Link:  # noqa: ARG002 - nothing is started
        """Connect, once; the connections mend themselves when a server comes back."""
        with self._lock:
            if self._link is None:
                with ExitStack() as opening:
                    self._link = open_link(self._settings, self._settings.url("redis_url"), opening)
                    self._resources = opening.pop_all()
            return self._link

    def reached(self) -> Link | None:
        """Connected: servers run whether or not a worker does."""
        return self.link(lambda _line: None)

    def start(self, announce: Callable[[str], None]) -> None:
        """Start this machine's workers, where they don't run."""
        self.link(announce)
        processes = self._settings.worker_processes
        if start_workers(self._settings.home, processes=processes, environment=self._environment):
            noun = "worker" if processes == 1 else "workers"
            announce(f"Janus started {processes} {noun} on this machine (`janus down` stops them)")

    def state(self) -> RoomState:
        """Workers everywhere, and this machine's supervisor. A server that does not answer has no workers to tell of."""
        local = inspect(self._settings.home)
        try:
            version, workers = ready_workers(self._settings.url("redis_url"))
        except JanusError as error:
            # Who works is told by that server alone: of processes here it is only known that they were started.
            return replace(local, running=False, worker_pid=None, failure=error.message)
        ready = any(worker.pid == local.worker_pid for worker in workers)
        return replace(
            local, running=bool(workers) or local.running, worker_ready=ready, server_version=version, workers=workers
        )

    def distress(self) -> JanusError | None:
        """No worker at all for a while; what waits stays queued, and is carried out when one comes."""
        try:
            _, workers = ready_workers(self._settings.url("redis_url"))
        except EngineError:
            return None  # the follower knows how long to bear a server that does not answer
        if workers:
            self._lonely_since = None
            return full_disk(self._settings.home)
        self._lonely_since = self._lonely_since or time.monotonic()
        if time.monotonic() - self._lonely_since < LONELY_SECONDS:
            return None
        failure = inspect(self._settings.home).failure
        reason = f" (on this machine: {failure})" if failure else ""
        return EngineRoomFailed(f"no worker is ready{reason}", remedy=_REMEDY)

    def checks(self) -> list[Check]:
        """The workers; the servers are asked by others."""
        state = self.state()
        if state.failure:
            remedy = f"mend the cause (see the checks above, and {self._settings.home / 'logs'}), then `janus up`"
            return [Check("workers", Verdict.FAILED, state.failure, remedy)]
        if not state.workers:
            return [Check("workers", Verdict.WARNING, "none is ready", _REMEDY)]
        hosts = len({worker.host for worker in state.workers})
        return [Check("workers", Verdict.OK, f"{len(state.workers)} ready on {count(hosts, 'machine')}")]

    def stop(self) -> bool:
        """Stop this machine's workers; each gives back what it does."""
        return stop(self._settings.home)

    def close(self) -> None:
        """Disconnect."""
        self._link = None
        self._resources.close()


def require_owners(settings: Settings, processes: int) -> None:
    """Raises SettingsError for more worker processes than may have the vector store open."""
    if processes > 1 and settings.one_owner:
        raise SettingsError(
            f"worker_processes is {processes}, and the vector store in the data directory has one owner",
            remedy="set worker_processes = 1, or let vectors_url name a Qdrant server",
        )
