"""Keeps workers running, with a server of their own where they have one, and stops them when nobody needs them any more."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.record import Phase, Record, write_record
from janus_lab.adapters.engine_room.report import Failure
from janus_lab.errors import JanusError
from janus_lab.jobs.idleness import Idleness
from janus_lab.jobs.lifeline import on_parent_death
from janus_lab.jobs.own_server import OwnServer
from janus_lab.jobs.wake import Wake
from janus_lab.jobs.worker_process import WorkerLaunch, WorkerProcess, stop_all

if TYPE_CHECKING:
    from redis import Redis

_LOOK_SECONDS = 1.0


class Supervisor:
    """Owns one data directory's processes. All inherit `room_lock`.

    With a server of its own there is one worker, which ends with it, and both stop after `idle_seconds` without clients and
    work. Without one, `processes` workers serve whoever uses the servers that the settings name, and stay.
    """

    def __init__(
        self,
        paths: RoomPaths,
        *,
        server: OwnServer | None,
        room_lock: int,
        processes: int,
        idle_seconds: float,
        opener: str,
    ) -> None:
        self._paths = paths
        self._server = server
        self._idle_seconds = idle_seconds
        self._workers = [self._worker(number, room_lock, opener) for number in range(1, processes + 1)]
        socket = str(server.socket) if server is not None else ""
        self._record = Record(Phase.STARTING, supervisor_pid=os.getpid(), socket=socket)

    def run(self, started: Callable[[], None]) -> None:
        """Supervise until a signal or idleness; `started` is called when work can be queued. Raises JanusError on giving up."""
        wake = Wake()
        self._write()
        if self._server is not None:
            self._server.start()
        for worker in self._workers:
            worker.tend()
        self._record = replace(self._record, started_at=time.time())
        self._write(Phase.RUNNING)
        started()
        with ExitStack() as resources:
            self._tend(wake, self._idleness(resources))
        self._record = replace(self._record, asked=wake.stop_requested)

    def stop(self, error: JanusError | None = None) -> None:
        """Stop the workers, then the server, and say in the record why."""
        self._write(Phase.STOPPING)
        stop_all(self._workers)
        if self._server is not None:
            self._server.stop()
        failure = Failure.of(error) if error is not None else None
        self._record = replace(self._record, supervisor_pid=None, failure=failure)
        self._write(Phase.FAILED if failure else Phase.STOPPED)

    def _tend(self, wake: Wake, idleness: Idleness | None) -> None:
        look_seconds = min(_LOOK_SECONDS, max(0.05, self._idle_seconds / 5))
        while not wake.stop_requested:
            if self._server is not None and self._server.tend():
                self._write()
            if any([worker.tend() for worker in self._workers]):  # noqa: C419 - each is to be tended
                self._write()
            if idleness is not None and self._is_idle(idleness) and self._stops(idleness):
                return
            wake.wait(look_seconds)

    def _idleness(self, resources: ExitStack) -> Idleness | None:
        if self._server is None:
            return None
        from redis import Redis

        url = self._server.url("janus-supervisor")
        client: Redis = resources.enter_context(Redis.from_url(url, decode_responses=True))
        return Idleness(client, self._idle_seconds)

    def _is_idle(self, idleness: Idleness) -> bool:
        from redis.exceptions import RedisError

        try:
            return idleness.look()
        except RedisError:
            return False  # a server that is just ending or starting again can't be asked; the next look will tell

    def _stops(self, idleness: Idleness) -> bool:
        from redis.exceptions import RedisError

        self._write(Phase.STOPPING)
        try:
            needed = idleness.needed_again()
        except RedisError:
            needed = True
        if needed:
            self._write(Phase.RUNNING)
        return not needed

    def _worker(self, number: int, room_lock: int, opener: str) -> WorkerProcess:
        name = "" if number == 1 else f"-{number}"
        arguments: tuple[str, ...] = ("--log", f"worker{name}")
        # A worker whose own server goes has nothing to put in order; one of others' gives its work back.
        death, restart = signal.SIGTERM, "1000"
        if self._server is not None:
            death, restart = signal.SIGKILL, "200"
            arguments += ("--redis-url", self._server.url("janus-worker"))
        launch = WorkerLaunch(
            self._paths.home,
            opener,
            arguments,
            {"dramatiq_restart_delay": restart},
            self._paths.log(f"worker-output{name}"),
            (room_lock,),
            on_parent_death(death),
        )
        return WorkerProcess(launch)

    def _write(self, phase: Phase | None = None) -> None:
        pids = [worker.pid for worker in self._workers]
        self._record = replace(
            self._record,
            phase=phase or self._record.phase,
            server_pid=self._server.pid if self._server is not None else None,
            worker_pid=pids[0] if pids else None,
            worker_pids=tuple(pid for pid in pids if pid is not None),
        )
        try:
            write_record(self._paths.record, self._record)
        except OSError as error:
            if self._record.phase is Phase.STARTING:
                raise
            # A full disk must not stop what runs.
            print(f"the record could not be written: {error}", file=sys.stderr)  # noqa: T201 - goes to the log
