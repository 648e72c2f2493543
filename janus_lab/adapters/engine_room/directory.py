"""Makes a data directory ready for its engine room, or says why it can't be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.engine_room.locks import locked
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.errors import DataDirectoryUnusable, DiskFull, JanusError

FREE_BYTES = 8 * 1024 * 1024
"""With less free space an engine room isn't started: its first writes would fail."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


def prepare(paths: RoomPaths) -> None:
    """Make the folders and try to write. Raises DataDirectoryUnusable or DiskFull."""
    with reported(paths):
        paths.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (paths.server, paths.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
        with locked(paths.starter_lock, wait_seconds=0.0):
            pass
        space = os.statvfs(paths.home)
        if space.f_bavail * space.f_frsize < FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def reported(paths: RoomPaths) -> Iterator[None]:
    """Turn an OSError about the data directory into an error with a remedy."""
    try:
        yield
    except OSError as error:
        raise unusable(paths, error) from error


def unusable(paths: RoomPaths, error: OSError) -> JanusError:
    """What an OSError met in the data directory means to a person."""
    if error.errno in _FULL:
        return DiskFull(
            f"the disk of the data directory {paths.home} is full", remedy="free some space there, then try again"
        )
    return DataDirectoryUnusable(
        f"the data directory {paths.home} can't be used: {error.strerror or error}",
        remedy="make it writable for yourself, or choose another one with JANUS_HOME",
    )
