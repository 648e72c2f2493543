"""Who looks at a live display: browsers say so now and then, and one that is closed falls silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SILENT_SECONDS = 90.0
"""A browser says every few seconds that it is there, or once a minute from a hidden window; after so long it is gone."""


class Attention:
    """Browsers that look at one display. What they say arrives only between cells, so silence during one means nothing.

    `working` says whether a cell runs now; `clock` tells seconds that only grow.
    """

    def __init__(self, working: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._working = working
        self._clock = clock
        self._heard: dict[str, float] = {}
        self._left = clock()
        self._lock = threading.Lock()

    def heard(self, browser: str) -> bool:
        """This browser looks; True if it had not before."""
        with self._lock:
            new = browser not in self._heard
            self._heard[browser] = self._clock()
            return new

    def left(self, browser: str) -> None:
        """This browser looks away."""
        with self._lock:
            if self._heard.pop(browser, None) is not None:
                self._left = self._clock()

    def anybody(self) -> bool:
        """Whether a browser looks."""
        with self._lock:
            now = self._clock()
            if self._working():
                self._heard = dict.fromkeys(self._heard, now)
            for browser, last in list(self._heard.items()):
                if now - last > SILENT_SECONDS:
                    del self._heard[browser]
                    self._left = now
            return bool(self._heard)

    def unseen_seconds(self) -> float:
        """How long nobody has looked; 0 while somebody does."""
        if self.anybody():
            return 0.0
        with self._lock:
            return self._clock() - self._left
