"""One process owns a folder of shards: the engine itself would find out only shard by shard, and say so in its own words."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from janus_lab.adapters.disk import disk_errors
from janus_lab.errors import StoreInUse

_LOCK = "owner.lock"


@contextmanager
def owned(root: Path) -> Iterator[None]:
    """Own `root` while the context lasts; a dead owner owns nothing. Raises StoreInUse if somebody else does."""
    with disk_errors(root):
        file = (root / _LOCK).open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise StoreInUse(
                f"the vectors in {root} are open in process {file.read().strip() or 'unknown'}",
                remedy="let that process end (`janus down` stops the engine room), then repeat",
            ) from error
        with disk_errors(root):
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield
