"""Starts server and worker, keeps them running, and stops them when nobody needs them any more."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from janus_lab.adapters.engine_room.paths import RoomPaths, socket_path
from janus_lab.adapters.engine_room.record import Phase, Record, write_record
from janus_lab.adapters.engine_room.report import Failure, receive
from janus_lab.adapters.engine_room.server import last_lines, server_url, start_server, wait_for_server
from janus_lab.errors import EngineError, EngineRoomFailed, JanusError
from janus_lab.jobs.child import Child
from janus_lab.jobs.idleness import Idleness
from janus_lab.jobs.lifeline import on_parent_death
from janus_lab.jobs.ownership import WORKER_MODULE

SERVER_START_SECONDS = 120.0
"""A server with much data may load for a while before it answers."""
WORKER_STOP_SECONDS = 7.0
SERVER_STOP_SECONDS = 20.0
_LOOK_SECONDS = 1.0
_OUTPUT_BYTES = 1024 * 1024


class Supervisor:
    """Owns one data directory's server and worker; `room_lock` is inherited by both."""

    def __init__(self, paths: RoomPaths, *, room_lock: int, idle_seconds: float, opener: str) -> None:
        self._paths = paths
        self._room_lock = room_lock
        self._idle_seconds = idle_seconds
        self._opener = opener
        self._socket = socket_path(paths.home)
        # The server syncs its log before it ends; a worker without a server has nothing to put in order.
        self._server_before_exec = on_parent_death(signal.SIGTERM)
        self._worker_before_exec = on_parent_death(signal.SIGKILL)
        self._worker_report: int | None = None
        self._server = Child(self._launch_server, self._server_ended)
        self._worker_failure: Failure | None = None
        self._worker = Child(self._launch_worker, self._worker_ended, began=self._worker_began)
        self._record = Record(Phase.STARTING, supervisor_pid=os.getpid(), socket=str(self._socket))

    def run(self, started: Callable[[], None]) -> None:
        """Supervise until a signal or idleness; `started` is called when the server answers. Raises JanusError on giving up."""
        from redis import Redis

        wake = _Wake()
        self._write()
        self._server.tend()
        self._await_server()
        self._worker.tend()
        self._record = replace(self._record, started_at=time.time())
        self._write(Phase.RUNNING)
        started()
        with Redis.from_url(server_url(self._socket, "janus-supervisor"), decode_responses=True) as client:
            self._tend(wake, Idleness(client, self._idle_seconds))

    def stop(self, error: JanusError | None = None) -> None:
        """Stop the worker, then the server, and say in the record why."""
        self._write(Phase.STOPPING)
        self._worker.stop(wait_seconds=WORKER_STOP_SECONDS)
        self._server.stop(wait_seconds=SERVER_STOP_SECONDS)
        self._socket.unlink(missing_ok=True)
        failure = Failure.of(error) if error is not None else None
        self._record = replace(self._record, supervisor_pid=None, failure=failure)
        self._write(Phase.FAILED if failure else Phase.STOPPED)

    def _tend(self, wake: _Wake, idleness: Idleness) -> None:
        from redis.exceptions import RedisError

        look_seconds = min(_LOOK_SECONDS, max(0.05, self._idle_seconds / 5))
        while not wake.stop_requested:
            if self._server.tend():
                self._write()
                self._await_server()
            if self._worker.tend():
                self._write()
            try:
                if idleness.look() and self._stops(idleness):
                    return
            except RedisError:
                pass  # a server that is just ending or starting again can't be asked; the next look will tell
            wake.wait(look_seconds)

    def _stops(self, idleness: Idleness) -> bool:
        self._write(Phase.STOPPING)
        if idleness.needed_again():
            self._write(Phase.RUNNING)
            return False
        return True

    def _await_server(self) -> None:
        process = self._server.process
        if process is None:
            return
        log = self._paths.log("server")
        try:
            wait_for_server(process, self._socket, log, wait_seconds=SERVER_START_SECONDS)
        except EngineRoomFailed:
            # At the first start there is somebody to tell; later the law of restarts decides.
            if self._record.phase is Phase.STARTING:
                raise

    def _launch_server(self) -> subprocess.Popen[bytes]:
        log = self._paths.log("server")
        _shorten(log)
        return start_server(
            directory=self._paths.server,
            socket=self._socket,
            log=log,
            inherit=[self._room_lock],
            before_exec=self._server_before_exec,
        )

    def _launch_worker(self) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        url = server_url(self._socket, "janus-worker")
        command = [sys.executable, "-P", "-m", WORKER_MODULE, "--home", str(self._paths.home), "--redis-url", url]
        command += ["--parent", str(os.getpid()), "--report-fd", str(writing), "--opener", self._opener]
        output = self._paths.log("worker-output")
        _shorten(output)
        # Idle OpenMP threads sleep instead of spinning, and a lost connection is taken up again soon.
        quiet = {"OMP_WAIT_POLICY": "passive", "dramatiq_restart_delay": "200"}
        try:
            with output.open("ab") as file:
                return subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **quiet},
                    cwd=self._paths.home,
                    pass_fds=[self._room_lock, writing],
                    preexec_fn=self._worker_before_exec,  # noqa: PLW1509 - a supervisor has no threads
                )
        finally:
            os.close(writing)
            self._worker_report = reading

    def _server_ended(self, status: int) -> None:
        if self._server.gives_up:
            raise _gave_up("server", status, last_lines(self._paths.log("server")), self._paths)

    def _worker_began(self) -> bool:
        reading, self._worker_report, self._worker_failure = self._worker_report, None, None
        if reading is None:
            return False
        outcome = receive(reading, wait_seconds=0.0)
        os.close(reading)
        if outcome is None or not outcome.reported:
            return False
        self._worker_failure = outcome.failure
        return outcome.failure is None

    def _worker_ended(self, status: int) -> None:
        if self._worker_failure is not None:
            error = self._worker_failure.error()
            # What an engine did may pass; what a person must mend does not.
            if self._worker.gives_up or not isinstance(error, EngineError):
                raise error
        if self._worker.gives_up:
            raise _gave_up("worker", status, last_lines(self._paths.log("worker-output")), self._paths)

    def _write(self, phase: Phase | None = None) -> None:
        self._record = replace(
            self._record, phase=phase or self._record.phase, server_pid=self._server.pid, worker_pid=self._worker.pid
        )
        try:
            write_record(self._paths.record, self._record)
        except OSError as error:
            if self._record.phase is Phase.STARTING:
                raise
            # A full disk must not stop what runs.
            print(f"the record could not be written: {error}", file=sys.stderr)  # noqa: T201 - goes to the log


class _Wake:
    """Sleep that ends when a child does or when somebody wants the supervisor to stop."""

    def __init__(self) -> None:
        self.stop_requested = False
        self._reading, writing = os.pipe()
        for descriptor in (self._reading, writing):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)

    def wait(self, seconds: float) -> None:
        """Sleep for so long, or until a signal."""
        if not self.stop_requested and select.select([self._reading], [], [], seconds)[0]:
            os.read(self._reading, 4096)

    def _request_stop(self, *_: object) -> None:
        self.stop_requested = True


def _shorten(log: os.PathLike[str]) -> None:
    """Empty a log of plain output that has grown too long; it grows by what native libraries print."""
    if os.path.exists(log) and os.path.getsize(log) > _OUTPUT_BYTES:  # noqa: PTH110, PTH202
        os.truncate(log, 0)


def _gave_up(name: str, status: int, tail: str, paths: RoomPaths) -> EngineRoomFailed:
    return EngineRoomFailed(
        f"the engine room's {name} ended again and again (last with status {status}): {tail}",
        remedy=f"read the logs in {paths.logs} and mend the cause, then `janus up`",
    )
