"""Free ports on loopback that two starters never both choose."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below the range from which systems take the ports of outgoing connections.
_FIRST, _LAST = 20_000, 29_999


class NoFreePort(RuntimeError):
    """Every port of the range is taken."""


class Port:
    """A port that is ours until `release`, or until this process ends: a lock is held on a file that bears its number."""

    def __init__(self, number: int, lock: int) -> None:
        self.number = number
        self._lock = lock

    def release(self) -> None:
        """Let others choose this port. Harmless when done twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def reserve() -> Port:
    """A port on which nothing listens, and which no other caller of this function has. Raises NoFreePort."""
    folder = Path(tempfile.gettempdir()) / f"janus-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    numbers = list(range(_FIRST, _LAST + 1))
    random.shuffle(numbers)
    for number in numbers:
        lock = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        if is_free(number):
            return Port(number, lock)
        os.close(lock)
    raise NoFreePort(f"every port from {_FIRST} to {_LAST} is taken")


def is_free(number: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: connections of one that has just ended linger for a minute, and hinder nobody.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True
