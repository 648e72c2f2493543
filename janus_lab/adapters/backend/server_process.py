"""A server that we start: it ends when it is stopped, and with this process, however this process ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from janus_lab.adapters.backend import server_guard

_TAIL_BYTES = 4096
_GUARD = Path(server_guard.__file__)


class ServerProcess:
    """A running command under a guard. What it prints goes to `log`, in which `hidden` does not appear."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        hidden: str,
        grace_seconds: float,
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._began = log.stat().st_size if log.exists() else 0
        self._grace = grace_seconds
        # Its input is what holds it; a session of its own keeps a terminal's Ctrl-C from it.
        self._guard = subprocess.Popen(  # noqa: S603 - our own interpreter with our own program
            [sys.executable, "-I", "-S", str(_GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        order = {
            "command": list(command),
            "environment": dict(environment),
            "log": str(log),
            "hidden": hidden,
            "grace_seconds": grace_seconds,
        }
        self._tell(json.dumps(order).encode() + b"\n")

    @property
    def pid(self) -> int:
        """The guard's; everything else descends from it."""
        return self._guard.pid

    def has_ended(self) -> bool:
        """Whether the server, and then its guard, is gone."""
        return self._guard.poll() is not None

    def stop(self) -> None:
        """Ask the server to end, wait, and kill what is left after the grace."""
        if self._guard.stdin is not None:
            with suppress(BrokenPipeError):  # it has ended by itself
                self._guard.stdin.close()
        try:
            self._guard.wait(self._grace + 5.0)
        except subprocess.TimeoutExpired:
            # What it guards dies with it.
            self._guard.kill()
            self._guard.wait()

    def said(self, lines: int = 4) -> str:
        """The last lines that this start printed, on one line, for an error's message."""
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL_BYTES, self._began if self._began <= size else 0))
                told = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return "(no log)"
        shown = ["".join(c for c in line if c.isprintable()).strip() for line in told]
        return " / ".join([line for line in shown if line][-lines:]) or "(nothing in its log)"

    def _tell(self, line: bytes) -> None:
        if self._guard.stdin is None:
            return
        with suppress(BrokenPipeError):  # it has ended already, which whoever waits for the server finds
            self._guard.stdin.write(line)
            self._guard.stdin.flush()
