"""One worker process that is kept running, and what it reports of its start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from janus_lab.adapters.backend.processors import AT_REST
from janus_lab.adapters.engine_room.report import Failure, receive
from janus_lab.adapters.engine_room.server import last_lines
from janus_lab.errors import EngineError, EngineRoomFailed
from janus_lab.jobs.child import Child
from janus_lab.jobs.ownership import WORKER_MODULE

STOP_SECONDS = 7.0
_OUTPUT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WorkerLaunch:
    """How a worker is started. Passwords are in its settings' files or in `environment`, never among its arguments.

    Its output goes to the file `output`, or, without one, where this process's goes. `inherit` are descriptors it keeps open.
    """

    home: Path
    opener: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    output: Path | None = None
    inherit: tuple[int, ...] = ()
    before_exec: Callable[[], None] | None = None


class WorkerProcess:
    """A worker under the law of restarts: single-threaded, its owner calls `tend` now and then."""

    def __init__(self, launch: WorkerLaunch) -> None:
        self._launch = launch
        self._report: int | None = None
        self._failure: Failure | None = None
        self._child = Child(self._start, self._ended, began=self._began)

    @property
    def pid(self) -> int | None:
        """The running process."""
        return self._child.pid

    def tend(self) -> bool:
        """Notice an end, start again when that is due; whether anything changed. Raises JanusError on giving up."""
        return self._child.tend()

    def ask_to_stop(self) -> None:
        """Let it begin to end; `stop` waits for it."""
        if self._child.process is not None:
            self._child.process.terminate()

    def stop(self) -> None:
        """End it, giving it time to withdraw what it does."""
        self._child.stop(wait_seconds=STOP_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        chosen = self._launch
        command = [sys.executable, "-P", "-m", WORKER_MODULE, "--home", str(chosen.home), *chosen.arguments]
        command += ["--parent", str(os.getpid()), "--report-fd", str(writing), "--opener", chosen.opener]
        try:
            if chosen.output is None:
                return self._spawn(command, None, writing)
            shorten(chosen.output)
            with chosen.output.open("ab") as file:
                return self._spawn(command, file.fileno(), writing)
        finally:
            os.close(writing)
            self._report = reading

    def _spawn(self, command: Sequence[str], output: int | None, report: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**AT_REST, **os.environ, **self._launch.environment},
            cwd=self._launch.home,
            pass_fds=[*self._launch.inherit, report],
            preexec_fn=self._launch.before_exec,  # noqa: PLW1509 - a supervisor has no threads
        )

    def _began(self) -> bool:
        reading, self._report, self._failure = self._report, None, None
        if reading is None:
            return False
        outcome = receive(reading, wait_seconds=0.0)
        os.close(reading)
        if outcome is None or not outcome.reported:
            return False
        self._failure = outcome.failure
        return outcome.failure is None

    def _ended(self, status: int) -> None:
        if self._failure is not None:
            error = self._failure.error()
            # What an engine did may pass; what a person must mend does not.
            if self._child.gives_up or not isinstance(error, EngineError):
                raise error
        if self._child.gives_up:
            raise gave_up("worker", status, self._launch.output, self._launch.home / "logs")


def stop_all(workers: Sequence[WorkerProcess]) -> None:
    """End workers side by side."""
    for worker in workers:
        worker.ask_to_stop()
    for worker in workers:
        worker.stop()


def shorten(log: Path) -> None:
    """Empty a log of plain output that has grown too long; it grows by what native libraries print."""
    if log.exists() and log.stat().st_size > _OUTPUT_BYTES:
        os.truncate(log, 0)


def gave_up(name: str, status: int, output: Path | None, logs: Path) -> EngineRoomFailed:
    """The error for a process that never lasts."""
    tail = f": {last_lines(output)}" if output is not None else ""
    return EngineRoomFailed(
        f"the engine room's {name} ended again and again (last with status {status}){tail}",
        remedy=f"read the logs in {logs} and mend the cause, then `janus up`",
    )
