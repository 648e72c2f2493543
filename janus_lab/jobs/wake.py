"""A sleep that ends when a child does, or when somebody wants this process to stop."""

from __future__ import annotations

import os
import select
import signal


class Wake:
    """Takes SIGTERM and SIGINT for the wish to stop. One a process."""

    def __init__(self) -> None:
        self.stop_requested = False
        self._reading, writing = os.pipe()
        for descriptor in (self._reading, writing):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)

    def wait(self, seconds: float) -> None:
        """Sleep for so long, or until a signal."""
        if not self.stop_requested and select.select([self._reading], [], [], seconds)[0]:
            os.read(self._reading, 4096)

    def _request_stop(self, *_: object) -> None:
        self.stop_requested = True
