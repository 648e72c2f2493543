"""Content-addressed files: written aside, flushed to disk, then renamed into place, so that an object is whole or absent."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from janus_lab.adapters.disk import disk_errors
from janus_lab.adapters.objects.keys import absent, key_of, object_name
from janus_lab.ports.objects import ObjectStore

_SCHEME = "file://"
_PIECE = 1 << 20
_READ_ONLY = 0o400
_OWNERS = 0o700
_ASIDE = "writing"


@contextmanager
def open_objects(url: str) -> Iterator[ObjectStore]:
    """The objects in the folder at `url` (file:///absolute/path, taken as it stands), made if need be.

    Raises DataDirectoryUnusable or DiskFull.
    """
    root = Path(url.removeprefix(_SCHEME))
    with disk_errors(root):
        root.mkdir(mode=_OWNERS, parents=True, exist_ok=True)
        (root / _ASIDE).mkdir(exist_ok=True)
    yield FileObjects(root)


class FileObjects:
    """Objects as files that their owner may read, `ab/cdef…` under the root; safe from several threads and processes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: BinaryIO) -> str:
        """Store everything `data` yields and return its key. Raises DiskFull, and leaves nothing, if it does not fit."""
        with disk_errors(self._root):
            descriptor, name = tempfile.mkstemp(dir=self._root / _ASIDE)
            aside = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    key = _copy(data, file)
                    os.fchmod(file.fileno(), _READ_ONLY)
                    os.fsync(file.fileno())
                self._keep(aside, key)
            finally:
                aside.unlink(missing_ok=True)
        return key

    def open(self, key: str) -> BinaryIO:
        """The bytes of an object, to be closed by the caller. Raises NotFound, or UserError for what is no key."""
        path = self._path(key)
        try:
            return path.open("rb")
        except FileNotFoundError as error:
            raise absent(key) from error

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        return self._path(key).is_file()

    def size(self, key: str) -> int:
        """Its size in bytes. Raises NotFound."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError as error:
            raise absent(key) from error

    def remove(self, key: str) -> bool:
        """Remove an object; False if it was not there."""
        path = self._path(key)
        with disk_errors(path):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
        return True

    def keys(self) -> Iterator[str]:
        """Every object's key, in no order."""
        for folder in self._root.iterdir():
            if folder.name == _ASIDE or not folder.is_dir():
                continue
            for file in folder.iterdir():
                if key := key_of(f"{folder.name}/{file.name}"):
                    yield key

    def _path(self, key: str) -> Path:
        return self._root / object_name(key)

    def _keep(self, aside: Path, key: str) -> None:
        path = self._path(key)
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        aside.replace(path)
        _flush_folder(path.parent)


def _copy(data: BinaryIO, file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := data.read(_PIECE):
        digest.update(piece)
        file.write(piece)
    file.flush()
    return digest.hexdigest()


def _flush_folder(folder: Path) -> None:
    """Make a rename last: it is kept in the folder, which has a cache of its own."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
