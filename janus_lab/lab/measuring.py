"""What a client measures itself where no worker does, with a short history."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from janus_lab.ports.probe import Probe
from janus_lab.values.machine import Sample

KEPT = 600
SHORTEST_SECONDS = 0.2
"""Whoever asks again sooner gets the same sample."""


class Measuring:
    """This machine through a probe that is opened at the first look."""

    def __init__(self, open_probe: Callable[[], Probe]) -> None:
        self._open_probe = open_probe
        self._probe: Probe | None = None
        self._last: Sample | None = None
        self._history: deque[Sample] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def sample(self) -> Sample:
        """The machine now. Raises ProbeFailed."""
        with self._lock:
            if self._last is not None and 0 <= time.time() - self._last.at < SHORTEST_SECONDS:
                return self._last
            self._probe = self._probe or self._open_probe()
            self._last = self._probe.sample({os.getpid()})
            self._history.append(replace(self._last, processes=()))
            return self._last

    def history(self, *, since: float, before: float) -> list[Sample]:
        """What was measured between two times (seconds since the epoch), oldest first."""
        with self._lock:
            return [each for each in self._history if since <= each.at < before]
