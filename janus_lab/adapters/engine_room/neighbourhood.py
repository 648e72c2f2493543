"""Within which process ids mean something: containers have ids of their own, and so has a machine after a restart."""

from __future__ import annotations

import hashlib
import socket
from contextlib import suppress
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def neighbourhood() -> str:
    """A short name that all processes have in common that see this one under its id, and no others."""
    facts = [socket.gethostname()]
    try:
        facts += [_BOOT.read_text(encoding="ascii"), str(_NAMESPACE.readlink())]
    except OSError:
        facts.append(str(int(psutil.boot_time())))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


def alive(pid: int) -> bool:
    """Whether a process of this neighbourhood is there; one that has ended and is not yet waited for is not."""
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False
