"""Runs that nobody waits for any more are cancelled, behind the back of whoever left them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import structlog

from janus_lab.errors import JanusError
from janus_lab.runs.handle import RunHandle

OWED_AT_MOST = 1_000
_log = structlog.get_logger(__name__)


class Cancelling:
    """Cancels runs in threads. What can't be told at the moment, as the engine room was stopped, is told when it is there again."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="serve-cancel")
        self._owed: deque[RunHandle] = deque(maxlen=OWED_AT_MOST)

    def cancel(self, handle: RunHandle) -> None:
        """Cancel a run that is not over. Does not wait."""
        self._pool.submit(self._cancel, handle)

    def settle(self) -> None:
        """The engine room is there: tell it now what could not be told before."""
        for _ in range(len(self._owed)):
            try:
                self.cancel(self._owed.popleft())
            except IndexError:
                return  # another thread was quicker

    def close(self) -> None:
        """Wait for the threads."""
        self._pool.shutdown()

    def _cancel(self, handle: RunHandle) -> None:
        try:
            handle.cancel()
        except JanusError as error:
            _log.info("not-cancelled", run=handle.id, reason=error.code)
            self._owed.append(handle)
