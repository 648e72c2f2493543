"""File locks: they end with the processes that hold them, however those end."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE_SECONDS = 0.01


def acquire(path: Path, *, wait_seconds: float) -> int | None:
    """Lock `path`, making it if need be, within `wait_seconds`: the descriptor that holds the lock until it is closed, or None.

    A child that inherits the descriptor holds the lock, too. Raises OSError if the file can't be opened for writing.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(_PAUSE_SECONDS)
        except BaseException:
            os.close(descriptor)
            raise
        else:
            return descriptor


@contextmanager
def locked(path: Path, *, wait_seconds: float) -> Iterator[bool]:
    """Hold the lock on `path` inside; yields False if it did not become free in time."""
    descriptor = acquire(path, wait_seconds=wait_seconds)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def held(path: Path) -> bool:
    """Whether some process holds the lock on `path`. Raises OSError if the file may not be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
