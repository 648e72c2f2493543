"""A source read once for its hashes, and once more to be sent: its name is needed before its first byte goes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from janus_lab.adapters.disk import disk_errors
from janus_lab.errors import StoreFailed, UserError

PIECE_BYTES = 5 << 20
"""The least a part of an upload may have; a source that is no longer goes in one request."""
_MOST_PIECES = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes whose hashes are known: the whole's, which is the key, and each piece's."""

    key: str
    size: int
    hashes: tuple[str, ...]
    only: bytes = field(repr=False)
    """All of it, if it is one piece."""
    _file: BinaryIO = field(repr=False)
    _start: int

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        """Every piece with its hash, read again. Whoever takes them must compare: the source may have changed since."""
        self._file.seek(self._start)
        for known in self.hashes:
            yield known, _piece(self._file)


@contextmanager
def open_source(data: BinaryIO) -> Iterator[Source]:
    """Read `data` to its end and hash it. What can't go back is kept aside in a temporary file meanwhile."""
    start = data.tell() if data.seekable() else None
    first = _piece(data)
    if len(first) < PIECE_BYTES:
        key = hashlib.sha256(first).hexdigest()
        yield Source(key, len(first), (key,), first, data, 0)
        return
    if start is not None:
        yield _read(first, data, None, data, start)
        return
    with tempfile.TemporaryFile() as aside:
        yield _read(first, data, aside, aside, 0)


def changed() -> StoreFailed:
    """The error for a source whose bytes were others when they were read again."""
    return StoreFailed(
        "a file changed while it was being stored", remedy="try again when nothing writes to it any more"
    )


def _read(first: bytes, data: BinaryIO, aside: BinaryIO | None, again: BinaryIO, start: int) -> Source:
    whole, size, hashes, piece = hashlib.sha256(), 0, [], first
    with ThreadPoolExecutor(1) as beside:
        while piece:
            # Two hashes of the same bytes at the same time, as hashing leaves Python's lock alone.
            own = beside.submit(hashlib.sha256, piece)
            whole.update(piece)
            size += len(piece)
            if aside is not None:
                with disk_errors(Path(tempfile.gettempdir())):
                    aside.write(piece)
            hashes.append(own.result().hexdigest())
            piece = _piece(data)
    if len(hashes) > _MOST_PIECES:
        raise UserError(
            f"{size / 2**30:.0f} GiB are too much for one object",
            remedy=f"split it into files of at most {_MOST_PIECES * PIECE_BYTES >> 30} GiB",
        )
    return Source(whole.hexdigest(), size, tuple(hashes), first if len(hashes) == 1 else b"", again, start)


def _piece(data: BinaryIO) -> bytes:
    """So many bytes, or what is left; a source may give less at a time than it is asked for."""
    piece = data.read(PIECE_BYTES)
    if len(piece) == PIECE_BYTES or not piece:
        return piece
    gathered = bytearray(piece)
    while piece := data.read(PIECE_BYTES - len(gathered)):
        gathered += piece
    return bytes(gathered)
