"""Hashes of large files, each read once for it."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path

_FOLDER = "hashes"


class FileHashes:
    """SHA-256 of files. They are kept in `cache` under a file's path, size and time, so that none is read twice for it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def of(self, path: Path) -> str:
        """A file's hash. Raises OSError."""
        stat = path.stat()
        stamp = [str(path.resolve()), stat.st_size, stat.st_mtime_ns]
        note = self._cache / _FOLDER / f"{hashlib.sha256(json.dumps(stamp).encode()).hexdigest()[:32]}.txt"
        try:
            return note.read_text(encoding="ascii")
        except OSError:
            return _remember(note, _file_hash(path))


def _remember(note: Path, digest: str) -> str:
    """Keep a hash if that is possible; a cache that can't be written costs time at each start, nothing else."""
    partial = note.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(digest, encoding="ascii")
        partial.replace(note)
    return digest


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
