"""A source read once for its hash, and once more to be sent: its name is needed before its first byte goes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from janus_lab.adapters.disk import disk_errors
from janus_lab.errors import StoreFailed, UserError

PIECE_BYTES = 5 << 20
"""The least a part of an upload may have; a source that is no longer goes in one request."""
_MOST_PIECES = 10_000
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes whose hash, the key, is known. `only` is all of them if they are at most one piece."""

    key: str
    size: int
    only: bytes | None = field(repr=False)
    _file: BinaryIO = field(repr=False)
    _start: int

    def pieces(self) -> Iterator[bytes]:
        """Every piece, read again. Raises StoreFailed after the last one if they are others than were read before."""
        self._file.seek(self._start)
        again = hashlib.sha256()
        while piece := _piece(self._file):
            again.update(piece)
            yield piece
        if again.hexdigest() != self.key:
            raise StoreFailed(
                "a file changed while it was being stored", remedy="try again when nothing writes to it any more"
            )


@contextmanager
def open_source(data: BinaryIO) -> Iterator[Source]:
    """Read `data` to its end and hash it. What can't go back is kept aside in a temporary file meanwhile."""
    start = data.tell() if data.seekable() else None
    first = _piece(data)
    if len(first) < PIECE_BYTES:
        yield Source(hashlib.sha256(first).hexdigest(), len(first), first, data, 0)
    elif start is not None:
        yield _read(first, data, None, data, start)
    else:
        with tempfile.TemporaryFile() as aside:
            yield _read(first, data, aside, aside, 0)


def _read(first: bytes, data: BinaryIO, aside: BinaryIO | None, again: BinaryIO, start: int) -> Source:
    whole, size, read = hashlib.sha256(), 0, first
    while read:
        whole.update(read)
        size += len(read)
        if aside is not None:
            with disk_errors(Path(tempfile.gettempdir())):
                aside.write(read)
        read = data.read(_READ_BYTES)
    if size > _MOST_PIECES * PIECE_BYTES:
        raise UserError(
            f"{size / 2**30:.0f} GiB are too much for one object",
            remedy=f"split it into files of at most {_MOST_PIECES * PIECE_BYTES >> 30} GiB",
        )
    return Source(whole.hexdigest(), size, first if size == len(first) else None, again, start)


def _piece(data: BinaryIO) -> bytes:
    """So many bytes, or what is left; a source may give less at a time than it is asked for."""
    piece = data.read(PIECE_BYTES)
    if len(piece) == PIECE_BYTES or not piece:
        return piece
    gathered = bytearray(piece)
    while piece := data.read(PIECE_BYTES - len(gathered)):
        gathered += piece
    return bytes(gathered)
