"""Waiting for one's turn under a rate that every process keeps to."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from janus_lab.ports.throttle import Throttle
from janus_lab.values.rate import Rate

_SPREAD = 0.1


class Turns:
    """Turns of one `kind` of work, each name with a rate of its own. `sleep` is given seconds."""

    def __init__(
        self, throttle: Throttle, rate: Rate, kind: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._throttle = throttle
        self._rate = rate
        self._kind = kind
        self._sleep = sleep

    def wait(self, name: str) -> None:
        """Return when it is our turn. Raises what the throttle raises: without it nobody knows the others' turns."""
        while seconds := self._throttle.wait_seconds(f"{self._kind}:{name}", self._rate):
            # Whoever waits is told about the same time; a little apart, they don't all come back at once.
            self._sleep(seconds * (1 + _SPREAD * random.random()))  # noqa: S311 - nothing is kept secret by it
