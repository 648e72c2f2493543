"""What the engine can't do, in our words, and what must be asked before it is too late to refuse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from janus_lab.adapters.disk import disk_errors, disk_full
from janus_lab.errors import JanusError, StoreFailed

# The engine grows its files by mapping them: on a full disk the process would die of it, so room is asked for first.
_ROOM = 48 * 1024 * 1024
_PANICS = "pyo3_runtime"


def check_room(root: Path, needed: int = 0) -> None:
    """Raise DiskFull unless `needed` bytes and a margin are free where `root` lies."""
    with disk_errors(root):
        free = shutil.disk_usage(root).free
    if free < needed + _ROOM:
        raise disk_full(root)


@contextmanager
def refusals(root: Path) -> Iterator[None]:
    """Turn the engine's errors within into ours."""
    try:
        with disk_errors(root):
            yield
    except JanusError:
        raise
    except BaseException as error:
        # The driver raises bare Exceptions, and its panics stand beside Exception, not below it.
        if isinstance(error, Exception) or type(error).__module__ == _PANICS:
            raise StoreFailed(
                f"the vector store in {root} failed: {error}",
                remedy="run `janus doctor`; if it is all well there, please report this",
            ) from error
        raise
