"""A stored object as a file: read in order from one response, and from wherever a reader seeks to."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3.response import BaseHTTPResponse

_BUFFER = 1 << 18
_WORTH_READING = 1 << 16
"""So few bytes that are left are read to keep the connection, rather than dropped with it."""
_RESUMES = 4
"""How often in a row reading goes on at the same place after a broken connection."""


def open_reader(request: Callable[[int], BaseHTTPResponse], silent: Callable[[], Exception]) -> BinaryIO:
    """The object that `request(offset)` answers with from that byte on. `silent` makes the error for a server that stops
    answering in the middle, and does not come back.
    """
    return io.BufferedReader(_Reader(request, silent), _BUFFER)


class _Reader(io.RawIOBase):
    """Holds at most one response, and none once it is closed."""

    def __init__(self, request: Callable[[int], BaseHTTPResponse], silent: Callable[[], Exception]) -> None:
        self._request = request
        self._silent = silent
        self._place = 0
        self._response: BaseHTTPResponse | None = request(0)
        self._size = self._left = int(self._response.headers["content-length"])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"there is no byte {start + offset}")
        if start + offset != self._place:
            self._drop()
        self._place = start + offset
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._read(min(len(view), self._size - self._place))
        view[: len(piece)] = piece
        return len(piece)

    def readall(self) -> bytes:
        return self._read(self._size - self._place)

    def close(self) -> None:
        if not self.closed:
            self._drop()
        super().close()

    def _read(self, amount: int) -> bytes:
        broken: HTTPError | None = None
        for _ in range(_RESUMES if amount > 0 else 0):
            if self._response is None:
                self._response = self._request(self._place)
                self._left = self._size - self._place
            try:
                piece = self._response.read(amount)
            except HTTPError as error:
                # The content is addressed by its hash, so what comes after this byte is the same on any new connection.
                broken = error
                self._abandon()
                continue
            self._place += len(piece)
            self._left -= len(piece)
            return piece
        if broken is not None:
            raise self._silent() from broken
        return b""

    def _drop(self) -> None:
        """Let go of the response, and keep its connection where that costs little."""
        if self._response is None:
            return
        if self._left > _WORTH_READING:
            self._abandon()
            return
        try:
            self._response.read()
            self._response.release_conn()
            self._response = None
        except HTTPError:
            self._abandon()

    def _abandon(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
