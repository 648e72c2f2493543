"""Whether a recorded pid is still the process it was: pids are used again, and signals are not taken back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

_PAUSE_SECONDS = 0.01


def is_python_module(pid: int, module: str, home: Path) -> bool:
    """Whether `pid` is a process that runs `python -m MODULE` for the data directory `home`."""
    return _matches(pid, lambda command: module in command and str(home) in command)


def is_server(pid: int, socket: str) -> bool:
    """Whether `pid` is a server that listens on `socket` (servers rewrite their command line to show it)."""
    return _matches(pid, lambda command: any(socket in part for part in command))


def ended(pid: int, *, wait_seconds: float) -> bool:
    """Whether a process ends within `wait_seconds`; it need not be our child."""
    deadline = time.monotonic() + wait_seconds
    while _matches(pid, lambda _: True):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def end(pid: int, *, wait_seconds: float) -> None:
    """Ask a process to end, and kill it if it does not within `wait_seconds`."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        if not ended(pid, wait_seconds=wait_seconds):
            os.kill(pid, signal.SIGKILL)


def _matches(pid: int, test: Callable[[list[str]], bool]) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and test(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
