"""Files made once from a packaged model and kept: whole or absent, made by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from janus_lab.errors import DiskFull, ModelFailed
from janus_lab.values.load_order import StillWanted, always

_LOOK_SECONDS = 0.05


def prepared(
    cache: Path, name: str, make: Callable[[Path], None], *, room: int = 0, still_wanted: StillWanted = always
) -> Path:
    """The file `name` in `cache`; `make(path)` writes it first if it is not there, and needs up to `room` bytes for it.

    Other processes that want the same file wait for it. A process that dies in the middle leaves nothing that would be
    taken for the file. Raises DiskFull, or ModelFailed if the cache can't be written; while others make it, what `still_wanted` does.
    """
    final = cache / name
    if final.is_file():
        return final
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / f".{name}.lock", still_wanted):
            if not final.is_file():
                if shutil.disk_usage(cache).free < room:
                    raise _disk_full(cache)
                _make(final, make)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(cache) from error
        raise ModelFailed(
            f"a prepared model can't be written to {cache}: {error.strerror or error}",
            remedy=f"give write permission on {cache}, or set model_cache to another folder",
        ) from error
    return final


def _disk_full(cache: Path) -> DiskFull:
    return DiskFull(
        f"no space is left to prepare a model in {cache}",
        remedy="free some space there, or set model_cache to another folder",
    )


def _make(final: Path, make: Callable[[Path], None]) -> None:
    partial = final.with_name(f".{final.name}.partial")
    try:
        make(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _alone(lock: Path, still_wanted: StillWanted) -> Iterator[None]:
    """Hold `lock` against every other process; the kernel lets go of it when its holder dies."""
    with lock.open("a") as file:
        while not _taken(file):
            still_wanted()
            time.sleep(_LOOK_SECONDS)
        still_wanted()
        yield


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
