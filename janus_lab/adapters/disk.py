"""What a refusal of the file system means to the user."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from janus_lab.errors import DataDirectoryUnusable, DiskFull, JanusError, StoreFailed

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG}
)


def disk_full(place: Path) -> DiskFull:
    """The error for a store at `place` that can't grow."""
    return DiskFull(f"no space is left for {place}", remedy=f"free space on the disk that holds {place}, then repeat")


def unusable(place: Path, reason: str) -> DataDirectoryUnusable:
    """The error for a store at `place` that can't be created or written."""
    if place.is_file() and reason == os.strerror(errno.EEXIST):
        return DataDirectoryUnusable(
            f"{place} is a file, no folder", remedy="choose another data directory with JANUS_HOME"
        )
    return DataDirectoryUnusable(
        f"{place} can't be used: {reason}",
        remedy=f"make {place.parent} a folder that you may write, or choose another data directory with JANUS_HOME",
    )


def disk_error(error: OSError, place: Path) -> JanusError:
    """Our error for the system's, met while working on `place`."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return disk_full(place)
    if error.errno in _FORBIDDEN:
        return unusable(place, reason)
    return StoreFailed(f"{place}: {reason}", remedy=f"check the disk that holds {place} with `janus doctor`")


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn the system's errors within into ours."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, place) from error
