"""Hosts: worker processes with data directories of their own, that share nothing but servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from janus_lab.adapters.engine_room.attach import WORKER_OPENER
from janus_lab.adapters.engine_room.workers import ready_workers
from janus_lab.errors import EngineError
from janus_lab.settings import environment_of

READY_SECONDS = 180.0


class Host:
    """One worker process, which may be killed and started again."""

    def __init__(self, folder: Path, settings: Mapping[str, object], *, opener: str = WORKER_OPENER) -> None:
        self.folder = folder
        self.opener = opener
        self.log = folder / "worker.log"
        self.redis_url = str(settings["redis_url"])
        self._environment = environment_of({**settings, "model_threads": 1})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> Self:
        """Start the worker; with `wait`, until it takes work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-P",
            "-m",
            "janus_lab.jobs.worker",
            "--home",
            str(self.folder / "home"),
            *("--log", "-", "--opener", self.opener),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**os.environ, **self._environment}, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Wait until the worker takes work."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            assert self._process is not None
            told = self.log.read_text(encoding="utf-8")[-3000:]
            assert self._process.poll() is None, f"the worker ended:\n{told}"
            assert time.monotonic() < deadline, f"the worker is not ready:\n{told}"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _ready(self) -> bool:
        try:
            _, workers = ready_workers(self.redis_url)
        except EngineError:
            return False
        return any(worker.pid == self.pid for worker in workers)


def host_of(hosts: Sequence[Host], run_id: str) -> tuple[Host, list[Host]]:
    """The host whose worker carries out a run, and the others."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        _, workers = ready_workers(hosts[0].redis_url)
        pids = [worker.pid for worker in workers if run_id in worker.runs]
        if found := [host for host in hosts if host.pid in pids]:
            return found[0], [host for host in hosts if host is not found[0]]
        time.sleep(0.02)
    message = "no worker says that it carries out the run"
    raise AssertionError(message)
