"""What a model writes, on a terminal: dimmed while it grows, and taken away once the checked text is there."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import IO

from janus_lab.verbs.plain.printable import printable

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class StreamedDraft:
    """A text that grows on a terminal. Elsewhere it is not shown at all: what was written there can't be taken back."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._shows = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._text = ""

    def __bool__(self) -> bool:
        return bool(self._text)

    def add(self, text: str) -> None:
        """Write some more of it."""
        clean = printable(text)
        if not self._text:
            clean = clean.lstrip()
        if self._shows and clean:
            self._write(clean if self._text else _DIM + clean)
            self._text += clean

    def end(self) -> None:
        """Let it stand as it is; what comes next begins on a new line."""
        if self._text:
            self._write(_PLAIN + ("" if self._text.endswith("\n") else "\n"))
            self._text = ""

    def withdraw(self) -> bool:
        """Take it away. False if it is taller than the screen, where no part of it can be reached any more: then it stands."""
        text = self._text
        self.end()
        size = _size(self._stream) if text else None
        if size is None:
            return not text
        rows = _rows(text.removesuffix("\n"), size.columns)
        if rows >= size.lines:
            return False
        self._write(f"\x1b[{rows}A\r\x1b[J")
        return True

    def make_way(self, line: str, stream: IO[str]) -> None:
        """Write a line to `stream` above what has been written so far."""
        text = self._text
        gone = self.withdraw()
        stream.write(line)
        stream.flush()
        if gone:
            self.add(text)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _size(stream: IO[str]) -> os.terminal_size | None:
    try:
        return os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return None


def _rows(text: str, columns: int) -> int:
    """How many rows a terminal of that width shows the text in."""
    if columns < 1:
        return sys.maxsize
    return sum(max(1, -(-_width(line) // columns)) for line in text.split("\n"))


def _width(line: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line.expandtabs(8)
    )
