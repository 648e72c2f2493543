"""Whether process ids that a driver tells are ours: a container has numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import psutil

Seen = Callable[[Collection[int]], bool]
"""Whether a driver that names these processes tells all of them, by numbers that mean the same to us."""

_FIRST = "pid:[4026531836]"
"""The machine's own process numbers; the kernel has given them this name since it has had others."""


def tells_processes(root: Path = Path("/")) -> Seen:
    """On the machine itself a driver tells everybody. In a container it is believed only if it names processes that are here."""
    try:
        own = str((root / "proc/self/ns/pid").readlink())
    except OSError:
        own = _FIRST  # a system without containers
    if own == _FIRST:
        return lambda _: True
    return lambda pids: bool(pids) and all(psutil.pid_exists(pid) for pid in pids)
