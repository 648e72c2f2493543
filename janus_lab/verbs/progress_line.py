"""Progress on one line of a terminal, or on few lines of a log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import IO

from janus_lab.values.counted import count
from janus_lab.values.ingest import Progress
from janus_lab.verbs.plain.documents import progress as progress_text
from janus_lab.verbs.plain.printable import one_line

PERIOD_SECONDS = 0.1
LOG_SECONDS = 10.0


class ProgressLine:
    """Rewrites one line on a terminal at most ten times a second; elsewhere writes a line every ten seconds."""

    def __init__(self, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._rewrites = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._period = PERIOD_SECONDS if self._rewrites else LOG_SECONDS
        self._last: float | None = None
        self._standing = False

    def show(self, progress: Progress, *, warnings: int = 0) -> None:
        """Show how far it is, unless that was just done."""
        now = self._clock()
        if self._last is None:
            # A log need not know that something began a moment ago; a person at a terminal does.
            self._last = now if not self._rewrites else now - self._period
        if now - self._last < self._period:
            return
        self._last = now
        text = progress_text(progress) + (f" · {count(warnings, 'warning')}" if warnings else "")
        if self._rewrites:
            self.hint(text + (f" · {progress.current}" if progress.current else ""))
        else:
            self._stream.write(text + "\n")
            self._stream.flush()

    def hint(self, text: str) -> None:
        """Show a word to somebody who waits at a terminal; a log does not need it."""
        if self._rewrites:
            self._stream.write(f"\r\x1b[K{one_line(text, self._columns() - 1)}")
            self._stream.flush()
            self._standing = True

    def clear(self) -> None:
        """Take the line away, so that other text may stand there."""
        if self._standing:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._standing = False

    def _columns(self) -> int:
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return max(20, columns) if columns else 80  # a terminal that knows no width says 0
