"""Apple's accelerators, told by the system's registry. They compute in main memory, so they have none of their own."""

from __future__ import annotations

import platform
import plistlib
import subprocess
import time
from collections.abc import Callable
from typing import Any

from janus_lab.adapters.probe.accelerators import Accelerated
from janus_lab.values.machine import Device

LOOK_SECONDS = 5.0
"""The registry is asked by a program of its own, which costs more than everything else together."""
_COMMAND = ("/usr/sbin/ioreg", "-r", "-d", "1", "-w", "0", "-a", "-c", "IOAccelerator")
_PATIENCE_SECONDS = 2.0


def asked_registry() -> bytes:
    """What the registry tells of accelerators, as a property list; b"" on other systems, or where it does not answer."""
    return _answer() if platform.system() == "Darwin" else b""


def _answer() -> bytes:
    try:
        done = subprocess.run(_COMMAND, capture_output=True, check=False, timeout=_PATIENCE_SECONDS)  # noqa: S603 - fixed
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout


class AppleAccelerators:
    """Every accelerator as `apple0`, `apple1`, …, with its load; its memory is main memory, and counted there."""

    def __init__(self, ask: Callable[[], bytes] = asked_registry, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._asked_at = float("-inf")
        self._told = Accelerated()

    def measure(self) -> Accelerated:
        """All that are here, as told at most a few seconds ago. What is not told keeps nothing from being granted."""
        if self._clock() - self._asked_at >= LOOK_SECONDS:
            self._asked_at = self._clock()
            self._told = Accelerated(tuple(_device(n, facts) for n, facts in enumerate(_entries(self._ask()))))
        return self._told


def _entries(text: bytes) -> list[dict[str, Any]]:
    try:
        entries = plistlib.loads(text) if text else []
    except (plistlib.InvalidFileException, ValueError):
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _device(number: int, facts: dict[str, Any]) -> Device:
    name = facts.get("model", "Apple GPU")
    busy = facts.get("PerformanceStatistics", {}).get("Device Utilization %")
    return Device(
        f"apple{number}",
        name.decode("utf-8", "replace").rstrip("\0") if isinstance(name, bytes) else str(name),
        kind="apple",
        load=busy / 100 if isinstance(busy, int) else None,
        attributed=False,
    )
