"""The server that an embedded engine room has for itself."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from janus_lab.adapters.engine_room.paths import RoomPaths, socket_path
from janus_lab.adapters.engine_room.server import server_url, start_server, wait_for_server
from janus_lab.errors import EngineRoomFailed
from janus_lab.jobs.child import Child
from janus_lab.jobs.lifeline import on_parent_death
from janus_lab.jobs.worker_process import gave_up, shorten

START_SECONDS = 120.0
"""A server with much data may load for a while before it answers."""
STOP_SECONDS = 20.0


class OwnServer:
    """A server on a unix socket, kept running; it inherits `room_lock` and holds at most `memory_mb` (0: no limit)."""

    def __init__(self, paths: RoomPaths, room_lock: int, memory_mb: int = 0) -> None:
        self.socket: Path = socket_path(paths.home)
        self._paths = paths
        self._room_lock = room_lock
        self._memory_mb = memory_mb
        self._log = paths.log("server")
        # It syncs its log before it ends.
        self._before_exec = on_parent_death(signal.SIGTERM)
        self._child = Child(self._launch, self._ended)

    @property
    def pid(self) -> int | None:
        """The running process."""
        return self._child.pid

    def url(self, name: str) -> str:
        """Where it answers; `name` is how the connection is shown."""
        return server_url(self.socket, name)

    def start(self) -> None:
        """Start it and wait until it answers. Raises EngineRoomFailed."""
        self._child.tend()
        self._wait()

    def tend(self) -> bool:
        """Notice an end, start again when that is due; whether anything changed. Raises EngineRoomFailed on giving up."""
        if not self._child.tend():
            return False
        try:
            self._wait()
        except EngineRoomFailed:
            return True  # the law of restarts decides
        return True

    def stop(self) -> None:
        """End it, after it has synced its log."""
        self._child.stop(wait_seconds=STOP_SECONDS)
        self.socket.unlink(missing_ok=True)

    def _wait(self) -> None:
        if self._child.process is not None:
            wait_for_server(self._child.process, self.socket, self._log, wait_seconds=START_SECONDS)

    def _launch(self) -> subprocess.Popen[bytes]:
        shorten(self._log)
        return start_server(
            directory=self._paths.server,
            socket=self.socket,
            log=self._log,
            memory_mb=self._memory_mb,
            inherit=[self._room_lock],
            before_exec=self._before_exec,
        )

    def _ended(self, status: int) -> None:
        if self._child.gives_up:
            raise gave_up("server", status, self._log, self._paths.logs)
